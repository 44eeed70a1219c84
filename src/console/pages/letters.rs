//! Dead letters, and whatever else stands still: expired, refused, not answered, held, parked, unaddressed, waiting.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State},
    response::IntoResponse as _,
};
use maud::{Markup, html};
use serde_json::Value;

use super::overview::why;
use crate::{
    console::{
        Shared, api,
        frame::{self, Part},
        gate::{Answered, Caller},
        right::Right,
        shape::{act, address, escaped, figure, state, table, text, time},
        texts,
    },
    operate::Cursor,
};

/// Letters on one page.
const PAGE: &str = "50";
/// What can be looked at, by its word in the query.
const SHELVES: [&str; 10] = [
    "dead",
    "refused",
    "expired",
    "cancelled",
    "held",
    "unanswered",
    "parked",
    "unaddressed",
    "pending",
    "queued",
];

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Query(mut asked): Query<BTreeMap<String, String>>,
) -> Answered {
    asked.entry("state".to_owned()).or_insert_with(|| "dead".to_owned());
    asked.insert("limit".to_owned(), PAGE.to_owned());
    let query = api::query(&asked)?;
    let (items, next) = shared.operate.queue(&query).await??;
    let given = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let members: Vec<String> = shared.operate.region().members.keys().map(ToString::to_string).collect();
    let back =
        format!("/letters?state={}&target={}&source={}", given("state"), given("target"), given("source"));
    let content = html! {
        div.head { h1 { (texts::LETTERS) } p.sub { (texts::LETTERS_HINT) } }
        (filter(&asked, &members))
        @if items.is_empty() { p.empty role="status" { (texts::NO_LETTER) } }
        @else { (letters(&caller, &items, &back)) }
        @if let Some(next) = next.as_ref().map(Cursor::text) {
            p.more { a href={ (back) "&after=" (escaped(&next)) } { (texts::MORE) } }
        }
    };
    Ok(frame::page(&caller, Part::Letters, texts::LETTERS, &content).into_response())
}

fn filter(asked: &BTreeMap<String, String>, members: &[String]) -> Markup {
    let given = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let any = |name: &'static str, words: &str| {
        html! {
            label { span { (words) }
                select name=(name) {
                    option value="" { (texts::ANY) }
                    @for member in members { option value=(member) selected[given(name) == member] { (member) } }
                }
            }
        }
    };
    html! {
        form.filter method="get" action="/letters" {
            label { span { (texts::STATE) }
                select name="state" {
                    @for shelf in SHELVES { option value=(shelf) selected[given("state") == shelf] { (texts::shelf(shelf)) } }
                }
            }
            (any("source", texts::SOURCE))
            (any("target", texts::TO))
            button type="submit" { (texts::SHOW) }
        }
    }
}

fn letters(caller: &Caller, items: &[Value], back: &str) -> Markup {
    let rows = html! {
        @for one in items {
            tr {
                td { (time(&text(one, "created"))) }
                th scope="row" { a href={ "/certificates/" (text(one, "message")) } { (text(one, "number")) } br; small { (text(one, "issuer")) } }
                td { (text(one, "source")) " → " (text(one, "target")) }
                td { (state(&text(one, "state"))) }
                td.num { (figure(one, "attempts")) }
                td.wide { (why(one)) }
                @if caller.may(Right::Act) { td { (controls(caller, one, back)) } }
            }
        }
    };
    let head =
        [texts::SINCE, texts::NUMBER, texts::FROM_TO, texts::STATE, texts::TRIES, texts::WHY, texts::ACT];
    let most = if caller.may(Right::Act) { head.len() } else { head.len() - 1 };
    table(texts::LETTERS, head.get(..most).unwrap_or(&head), 4..5, &rows)
}

fn controls(caller: &Caller, one: &Value, back: &str) -> Markup {
    let id = text(one, "delivery");
    let hidden = [("delivery", id.as_str()), ("back", back)];
    html! {
        @if text(one, "state") == "unaddressed" { (address(caller, &text(one, "message"), back)) }
        @else if !id.is_empty() && text(one, "state") != "delivered" {
            details.acts {
                summary { (texts::ACT) }
                div.controls {
                    @match text(one, "state").as_str() {
                        "refused" | "expired" | "cancelled" => { (act(caller, "/replay", &hidden, texts::REPLAY)) }
                        "held" => { (act(caller, "/release", &hidden, texts::RELEASE)) (act(caller, "/cancel", &hidden, texts::CANCEL)) }
                        _ => { (act(caller, "/hold", &hidden, texts::HOLD)) (act(caller, "/cancel", &hidden, texts::CANCEL)) }
                    }
                }
            }
        }
    }
}
