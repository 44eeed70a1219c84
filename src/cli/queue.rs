//! `coohub queue`: what waits and what never arrived; `queue show`: everything about one; `queue actions`: who did what.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    exit,
    operator::{Answer, At, Failed, ask, tell_json, tell_kinds, text},
    output::Output,
    status::lanes,
    table::{Table, width},
};
use crate::{
    control::wire::{self, Command},
    operate::PAGE_DELIVERIES_MAX,
    problem::unit::noun,
};

/// Arguments of `queue`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Look closer.
    #[command(subcommand)]
    pub closer: Option<Closer>,
    /// Only deliveries to this member.
    #[arg(long, value_name = "MEMBER")]
    pub target: Option<String>,
    /// Only deliveries of this member's messages.
    #[arg(long, value_name = "MEMBER")]
    pub source: Option<String>,
    /// pending, held, queued, refused, expired, cancelled, or dead for the last three; pending, held and dead ones when left
    /// out. unanswered: what arrived and its customs has not answered in the time the agreement states. parked: messages
    /// that wait for the certificate they change. unaddressed: certificates that name no importing country.
    #[arg(long)]
    pub state: Option<String>,
    /// Only certificates of this issuing body.
    #[arg(long)]
    pub issuer: Option<String>,
    /// Only this certificate number, however it is punctuated, or its end; what was delivered is shown too.
    #[arg(long)]
    pub number: Option<String>,
    /// Most deliveries shown.
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// What `queue` can look at closer.
#[derive(Debug, clap::Subcommand)]
pub enum Closer {
    /// Everything about a delivery, a message or a certificate: who, when, which rule, every attempt and answer.
    Show(ShowArgs),
    /// What operators did, newest first.
    Actions(ActionsArgs),
}

/// Arguments of `queue show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Id of a delivery or of a message; a certificate number; or the issuing body, with NUMBER behind it.
    pub id: String,
    /// Certificate number, however it is punctuated, or its end.
    pub number: Option<String>,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Arguments of `queue actions`.
