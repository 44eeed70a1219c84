//! `coohub account`: who may sign in to the console, and as what.
//!
//! A password comes from the terminal, where it is not shown, or from standard input; never from an argument, which others
//! on the machine could read.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, IsTerminal as _},
};

use super::{
    exit,
    operator::{Acting, Answer, At, Failed, act, ask, tell_json, text},
    output::Output,
    table::{Table, width},
};
use crate::{control::wire, operate::account::PASSWORD_CHARACTERS_MAX};

/// Longest line that is read as a password, in bytes.
const LINE_BYTES_MAX: u64 = 4 * PASSWORD_CHARACTERS_MAX as u64 + 2;

/// Accounts of the console.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make an account; its password is asked for, or read from standard input.
    New(NewArgs),
    /// Every account.
    List(ListArgs),
    /// Give an account another role; its sessions end.
    Role(RoleArgs),
    /// Keep an account from signing in; its sessions end.
    Disable(OneArgs),
    /// Let a disabled account sign in again.
    Enable(OneArgs),
    /// Give an account another password; its sessions end.
    Password(OneArgs),
}

/// Arguments of `account new`.
#[derive(Debug, clap::Args)]
pub struct NewArgs {
    /// Its name: letters a-z, digits, `.`, `-`, `_`.
    pub name: String,
    /// viewer, operator or administrator.
    #[arg(long, default_value = "viewer")]
    pub role: String,
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Acting,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Arguments of `account list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Arguments of `account role`.
#[derive(Debug, clap::Args)]
pub struct RoleArgs {
    /// The account.
    pub name: String,
    /// viewer, operator or administrator.
    pub role: String,
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Acting,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Arguments of `account disable`, `enable` and `password`.
#[derive(Debug, clap::Args)]
pub struct OneArgs {
    /// The account.
    pub name: String,
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Acting,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Runs a command about accounts; exit codes as of every command over the socket.
pub fn run(
    command: &Command,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let (at, answer) = match command {
        Command::List(arguments) => {
            (&arguments.at, ask(&arguments.at, environment, None, wire::Command::Accounts {}))
        }
        Command::New(arguments) => (&arguments.at, new(arguments, environment, err)),
        Command::Role(RoleArgs { name, role, acting, at }) => {
            (at, changed(at, (name, acting), environment, |change| change.role = Some(role.clone())))
        }
        Command::Disable(OneArgs { name, acting, at }) => {
            (at, changed(at, (name, acting), environment, |change| change.disabled = Some(true)))
        }
        Command::Enable(OneArgs { name, acting, at }) => {
            (at, changed(at, (name, acting), environment, |change| change.disabled = Some(false)))
        }
        Command::Password(OneArgs { name, acting, at }) => match password(err) {
            Ok(password) => {
                (at, changed(at, (name, acting), environment, |change| change.password = Some(password)))
            }
            Err(failed) => (at, Err(failed)),
        },
    };
    match answer {
        Ok(answer) if at.json => {
            tell_json(&answer, out);
            exit::CLEAN
        }
        Ok(answer) => {
            tell(matches!(command, Command::List(_)), &answer, out);
            exit::CLEAN
        }
        Err(failed) => failed.tell(at, out, err),
    }
}

/// What is changed of an account.
#[derive(Default)]
struct Changed {
    role: Option<String>,
    disabled: Option<bool>,
    password: Option<String>,
}

fn changed(
    at: &At,
    (name, acting): (&str, &Acting),
    environment: &BTreeMap<String, String>,
    set: impl FnOnce(&mut Changed),
) -> Result<Answer, Failed> {
    let mut change = Changed::default();
    set(&mut change);
    let Changed { role, disabled, password } = change;
    let (name, reason) = (name.to_owned(), acting.reason.clone());
    act(at, acting, environment, wire::Command::Account { name, role, disabled, password, reason })
}

fn new(
    arguments: &NewArgs,
    environment: &BTreeMap<String, String>,
    err: &mut Output<'_>,
) -> Result<Answer, Failed> {
    let NewArgs { name, role, acting, at } = arguments;
    let password = password(err)?;
    let (name, role, reason) = (name.clone(), role.clone(), acting.reason.clone());
    act(at, acting, environment, wire::Command::NewAccount { name, role, password, reason })
}

/// The password: typed twice at a terminal, where it is not shown; else the first line of standard input.
fn password(err: &mut Output<'_>) -> Result<String, Failed> {
    let unread = |error: io::Error| Failed::new(exit::USAGE, format!("no password could be read: {error}"));
    if io::stdin().is_terminal() {
        err.line("12 to 128 characters; what you type is not shown");
        err.flush();
        let first = rpassword::prompt_password("Password: ").map_err(unread)?;
        let again = rpassword::prompt_password("Once more: ").map_err(unread)?;
        return match first == again {
            true => Ok(first),
            false => Err(Failed::new(exit::USAGE, "the two are not the same; nothing was done")),
        };
    }
    let mut line = String::new();
    io::Read::take(io::stdin().lock(), LINE_BYTES_MAX).read_line(&mut line).map_err(unread)?;
    let line = line.trim_end_matches(['\r', '\n']);
    match line.is_empty() {
        true => Err(Failed::new(exit::USAGE, "give the password as the first line of standard input")),
        false => Ok(line.to_owned()),
    }
}

fn tell(list: bool, answer: &Answer, out: &mut Output<'_>) {
    if !list {
        out.line(format!("{} {}", text(&answer.end, "about"), text(&answer.end, "outcome")));
        return;
    }
    let mut table = Table::new(["ACCOUNT", "ROLE", "SIGNS IN", "CHANGED"]);
    for one in &answer.items {
        let disabled = one.get("disabled").and_then(serde_json::Value::as_bool).unwrap_or_default();
        let may = if disabled { "no, disabled" } else { "yes" };
        table.row([text(one, "account"), text(one, "role"), may.to_owned(), text(one, "changed")]);
    }
    match answer.items.is_empty() {
        true => out.line("no account yet: coohub account new NAME --role administrator --reason TEXT"),
        false => table.lines(width()).iter().for_each(|line| out.line(line)),
    }
}
