//! `coohub status`: what the running hub is doing.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    exit,
    operator::{At, ask, tell_kinds, text},
    output::Output,
    table::{Table, age, width},
};
use crate::{control::wire::Command, operate::stands::Stands, problem::unit::noun};

/// Kinds of refusals named of a day, the most frequent first.
const REFUSED_SHOWN_MAX: usize = 8;

/// Arguments of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// The hub in figures, then its lanes.
pub fn run(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let at = &arguments.at;
    let answer = match ask(at, environment, None, Command::Status {}) {
        Ok(answer) => answer,
        Err(failed) => return failed.tell(at, out, err),
    };
    if at.json {
        tell_kinds(&answer, |_| "lane", "hub", out);
        return exit::CLEAN;
    }
    let hub = &answer.end;
    let line = |name: &str, words: &str| format!("{:>10}  {words}", text(hub, name));
    out.line(format!(
        "coohub {} for {}, configuration {}",
        text(hub, "version"),
        text(hub, "region"),
        text(hub, "configuration")
    ));
    out.line(format!("now {}", text(hub, "now")));
    for (name, words) in [
        ("messages", "messages accepted"),
        ("unrouted", "of them whose targets are not worked out yet"),
        ("parked", "of them that wait for the certificate they change"),
        ("open", "deliveries on their way"),
        ("held", "of them held for an operator or a later version"),
        ("delivered", "delivered"),
        ("failed", "refused, expired or cancelled"),
    ] {
        out.line(line(name, words));
    }
    refused(hub).iter().for_each(|words| out.line(words));
    notes(hub).iter().for_each(|note| out.line(note));
    if let Some(doubt) = hub.get("clockDoubted").filter(|doubt| !doubt.is_null()) {
        let (found, expected) = (text(doubt, "found"), text(doubt, "expected"));
        out.line(format!("the clock shows {found} where {expected} was expected: nothing expires until coohub clock confirm --reason TEXT"));
    }
    let alerts = hub.get("alerts").and_then(Value::as_array);
    for alert in alerts.into_iter().flatten() {
        let alert = |name: &str| text(alert, name);
        let (severity, name, about) = (alert("severity"), alert("alert"), alert("about"));
        out.line(format!("{severity}: {name} of {about} since {}: {}", alert("since"), alert("text")));
        out.line(format!("  {}", alert("todo")));
    }
    out.line("");
    lanes(&answer.items, out);
    exit::CLEAN
}

/// What was refused today and yesterday: how much, of whom, and why.
fn refused(hub: &Value) -> Vec<String> {
    let all: Vec<&Value> = hub.get("refused").and_then(Value::as_array).into_iter().flatten().collect();
    let count = |one: &Value| one.get("count").and_then(Value::as_u64).unwrap_or_default();
    let of_day = |(ago, name): (u64, &str)| {
        let of = |one: &&&Value| one.get("daysAgo").and_then(Value::as_u64) == Some(ago);
        let mut found: Vec<&Value> = all.iter().filter(of).copied().collect();
        found.sort_by_key(|one| std::cmp::Reverse(count(one)));
        let sum: u64 = found.iter().map(|one| count(one)).sum();
        let told = found.iter().take(REFUSED_SHOWN_MAX);
        let told = told.map(|one| format!("{} {} {}", text(one, "member"), count(one), text(one, "reason")));
        let more = found.len().saturating_sub(REFUSED_SHOWN_MAX);
        let more = (more > 0).then(|| format!("{more} more kinds: --json shows them"));
        let words = told.chain(more).collect::<Vec<_>>().join(", ");
        (sum > 0).then(|| format!("{sum:>10}  refused {name} (UTC): {words}"))
    };
    [(0, "today"), (1, "yesterday")].into_iter().filter_map(of_day).collect()
}

