//! One partner: its lane, its limits, who it is, what it takes and sends, its links, its file.

use std::{path::Path as File, sync::Arc};

use axum::{
    Extension,
    extract::{Path, State},
    response::IntoResponse as _,
};
use maud::{Markup, html};
use serde_json::Value;

use super::{checklist, health};
use crate::{
    console::{
        Shared,
        frame::{self, Part},
        gate::{Answered, Caller},
        right::Right,
        shape::{act, age, counted, facts, figure, grouped, table, text, time, toned},
        texts,
    },
    files::read_bounded,
    model::{id::MemberId, reason::Reason, time::Timestamp},
    operate::{Refusal, asked},
    problem::unit::duration_text,
    region::{
        Region,
        agreement::Link,
        member::{Acknowledge, Identity, Member, OnUnrenderable, Reach},
    },
};

/// Most of a member's file that is shown, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Answered {
    let id = asked::member(&name)?;
    let region = shared.operate.region();
    let lanes = shared.operate.lanes(Some(&id)).await?;
    let unknown = || Refusal::new(Reason::MemberUnknown, format!("the region has no member {id}"));
    let lane = lanes.first().ok_or_else(unknown)?;
    let member = region.members.get(&id);
    let file = file(&shared.region, id.as_str()).await;
    let report = shared.operate.report(&id).await?;
    let advised = shared.change.advised().await?.into_iter().find(|(member, _)| *member == id);
    let content = html! {
        div.head {
            p.crumb { a href="/partners" { (texts::PARTNERS) } }
            h1 { (id) }
            p.sub { @if let Some(member) = member { b { (member.name) } } }
        }
        @if advised.is_some() { p.notice.waits role="alert" { (texts::LIVE_WITHOUT_LIST) } }
        (figures(lane))
        @if caller.may(Right::Act) { (controls(&caller, lane, id.as_str())) }
        @if let Some(member) = member {
            div.columns {
                section.card { h2 { (texts::REACHED) } (reached(member)) }
                section.card { h2 { (texts::LIMITS) } (limits(member)) }
                section.card { h2 { (texts::FORMS) } (forms(member)) }
                section.card { h2 { (texts::IDENTITY) } (identity(member, shared.clock.now())) }
            }
            section.card aria-labelledby="checklist" { h2 #checklist { (texts::CHECKLIST) } (checklist::shown(report.as_ref(), id.as_str())) }
            section { h2 { (texts::LINKS) } (links(&region, member)) }
        }
        @if let Some(file) = file {
            details.card {
                summary { (texts::MEMBER_FILE) " " code { "members/" (id) ".toml" } }
                p.hint { (texts::MEMBER_FILE_HINT) }
                pre.file tabindex="0" { (file) }
            }
        }
    };
    Ok(frame::page(&caller, Part::Partners, id.as_str(), &content).into_response())
}

fn figures(lane: &Value) -> Markup {
    let ((tone, words), tried) = (health::of(lane), health::tried_at(lane));
    let oldest = lane.get("oldestSeconds").and_then(Value::as_u64);
    let member = text(lane, "member");
    let tiles = [
        ("open", texts::OPEN, ""),
        ("due", texts::DUE, "pending"),
        ("held", texts::HELD, "held"),
        ("dead", texts::DEAD_SHORT, "dead"),
        ("overdue", texts::UNANSWERED, "unanswered"),
    ];
    html! {
        ul.tiles {
            li.wide { b { (toned(tone, &words)) } span {
                (texts::LANE)
                @if !tried.is_empty() { " · " (texts::TRIED_AT) " " (time(&tried)) }
            } }
            @for (name, words, state) in tiles {
                li {
                    @if state.is_empty() { b { (grouped(figure(lane, name))) } span { (words) } }
                    @else { a href={ "/letters?target=" (member) "&state=" (state) } { b { (grouped(figure(lane, name))) } span { (words) } } }
                }
            }
            li { b { (oldest.map_or("–".to_owned(), age)) } span { (texts::OLDEST_IS) } }
        }
    }
}

