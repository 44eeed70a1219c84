//! The playground: what the hub makes of a document, field by field. Nothing is sent, nothing is kept.

use std::sync::Arc;

use axum::{Extension, extract::State, response::IntoResponse as _};
use maud::{Markup, html};
use serde_json::Value;

use crate::{
    console::{
        Shared,
        frame::{self, Part, token},
        gate::{Answered, Caller, Fields},
        shape::{Tone, list, table, text, toned},
        texts,
    },
    decode::document::Syntax,
    model::{finding::Finding, reason::Reason},
    operate::{
        Refusal,
        trial::{
            self, Read,
            trace::{self, Trace},
        },
    },
    region::{Region, member::Form},
    render,
};

/// Largest document that is tried, in bytes.
pub(in crate::console) const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// Fields of a trace that are shown.
const FIELDS_SHOWN_MAX: usize = 2_000;

/// The form.
pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
) -> Answered {
    let content = form(&caller, &shared.operate.region(), &Fields::default());
    Ok(frame::page(&caller, Part::Playground, texts::PLAYGROUND, &content).into_response())
}

/// The form again, with what came of it.
pub(in crate::console) async fn attempt(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let document = fields.whole("document");
    if document.len() > DOCUMENT_BYTES_MAX {
        let why = format!("a document of at most {DOCUMENT_BYTES_MAX} bytes is tried here; use coohub map");
        return Err(Refusal::new(Reason::BodyTooLarge, why).into());
    }
    let region = shared.operate.region();
    let (given, tried) = (fields.clone(), region.clone());
    let came = super::worked(move || result(&tried, &given)).await?;
    let content = html! { (form(&caller, &region, &fields)) (came) };
    Ok(frame::page(&caller, Part::Playground, texts::PLAYGROUND, &content).into_response())
}

fn form(caller: &Caller, region: &Region, fields: &Fields) -> Markup {
    let (from, to) = (fields.text("from"), fields.text("to"));
    let forms: Vec<String> = region.tables.keys().map(ToString::to_string).collect();
    let own = ["canonical-json", "canonical-xml"].map(str::to_owned);
    html! {
        div.head { h1 { (texts::PLAYGROUND) } p.sub { (texts::PLAYGROUND_HINT) } }
        form.try.card method="post" action="/playground" {
            (token(caller))
            div {
                label for="document" { (texts::DOCUMENT) " " small { (texts::DOCUMENT_HINT) } }
                textarea #document name="document" rows="12" required spellcheck="false" autocomplete="off" { "\n" (fields.whole("document")) }
            }
            div.row {
                div {
                    label for="from" { (texts::READ_AS) }
                    select #from name="from" {
                        option value="" { (texts::RECOGNISE) }
                        @for form in &forms { option value=(form) selected[form == from] { (form) } }
                    }
                }
                div {
                    label for="to" { (texts::WRITE_AS) }
                    select #to name="to" {
                        option value="" { (texts::NONE) }
                        @for form in own.iter().chain(&forms) { option value=(form) selected[form == to] { (form) } }
                    }
                }
                button.main type="submit" { (texts::TRY) }
            }
        }
    }
}

fn result(region: &Region, fields: &Fields) -> Markup {
    let document = fields.whole("document").trim_start();
    let syntax = match document.chars().next() {
        Some('<' | '\u{feff}') => Syntax::Xml,
        Some('{' | '[') => Syntax::Json,
        _ => Syntax::Csv,
    };
    let named = Some(fields.text("from")).filter(|name| !name.is_empty());
    let read = match trial::read(region, syntax, document.as_bytes(), named) {
        Ok(read) => read,
        Err(found) => {
            return html! { section.notice.bad role="alert" { h2 { (texts::NOT_READ) } (findings(&found)) } };
        }
    };
    let to = Form::named(fields.text("to")).filter(|_| !fields.text("to").is_empty());
    let target = to.as_ref().and_then(|form| trace::table(region, form));
    let agreement = read.draft.certificate.text("agreement.code");
    let agreement = agreement.and_then(|name| region.agreement(&name));
    let mut found = read.draft.findings.clone();
    found.extend(crate::validate::look(&read.draft, region, agreement));
    html! {
        section.card role="status" {
            h2 { (texts::RECOGNISED) " " code.tag { (read.form.name()) } }
            h3 { (texts::FINDINGS) " " small { (found.len()) } }
            @if found.is_empty() { p.empty { (texts::NO_FINDING) } }
            (findings(&found))
        }
        @if let Some(trace) = Trace::of(region, &read, target) { (traced(&trace.json())) }
        @if let Some(target) = target { (written(target, &read)) }
        details.card { summary { (texts::CANONICAL) }
            pre tabindex="0" { (String::from_utf8_lossy(&render::canonical::to_json(&read.draft.certificate))) } }
    }
}

fn findings(found: &[Finding]) -> Markup {
    html! {
        ul.findings {
            @for one in found {
                li {
                    (toned(Tone::of(one.level.word()), one.level.word())) " " code { (one.reason.code()) }
                    @if let Some(place) = &one.place { " " code { (place.path()) } }
                    @if let Some(position) = &one.position { " " (position) }
                    " " (one.advice)
                }
            }
        }
    }
}

fn written(target: &crate::format::Table, read: &Read) -> Markup {
    let rendered = render::render(target, &read.draft.certificate);
    html! {
        section.card {
            h2 { (texts::WRITTEN) " " code.tag { (target.id) } @if !target.writes { " " small { (texts::FOR_TRACES) } } }
            @match rendered {
                Ok(rendered) => pre tabindex="0" { (String::from_utf8_lossy(&rendered.bytes)) },
                Err(unrenderable) => {
                    p.notice.bad { (texts::NOT_WRITTEN) }
                    ul.findings { @for field in &unrenderable.fields { li { code { (field) } } } }
                },
            }
        }
    }
}

fn traced(trace: &Value) -> Markup {
    let fields = list(trace, "fields");
    let rows = html! {
        @for one in fields.iter().take(FIELDS_SHOWN_MAX) {
            tr {
                td.path {
                    @match text(one, "line").as_str() {
                        "" => span.none { (texts::IMPLIED) },
                        line => { span.clock { (line) ":" (text(one, "column")) } br; small { (text(one, "path")) } },
                    }
                }
                td { code { (text(one, "field")) } @if !text(one, "wcoId").is_empty() { br; small { "WCO " (text(one, "wcoId")) } } }
                td.wide { (text(one, "value")) }
                td {
                    @for at in list(one, "to") { span.line { code { (at.as_str().unwrap_or_default()) } } }
                    @if !text(one, "lost").is_empty() { (toned(Tone::Waits, texts::LOST)) " " (text(one, "lost")) }
                }
            }
        }
    };
    let names = |name: &str| -> Vec<String> {
        list(trace, name).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (unmapped, unfilled) = (names("unmapped"), names("unfilled"));
    html! {
        section {
            h2 { (texts::TRACE) " " small { (fields.len()) } }
            @if !unfilled.is_empty() { p.notice.bad { (texts::UNFILLED) ": " (unfilled.join(", ")) } }
            (table(texts::TRACE, &[texts::PLACE, texts::FIELD, texts::VALUE, texts::GOES], 0..0, &rows))
            @if !unmapped.is_empty() {
                details { summary { (texts::NOT_MAPPED) " " small { (unmapped.len()) } }
                    p.losses { @for path in &unmapped { code.tag { (path) } " " } } }
            }
        }
    }
}