/// What is out of the ordinary.
pub(super) fn notes(hub: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    let unaddressed = hub.get("unaddressed").and_then(Value::as_u64).unwrap_or(0);
    if unaddressed > 0 {
        let name = noun(unaddressed, "certificate names", "certificates name");
        notes.push(format!("{unaddressed} {name} no importing country: coohub queue --state unaddressed"));
    }
    let dropped = hub.get("rejectionsDropped").and_then(Value::as_u64).unwrap_or(0);
    if dropped > 0 {
        let name = noun(dropped, "rejection was", "rejections were");
        notes.push(format!("{dropped} {name} not kept because the disk was busy, since the hub started"));
    }
    let free = hub.get("freeBytes").and_then(Value::as_u64).unwrap_or(0) >> 20;
    match hub.get("storage").and_then(Value::as_str) {
        Some("low") => notes.push(format!(
            "the disk is nearly full, {free} MiB are free: nothing new is taken (storage-low)"
        )),
        Some(_) => {
            notes.push("the disk is slow: nothing new is taken at the moment (storage-slow)".to_owned())
        }
        None => {}
    }
    if has(hub, "notCompared") {
        let (epoch, members) = (text(hub, "epoch"), names(hub, "notCompared"));
        notes.push(format!(
            "since the restore, epoch {epoch}, these have not compared and push nothing new: {members}"
        ));
    }
    if let Some(proposed) = hub.get("proposed").filter(|proposed| !proposed.is_null()) {
        let (user, at, digest) =
            (text(proposed, "user"), text(proposed, "at"), text(proposed, "configuration"));
        notes.push(format!(
            "{user} proposed a configuration at {at}; another operator confirms it: coohub apply --confirm {digest}"
        ));
    }
    let advised: Vec<_> = hub.get("advised").and_then(Value::as_array).into_iter().flatten().collect();
    notes.extend(match advised.as_slice() {
        [] => None,
        [one] => {
            let (member, lacks) = (text(one, "member"), text(one, "checklist"));
            Some(format!(
                "a link of {member} went live, and its checklist {lacks}: coohub member test {member}"
            ))
        }
        many => {
            let members: Vec<_> = many.iter().map(|one| text(one, "member")).collect();
            let members = members.join(", ");
            Some(format!(
                "links of these went live without a green checklist, see coohub member test: {members}"
            ))
        }
    });
    notes
}

/// The lanes as a table.
pub(super) fn lanes(lanes: &[Value], out: &mut Output<'_>) {
    let mut table = Table::new(["MEMBER", "OPEN", "DUE", "HELD", "DEAD", "OLDEST", "LANE"]);
    for lane in lanes {
        let oldest = lane.get("oldestSeconds").and_then(Value::as_u64);
        let oldest = oldest.map_or_else(|| "-".to_owned(), |seconds| age(Duration::from_secs(seconds)));
        let figure = |name: &str| text(lane, name);
        table.row([
            figure("member"),
            figure("open"),
            figure("due"),
            figure("held"),
            figure("dead"),
            oldest,
            words(lane),
        ]);
    }
    table.lines(width()).iter().for_each(|line| out.line(line));
}

/// How a lane stands, in words, and a sandbox beside it that is spared.
pub(super) fn words(lane: &Value) -> String {
    let sandbox = lane.get("sandboxSparedUntil").and_then(Value::as_str);
    let sandbox = sandbox.map(|until| format!("; attempts at its sandbox fail, tried again at {until}"));
    standing(lane) + &sandbox.unwrap_or_default()
}

fn standing(lane: &Value) -> String {
    let Some(stands) = Stands::of(&text(lane, "stands")) else { return text(lane, "stands") };
    match stands {
        Stands::Held => format!("held: {}", text(lane, "hold")),
        Stands::SourcesHeld => format!("held after refusals: what {} sends", names(lane, "heldSources")),
        Stands::Gone => "is no member any more".to_owned(),
        Stands::Suspended => "suspended in its file".to_owned(),
        Stands::ToCollect => "waits to be collected".to_owned(),
        Stands::Collected => "mailbox".to_owned(),
        Stands::Maintenance => format!("in maintenance until {}", text(lane, "maintenanceUntil")),
        Stands::Spared => format!("attempts fail, tried again at {}", text(lane, "sparedUntil")),
        Stands::SourceSpared => {
            let sources = lane.get("sparedSources").and_then(Value::as_array).into_iter().flatten();
            let spared = sources.map(|one| {
                format!(
                    "attempts at what {} sends fail, tried again at {}",
                    text(one, "source"),
                    text(one, "until")
                )
            });
            spared.collect::<Vec<_>>().join("; ")
        }
        Stands::Going => "due, as pace, failures and windows allow".to_owned(),
        Stands::Later => format!("next attempt at {}", text(lane, "nextDue")),
        Stands::Idle => "idle".to_owned(),
    }
}

fn has(value: &Value, name: &str) -> bool {
    value.get(name).and_then(Value::as_array).is_some_and(|list| !list.is_empty())
}

fn names(value: &Value, name: &str) -> String {
    let list = value.get(name).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}
