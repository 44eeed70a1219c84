//! `coohub plan`: what applying the folder would change, in words.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{
    exit,
    operator::{Answer, At, ask, ask_long, tell_kinds, text},
    output::Output,
    table::{Table, width},
};
use crate::{
    control::wire::{Command, change::Ask},
    problem::unit::noun,
};

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// Read the last so many certificates again under the folder's configuration, and show what would become of them.
    #[arg(long, value_name = "N")]
    pub replay: Option<usize>,
    /// Which hub.
    #[command(flatten)]
    pub at: At,
}

/// Compares the folder with what runs: 0 when they are the same, 2 when not.
pub(crate) fn plan(
    arguments: &PlanArgs,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let at = &arguments.at;
    if let Some(messages) = arguments.replay {
        return replay(at, messages, environment, out, err);
    }
    match ask(at, environment, None, Command::Configuration(Ask::Plan {})) {
        Err(failed) => failed.tell(at, out, err),
        Ok(answer) => {
            match at.json {
                true => tell_kinds(&answer, |_| "difference", "plan", out),
                false => said(&answer, out),
            }
            match is(&answer.end, "changes") {
                true => exit::DIFFERENT,
                false => exit::CLEAN,
            }
        }
    }
}

/// Reads certificates again: 0 when nothing becomes of them that did not before, 2 when something does.
fn replay(
    at: &At,
    messages: usize,
    environment: &BTreeMap<String, String>,
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let command = Command::Configuration(Ask::Replay { messages });
    match ask_long(at, environment, (None, command), err) {
        Err(failed) => failed.tell(at, out, err),
        Ok(answer) => {
            match at.json {
                true => tell_kinds(&answer, |_| "certificate", "replay", out),
                false => {
                    let mut table = Table::new(["source", "issuer", "number", "what"]);
                    for one in &answer.items {
                        let words = one.get("words").and_then(Value::as_array).into_iter().flatten();
                        let words = words.filter_map(Value::as_str).collect::<Vec<_>>().join("; ");
                        table.row([text(one, "source"), text(one, "issuer"), text(one, "number"), words]);
                    }
                    if !answer.items.is_empty() {
                        table.lines(width()).iter().for_each(|line| out.line(line));
                    }
                    let end = &answer.end;
                    let read = end.get("read").and_then(Value::as_u64).unwrap_or_default();
                    let (certificates, different) =
                        (noun(read, "certificate", "certificates"), text(end, "different"));
                    out.line(format!("{read} {certificates} read again, {different} of them otherwise"));
                }
            }
            match answer.items.is_empty() {
                true => exit::CLEAN,
                false => exit::DIFFERENT,
            }
        }
    }
}

fn said(answer: &Answer, out: &mut Output<'_>) {
    let digest = text(&answer.end, "configuration");
    if !is(&answer.end, "changes") {
        out.line(format!("no difference: the folder is what runs, configuration {digest}"));
        return;
    }
    let told = answer.items.iter().map(|one| [text(one, "effect"), text(one, "about"), text(one, "words")]);
    let mut table = Table::new(["effect", "about", "what"]);
    folded(told).into_iter().for_each(|row| table.row(row));
    // Whole, however narrow the terminal: an operator decides by it.
    table.lines(None).iter().for_each(|line| out.line(line));
    if is(&answer.end, "secondOperator") {
        out.line(
            "it widens, or touches a table or list: apply proposes it, and another operator must confirm it",
        );
    }
    for (name, what) in [("refused", "apply refuses it"), ("advised", "advice")] {
        let list = answer.end.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).for_each(|problem| out.line(format!("{what}: {problem}")));
    }
    out.line(format!("to apply exactly this: coohub apply --expect {digest}"));
}

/// Rows of effect, about and words, with those that say the same of several things of a kind made one, which names them.
fn folded(rows: impl Iterator<Item = [String; 3]>) -> Vec<[String; 3]> {
    let mut folded: Vec<([String; 3], Vec<String>)> = Vec::new();
    for [effect, about, words] in rows {
        let (kind, name) = match about.split_once(' ') {
            Some((kind, name)) => (kind.to_owned(), name.to_owned()),
            None => (about.clone(), about),
        };
        let key = [effect, kind, words];
        match folded.iter_mut().find(|(same, _)| *same == key) {
            Some((_, names)) => names.push(name),
            None => folded.push((key, vec![name])),
        }
    }
    let row = |([effect, kind, words], names): ([String; 3], Vec<String>)| match names.as_slice() {
        [name] if *name == kind => [effect, kind, words],
        [name] => [effect, format!("{kind} {name}"), words],
        names => {
            let things = if kind == "codes" { "code list" } else { &kind };
            [effect, format!("{} {things}s", names.len()), format!("{words} ({})", names.join(", "))]
        }
    };
    folded.into_iter().map(row).collect()
}

fn is(end: &Value, name: &str) -> bool {
    end.get(name).and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_several_is_said_once_and_names_them_all() {
        let rows = [
            ["widens", "member kg", "may send ru-ct1"],
            ["form", "format ru-ct1", "a code list it uses is another one"],
            ["form", "format ru-ct2", "a code list it uses is another one"],
            ["form", "format ru-ct3", "goes"],
            ["form", "codes countries", "is another one"],
            ["form", "codes currencies", "is another one"],
            ["words", "member kg", "a code list it uses is another one"],
            ["words", "region", "name: \"b\", was \"a\""],
        ];
        let told = folded(rows.map(|row| row.map(str::to_owned)).into_iter());
        let expected = [
            ["widens", "member kg", "may send ru-ct1"],
            ["form", "2 formats", "a code list it uses is another one (ru-ct1, ru-ct2)"],
            ["form", "format ru-ct3", "goes"],
            ["form", "2 code lists", "is another one (countries, currencies)"],
            ["words", "member kg", "a code list it uses is another one"],
            ["words", "region", "name: \"b\", was \"a\""],
        ];
        assert_eq!(told, expected.map(|row| row.map(str::to_owned)));
    }
}
