//! The configuration: what runs, what the folder would change, what was applied before; applying, confirming, going back.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Redirect},
};
use maud::{Markup, html};
use serde_json::Value;

use super::{applied, timeline::who};
use crate::{
    change::{By, Done, Plan, Refused},
    console::{
        Shared, acts,
        frame::{self, Part},
        gate::{Answered, Caller, Failure, Fields},
        shape::{Tone, act, counted, facts, short, table, text, time, toned},
        texts,
    },
    model::{id::Digest, reason::Reason},
    operate::asked::malformed,
    problem::{PROBLEMS_SHOWN_MAX, Problem},
};

/// Configurations of the history on one page: each is read whole.
const HISTORY_SHOWN: usize = 10;
/// Differences shown of a plan.
const DIFFERENCES_SHOWN_MAX: usize = 500;

pub(in crate::console) async fn show(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Answered {
    page(&shared, &caller, &asked, None).await
}

/// Applies the folder, if it still is what the page showed; or proposes it.
pub(in crate::console) async fn apply(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let (expect, reason) = (digest(&fields)?, acts::reason(&fields)?);
    let operator = caller.operator();
    match shared.change.apply(By::Operator(&operator), &reason, Some(expect)).await? {
        Ok(Done::Applied(_)) => Ok(went("apply")),
        Ok(Done::Proposed(_)) => Ok(went("propose")),
        Err(refused) => page(&shared, &caller, &BTreeMap::new(), Some(&refused)).await,
    }
}

/// Applies what another operator proposed.
pub(in crate::console) async fn confirm(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let (expect, reason) = (digest(&fields)?, acts::reason(&fields)?);
    match shared.change.confirm(&caller.operator(), &reason, expect).await? {
        Ok(_) => Ok(went("confirm")),
        Err(refused) => page(&shared, &caller, &BTreeMap::new(), Some(&refused)).await,
    }
}

/// Goes back to a configuration of the history.
pub(in crate::console) async fn rollback(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let (number, reason) = (applied::number(fields.text("number"))?, acts::reason(&fields)?);
    match shared.change.rollback(&caller.operator(), number, &reason).await? {
        Ok(_) => Ok(went("rollback")),
        Err(refused) => page(&shared, &caller, &BTreeMap::new(), Some(&refused)).await,
    }
}

fn went(did: &str) -> axum::response::Response {
    Redirect::to(&format!("/configuration?did={did}")).into_response()
}

fn digest(fields: &Fields) -> Result<Digest, Failure> {
    let digest = Digest::parse(fields.text("configuration"));
    Ok(digest.ok_or_else(|| malformed("configuration is the digest that the page shows"))?)
}

/// The page; with why something was just refused, its status says so as well.
async fn page(
    shared: &Shared,
    caller: &Caller,
    asked: &BTreeMap<String, String>,
    refused: Option<&Refused>,
) -> Answered {
    let given = |name: &str| asked.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let before = given("before").map(|text| text.parse().map_err(|_| Reason::QueryInvalid)).transpose()?;
    let plan = shared.change.plan().await?;
    let proposal = shared.change.proposal().await?;
    let (_, running) = shared.change.settings().await?;
    let history = shared.change.history(before, HISTORY_SHOWN).await?;
    // A refusal of the folder is told once, where its problems stand.
    let told = refused.filter(|refused| refused.refusal.reason != Reason::ConfigurationWrong || plan.is_ok());
    let content = html! {
        div.head { h1 { (texts::CONFIGURATION_PART) } p.sub { (texts::CONFIGURATION_HINT) } }
        @if let Some(refused) = told { (refusal(texts::REFUSED, refused)) }
        @match &plan {
            Ok(plan) => { (planned(caller, plan, proposal.as_ref())) }
            Err(refused) => {
                (refusal(texts::FOLDER_WRONG, refused))
                @if let Some(proposal) = &proposal { (proposed(caller, proposal, false)) }
            }
        }
        section.card { h2 { (texts::RUNS) } (runs(&running)) }
        section aria-labelledby="history" {
            h2 #history { (texts::HISTORY) " " small { (texts::HISTORY_HINT) } }
            (applied::history(&history, &text(&running, "number")))
            @if let Some(last) = history.last().filter(|_| history.len() == HISTORY_SHOWN) {
                p.more { a href={ "/configuration?before=" (text(last, "number")) "#history" } { (texts::MORE) } }
            }
        }
    };
    let status = refused.map_or(200, |refused| refused.refusal.reason.status());
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT);
    let page = frame::page(caller, Part::Configuration, texts::CONFIGURATION_PART, &content);
    Ok((status, page).into_response())
}

fn runs(running: &Value) -> Markup {
    let of = |name: &str| text(running, name);
    facts(&[
        (texts::REGION, html! { (of("region")) }),
        (texts::CONFIGURATION_PART, html! { code.fold { (of("configuration")) } }),
        (
            texts::CONFIGURATION_NUMBER,
            html! { a href={ "/configuration/" (of("number")) } { (of("number")) } },
        ),
        (texts::FOLDER, html! { code.fold { (of("folder")) } }),
        (texts::OPERATORS_DEMANDED, html! { (of("operators")) }),
    ])
}

