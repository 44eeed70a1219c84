//! `coohub plan`, `apply`, `rollback`, `history`, `config`: changing the configuration of the running hub.

mod history;
mod plan;
mod settings;

use std::collections::BTreeMap;

use serde_json::Value;

pub use self::{
    history::HistoryArgs,
    plan::PlanArgs,
    settings::{ConfigCommand, ShowArgs},
};
pub(super) use self::{history::history, plan::plan, settings::settings};
use super::{
    exit,
    operator::{At, ask, tell_json, text},
    output::Output,
};
use crate::control::wire::{Command, change::Ask};

/// Why a change is made when nobody says why.
const UNSTATED: &str = "not stated";

/// Arguments of `apply`.
#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    /// Only if the folder still is the configuration of this digest, as `coohub plan` and `coohub check` print it.
    #[arg(long, value_name = "DIGEST", conflicts_with = "confirm")]
    pub expect: Option<String>,
    /// Confirm what another operator proposed: the configuration of this digest.
    #[arg(long, value_name = "DIGEST")]
    pub confirm: Option<String>,
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Changing,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// The configuration, by its number in the history.
    pub number: i64,
    /// Who does it, and why.
    #[command(flatten)]
    pub acting: Changing,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Who changes the configuration, and why; kept with it.
#[derive(Debug, clap::Args)]
pub struct Changing {
    /// Why, in your words.
    #[arg(long, value_name = "TEXT", default_value = UNSTATED)]
    pub reason: String,
    /// Your name, recorded beside the system's user.
    #[arg(long = "as", value_name = "NAME")]
    pub named: Option<String>,
}

/// Applies the folder: whole, or not at all; 3 when it is only proposed.
pub(super) fn apply(
    arguments: &ApplyArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let ApplyArgs { expect, confirm, acting, at } = arguments;
    let reason = acting.reason.clone();
    let asked = match confirm {
        Some(digest) => Ask::Confirm { digest: digest.clone(), reason },
        None => Ask::Apply { expect: expect.clone(), reason },
    };
    done(at, acting, (environment, asked), out, err)
}

/// Puts the files of an earlier configuration back into the folder, and applies it.
pub(super) fn rollback(
    arguments: &RollbackArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let RollbackArgs { number, acting, at } = arguments;
    let asked = Ask::Rollback { number: *number, reason: acting.reason.clone() };
    done(at, acting, (environment, asked), out, err)
}

/// Asks for a change and says what came of it.
fn done(
    at: &At,
    acting: &Changing,
    (environment, asked): (&BTreeMap<String, String>, Ask),
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    match ask(at, environment, acting.named.as_deref(), Command::Configuration(asked)) {
        Err(failed) => failed.tell(at, out, err),
        Ok(answer) => {
            match at.json {
                true => tell_json(&answer, out),
                false => said(&answer.end, out),
            }
            if is_proposed(&answer.end) { exit::PROPOSED } else { exit::CLEAN }
        }
    }
}

fn is_proposed(end: &Value) -> bool {
    text(end, "did") == "propose"
}

fn said(end: &Value, out: &mut Output<'_>) {
    let digest = text(end, "configuration");
    if is_proposed(end) {
        out.line(format!(
            "proposed: configuration {digest} lets somebody see or do more, or touches a table or list; nothing is applied yet"
        ));
        out.line(format!("another operator, as another user: coohub apply --confirm {digest}"));
        return;
    }
    match end.get("changed").and_then(Value::as_bool) {
        Some(true) => out.line(format!("applied: configuration {digest}")),
        _ => out.line(format!("applied: the region is as it was, configuration {digest}")),
    }
    let list = |name: &str| end.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    for problem in list("advised").iter().filter_map(Value::as_str) {
        out.line(format!("advice: {problem}"));
    }
    for member in list("released").iter().filter_map(Value::as_str) {
        out.line(format!("released: the lane of {member}"));
    }
    for file in list("moved").iter().filter_map(Value::as_str) {
        out.line(format!("what was in {file} is now in {}/{file}", text(end, "aside")));
    }
    for left in list("notPutBack").iter().filter_map(Value::as_str) {
        out.line(format!("not put back: {left}"));
    }
}
