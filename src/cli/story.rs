//! A message and its deliveries told line by line, for an operator who was asked "where is it, and why?".

use serde_json::Value;

use super::{operator::text, output::Output};

/// A message, its findings, its deliveries with their attempts and answers, and what operators did.
pub(super) fn message(message: &Value, out: &mut Output<'_>) {
    let of = |name: &str| text(message, name);
    out.line(format!(
        "message {} of {}: {}{}, received {}",
        of("message"),
        of("source"),
        of("state"),
        if of("test") == "true" { " (test)" } else { "" },
        of("received")
    ));
    out.line(format!(
        "  certificate {} version {} of {} under {}",
        of("number"),
        of("version"),
        of("issuer"),
        of("agreement")
    ));
    out.line(format!("  {}, format {}, the source's id {}", of("function"), of("format"), of("messageId")));
    out.line(format!("  bytes {}, accepted under configuration {}", of("digest"), of("configuration")));
    if of("businessDuplicateOf") != "-" {
        out.line(format!(
            "  the same certificate as message {}; not delivered again",
            of("businessDuplicateOf")
        ));
    }
    for finding in list(message, "findings") {
        let of = |name: &str| text(finding, name);
        out.line(format!("  {} {} at {}: {}", of("level"), of("code"), of("field"), of("message")));
    }
    list(message, "actions").for_each(|one| action(one, "  ", out));
    for one in list(message, "deliveries") {
        delivery(one, out);
    }
}

fn delivery(delivery: &Value, out: &mut Output<'_>) {
    let of = |name: &str| text(delivery, name);
    out.line(format!(
        "  delivery {} of the {} to {}: {}",
        of("delivery"),
        of("cargo"),
        of("target"),
        standing(delivery)
    ));
    out.line(format!("    because: {}", of("because")));
    if of("unseen") != "-" {
        out.line(format!("    a change of what the {} never had", of("unseen")));
    }
    if of("replayOf") != "-" {
        out.line(format!("    replay of delivery {}", of("replayOf")));
    }
    let (made, view) = (of("created"), of("view"));
    out.line(format!("    made {made} under configuration {}, {view} view", of("configuration")));
    out.line(format!("    sends {}, {}", of("format"), of("digest")));
    let losses = places(list(delivery, "losses").filter_map(Value::as_str));
    if !losses.is_empty() {
        let who = if view == "full" { "the form cannot carry" } else { "the form or the view leaves out" };
        out.line(format!("    {who}:"));
        losses.iter().for_each(|place| out.line(format!("      {place}")));
    }
    for one in list(delivery, "attemptsMade") {
        let of = |name: &str| text(one, name);
        let status = if of("status") == "-" { String::new() } else { format!(" {}", of("status")) };
        out.line(format!(
            "    attempt {} at {}: {}{status}, {}",
            of("number"),
            of("started"),
            of("outcome"),
            of("detail")
        ));
        out.line(format!(
            "      ended {}, evidence {}, body {}",
            of("finished"),
            of("grade"),
            of("answerDigest")
        ));
    }
    for one in list(delivery, "answers") {
        out.line(format!(
            "    customs at {}: {} {}",
            text(one, "at"),
            text(one, "answer"),
            text(one, "reason")
        ));
    }
    if of("answerUntil") != "-" {
        out.line(format!("    customs is to answer by {}", of("answerUntil")));
    }
    list(delivery, "actions").for_each(|one| action(one, "    ", out));
}

/// The state, with the reason or the time that goes with it.
fn standing(delivery: &Value) -> String {
    let of = |name: &str| text(delivery, name);
    match (of("reason").as_str(), of("due").as_str()) {
        ("-", "-") => of("state"),
        ("-", _) if of("mailbox") == "true" => format!("{}, waits to be collected", of("state")),
        ("-", due) => format!("{}, next attempt at {due}", of("state")),
        (reason, _) => format!("{}, {reason}", of("state")),
    }
}

fn action(action: &Value, indent: &str, out: &mut Output<'_>) {
    let of = |name: &str| text(action, name);
    let who = if of("as") == "-" { of("user") } else { format!("{} as {}", of("user"), of("as")) };
    out.line(format!("{indent}{} by {who} at {}: {} ({})", of("did"), of("at"), of("outcome"), of("reason")));
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Places in a certificate, each once, whatever entry of its lists it stands in.
fn places<'a>(all: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    for place in all {
        let mut parts = place.split('[');
        let mut folded = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let after = part.split_once(']').map_or("", |(_, after)| after);
            folded.push_str("[]");
            folded.push_str(after);
        }
        if !places.contains(&folded) {
            places.push(folded);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{places, standing};

    #[test]
    fn what_a_member_collects_is_not_attempted() {
        let at = |mailbox: bool| standing(&json!({"state": "pending", "due": "12:00", "mailbox": mailbox}));
        assert_eq!(at(true), "pending, waits to be collected");
        assert_eq!(at(false), "pending, next attempt at 12:00");
    }

    #[test]
    fn a_place_is_told_once_whatever_entry_it_stands_in() {
        let all = ["items[1].packages[2].kind", "items[2].packages[1].kind", "remarks", "items[2].marks"];
        assert_eq!(places(all.into_iter()), ["items[].packages[].kind", "remarks", "items[].marks"]);
    }
}