/// Why it is not done, with every problem.
fn refusal(heading: &str, refused: &Refused) -> Markup {
    let Refused { refusal, problems } = refused;
    let wrong = refusal.reason == Reason::ConfigurationWrong;
    html! {
        section.notice.bad.refused role="alert" {
            h2 { (heading) }
            p { (refusal.why) " " code { (refusal.reason.code()) } }
            @if !problems.is_empty() { (faults(problems)) }
            @if wrong { p { (texts::FOLDER_WRONG_HINT) } }
        }
    }
}

fn faults(problems: &[Problem]) -> Markup {
    let rows = html! {
        @for Problem { file, line, column, key, reason, hint } in problems.iter().take(PROBLEMS_SHOWN_MAX) {
            tr {
                th scope="row" { code { (file) } }
                @if *line > 0 { td.num { (line) } td.num { (column) } } @else { td.num { "–" } td.num { "–" } }
                td { @if key.is_empty() { span.none { "–" } } @else { code { (key) } } }
                td.wide { (reason) }
                td.wide { @if let Some(hint) = hint { (hint) } @else { span.none { "–" } } }
            }
        }
    };
    let head = [texts::FILE, texts::LINE, texts::COLUMN, texts::KEY, texts::PROBLEM, texts::MEND];
    html! {
        (table(texts::FOLDER_WRONG, &head, 1..3, &rows))
        @if problems.len() > PROBLEMS_SHOWN_MAX { p { (counted(problems.len() - PROBLEMS_SHOWN_MAX, texts::MORE_PROBLEMS)) } }
    }
}

/// What the folder would change, and the one form that goes with it.
fn planned(caller: &Caller, plan: &Plan, proposal: Option<&Value>) -> Markup {
    let folder = plan.folder.hex();
    let standing = proposal.filter(|proposal| text(proposal, "configuration") == folder);
    let hidden = [("configuration", folder.as_str())];
    html! {
        section.card aria-labelledby="plan" {
            h2 #plan { (texts::PLANNED) " " small { (texts::CONFIGURATION) " " (short(&folder)) } }
            @if plan.changes() { (differences(plan)) } @else { p { (texts::NOTHING_TO_CHANGE) } }
            @if let Some(proposal) = proposal { (proposed(caller, proposal, standing.is_some())) }
            @if standing.is_none() {
                @for told in plan.advised() { p.notice.waits { (told) } }
                @for told in plan.refused() { p.notice.bad { (texts::LIST_DEMANDED) " " (told) } }
                @if plan.second { p.notice.waits { (texts::TAKES_SECOND) } }
                @if plan.changes() {
                    (act(caller, "/configuration/apply", &hidden, if plan.second { texts::PROPOSE } else { texts::APPLY }))
                } @else {
                    details.acts {
                        summary { (texts::APPLY) }
                        p.hint { (texts::APPLY_ALL_THE_SAME) }
                        (act(caller, "/configuration/apply", &hidden, texts::APPLY))
                    }
                }
            }
        }
    }
}

/// What waits for a second operator; `stands`: the folder still is it.
fn proposed(caller: &Caller, proposal: &Value, stands: bool) -> Markup {
    let digest = text(proposal, "configuration");
    let own = text(proposal, "user") == caller.operator().user;
    html! {
        div.notice.held role="status" {
            p {
                b { (texts::PROPOSED_BY) " " (who(proposal)) } " " (time(&text(proposal, "at"))) " "
                small { (texts::CONFIGURATION) " " (short(&digest)) } " " q { (text(proposal, "reason")) }
            }
            @if !stands { p { (texts::PROPOSAL_GONE) } }
            @else if own { p { (texts::PROPOSAL_OWN) } }
            @else { (act(caller, "/configuration/confirm", &[("configuration", &digest)], texts::CONFIRM)) }
        }
    }
}

fn differences(plan: &Plan) -> Markup {
    let tone = |effect: &str| match effect {
        "widens" => Tone::Waits,
        "narrows" => Tone::Held,
        _ => Tone::Off,
    };
    let least = if plan.more { texts::AT_LEAST } else { "" };
    let fate = |effect: &str, member: &str, count: usize, words: texts::Noun| {
        html! {
            @if count > 0 {
                tr { td { (toned(tone(effect), effect)) } td { (texts::MEMBER) " " (member) } td.wide { (least) " " (counted(count, words)) } td { code { "deliveries" } } }
            }
        }
    };
    let rows = html! {
        @for one in plan.differences.iter().take(DIFFERENCES_SHOWN_MAX) {
            tr { td { (toned(tone(one.effect.word()), one.effect.word())) } td { (one.about) } td.wide { (one.words) } td { code { (one.key) } } }
        }
        @for (member, fates) in &plan.deliveries {
            (fate("narrows", member.as_str(), fates.held, texts::DELIVERIES_HELD))
            (fate("widens", member.as_str(), fates.freed, texts::DELIVERIES_FREED))
        }
    };
    html! {
        @if plan.differences.is_empty() && plan.deliveries.is_empty() { p { (texts::FILES_ALONE) } }
        @else { (table(texts::PLANNED, &[texts::EFFECT, texts::ABOUT, texts::MEANING, texts::KEY], 0..0, &rows)) }
        @if plan.differences.len() > DIFFERENCES_SHOWN_MAX {
            p.hint { (counted(plan.differences.len() - DIFFERENCES_SHOWN_MAX, texts::MORE_DIFFERENCES)) }
        }
        p.hint { (texts::FILES) ": " (applied::changed(plan.files.as_array().map_or(&[], Vec::as_slice))) }
    }
}