fn controls(caller: &Caller, lane: &Value, id: &str) -> Markup {
    let back = format!("/partners/{id}");
    let hidden = [("member", id), ("back", back.as_str())];
    let held = !text(lane, "hold").is_empty()
        || lane.get("heldSources").is_some_and(|held| held != &serde_json::json!([]));
    let spared = !text(lane, "sparedUntil").is_empty()
        || lane.get("sparedSources").is_some_and(|spared| spared != &serde_json::json!([]));
    html! {
        section.card.controls aria-label=(texts::LANE_ACTS) {
            @if held { (act(caller, "/release", &hidden, texts::RELEASE_LANE)) }
            @else { (act(caller, "/hold", &hidden, texts::HOLD_LANE)) }
            @if spared { (act(caller, "/try", &hidden, texts::TRY_NOW)) }
        }
    }
}

fn reached(member: &Member) -> Markup {
    match &member.reach {
        Reach::Push(endpoint) => {
            let acknowledge = match endpoint.acknowledge {
                Acknowledge::Echo => texts::ACK_ECHO,
                Acknowledge::Signed => texts::ACK_SIGNED,
                Acknowledge::Status => texts::ACK_STATUS,
            };
            let sandbox = member.sandbox.as_ref().map(|sandbox| sandbox.url.as_str());
            facts(&[
                (texts::ADDRESS, html! { code { (endpoint.url) } }),
                (
                    texts::SANDBOX,
                    html! { @match sandbox { Some(url) => code { (url) }, None => (texts::NONE) } },
                ),
                (texts::STORED_WHEN, html! { (acknowledge) }),
                (texts::ANSWER_WITHIN, html! { (duration_text(endpoint.timeout)) }),
                (texts::MAINTENANCE, maintenance(member)),
            ])
        }
        Reach::Mailbox { lease } => facts(&[
            (texts::ADDRESS, html! { (texts::reach("mailbox")) }),
            (texts::LEASE, html! { (duration_text(*lease)) }),
            (texts::MAINTENANCE, maintenance(member)),
        ]),
    }
}

fn maintenance(member: &Member) -> Markup {
    let windows = &member.maintenance.windows;
    html! {
        @if windows.is_empty() { (texts::NONE) }
        @for window in windows { span.line { (window.text()) } }
    }
}

fn limits(member: &Member) -> Markup {
    let (rate, inbound, retry) = (&member.rate, &member.inbound, &member.retry);
    let period = duration_text(rate.period);
    let of = |count: u32, noun| counted(usize::try_from(count).unwrap_or(usize::MAX), noun);
    let schedule: Vec<String> = retry.schedule().iter().map(|pause| duration_text(*pause)).collect();
    facts(&[
        (
            texts::PACE,
            html! { (of(rate.count.get(), texts::DELIVERIES)) ", " (of(rate.weight.get(), texts::ITEMS)) " / " (period) },
        ),
        (texts::BURST, html! { (rate.burst) }),
        (texts::AT_ONCE, html! { (member.concurrency) }),
        (texts::RETRIES, html! { (schedule.join(" · ")) }),
        (texts::GIVEN_UP, html! { (duration_text(retry.expiry)) }),
        (texts::ITEMS_MAX, html! { (grouped(member.takes.items_max.into())) }),
        (
            texts::MAY_ASK,
            html! { (inbound.per_second) " / s, " (of(inbound.connections_max, texts::CONNECTIONS)) },
        ),
    ])
}