#[derive(Debug, clap::Args)]
pub struct ActionsArgs {
    /// Most actions shown.
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Lanes and deliveries, one of them, or actions.
pub fn run(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let (told, at) = match &arguments.closer {
        None => (list(arguments, environment, out), &arguments.at),
        Some(Closer::Show(arguments)) => (show(arguments, environment, out), &arguments.at),
        Some(Closer::Actions(arguments)) => (actions(arguments, environment, out), &arguments.at),
    };
    match told {
        Ok(()) => exit::CLEAN,
        Err(failed) => failed.tell(at, out, err),
    }
}

fn list(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
) -> Result<(), Failed> {
    let Args { target, source, state, issuer, number, limit, at, .. } = arguments;
    let figures = ask(at, environment, None, Command::Lanes { target: target.clone() })?;
    let asked = |after, limit| {
        let (target, source, state) = (target.clone(), source.clone(), state.clone());
        let (issuer, number) = (issuer.clone(), number.clone());
        Command::Queue(wire::Queue { target, source, state, issuer, number, after, limit })
    };
    let found = pages(*limit, |after, limit| ask(at, environment, None, asked(after, limit)))?;
    if at.json {
        tell_kinds(&figures, |_| "lane", "lanes", out);
        let kind = |one: &Value| if one.get("delivery").is_some() { "delivery" } else { "message" };
        tell_kinds(&found, kind, "page", out);
        return Ok(());
    }
    lanes(&figures.items, out);
    out.line("");
    let of_messages = matches!(state.as_deref(), Some("parked" | "unaddressed"));
    let id = if of_messages { "MESSAGE" } else { "DELIVERY" };
    let mut table = Table::new([id, "STATE", "TRIES", "TO", "NUMBER", "SINCE", "WHY"]);
    for one in &found.items {
        let since = text(one, "created");
        let named = if one.get("delivery").is_some() { "delivery" } else { "message" };
        let cells = [named, "state", "attempts", "target", "number"].map(|name| text(one, name));
        let [id, state, tries, target, number] = cells;
        let test = one.get("test").and_then(Value::as_bool) == Some(true);
        let state = if test { format!("{state} (test)") } else { state };
        table.row([id, state, tries, target, number, since, why(one)]);
    }
    match found.items.is_empty() {
        true => out.line("no such delivery"),
        false => table.lines(width()).iter().for_each(|line| out.line(line)),
    }
    for (name, one, many) in [
        ("parked", "waits for the certificate it changes", "wait for the certificate they change"),
        ("unaddressed", "names no importing country", "name no importing country"),
    ] {
        let count = found.end.get(name).and_then(Value::as_u64).unwrap_or(0);
        if state.is_none() && number.is_none() && count > 0 {
            let words = noun(count, one, many);
            out.line(format!("besides, {count} {words}: coohub queue --state {name}"));
        }
    }
    if found.end.get("next").is_some_and(|next| !next.is_null()) {
        out.line(format!("… there are more: --limit {}", limit.saturating_mul(10)));
    }
    Ok(())
}

/// Why a delivery is where it is: the coded reason, what came of the last attempt, or why an operator ended it.
fn why(delivery: &Value) -> String {
    if let Some(until) = delivery.get("parkedUntil").and_then(Value::as_str) {
        return format!("{}: until {until}", text(delivery, "reason"));
    }
    if let Some(until) = delivery.get("answerUntil").and_then(Value::as_str) {
        return format!("to be answered by {until}");
    }
    if let Some(reason) = delivery.get("cancelReason").and_then(Value::as_str) {
        return format!("cancelled: {reason}");
    }
    let last = delivery.get("lastAttempt").filter(|last| !last.is_null());
    match (text(delivery, "reason").as_str(), last) {
        ("-", None) => text(delivery, "because"),
        ("-", Some(last)) if text(delivery, "state") == "pending" => {
            format!("{}: {}", text(last, "outcome"), text(last, "detail"))
        }
        ("-", Some(last)) => format!("last attempt {}: {}", text(last, "outcome"), text(last, "detail")),
        (reason, None) => reason.to_owned(),
        ("refused", Some(last)) => format!("refused: {}", text(last, "detail")),
        (reason, Some(last)) => format!("{reason}; last attempt: {}", text(last, "detail")),
    }
}

/// Pages until there are enough.
fn pages(
    limit: usize,
    mut page: impl FnMut(Option<String>, usize) -> Result<Answer, Failed>,
) -> Result<Answer, Failed> {
    let mut whole = Answer { items: Vec::new(), end: Value::Null };
    let mut after = None;
    while whole.items.len() < limit {
        let wanted = (limit - whole.items.len()).min(PAGE_DELIVERIES_MAX);
        let next = page(after.take(), wanted)?;
        whole.items.extend(next.items);
        whole.end = next.end;
        after = whole.end.get("next").and_then(Value::as_str).map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    Ok(whole)
}

fn show(
    arguments: &ShowArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
) -> Result<(), Failed> {
    let ShowArgs { id, number, at } = arguments;
    let command = match number {
        Some(number) => Command::Show { id: None, issuer: Some(id.clone()), number: Some(number.clone()) },
        None if uuid::Uuid::try_parse(id).is_ok() => {
            Command::Show { id: Some(id.clone()), issuer: None, number: None }
        }
        None => Command::Show { id: None, issuer: None, number: Some(id.clone()) },
    };
    let answer = ask(at, environment, None, command)?;
    match at.json {
        true => tell_json(&answer, out),
        false => answer.items.iter().for_each(|message| super::story::message(message, out)),
    }
    Ok(())
}

fn actions(
    arguments: &ActionsArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
) -> Result<(), Failed> {
    let ActionsArgs { limit, at } = arguments;
    let mut left = *limit;
    let mut found = Answer { items: Vec::new(), end: Value::Null };
    let mut before = None;
    while left > 0 {
        let most = left.min(PAGE_DELIVERIES_MAX);
        let page = ask(at, environment, None, Command::Actions { before, limit: most })?;
        let full = page.items.len() >= most;
        left = left.saturating_sub(page.items.len());
        before = page.end.get("next").and_then(Value::as_i64);
        found.items.extend(page.items);
        if !full {
            break;
        }
    }
    if at.json {
        tell_kinds(&found, |_| "action", "page", out);
        return Ok(());
    }
    let mut table = Table::new(["AT", "USER", "AS", "DID", "ABOUT", "OUTCOME", "REASON"]);
    for action in &found.items {
        table.row(["at", "user", "as", "did", "about", "outcome", "reason"].map(|name| text(action, name)));
    }
    table.lines(width()).iter().for_each(|line| out.line(line));
    Ok(())
}
