//! `coohub replay` and `coohub address`: to deliver again what is missed, and what names no importing country.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    exit,
    operator::{Acting, Answer, At, act, ask_long, tell_json, tell_kinds, text},
    output::Output,
};
use crate::control::wire::{self, Command};

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["delivery", "message", "target"]))]
pub struct Args {
    /// What one delivery carried, by its id.
    pub delivery: Option<String>,
    /// A message, by the hub's id: to every target that misses it.
    #[arg(long)]
    pub message: Option<String>,
    /// With --message: to this member only.
    #[arg(long, value_name = "MEMBER", requires = "message")]
    pub to: Option<String>,
    /// Whatever was refused by a member, expired or was cancelled, by an operator too, from --since on.
    #[arg(long, value_name = "MEMBER", requires = "since")]
    pub target: Option<String>,
    /// An instant such as 2026-03-31T08:00:00Z.
    #[arg(long, value_name = "TIME", requires = "target")]
    pub since: Option<String>,
    /// Also what the target confirmed: it says that it lost it.
    #[arg(long, conflicts_with = "target")]
    pub lost: bool,
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Acting,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Arguments of `address`.
#[derive(Debug, clap::Args)]
pub struct AddressArgs {
    /// The message, by the hub's id.
    pub message: String,
    /// The member that is to have its certificate.
    #[arg(long, value_name = "MEMBER")]
    pub to: String,
    /// Also where it was addressed to another member before.
    #[arg(long)]
    pub also: bool,
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Acting,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Each new delivery to `out`, what was not repeated and why to `err`; 65 when nothing was.
pub fn replay(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let Args { delivery, message, to, target, since, lost, acting, at } = arguments;
    let command = Command::Replay(wire::Replay {
        delivery: delivery.clone(),
        message: message.clone(),
        to: to.clone(),
        target: target.clone(),
        since: since.clone(),
        lost: *lost,
        reason: acting.reason.clone(),
    });
    match ask_long(at, environment, (acting.named.as_deref(), command), err) {
        Err(failed) => failed.tell(at, out, err),
        Ok(answer) if at.json => {
            let kind =
                |one: &Value| match ["delivery", "more", "goOnSince"].map(|name| one.get(name).is_some()) {
                    [true, ..] => "delivery",
                    [_, true, _] => "more-not-replayed",
                    [.., true] => "go-on",
                    _ => "not-replayed",
                };
            tell_kinds(&answer, kind, "done", out);
            exit::CLEAN
        }
        Ok(answer) => {
            tell(&answer, out, err);
            exit::CLEAN
        }
    }
}

fn tell(answer: &Answer, out: &mut Output<'_>, err: &mut Output<'_>) {
    let (made, not): (Vec<&Value>, Vec<&Value>) =
        answer.items.iter().partition(|item| item.get("delivery").is_some());
    for item in &made {
        let (id, target, number) = (text(item, "delivery"), text(item, "target"), text(item, "number"));
        out.line(format!("{id} to {target}: {number}, replay of {}", text(item, "replayOf")));
    }
    let mut left = 0;
    for item in &not {
        let (id, target, code) = (text(item, "notReplayed"), text(item, "target"), text(item, "code"));
        if let Some(more) = item.get("more").and_then(Value::as_u64) {
            err.line(format!("not {more} more: {code}"));
            left += more;
        } else if item.get("goOnSince").is_some() {
            err.line(format!("there are more: go on with --since {}", text(item, "goOnSince")));
        } else {
            err.line(format!("not {id} to {target}: {code}: {}", text(item, "detail")));
            left += 1;
        }
    }
    out.line(format!("{} to be delivered again, {left} not", made.len()));
}

/// The new delivery to `out`.
pub fn address(
    arguments: &AddressArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let AddressArgs { message, to, also, acting, at } = arguments;
    let (message, to, reason) = (message.clone(), to.clone(), acting.reason.clone());
    match act(at, acting, environment, Command::Address { message, to, also: *also, reason }) {
        Err(failed) => failed.tell(at, out, err),
        Ok(answer) if at.json => {
            tell_json(&answer, out);
            exit::CLEAN
        }
        Ok(answer) => {
            out.line(format!("{} to {}", text(&answer.end, "delivery"), text(&answer.end, "target")));
            exit::CLEAN
        }
    }
}
