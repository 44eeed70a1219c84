//! Bytes to a positioned document: the first stage that looks at content.
//!
//! A guard runs before any tree is built, so hostile input costs a scan and no memory. Whatever the syntax, the result
//! is one tree of [`document::Node`]s, which `map` reads by path and `render` builds.
//!
//! **Invariant:** never panics, never allocates past a limit, never fetches anything, never expands an entity.

pub mod document;
