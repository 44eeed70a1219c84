//! Which form carries what of every other: told from the tables, no document is looked at.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State},
    response::IntoResponse as _,
};
use maud::{Markup, html};

use crate::{
    console::{
        Shared,
        frame::{self, Part},
        gate::{Answered, Caller},
        shape::{counted, escaped},
        texts,
    },
    model::dictionary::Field,
    region::Region,
    render::coverage::{Entry, Pair},
};

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    let region = shared.operate.region();
    let given = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let (from, to) = (given("from"), given("to"));
    // Every pair of tables is compared: a moment of a core, which is not taken from those that answer members.
    let content = super::worked(move || page(&region, (&from, &to))).await?;
    Ok(frame::page(&caller, Part::Formats, texts::FORMATS, &content).into_response())
}

fn page(region: &Region, (from, to): (&str, &str)) -> Markup {
    let entries = Entry::all(region.tables.values());
    let named = |id: &str| entries.iter().find(|entry| entry.id == id);
    html! {
        div.head { h1 { (texts::FORMATS) } p.sub { (texts::FORMATS_HINT) } }
        @if let Some((source, target)) = named(from).zip(named(to)) { (pair(source, target)) }
        (matrix(&entries, (from, to)))
        ul.legend {
            li { span.cell.s10 {} (texts::ALL_ARRIVES) } li { span.cell.s5 {} (texts::HALF_ARRIVES) }
            li { span.cell.s1 {} (texts::LITTLE_ARRIVES) } li { span.cell.never { "!" } (texts::NEVER_WRITTEN) }
            li { i { (texts::FOR_TRACES) } }
        }
    }
}

fn matrix(entries: &[Entry<'_>], chosen: (&str, &str)) -> Markup {
    html! {
        div.scroll role="region" aria-label=(texts::FORMATS) tabindex="0" {
            table.matrix {
                caption.unseen { (texts::FORMATS_HINT) }
                thead { tr {
                    th scope="col" { (texts::FROM_TO) }
                    @for entry in entries { th.up scope="col" { span { (name(entry)) } } }
                } }
                tbody {
                    @for source in entries {
                        tr {
                            th scope="row" { (name(source)) " " small { (source.coverage.fills.len()) } }
                            @for target in entries { (cell(source, target, chosen == (&source.id, &target.id))) }
                        }
                    }
                }
            }
        }
    }
}

fn name(entry: &Entry<'_>) -> Markup {
    html! { @if entry.table.writes { (entry.id) } @else { i title=(texts::FOR_TRACES) { (entry.id) } } }
}

fn cell(source: &Entry<'_>, target: &Entry<'_>, chosen: bool) -> Markup {
    let pair = source.coverage.to(&target.coverage);
    let (lost, never) = (pair.lost.len(), pair.unfillable.len());
    let at = format!("/formats?from={}&to={}", escaped(&source.id), escaped(&target.id));
    let (losses, unfilled) = (counted(lost, texts::FIELDS_LOST), counted(never, texts::NEVER_FILLED));
    let said = format!("{} → {}: {losses}, {unfilled}", source.id, target.id);
    html! {
        td.{ "cell s" (share(&pair)) } {
            a href=(at) aria-label=(said) title=(said) aria-current=[chosen.then_some("true")] {
                (if lost == 0 { "✓".to_owned() } else { lost.to_string() }) @if never > 0 { b { "!" } }
            }
        }
    }
}

/// The share of fields that arrives, in tenths.
fn share(pair: &Pair) -> usize {
    let (arrives, lost) = (pair.arrives.len(), pair.lost.len());
    (arrives * 10).checked_div(arrives + lost).unwrap_or(10)
}

fn pair(source: &Entry<'_>, target: &Entry<'_>) -> Markup {
    let pair = source.coverage.to(&target.coverage);
    html! {
        section.card {
            h2 { (source.id) " → " (target.id) }
            p.hint { (source.table.title) " → " (target.table.title) }
            @if !pair.unfillable.is_empty() {
                h3 { (texts::NEVER_FILLED_LIST) " " small { (pair.unfillable.len()) } }
                ul.findings { @for miss in &pair.unfillable { li { code { (miss.at) } " " (field(miss.field)) ": " (miss.why) } } }
            }
            h3 { (texts::LOST_LIST) " " small { (pair.lost.len()) } }
            p.losses { @for lost in &pair.lost { (field(*lost)) " " } @if pair.lost.is_empty() { (texts::NONE) } }
            details { summary { (texts::ARRIVES_LIST) " " small { (pair.arrives.len()) } }
                p.losses { @for arrives in &pair.arrives { (field(*arrives)) " " } } }
        }
    }
}

fn field(field: Field) -> Markup {
    let id = field.row().wco_id;
    html! { code.tag title=[(id != "-").then_some(format!("WCO {id}"))] { (field.path()) } }
}
