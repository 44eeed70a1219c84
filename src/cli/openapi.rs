//! `coohub openapi`: the interface descriptions, for integrators and code generators.

use super::{exit, output::Output};
use crate::{console, listen};

/// Arguments of `openapi`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The console's interface for operators' programs, instead of the members' door.
    #[arg(long)]
    pub console: bool,
}

/// Writes the OpenAPI 3.1 description of the members' door, or of the console's interface.
pub fn run(arguments: &Args, out: &mut Output<'_>) -> u8 {
    let description = if arguments.console { console::openapi() } else { listen::openapi() };
    out.text(description.as_bytes());
    exit::CLEAN
}
