//! What operators did, newest first.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State},
    response::IntoResponse as _,
};
use maud::{Markup, html};
use serde_json::Value;

use super::timeline::who;
use crate::{
    console::{
        Shared,
        frame::{self, Part},
        gate::{Answered, Caller},
        shape::{Tone, escaped, table, text, time, toned},
        texts,
    },
    model::reason::Reason,
    operate::PAGE_DELIVERIES_MAX,
    store::action::Verb,
};

/// Actions on one page.
const PAGE_MAX: usize = 50;
/// Pages of the store looked at for one page here: a filter that lets little through ends it early.
const LOOKS_MAX: usize = 10;

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    let given = |name: &str| asked.get(name).map(|text| text.trim()).unwrap_or_default();
    let before = Some(given("before")).filter(|text| !text.is_empty());
    let mut before = before.map(|text| text.parse().map_err(|_| Reason::QueryInvalid)).transpose()?;
    let (mut found, mut more) = (Vec::new(), true);
    for _ in 0..LOOKS_MAX {
        let page = shared.operate.actions(None, before, PAGE_DELIVERIES_MAX).await?;
        more = page.len() == PAGE_DELIVERIES_MAX;
        for one in page {
            if found.len() >= PAGE_MAX {
                more = true;
                break;
            }
            before = one.get("action").and_then(Value::as_i64);
            if fits(&one, given("act"), given("who"), given("about")) {
                found.push(one);
            }
        }
        if !more || found.len() >= PAGE_MAX {
            break;
        }
    }
    let content = html! {
        div.head { h1 { (texts::AUDIT) } p.sub { (texts::AUDIT_HINT) } }
        (filter(given("act"), given("who"), given("about")))
        @if found.is_empty() { p.empty role="status" { (if more { texts::NO_ACTION_YET } else { texts::NO_ACTION }) } }
        @else { (actions(&found)) }
        @if let Some(before) = before.filter(|_| more) {
            p.more { a href={ "/audit?act=" (escaped(given("act"))) "&who=" (escaped(given("who"))) "&about=" (escaped(given("about"))) "&before=" (before) } { (texts::MORE) } }
        }
    };
    Ok(frame::page(&caller, Part::Audit, texts::AUDIT, &content).into_response())
}

/// Whether an action is one of those asked for. Pure.
fn fits(action: &Value, did: &str, who_did: &str, about: &str) -> bool {
    let holds = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    (did.is_empty() || text(action, "did") == did)
        && holds(&who(action), who_did)
        && holds(&text(action, "about"), about)
}

fn filter(did: &str, who: &str, about: &str) -> Markup {
    html! {
        form.filter method="get" action="/audit" {
            label { span { (texts::DID) }
                select name="act" {
                    option value="" { (texts::ANY) }
                    @for verb in Verb::ALL { option value=(verb.word()) selected[verb.word() == did] { (verb.word()) } }
                }
            }
            label { span { (texts::WHO) } input name="who" value=(who) maxlength="64" autocomplete="off"; }
            label { span { (texts::ABOUT) } input name="about" value=(about) maxlength="200" autocomplete="off"; }
            button type="submit" { (texts::SHOW) }
        }
    }
}

fn actions(found: &[Value]) -> Markup {
    let rows = html! {
        @for one in found {
            @let outcome = text(one, "outcome");
            tr {
                td { (time(&text(one, "at"))) }
                td { (who(one)) }
                td { b { (text(one, "did")) } }
                td { (about(&text(one, "about"))) }
                td.wide { (toned(if outcome.starts_with("done") { Tone::Good } else { Tone::Bad }, &outcome)) }
                td.wide { (text(one, "reason")) }
            }
        }
    };
    let head = [texts::AT, texts::WHO, texts::DID, texts::ABOUT, texts::OUTCOME, texts::REASON];
    table(texts::AUDIT, &head, 0..0, &rows)
}

/// What an action is about, with the way there.
fn about(about: &str) -> Markup {
    match about.split_once(' ') {
        Some(("member", id)) => html! { a href={ "/partners/" (id) } { (about) } },
        Some(("message" | "delivery", id)) => html! { a href={ "/certificates/" (id) } { (about) } },
        _ => html! { (about) },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_lets_through_what_it_names_and_an_empty_one_everything() {
        let hold = json!({"did": "hold", "user": "account maria", "about": "member corvania"});
        assert!(fits(&hold, "", "", "") && fits(&hold, "hold", "Maria", "corv"));
        assert!(
            !fits(&hold, "release", "", "") && !fits(&hold, "", "otto", "") && !fits(&hold, "", "", "brisca")
        );
    }
}
