//! `coohub openapi`: the interface description, for integrators and code generators.

use std::io::{self, Write};

use crate::listen;

/// Writes the OpenAPI 3.1 description of the members' door.
///
/// # Errors
/// The writer's.
pub fn run(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(listen::openapi().as_bytes())
}
