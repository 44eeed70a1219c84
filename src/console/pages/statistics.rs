//! Statistics: copies by hour, by pair and by agreement, and how long they took.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State},
    response::IntoResponse as _,
};
use maud::{Markup, html};
use serde_json::Value;

use crate::{
    console::{
        Shared,
        chart::{self, Bar},
        frame::{self, Part},
        gate::{Answered, Caller},
        shape::{figure, grouped, table, text},
        texts,
    },
    operate::statistics::{Counted, EXPORTERS_MIN, Hour, Statistics},
    region::Region,
};

/// Days of which refusals are told.
const REFUSED_DAYS: i64 = 31;
/// Spans that are offered, in hours.
const SPANS: [(u32, &str); 3] = [(24, texts::DAY), (7 * 24, texts::WEEK), (31 * 24, texts::MONTH)];

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    let wanted = asked.get("hours").and_then(|text| text.parse().ok());
    let hours = SPANS.iter().find(|(hours, _)| Some(*hours) == wanted).map_or(24, |(hours, _)| *hours);
    let statistics = shared.operate.statistics(hours).await?;
    let region = shared.operate.region();
    let refused = shared.operate.refused(REFUSED_DAYS).await?;
    let content = html! {
        div.head { h1 { (texts::STATISTICS) } p.sub { (texts::STATISTICS_HINT) " " (EXPORTERS_MIN) " " (texts::STATISTICS_FEW) } }
        ul.switch aria-label=(texts::SPAN) {
            @for (span, name) in SPANS { li { a href={ "/statistics?hours=" (span) } aria-current=[(span == hours).then_some("true")] { (name) } } }
        }
        (tiles(&statistics.all))
        section.card aria-labelledby="by-hour" {
            h2 #by-hour { (if hours > 7 * 24 { texts::BY_DAY } else { texts::BY_HOUR }) }
            (chart::bars(texts::COPIES, &drawn(&statistics.hours, hours)))
        }
        section { h2 { (texts::BY_PAIR) } (pairs(&statistics, &region)) }
        section { h2 { (texts::BY_AGREEMENT) } (agreements(&statistics)) }
        section aria-labelledby="refused" {
            h2 #refused { (texts::REFUSALS) " " small { (texts::REFUSALS_HINT) } }
            (refusals(&refused))
        }
    };
    Ok(frame::page(&caller, Part::Statistics, texts::STATISTICS, &content).into_response())
}

fn tiles(all: &Counted) -> Markup {
    let time = |percent| all.within(percent).map_or("–".to_owned(), within);
    html! {
        ul.tiles {
            li { b { (grouped(all.made)) } span { (texts::MADE_COPIES.of(all.made)) } }
            li { b { (grouped(all.delivered)) } span { (texts::DELIVERED) } }
            li { b { (grouped(all.dead)) } span { (texts::DEAD) } }
            li { b { "≤ " (time(50)) } span { (texts::HALF_WITHIN) } }
            li { b { "≤ " (time(95)) } span { (texts::MOST_WITHIN) } }
        }
    }
}

/// The bars of a span: by the hour, of a month by the day.
pub(in crate::console) fn drawn(hours: &[Hour], span: u32) -> Vec<Bar> {
    let size = if span > 7 * 24 { 24 } else { 1 };
    let bar = |hours: &[Hour]| {
        let begins = hours.first().map(|hour| hour.begins.to_string()).unwrap_or_default();
        // 2026-11-28T14:00: a month is labelled by its days, a week by day and hour, a day by the hour.
        let label = match span {
            24 => begins.get(11..16),
            _ => begins.get(5..10),
        };
        let sum = |of: fn(&Counted) -> u64| hours.iter().map(|hour| of(&hour.counted)).sum();
        let (whole, done) = (sum(|counted| counted.made), sum(|counted| counted.delivered));
        Bar { label: label.unwrap_or_default().to_owned(), whole, done }
    };
    hours.chunks(size).map(bar).collect()
}

