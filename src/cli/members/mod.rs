//! `coohub member …`: bringing a member state in.

pub mod answers;
mod asking;
mod new;
mod proving;
mod test;
mod written;

use std::collections::BTreeMap;

pub use self::{new::Args as NewArgs, test::Args as TestArgs};
use super::output::Output;

/// What to do for a member.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write the file of a new member and show what its agreements need; nothing that exists is changed.
    New(NewArgs),
    /// Go through its checklist: what the hub can try, what it saw, what is confirmed; 0 when it may go live.
    Test(TestArgs),
}

/// Runs one of them.
pub fn run(
    command: &Command,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    match command {
        Command::New(arguments) => new::run(arguments, environment, (out, err)),
        Command::Test(arguments) => test::run(arguments, environment, (out, err)),
    }
}
