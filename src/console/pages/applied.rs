//! What was applied, by whom and why: the history in rows, and one configuration of it with the way back.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
    response::IntoResponse as _,
};
use maud::{Markup, html};
use serde_json::Value;

use super::timeline::who;
use crate::{
    change::Refused,
    console::{
        Shared,
        frame::{self, Part},
        gate::{Answered, Caller, Failure},
        shape::{Tone, act, facts, list, short, table, text, time, toned},
        texts,
    },
    operate::asked::malformed,
};

/// Changed files named in a row.
const FILES_NAMED_MAX: usize = 6;

/// One configuration of the history.
pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(asked): Path<String>,
) -> Answered {
    let number = number(&asked)?;
    let one = match shared.change.configuration(number).await? {
        Ok(one) => one,
        Err(Refused { refusal, .. }) => return Err(refusal.into()),
    };
    let (settings, running) = shared.change.settings().await?;
    let runs = text(&running, "number") == number.to_string();
    let of = |name: &str| text(&one, name);
    let title = format!("{} {number}", texts::CONFIGURATION_PART);
    let content = html! {
        div.head {
            p.crumb { a href="/configuration" { (texts::CONFIGURATION_PART) } }
            h1 { (title) }
            @if runs { p.sub { (toned(Tone::Good, texts::RUNS_NOW)) } }
        }
        section.card {
            (facts(&[
                (texts::AT, time(&of("at"))),
                (texts::WHO, by(&one)),
                (texts::HOW, html! { (of("how")) }),
                (texts::REASON, html! { (of("reason")) }),
                (texts::DIGEST, html! { code.fold { (of("configuration")) } }),
                (texts::CHANGED, changes(&one, usize::MAX)),
            ]))
            @if of("kept") != "true" { p.notice.waits { (texts::FILES_NOT_KEPT) } }
            @else if !runs {
                details.acts {
                    summary { (texts::ROLLBACK_LONG) }
                    p.hint { (texts::ROLLBACK_HINT) }
                    (act(&caller, "/configuration/rollback", &[("number", &number.to_string())], texts::ROLLBACK))
                }
            }
        }
        details { summary { (texts::EVERY_FILE) } (digests(&one)) }
        @if runs { details { summary { (texts::SETTINGS) } (set(&settings)) } }
    };
    Ok(frame::page(&caller, Part::Configuration, &title, &content).into_response())
}

/// The number of a configuration.
pub(in crate::console) fn number(text: &str) -> Result<i64, Failure> {
    Ok(text.parse().map_err(|_| malformed("a configuration is named by its number in the history"))?)
}

/// Configurations as rows; `running` is the number of the one that runs.
pub(super) fn history(found: &[Value], running: &str) -> Markup {
    let rows = html! {
        @for one in found {
            @let number = text(one, "number");
            tr {
                th scope="row" { a href={ "/configuration/" (number) } { (number) } @if number == running { " " (toned(Tone::Good, texts::RUNS_NOW)) } }
                td { (time(&text(one, "at"))) }
                td { (by(one)) }
                td { (text(one, "how")) }
                td.wide { (text(one, "reason")) }
                td.wide { (changes(one, FILES_NAMED_MAX)) }
            }
        }
    };
    let head = [texts::NUMBER, texts::AT, texts::WHO, texts::HOW, texts::REASON, texts::CHANGED];
    table(texts::HISTORY, &head, 0..0, &rows)
}

/// Files and what became of them, each of them.
pub(super) fn changed(files: &[Value]) -> Markup {
    named(files, usize::MAX)
}

fn by(one: &Value) -> Markup {
    let confirmed = text(one, "confirmedBy");
    html! { (who(one)) @if !confirmed.is_empty() { span.line.small { (texts::CONFIRMED_BY) " " (confirmed) } } }
}

fn changes(one: &Value, most: usize) -> Markup {
    match (text(one, "previous").as_str(), list(one, "changed")) {
        ("", _) => html! { span.none { (texts::FIRST_ONE) } },
        (_, []) => html! { span.none { (texts::NO_FILE_CHANGED) } },
        (_, files) => named(files, most),
    }
}

fn named(files: &[Value], most: usize) -> Markup {
    html! {
        @for one in files.iter().take(most) { span.line { code { (text(one, "file")) } " " small { (text(one, "what")) } } }
        @if files.len() > most { span.line.small { (texts::AND_MORE) " " (files.len() - most) } }
    }
}

fn digests(one: &Value) -> Markup {
    let rows = html! {
        @for (file, digest) in one.get("digests").and_then(Value::as_object).into_iter().flatten() {
            tr { th scope="row" { code { (file) } } td { (short(digest.as_str().unwrap_or_default())) } }
        }
    };
    table(texts::EVERY_FILE, &[texts::FILE, texts::DIGEST], 0..0, &rows)
}

/// The settings of the node, among which the files of the region stand too.
fn set(settings: &[Value]) -> Markup {
    let rows = html! {
        @for one in settings.iter().filter(|one| one.get("setting").is_some()) {
            tr { th scope="row" { code { (text(one, "setting")) } } td.wide { (text(one, "value")) } td { (text(one, "from")) } }
        }
    };
    table(texts::SETTINGS, &[texts::SETTING, texts::VALUE, texts::COMES_FROM], 0..0, &rows)
}
