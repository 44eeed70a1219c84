//! The command line: one file per command, each a function from arguments and a writer to an exit code.
//!
//! Commands hold no logic of the hub; they read settings, call the parts and say what came of it. Nothing here reads
//! the process environment: `main` hands it in.
//!
//! **Invariant:** what fails never exits with 0; each kind of failure has one code, named in [`exit`].

pub mod account;
pub mod backup;
pub mod certs;
pub mod change;
pub mod check;
pub mod demo;
pub mod document;
pub mod exit;
pub mod explain;
pub mod follow;
pub mod formats;
pub mod help;
pub mod hold;
pub mod map;
pub mod member;
pub mod members;
pub mod openapi;
pub mod operator;
pub mod output;
mod progress;
pub mod push;
pub mod queue;
pub mod receipt;
pub mod replay;
pub mod route;
pub mod serve;
pub mod status;
mod story;
mod table;
pub mod top;

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
    /// What the running hub is doing: its figures and its lanes.
    Status(status::Args),
    /// The lanes as they move.
    Top(top::Args),
    /// What waits for whom and why, and what never arrived.
    Queue(queue::Args),
    /// Keep a delivery, or everything for a member, from going on.
    Hold(hold::Args),
    /// Let a held delivery, or a member's lane, go on.
    Release(hold::Args),
    /// End a delivery; later versions for its target go on without it.
    Cancel(hold::CancelArgs),
    /// Have an attempt at once at a member that does not answer, now that it is back.
    Try(hold::TryArgs),
    /// The hub's clock.
    #[command(subcommand)]
    Clock(hold::ClockCommand),
    /// Deliver again what a target misses.
    Replay(Box<replay::Args>),
    /// Send a certificate that names no importing country to a member.
    Address(replay::AddressArgs),
    /// Apply what stands in the folder to the running hub: whole, or not at all.
    Apply(change::ApplyArgs),
    /// What applying the folder would change: who gains or loses what.
    Plan(change::PlanArgs),
    /// Put the files of an earlier configuration back, and apply it.
    Rollback(change::RollbackArgs),
    /// What was applied, by whom and why.
    History(change::HistoryArgs),
    /// The configuration that runs, and the defaults of the node's settings.
    #[command(subcommand)]
    Config(change::ConfigCommand),
    /// Who may sign in to the console, and as what.
    #[command(subcommand)]
    Account(account::Command),
    /// Copy the store to a file, beside a running hub or a stopped one.
    Backup(backup::BackupArgs),
    /// Put a backup into an empty data folder; a new epoch begins.
    Restore(backup::RestoreArgs),
    /// Play a fictional community on this machine: real sockets, real mutual TLS, a real store.
    Demo(demo::Args),
    /// Send a document as a member and print the receipt.
    Push(Box<push::Args>),
    /// Show what a document becomes in another form, and what that form cannot carry.
    Map(map::Args),
    /// Show every member considered for a document, and why it would or would not get it.
    Route(route::Args),
    /// Members: bring one in, go through its checklist.
    #[command(subcommand)]
    Member(members::Command),
    /// The format tables of a region.
    #[command(subcommand)]
    Formats(formats::Command),
    /// Receipts.
    #[command(subcommand)]
    Receipt(receipt::Command),
    /// Anchors and leaves.
    #[command(subcommand)]
    Certs(certs::Command),
    /// What a reason code means, who must act, and whether trying again helps; all codes when none is named.
    Explain(explain::Args),
    /// Print the interface description, OpenAPI 3.1.
    Openapi(openapi::Args),
    /// Print what a shell needs to complete commands.
    Completions(help::CompletionsArgs),
    /// Write the manual pages, one a command.
    Man(help::ManArgs),
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
        Command::Status(arguments) => status::run(arguments, environment, &mut out, &mut err),
        Command::Top(arguments) => top::run(arguments, environment, &mut out, &mut err),
        Command::Queue(arguments) => queue::run(arguments, environment, &mut out, &mut err),
        Command::Hold(arguments) => hold::hold(arguments, environment, &mut out, &mut err),
        Command::Release(arguments) => hold::release(arguments, environment, &mut out, &mut err),
        Command::Cancel(arguments) => hold::cancel(arguments, environment, &mut out, &mut err),
        Command::Try(arguments) => hold::attempt(arguments, environment, &mut out, &mut err),
        Command::Clock(command) => hold::clock(command, environment, &mut out, &mut err),
        Command::Replay(arguments) => replay::replay(arguments, environment, &mut out, &mut err),
        Command::Address(arguments) => replay::address(arguments, environment, &mut out, &mut err),
        Command::Apply(arguments) => change::apply(arguments, environment, &mut out, &mut err),
        Command::Plan(arguments) => change::plan(arguments, environment, &mut out, &mut err),
        Command::Rollback(arguments) => change::rollback(arguments, environment, &mut out, &mut err),
        Command::Config(command) => change::settings(command, environment, &mut out, &mut err),
        Command::History(arguments) => change::history(arguments, environment, &mut out, &mut err),
        Command::Account(command) => account::run(command, environment, &mut out, &mut err),
        Command::Backup(arguments) => backup::backup(arguments, environment, &mut out, &mut err),
        Command::Restore(arguments) => backup::restore(arguments, environment, &mut out, &mut err),
        Command::Demo(arguments) => demo::run(arguments, &mut out),
        Command::Push(arguments) => push::run(arguments, environment, &mut out, &mut err),
        Command::Map(arguments) => map::run(arguments, &mut out, &mut err),
        Command::Route(arguments) => route::run(arguments, &mut out, &mut err),
        Command::Member(command) => members::run(command, environment, &mut out, &mut err),
        Command::Formats(command) => formats::run(command, &mut out, &mut err),
        Command::Receipt(command) => receipt::run(command, &mut out, &mut err),
        Command::Certs(command) => certs::run(command, &mut out, &mut err),
        Command::Explain(arguments) => explain::run(arguments, &mut out, &mut err),
        Command::Openapi(arguments) => openapi::run(arguments, &mut out),
        Command::Completions(arguments) => help::completions(arguments, &mut out),
        Command::Man(arguments) => help::man(arguments, &mut out, &mut err),
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
