//! The overview: how the hub is, who is unwell, what waits longest.

use std::sync::Arc;

use axum::{Extension, extract::State, response::IntoResponse as _};
use maud::{Markup, html};
use serde_json::Value;

use super::{health, statistics::drawn};
use crate::console::{
    Shared, chart,
    frame::{self, Part},
    gate::{Answered, Caller},
    shape::{age, figure, grouped, list, short, state, table, text, time, toned},
    texts,
};

/// Deliveries shown of those that wait longest.
const OLDEST_SHOWN_MAX: usize = 8;
/// Hours of traffic shown.
const TRAFFIC_HOURS: u32 = 24;

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Answered {
    let (status, advised) = (shared.operate.status().await?, shared.change.advised().await?);
    let proposed = shared.change.proposal().await?;
    let lanes = shared.operate.lanes(None).await?;
    let hours = shared.operate.hours(TRAFFIC_HOURS).await?;
    let waiting = shared.operate.waiting_longest(OLDEST_SHOWN_MAX).await?;
    let content = html! {
        (head(&status))
        (warnings(&status))
        @if let Some(proposed) = &proposed {
            p.notice.waits {
                a href="/configuration" { (texts::WAITS_FOR_SECOND) } " " (text(proposed, "user")) ", "
                (time(&text(proposed, "at")))
            }
        }
        @if !advised.is_empty() {
            p.notice.waits {
                (texts::LIVE_WITHOUT_LIST) ": "
                @for (place, (member, _)) in advised.iter().enumerate() {
                    @if place > 0 { ", " }
                    a href={ "/partners/" (member) "#checklist" } { (member) }
                }
            }
        }
        (tiles(&status))
        section.card aria-labelledby="traffic" {
            h2 #traffic { (texts::TRAFFIC) }
            (chart::bars(texts::COPIES, &drawn(&hours, TRAFFIC_HOURS)))
        }
        section aria-labelledby="health" {
            h2 #health { (texts::PARTNER_HEALTH) }
            ul.map { @for lane in &lanes { (card(lane)) } }
        }
        section aria-labelledby="oldest" {
            h2 #oldest { (texts::OLDEST) }
            @if waiting.is_empty() { p.empty { (texts::NOTHING_WAITS) } }
            @else { (oldest(&waiting)) }
        }
    };
    Ok(frame::page(&caller, Part::Overview, texts::OVERVIEW, &content).into_response())
}

fn head(status: &Value) -> Markup {
    html! {
        div.head {
            h1 { (texts::OVERVIEW) }
            p.sub {
                b { (text(status, "region")) }
                span { (texts::CONFIGURATION) " " (short(&text(status, "configuration"))) }
                span { (texts::NOW) " " (time(&text(status, "now"))) " UTC" }
                span { "coohub " (text(status, "version")) }
            }
        }
    }
}

/// What somebody has to look at, in words.
fn warnings(status: &Value) -> Markup {
    let doubt = status.get("clockDoubted").filter(|doubt| !doubt.is_null());
    let not_compared: Vec<&str> = list(status, "notCompared").iter().filter_map(Value::as_str).collect();
    html! {
        @if let Some(doubt) = doubt {
            p.notice.bad role="alert" {
                (texts::CLOCK_DOUBTED) " " (time(&text(doubt, "found"))) ", " (texts::EXPECTED) " "
                (time(&text(doubt, "expected"))) ". " (texts::CLOCK_CONFIRM)
            }
        }
        @for alert in list(status, "alerts") {
            div.notice.(if text(alert, "severity") == "critical" { "bad" } else { "waits" }) role="alert" {
                p { b { (text(alert, "text")) } }
                p { (texts::SINCE_THEN) " " (time(&text(alert, "since"))) " · " (todo(alert)) }
            }
        }
        @if !not_compared.is_empty() {
            p.notice.waits { (texts::NOT_COMPARED) " " (not_compared.join(", ")) }
        }
        @match text(status, "storage").as_str() {
            "low" => p.notice.bad { (texts::STORAGE_LOW) },
            "slow" => p.notice.waits { (texts::STORAGE_SLOW) },
            _ => {}
        }
        @if figure(status, "rejectionsDropped") > 0 {
            p.notice.waits { (texts::REJECTIONS_DROPPED) " " (grouped(figure(status, "rejectionsDropped"))) }
        }
    }
}