fn forms(member: &Member) -> Markup {
    let unrenderable = match member.takes.on_unrenderable {
        OnUnrenderable::Canonical(_) => texts::UNRENDERABLE_CANONICAL,
        OnUnrenderable::Original => texts::UNRENDERABLE_ORIGINAL,
        OnUnrenderable::Hold => texts::UNRENDERABLE_HOLD,
    };
    facts(&[
        (
            texts::SENDS,
            html! {
                @if member.sends.is_empty() { (texts::NONE) }
                @for form in &member.sends { code.tag { (form.name()) } " " }
            },
        ),
        (
            texts::TAKES,
            html! {
                code.tag { (member.takes.form.name()) }
                @for (agreement, form) in &member.takes.per_agreement { span.line { (agreement) ": " code.tag { (form.name()) } } }
            },
        ),
        (texts::UNRENDERABLE, html! { (unrenderable) }),
    ])
}

fn identity(member: &Member, now: Timestamp) -> Markup {
    let bodies = html! {
        @if member.bodies.is_empty() { (texts::NONE) }
        @for body in &member.bodies {
            span.line {
                b { (body.name) } " " code { (body.id) } " (" (body.country) ", " (texts::FROM) " " (body.from.as_str())
                @if let Some(until) = &body.until { " " (texts::UNTIL) " " (until.as_str()) }
                "), " (counted(body.signers.len(), texts::SIGNERS))
            }
        }
    };
    let known = html! {
        @for one in &member.identities { span.line { (proof(one)) } }
    };
    let customs = html! { @if member.customs.is_empty() { (texts::NONE) } (member.customs.join(", ")) };
    let leaf = match &member.reach {
        Reach::Push(endpoint) => endpoint.leaf.as_ref().map(|leaf| leaf.ends),
        Reach::Mailbox { .. } => None,
    };
    html! {
        (facts(&[(texts::KNOWN_BY, known), (texts::BODIES, bodies), (texts::CUSTOMS_OF, customs)]))
        @if let Some(ends) = leaf {
            p { (texts::OUR_LEAF_ENDS) " " (time(&ends.to_string())) @if ends < now { " " b { (texts::HAS_ENDED) } } }
        }
    }
}

fn proof(identity: &Identity) -> Markup {
    match identity {
        Identity::Pin { spki, from, until } => html! {
            (texts::PIN) " " code title=(spki.hex()) { (spki.short()) "…" }
            @if let Some(from) = from { " " (texts::FROM) " " (from.as_str()) }
            @if let Some(until) = until { " " (texts::UNTIL) " " (until.as_str()) }
        },
        Identity::Anchored { anchors, san, revocations } => html! {
            code { (san) } " · " (counted(anchors.len(), texts::ANCHORS)) ", " (counted(revocations.len(), texts::REVOCATION_LISTS))
            @for anchor in anchors {
                @if let Some(ends) = crate::tls::ends(anchor) { span.line { (texts::ANCHOR_ENDS) " " (time(&ends.to_string())) } }
            }
        },
    }
}

fn links(region: &Region, member: &Member) -> Markup {
    let rows = html! {
        @for agreement in region.agreements.values() {
            @for link in agreement.links.iter().filter(|link| concerns(link, member)) {
                tr {
                    td { (agreement.id) }
                    td { (side(link.from.as_ref())) } td { (side(link.to.as_ref())) }
                    td { (toned(texts::link_tone(link.state), texts::link_state(link.state))) }
                }
            }
        }
    };
    table(texts::LINKS, &[texts::AGREEMENT, texts::FROM_MEMBER, texts::TO, texts::STATE], 0..0, &rows)
}

/// Whether a link is one of a member's; a side that names nobody means every member.
fn concerns(link: &Link, member: &Member) -> bool {
    [&link.from, &link.to].into_iter().any(|side| side.as_ref().is_none_or(|side| *side == member.id))
}

fn side(member: Option<&MemberId>) -> String {
    member.map_or_else(|| texts::EVERY_MEMBER.to_owned(), ToString::to_string)
}

/// The member's file as it stands on disk.
async fn file(region: &File, id: &str) -> Option<String> {
    let path = region.join(format!("members/{id}.toml"));
    let bytes = tokio::task::spawn_blocking(move || read_bounded(&path, FILE_BYTES_MAX)).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
