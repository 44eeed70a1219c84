//! What a document says, beside what its targets are sent, with what those leave out marked.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State},
    response::{IntoResponse as _, Redirect},
};
use maud::{Markup, html};

use crate::{
    console::{
        Shared, acts,
        frame::{self, Part},
        gate::{Answered, Caller, Fields},
        shape::{act, counted, table, time},
        texts,
    },
    decode::document::Syntax,
    model::reason::Reason,
    operate::{
        asked,
        content::{Asked, Content, Reading, Rendering},
        trial::{self, Read},
    },
    region::Region,
    store::record::Body,
};

/// Most of a document that is shown, in characters.
const SHOWN_CHARACTERS_MAX: usize = 256 * 1024;

/// Lines of a document, each with the canonical paths that a rendering leaves out of it.
type Lost = BTreeMap<u32, Vec<String>>;

/// Shows a document, for the reason the form states.
pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let (id, reason) = (acts::message(&fields)?, acts::reason(&fields)?);
    let reading = shared.operate.read(&caller.operator(), id, (&reason, shared.content_operators)).await??;
    let content = match reading {
        Reading::Waits => return Ok(Redirect::to("/content").into_response()),
        Reading::Shown(content) => content,
    };
    let region = shared.operate.region();
    let number = content.message.subject.number.clone();
    let page = super::worked(move || page(&content, &region)).await?;
    Ok(frame::page(&caller, Part::Certificates, &number, &page).into_response())
}

/// Approves another operator's request, the very one the form names.
pub(in crate::console) async fn approve(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let (id, reason) = (acts::message(&fields)?, acts::reason(&fields)?);
    let number = asked::request(fields.text("request"))?;
    shared.operate.approve(&caller.operator(), id, (number, &reason)).await??;
    Ok(Redirect::to("/content").into_response())
}

/// The requests that wait.
pub(in crate::console) async fn requests(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    let before =
        asked.get("before").map(|text| text.parse().map_err(|_| Reason::QueryInvalid)).transpose()?;
    let (requests, more) = shared.operate.requests(before).await?;
    let rows = html! { @for asked in &requests { (row(&caller, asked)) } };
    let head = [texts::AT, texts::WHO, texts::MESSAGE, texts::REASON, texts::ACT];
    let content = html! {
        div.head { h1 { (texts::REQUESTS) } p.sub { (texts::REQUESTS_HINT) } }
        @if requests.is_empty() { p.empty role="status" { (texts::NO_REQUEST) } }
        @else { (table(texts::REQUESTS, &head, 0..0, &rows)) }
        @if let Some(before) = more { p.more { a href={ "/content?before=" (before) } { (texts::MORE) } } }
    };
    Ok(frame::page(&caller, Part::Certificates, texts::REQUESTS, &content).into_response())
}

fn row(caller: &Caller, asked: &Asked) -> Markup {
    let (id, number) = (asked.message.to_string(), asked.number.to_string());
    let own = asked.request.by == caller.operator().user;
    html! {
        tr {
            td { (time(&asked.at.to_string())) }
            td { (asked.request.by) }
            td { a href={ "/certificates/" (id) } { code { (id) } } }
            td.wide { (asked.request.reason) }
            td {
                @match (&asked.request.approved, own) {
                    (None, true) => { (texts::WAITS_FOR_ANOTHER) }
                    (None, false) => { (act(caller, "/content/approve", &[("message", &id), ("request", &number)], texts::APPROVE)) }
                    (Some(by), true) => { p { (texts::APPROVED_BY) " " (by) } (act(caller, "/content", &[("message", &id)], texts::READ)) }
                    (Some(by), false) => { (texts::APPROVED_BY) " " (by) }
                }
            }
        }
    }
}

fn page(content: &Content, region: &Region) -> Markup {
    let message = &content.message;
    let read = content.original.as_ref().and_then(|original| read(original, region));
    html! {
        div.head {
            p.crumb { a href={ "/certificates/" (message.id) } { (texts::BACK_TO_STORY) } }
            h1 { (message.subject.number) }
            p.sub { b { (texts::CONTENT) } span { (texts::CONTENT_HINT) } }
        }
        @match &content.original {
            None => p.empty { (texts::NO_ORIGINAL) },
            Some(original) => {
                @if content.renderings.is_empty() { section.card { h2 { (texts::ORIGINAL) } (numbered(original, &Lost::new())) } }
                @for (place, rendering) in content.renderings.iter().enumerate() {
                    details.compare open[place == 0] {
                        summary { b { (rendering.target) } " " code.tag { (rendering.body.format) } " " small { (counted(rendering.losses.len(), texts::FIELDS_LOST)) } }
                        @let lost = read.as_ref().map(|read| lost(read, rendering)).unwrap_or_default();
                        div.pair {
                            section { h3 { (texts::ORIGINAL) " " small { (message.source) } } (numbered(original, &lost)) }
                            section { h3 { (texts::SENT) " " small { (rendering.target) } } (numbered(&rendering.body, &Lost::new())) }
                        }
                        @if !rendering.losses.is_empty() {
                            p.losses { (texts::LOSSES) ": " @for path in &rendering.losses { code.tag.lost { (path) } " " } }
                        }
                    }
                }
            }
        }
    }
}

/// The original, read once more as it was read.
fn read(original: &Body, region: &Region) -> Option<Read> {
    let syntax = syntax(&original.media_type)?;
    let named = Some(original.format.as_str()).filter(|format| !format.is_empty());
    let read = trial::read(region, syntax, &original.bytes, named);
    read.or_else(|_| trial::read(region, syntax, &original.bytes, None)).ok()
}

/// Where in the original that stands which a rendering leaves out.
fn lost(read: &Read, rendering: &Rendering) -> Lost {
    let mut lost = Lost::new();
    for (place, _) in read.draft.certificate.iter() {
        let path = place.path();
        if let Some(position) = read.draft.sources.get(&place)
            && rendering.losses.contains(&path)
        {
            lost.entry(position.line).or_default().push(path);
        }
    }
    lost
}

fn syntax(media_type: &str) -> Option<Syntax> {
    [Syntax::Xml, Syntax::Json, Syntax::Csv].into_iter().find(|syntax| {
        let bare = media_type.split(';').next().unwrap_or_default().trim();
        syntax.media_type() == bare
            || bare.ends_with(match syntax {
                Syntax::Xml => "/xml",
                Syntax::Json => "json",
                Syntax::Csv => "/csv",
            })
    })
}

fn numbered(body: &Body, lost: &Lost) -> Markup {
    let text = String::from_utf8_lossy(&body.bytes);
    let shown: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    let cut = shown.len() < text.len();
    html! {
        ol.source tabindex="0" {
            @for (number, line) in (1_u32..).zip(shown.lines()) {
                @match lost.get(&number) {
                    Some(paths) => li.lost title=(paths.join(", ")) { span { (line) } em { (texts::LOST_HERE) " " (paths.join(", ")) } },
                    None => li { span { (line) } },
                }
            }
        }
        @if cut { p.hint { (texts::CUT) } }
    }
}
