//! The story of one message: accepted, findings, where it was to go and why, every attempt with its evidence, answers,
//! and what operators did.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    response::IntoResponse as _,
};
use maud::{Markup, html};
use serde_json::Value;

use crate::{
    console::{
        Shared,
        frame::{self, Part},
        gate::{Answered, Caller},
        right::Right,
        shape::{Tone, act, address, escaped, facts, list, short, state, text, time, toned},
        texts,
    },
    operate::{Which, asked::malformed},
};

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answered {
    let id =
        uuid::Uuid::try_parse(&id).map_err(|_| malformed("an id is 36 characters, as the hub prints it"))?;
    let messages = shared.operate.show(&Which::Id(id)).await??;
    let number = messages.first().map(|message| text(message, "number")).unwrap_or_default();
    let content = html! {
        @for message in &messages { (story(&caller, message)) }
    };
    Ok(frame::page(&caller, Part::Certificates, &number, &content).into_response())
}

fn story(caller: &Caller, message: &Value) -> Markup {
    let of = |name: &str| text(message, name);
    let back = format!("/certificates/{}", of("message"));
    let others = format!("/certificates?q={}&issuer={}", escaped(&of("number")), escaped(&of("issuer")));
    html! {
        div.head {
            p.crumb { a href="/certificates" { (texts::CERTIFICATES) } }
            h1 { (of("number")) }
            p.sub {
                b { (texts::function(&of("function"))) @if !of("version").is_empty() { ", " (texts::VERSION) " " (of("version")) } }
                span { (of("issuer")) } span { (of("agreement")) }
                (state(&of("state")))
                @if of("test") == "true" { span.tag { (texts::TEST) } }
                a href=(others) { (texts::EVERY_VERSION) }
            }
        }
        section.card {
            h2 { (texts::ACCEPTED) }
            (facts(&[
                (texts::RECEIVED, time(&of("received"))),
                (texts::SOURCE, html! { a href={ "/partners/" (of("source")) } { (of("source")) } }),
                (texts::THEIR_ID, html! { code { (of("messageId")) } }),
                (texts::OUR_ID, html! { code { (of("message")) } }),
                (texts::FORMAT, html! { @if !of("format").is_empty() { code.tag { (of("format")) } } }),
                (texts::BYTES, html! { code.fold { (of("digest")) } }),
                (texts::CONFIGURATION, short(&of("configuration"))),
                (texts::PROOF, html! { (of("proof")) @for one in list(message, "signatures") { (signature(one)) } }),
            ]))
            @if !of("businessDuplicateOf").is_empty() {
                p.notice.held { (texts::DUPLICATE_OF) " " a href={ "/certificates/" (of("businessDuplicateOf")) } { (of("businessDuplicateOf")) } }
            }
            (findings(message))
            (actions(message))
            @if caller.may(Right::Read) { (content_form(caller, &of("message"))) }
            @if caller.may(Right::Act) && list(message, "deliveries").is_empty() { (address(caller, &of("message"), &back)) }
        }
        h2 { (texts::WAY) }
        @if list(message, "deliveries").is_empty() { p.empty { (texts::NO_DELIVERY) } }
        ol.way { @for one in list(message, "deliveries") { (delivery(caller, one, &back)) } }
    }
}

fn signature(one: &Value) -> Markup {
    let verdict = text(one, "verdict");
    html! { span.line { (text(one, "capacity")) ": " (toned(Tone::of(&verdict), &verdict)) " " (text(one, "subject")) } }
}

fn findings(message: &Value) -> Markup {
    let found = list(message, "findings");
    html! {
        h3 { (texts::FINDINGS) " " small { (found.len()) } }
        @if found.is_empty() { p.empty { (texts::NO_FINDING) } }
        ul.findings {
            @for one in found {
                li {
                    (toned(Tone::of(&text(one, "level")), &text(one, "level"))) " "
                    code { (text(one, "code")) } " "
                    @if !text(one, "field").is_empty() { code { (text(one, "field")) } " " }
                    span { (text(one, "message")) }
                }
            }
        }
    }
}

fn actions(of: &Value) -> Markup {
    let done = list(of, "actions");
    html! {
        @if !done.is_empty() {
            h3 { (texts::ACTS) }
            ul.findings {
                @for one in done {
                    li {
                        (time(&text(one, "at"))) " " b { (text(one, "did")) } " " (who(one)) ": " (text(one, "outcome"))
                        " " q { (text(one, "reason")) }
                    }
                }
            }
        }
    }
}

/// Who did something, in words.
pub(in crate::console) fn who(action: &Value) -> String {
    match text(action, "as").as_str() {
        "" => text(action, "user"),
        named => format!("{} as {named}", text(action, "user")),
    }
}