fn pairs(statistics: &Statistics, region: &Region) -> Markup {
    let country = |member| -> String {
        let found = region.members.get(member);
        let customs = found.into_iter().flat_map(|member| member.customs.first());
        let bodies = found.into_iter().flat_map(|member| member.bodies.iter().map(|body| &body.country));
        customs.chain(bodies).next().cloned().unwrap_or_default()
    };
    let rows = html! {
        @for pair in &statistics.pairs {
            tr {
                th scope="row" { (pair.source) " " small { (country(&pair.source)) } " → " (pair.target) " " small { (country(&pair.target)) } }
                td { (pair.agreement) }
                (figures(pair.counted.as_ref()))
            }
        }
    };
    if statistics.pairs.is_empty() {
        return html! { p.empty { (texts::NO_TRAFFIC) } };
    }
    table(
        texts::BY_PAIR,
        &[
            texts::FROM_TO,
            texts::AGREEMENT,
            texts::COPIES,
            texts::DELIVERED,
            texts::DEAD_SHORT,
            texts::HALF_SHORT,
            texts::MOST_SHORT,
        ],
        2..7,
        &rows,
    )
}

fn agreements(statistics: &Statistics) -> Markup {
    let rows = html! {
        @for (agreement, counted) in &statistics.agreements {
            tr { th scope="row" { (agreement) } (figures(counted.as_ref())) }
        }
    };
    if statistics.agreements.is_empty() {
        return html! { p.empty { (texts::NO_TRAFFIC) } };
    }
    table(
        texts::BY_AGREEMENT,
        &[
            texts::AGREEMENT,
            texts::COPIES,
            texts::DELIVERED,
            texts::DEAD_SHORT,
            texts::HALF_SHORT,
            texts::MOST_SHORT,
        ],
        1..6,
        &rows,
    )
}

/// What was refused, by member and reason: today, yesterday, and in all the days.
fn refusals(refused: &[Value]) -> Markup {
    let mut by_kind: BTreeMap<(String, String), [u64; 3]> = BTreeMap::new();
    for one in refused {
        let (count, ago) = (figure(one, "count"), figure(one, "daysAgo"));
        let [today, yesterday, all] = by_kind.entry((text(one, "member"), text(one, "reason"))).or_default();
        *today += if ago == 0 { count } else { 0 };
        *yesterday += if ago == 1 { count } else { 0 };
        *all += count;
    }
    if by_kind.is_empty() {
        return html! { p.empty { (texts::NOTHING_REFUSED) } };
    }
    let rows = html! {
        @for ((member, reason), counts) in &by_kind {
            tr {
                th scope="row" { a href={ "/partners/" (member) } { (member) } }
                td { code { (reason) } }
                @for count in counts { td.num { (grouped(*count)) } }
            }
        }
    };
    let head = [texts::SOURCE, texts::REASON, texts::TODAY, texts::YESTERDAY, texts::MONTH];
    table(texts::REFUSALS, &head, 2..5, &rows)
}

fn figures(counted: Option<&Counted>) -> Markup {
    let time = |counted: &Counted, percent| {
        counted.within(percent).map_or("–".to_owned(), |millis| format!("≤ {}", within(millis)))
    };
    html! {
        @match counted {
            Some(counted) => {
                td.num { (grouped(counted.made)) } td.num { (grouped(counted.delivered)) } td.num { (grouped(counted.dead)) }
                td.num { (time(counted, 50)) } td.num { (time(counted, 95)) }
            }
            None => { td.none colspan="5" { (texts::TOO_FEW) } }
        }
    }
}

/// The bound of a class, in words.
fn within(millis: i64) -> String {
    match millis {
        ..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{} s", millis / 1_000),
        60_000..3_600_000 => format!("{} min", millis / 60_000),
        3_600_000..86_400_000 => format!("{} h", millis / 3_600_000),
        _ => format!("{} d", millis / 86_400_000),
    }
}
