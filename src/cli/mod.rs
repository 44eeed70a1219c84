//! The command line: one file per command, each a function from arguments and a writer to an exit code.
//!
//! Commands hold no logic of the hub; they read settings, call the parts and say what came of it. Nothing here reads
//! the process environment: `main` hands it in.
//!
//! **Invariant:** what fails never exits with 0; each kind of failure has one code, named in [`exit`].

pub mod certs;
pub mod check;
pub mod demo;
pub mod document;
pub mod exit;
pub mod formats;
pub mod map;
pub mod member;
pub mod openapi;
pub mod output;
pub mod push;
pub mod receipt;
pub mod route;
pub mod serve;
mod trace;

use std::{collections::BTreeMap, ffi::OsString, io::Write};

use clap::{Parser, Subcommand};

use self::output::Output;

/// A regional hub for electronic certificates of origin.
#[derive(Debug, Parser)]
#[command(name = "coohub", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove that settings, members, agreements and formats are right; change nothing.
    Check(check::Args),
    /// Run the hub.
    Serve(serve::Args),
    /// Play a fictional community on this machine: real sockets, real mutual TLS, a real store.
    Demo(demo::Args),
    /// Send a document as a member and print the receipt.
    Push(Box<push::Args>),
    /// Show what a document becomes in another form, and what that form cannot carry.
    Map(map::Args),
    /// Show every member considered for a document, and why it would or would not get it.
    Route(route::Args),
    /// The format tables of a region.
    #[command(subcommand)]
    Formats(formats::Command),
    /// Receipts.
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Anchors and leaves.
    #[command(subcommand)]
    Certs(certs::Command),
    /// Print the interface description, OpenAPI 3.1.
    Openapi,
}

/// Reads the arguments, runs the command, gives the exit code. Answers go to `out`, usage errors to `err`.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &BTreeMap<String, String>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage(&error, out, err),
    };
    let (mut out, mut err) = (Output::new(out), Output::new(err));
    let code = match &cli.command {
        Command::Check(arguments) => check::check(arguments, environment, &mut out),
        Command::Serve(arguments) => serve::run(arguments, environment, &mut out, &mut err),
        Command::Demo(arguments) => demo::run(arguments, &mut out),
        Command::Push(arguments) => push::run(arguments, &mut out, &mut err),
        Command::Map(arguments) => map::run(arguments, &mut out, &mut err),
        Command::Route(arguments) => route::run(arguments, &mut out, &mut err),
        Command::Formats(command) => formats::run(command, &mut out, &mut err),
        Command::Receipt(command) => receipt::run(command, &mut out, &mut err),
        Command::Certs(command) => certs::run(command, &mut out, &mut err),
        Command::Openapi => openapi::run(&mut out),
    };
    let _ = err.finish(code);
    out.finish(code)
}

/// Help and version are answers; everything else is a mistake in the arguments.
fn usage<'a>(error: &clap::Error, out: &'a mut dyn Write, err: &'a mut dyn Write) -> u8 {
    let (to, code) = if error.use_stderr() { (err, exit::USAGE) } else { (out, exit::CLEAN) };
    let mut output = Output::new(to);
    output.line(error.render().to_string().trim_end());
    output.finish(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_with(arguments: &[&str]) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let arguments = ["coohub"].iter().chain(arguments).map(OsString::from);
        let code = run(arguments, &BTreeMap::new(), &mut out, &mut err);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn the_definition_of_the_commands_is_coherent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn help_is_an_answer_and_an_unknown_command_is_a_usage_error() {
        let (code, out, err) = run_with(&["--help"]);
        assert_eq!((code, err.as_str()), (exit::CLEAN, ""));
        assert!(out.contains("check"), "{out}");
        let (code, out, err) = run_with(&["chekc"]);
        assert_eq!((code, out.as_str()), (exit::USAGE, ""));
        assert!(err.contains("chekc"), "{err}");
    }
}