/// What to do about an alert: here, where the console shows what the alert is of.
fn todo(alert: &Value) -> Markup {
    let about = text(alert, "about");
    match text(alert, "alert").as_str() {
        "unanswered" => html! {
            a href={ "/letters?state=unanswered&target=" (about) } { (texts::SEE_UNANSWERED) }
        },
        _ => html! { (text(alert, "todo")) },
    }
}

fn tiles(status: &Value) -> Markup {
    let tiles = [
        ("messages", texts::ACCEPTED, ""),
        ("delivered", texts::DELIVERED, ""),
        ("open", texts::ON_THE_WAY, "/letters?state=pending"),
        ("held", texts::HELD, "/letters?state=held"),
        ("failed", texts::DEAD, "/letters?state=dead"),
        ("parked", texts::PARKED, "/letters?state=parked"),
        ("unaddressed", texts::UNADDRESSED, "/letters?state=unaddressed"),
        ("unrouted", texts::UNROUTED, ""),
    ];
    html! {
        ul.tiles {
            @for (name, words, at) in tiles {
                li.loud[figure(status, name) > 0 && name == "failed"].kept[figure(status, name) > 0 && matches!(name, "held" | "unaddressed")] {
                    @if at.is_empty() { b { (grouped(figure(status, name))) } span { (words) } }
                    @else { a href=(at) { b { (grouped(figure(status, name))) } span { (words) } } }
                }
            }
        }
    }
}

fn card(lane: &Value) -> Markup {
    let (tone, words) = health::of(lane);
    let member = text(lane, "member");
    let oldest = lane.get("oldestSeconds").and_then(Value::as_u64);
    html! {
        li {
            a href={ "/partners/" (member) } {
                b { (member) }
                (toned(tone, &words))
                span.small {
                    (grouped(figure(lane, "open"))) " " (texts::OPEN)
                    @if let Some(oldest) = oldest { " · " (texts::OLDEST_IS) " " (age(oldest)) }
                    @if figure(lane, "dead") > 0 { " · " (grouped(figure(lane, "dead"))) " " (texts::DEAD_SHORT) }
                    @if figure(lane, "overdue") > 0 { " · " (grouped(figure(lane, "overdue"))) " " (texts::UNANSWERED) }
                }
            }
        }
    }
}

fn oldest(waiting: &[Value]) -> Markup {
    let rows = html! {
        @for one in waiting {
            tr {
                td { (time(&text(one, "created"))) }
                td { a href={ "/partners/" (text(one, "target")) } { (text(one, "target")) } }
                td { a href={ "/certificates/" (text(one, "message")) } { (text(one, "number")) } }
                td { (state(&text(one, "state"))) }
                td.num { (figure(one, "attempts")) }
                td.wide { (why(one)) }
            }
        }
    };
    let head = [texts::SINCE, texts::TO, texts::NUMBER, texts::STATE, texts::TRIES, texts::WHY];
    table(texts::OLDEST, &head, 4..5, &rows)
}

/// Why a delivery is where it is: the coded reason, or what came of the last attempt.
pub(in crate::console) fn why(one: &Value) -> Markup {
    let last = one.get("lastAttempt").filter(|last| !last.is_null());
    let attempt = last.map(|last| text(last, "detail")).filter(|detail| !detail.is_empty());
    let until = text(one, "answerUntil");
    match (text(one, "reason").as_str(), attempt) {
        _ if text(one, "state") == "cancelled" => html! { (texts::ENDED) },
        _ if !until.is_empty() => html! { (texts::ANSWER_UNTIL) " " (time(&until)) },
        ("", None) => html! { (texts::NO_ATTEMPT) },
        ("", Some(detail)) => html! { (detail) },
        (reason, None) => html! { (reason) },
        (reason, Some(detail)) => html! { (reason) ": " (detail) },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::todo;

    #[test]
    fn what_is_not_answered_is_shown_by_the_console_itself() {
        let of =
            |alert: &str| todo(&json!({"alert": alert, "about": "corvania", "todo": "ask"})).into_string();
        assert!(of("unanswered").contains("/letters?state=unanswered&amp;target=corvania"));
        assert_eq!(of("waiting"), "ask");
    }
}
