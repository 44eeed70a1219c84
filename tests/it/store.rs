//! Goal: every promise of the store, through its public handle and on a real disk. Method: a fresh folder for each test,
//! plain values in, plain values out; time is numbers.

mod accept;
mod attachments;
mod order;
mod reopen;
mod support;
