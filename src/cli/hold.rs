//! `coohub hold`, `coohub release`, `coohub cancel`: to stop a lane or a delivery, let it go on, or end a delivery;
//! `coohub try`, and `coohub clock confirm`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    exit,
    operator::{Acting, At, act, tell_json, text},
    output::Output,
};
use crate::control::wire::{Command, Which};

/// What is held or released: one of the two.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub struct What {
    /// One delivery, by its id.
    pub delivery: Option<String>,
    /// Everything for a member: its lane or mailbox.
    #[arg(long)]
    pub member: Option<String>,
}

/// Arguments of `hold` and `release`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What.
    #[command(flatten)]
    pub what: What,
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Acting,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Arguments of `cancel`.
#[derive(Debug, clap::Args)]
pub struct CancelArgs {
    /// The delivery, by its id.
    pub delivery: String,
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Acting,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Arguments of `try`.
#[derive(Debug, clap::Args)]
pub struct TryArgs {
    /// The member.
    pub member: String,
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Acting,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// The hub's clock.
#[derive(Debug, clap::Subcommand)]
pub enum ClockCommand {
    /// Say that a clock the hub doubts is right: what is too old then expires.
    Confirm(ConfirmArgs),
}

/// Arguments of `clock confirm`.
#[derive(Debug, clap::Args)]
pub struct ConfirmArgs {
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Acting,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Says that the hub's clock is right.
pub fn clock(
    command: &ClockCommand,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let ClockCommand::Confirm(ConfirmArgs { acting, at }) = command;
    let command = Command::ConfirmClock { reason: acting.reason.clone() };
    let words = |_: &Value| "the hub's clock counts as right from now on: what is too old expires".to_owned();
    done(at, acting, (environment, command), words, (out, err))
}

/// Keeps a lane or a delivery from going on.
pub fn hold(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let command = Command::Hold(which(arguments));
    done(&arguments.at, &arguments.acting, (environment, command), did, (out, err))
}

/// Lets a lane or a delivery go on.
pub fn release(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let command = Command::Release(which(arguments));
    done(&arguments.at, &arguments.acting, (environment, command), did, (out, err))
}

/// Ends a delivery.
pub fn cancel(
    arguments: &CancelArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let (delivery, reason) = (arguments.delivery.clone(), arguments.acting.reason.clone());
    let command = Command::Cancel { delivery, reason };
    done(&arguments.at, &arguments.acting, (environment, command), did, (out, err))
}

/// Has an attempt at once at a member that is spared.
pub fn attempt(
    arguments: &TryArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let (member, reason) = (arguments.member.clone(), arguments.acting.reason.clone());
    let command = Command::Try { member, reason };
    done(&arguments.at, &arguments.acting, (environment, command), did, (out, err))
}

fn which(arguments: &Args) -> Which {
    let Args { what: What { delivery, member }, acting, .. } = arguments;
    Which { member: member.clone(), delivery: delivery.clone(), reason: acting.reason.clone() }
}

/// What was done, in words.
fn did(end: &Value) -> String {
    format!("{} {}: done", text(end, "did"), text(end, "about"))
}

fn done(
    at: &At,
    acting: &Acting,
    (environment, command): (&BTreeMap<String, String>, Command),
    words: impl FnOnce(&Value) -> String,
    (out, err): (&mut Output<'_>, &mut Output<'_>),
) -> u8 {
    match act(at, acting, environment, command) {
        Err(failed) => failed.tell(at, out, err),
        Ok(answer) => {
            match at.json {
                true => tell_json(&answer, out),
                false => out.line(words(&answer.end)),
            }
            exit::CLEAN
        }
    }
}
