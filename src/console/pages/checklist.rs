//! A member's checklist: what the newest report says, and what it lacks.

use maud::{Markup, html};
use serde_json::Value;

use crate::{
    console::{
        shape::{Tone, facts, list, table, text, time, toned},
        texts,
    },
    operate::checklist::item::Outcome,
};

/// Results in the order in which they are counted.
const RESULTS: [(Outcome, Tone); 5] = [
    (Outcome::Red, Tone::Bad),
    (Outcome::Open, Tone::Waits),
    (Outcome::Green, Tone::Good),
    (Outcome::Confirmed, Tone::Good),
    (Outcome::Skipped, Tone::Off),
];

/// The newest report of a member, with the items that are red or open.
pub(super) fn shown(report: Option<&Value>, id: &str) -> Markup {
    let Some(report) = report else {
        return html! { p.empty { (texts::NO_CHECKLIST) " " code { "coohub member test " (id) } } };
    };
    let (items, head) = (list(report, "items"), report.get("report").unwrap_or(&Value::Null));
    let green = head.get("green").and_then(Value::as_bool).unwrap_or_default();
    let verdict = match green {
        true => toned(Tone::Good, texts::LIST_GREEN),
        false => toned(Tone::Bad, texts::LIST_NOT_GREEN),
    };
    let of = |outcome: Outcome| items.iter().filter(move |item| text(item, "result") == outcome.word());
    let counts = html! {
        @for (outcome, tone) in RESULTS {
            @let count = of(outcome).count();
            @if count > 0 { (toned(tone, &format!("{count} {}", outcome.word()))) " " }
        }
    };
    let rows = html! {
        @for (outcome, tone) in RESULTS.into_iter().filter(|(outcome, _)| !outcome.is_fine()) {
            @for item in of(outcome) {
                tr {
                    th scope="row" { code { (text(item, "item")) } }
                    td { (toned(tone, outcome.word())) }
                    td.wide { (text(item, "evidence")) }
                    td.wide { (text(item, "advice")) }
                }
            }
        }
    };
    let head =
        [(texts::LIST_SAYS, verdict), (texts::MADE, time(&text(head, "at"))), (texts::LIST_ITEMS, counts)];
    html! {
        (facts(&head))
        @if !green { (table(texts::CHECKLIST, &[texts::LIST_ITEM, texts::RESULT, texts::SEEN, texts::MEND], 0..0, &rows)) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_red_or_open_is_told_with_what_to_change_and_what_is_fine_is_counted() {
        let item = |name: &str, result: &str| json!({"item": name, "result": result, "evidence": "status 404", "advice": "answer 200"});
        let items =
            [item("ping", "green"), item("down", "open"), item("sample", "red"), item("verifies", "red")];
        let report = json!({"report": {"at": "2026-11-28T10:00:00.000Z", "green": false}, "items": items});
        let page = shown(Some(&report), "florin").into_string();
        for told in ["2 red", "1 open", "1 green", "sample", "verifies", "down", "answer 200"] {
            assert!(page.contains(told), "{told}: {page}");
        }
        assert!(!page.contains("<code>ping</code>"), "{page}");
        let never = shown(None, "florin").into_string();
        assert!(never.contains("coohub member test florin"), "{never}");
    }
}
