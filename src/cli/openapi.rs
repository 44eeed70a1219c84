//! `coohub openapi`: the interface description, for integrators and code generators.

use super::{exit, output::Output};
use crate::listen;

/// Writes the OpenAPI 3.1 description of the members' door.
pub fn run(out: &mut Output<'_>) -> u8 {
    out.text(listen::openapi().as_bytes());
    exit::CLEAN
}
