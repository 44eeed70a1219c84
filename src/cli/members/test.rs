//! `coohub member test ID`: its checklist, by the running hub.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    cli::{
        exit,
        operator::{At, ask_long, tell_kinds, text},
        output::Output,
        table::{Table, width},
    },
    control::wire::{Command, Examine},
};

/// What is recorded where no reason is asked for.
const USUAL: &str = "checklist";

/// Arguments of `member test`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The member.
    pub id: String,
    /// Its sandbox, instead of the server in its file: under the same anchors.
    #[arg(long, value_name = "URL")]
    pub against: Option<String>,
    /// Its test traffic from this instant on counts; seven days when left out.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// An item that nobody but you can say is so, such as rollover.
    #[arg(long, value_name = "ITEM", requires = "reason")]
    pub confirm: Option<String>,
    /// Why you can say so, in your words.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Your name, recorded beside the system's user.
    #[arg(long = "as", value_name = "NAME")]
    pub named: Option<String>,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// The report; 0 when it is green, 1 when it is not.
pub(super) fn run(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    (out, err): (&mut Output<'_>, &mut Output<'_>),
) -> u8 {
    let Args { id, against, since, confirm, reason, named, at } = arguments;
    let command = Command::Examine(Examine {
        member: id.clone(),
        against: against.clone(),
        since: since.clone(),
        confirm: confirm.clone(),
        reason: reason.clone().unwrap_or_else(|| USUAL.to_owned()),
    });
    let answer = match ask_long(at, environment, (named.as_deref(), command), err) {
        Ok(answer) => answer,
        Err(failed) => return failed.tell(at, out, err),
    };
    let green = answer.end.get("green").and_then(Value::as_bool).unwrap_or(false);
    match at.json {
        true => tell_kinds(&answer, |_| "item", "report", out),
        false => {
            shown(&answer.items, out);
            let verdict = if green { "green" } else { "not green" };
            out.line(format!("\n{id}: {verdict}, {}", text(&answer.end, "at")));
        }
    }
    if green { exit::CLEAN } else { exit::OTHER }
}

fn shown(items: &[Value], out: &mut Output<'_>) {
    let mut table = Table::new(["ITEM", "RESULT", "EVIDENCE"]);
    for item in items {
        table.row([text(item, "item"), text(item, "result"), text(item, "evidence")]);
    }
    table.lines(width()).iter().for_each(|line| out.line(line));
    let wanting = items.iter().filter(|item| item.get("advice").is_some_and(Value::is_string));
    for item in wanting {
        out.line(format!("\n{}: {}\n  {}", text(item, "item"), text(item, "meaning"), text(item, "advice")));
    }
}