fn delivery(caller: &Caller, one: &Value, back: &str) -> Markup {
    let of = |name: &str| text(one, name);
    let losses = list(one, "losses");
    html! {
        li #{ "d-" (of("delivery")) } {
            h3 {
                a href={ "/partners/" (of("target")) } { (of("target")) } " " (state(&of("state")))
                @if !of("reason").is_empty() { " " code { (of("reason")) } }
                @if !of("due").is_empty() && of("mailbox") == "true" { " " small { (texts::TO_BE_COLLECTED) } }
                @else if !of("due").is_empty() { " " small { (texts::NEXT_ATTEMPT) " " (time(&of("due"))) } }
            }
            p.because { (of("because")) }
            (facts(&[
                (texts::CARGO, html! { (texts::cargo(&of("cargo"))) ", " (texts::view(&of("view"))) }),
                (texts::FORMAT, html! { code.tag { (of("format")) } }),
                (texts::MADE, time(&of("created"))),
                (texts::DELIVERY, html! { code { (of("delivery")) } }),
                (texts::BYTES, html! { code.fold { (of("digest")) } }),
            ]))
            @if !of("replayOf").is_empty() { p.hint { (texts::REPLAY_OF) " " (short(&of("replayOf"))) } }
            @if !losses.is_empty() {
                details { summary { (texts::LOSSES) " " small { (losses.len()) } }
                    p.losses { @for loss in losses { code.tag.lost { (loss.as_str().unwrap_or_default()) } " " } } }
            }
            (attempts(one))
            (answers(one))
            (actions(one))
            @if caller.may(Right::Act) { (controls(caller, one, back)) }
        }
    }
}

fn attempts(one: &Value) -> Markup {
    let made = list(one, "attemptsMade");
    html! {
        @if made.is_empty() { p.empty { (texts::NO_ATTEMPT) } }
        @else {
            ol.attempts {
                @for attempt in made {
                    li {
                        (time(&text(attempt, "started"))) " "
                        (toned(Tone::of(&text(attempt, "outcome")), &text(attempt, "outcome")))
                        @if !text(attempt, "status").is_empty() { " HTTP " (text(attempt, "status")) }
                        " " span { (text(attempt, "detail")) }
                        @if !text(attempt, "grade").is_empty() { " " span.tag title=(texts::grade(&text(attempt, "grade"))) { (texts::EVIDENCE) " " (text(attempt, "grade")) } }
                        @if !text(attempt, "answerDigest").is_empty() { " " (short(&text(attempt, "answerDigest"))) }
                    }
                }
            }
        }
    }
}

fn answers(one: &Value) -> Markup {
    let until = text(one, "answerUntil");
    html! {
        @if !until.is_empty() { p.answer { (texts::CUSTOMS) ": " (texts::ANSWER_UNTIL) " " (time(&until)) } }
        @for answer in list(one, "answers") {
            p.answer {
                (texts::CUSTOMS) " " (time(&text(answer, "at"))) " "
                (toned(Tone::of(&text(answer, "answer")), &text(answer, "answer")))
                @if !text(answer, "reason").is_empty() { " " code { (text(answer, "reason")) } }
            }
        }
    }
}

/// What may be done with a delivery as it stands.
fn controls(caller: &Caller, one: &Value, back: &str) -> Markup {
    let id = text(one, "delivery");
    let hidden = [("delivery", id.as_str()), ("back", back)];
    let lost = [("delivery", id.as_str()), ("back", back), ("lost", "true")];
    let word = text(one, "state");
    html! {
        details.acts {
            summary { (texts::ACT) }
            div.controls {
                @match word.as_str() {
                    "refused" | "expired" | "cancelled" => { (act(caller, "/replay", &hidden, texts::REPLAY)) }
                    "delivered" => { (act(caller, "/replay", &lost, texts::REPLAY_LOST)) }
                    "held" => { (act(caller, "/release", &hidden, texts::RELEASE)) (act(caller, "/cancel", &hidden, texts::CANCEL)) }
                    _ => { (act(caller, "/hold", &hidden, texts::HOLD)) (act(caller, "/cancel", &hidden, texts::CANCEL)) }
                }
            }
        }
    }
}

fn content_form(caller: &Caller, id: &str) -> Markup {
    html! {
        details.acts {
            summary { (texts::READ_CONTENT) }
            p.hint { (texts::READ_HINT) " " a href="/content" { (texts::REQUESTS) } }
            (act(caller, "/content", &[("message", id)], texts::READ))
        }
    }
}
