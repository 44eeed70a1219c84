//! From a command about the configuration to the lines of its answer.

use serde_json::{Value, json};

use super::{
    answer::{Told, fault},
    wire::{Line, change::Ask, problem},
};
use crate::{
    change::{self, Applied, By, Change, Done, Plan, Refused, Replayed},
    model::id::Digest,
    operate::{Operator, Progress, Refusal, asked::malformed},
    problem::{PROBLEMS_SHOWN_MAX, Problem, unit::noun},
};

/// The lines of the answer to a command; those of a refusal begin with the problems of the folder.
pub(super) async fn answer(change: &Change, operator: &Operator, ask: Ask, progress: &Progress) -> Vec<Line> {
    match told(change, operator, ask, progress).await {
        Ok(Ok((items, end))) => items.into_iter().map(Line::Item).chain([Line::End(end)]).collect(),
        Ok(Err(Refused { refusal: Refusal { reason, why }, problems })) => {
            let problems = problems.iter().take(PROBLEMS_SHOWN_MAX).map(|problem| Line::Item(shown(problem)));
            problems.chain([problem(reason, &why)]).collect()
        }
        Err(error) => vec![fault(&error)],
    }
}

async fn told(change: &Change, operator: &Operator, ask: Ask, progress: &Progress) -> change::Answer<Told> {
    match ask {
        Ask::Plan {} => Ok(change.plan().await?.map(|plan| planned(&plan))),
        Ask::Replay { messages } => {
            Ok(change.replay(messages, progress).await?.map(|replayed| read_again(&replayed)))
        }
        Ask::Settings {} => Ok(Ok(change.settings().await?)),
        Ask::History { before, limit } => {
            let items = change.history(before, limit).await?;
            let next = items.last().and_then(|last| last.get("number")).cloned();
            Ok(Ok((items, json!({"next": next}))))
        }
        Ask::Show { number } => Ok(change.configuration(number).await?.map(|one| (vec![one], Value::Null))),
        Ask::Files { number } => Ok(change.files_of(number).await?.map(|files| (files, Value::Null))),
        acting => acted(change, operator, acting).await,
    }
}

async fn acted(change: &Change, operator: &Operator, ask: Ask) -> change::Answer<Told> {
    let told = |end| (Vec::new(), end);
    match ask {
        Ask::Apply { expect, reason } => match expect.map(|text| digest(&text)).transpose() {
            Ok(expect) => {
                let done = change.apply(By::Operator(operator), &reason, expect).await?;
                Ok(done.map(|done| {
                    told(match done {
                        Done::Applied(done) => applied("apply", &done),
                        Done::Proposed(digest) => json!({"did": "propose", "configuration": digest.hex()}),
                    })
                }))
            }
            Err(refusal) => Ok(Err(refusal.into())),
        },
        Ask::Confirm { digest: text, reason } => match digest(&text) {
            Ok(digest) => {
                let done = change.confirm(operator, &reason, digest).await?;
                Ok(done.map(|done| told(applied("confirm", &done))))
            }
            Err(refusal) => Ok(Err(refusal.into())),
        },
        Ask::Rollback { number, reason } => {
            Ok(change.rollback(operator, number, &reason).await?.map(|done| {
                let mut end = applied("rollback", &done.applied);
                if let Value::Object(members) = &mut end {
                    members.insert("aside".to_owned(), json!(done.aside));
                    members.insert("moved".to_owned(), json!(done.moved));
                    members.insert("notPutBack".to_owned(), json!(done.left));
                }
                told(end)
            }))
        }
        _ => Ok(Err(malformed("the command is none that does anything").into())),
    }
}

fn applied(did: &str, applied: &Applied) -> Value {
    let Applied { digest, changed, released, advised } = applied;
    json!({
        "did": did,
        "configuration": digest.hex(),
        "changed": changed,
        "released": released,
        "advised": words(advised),
    })
}

fn words(problems: &[Problem]) -> Vec<String> {
    problems.iter().take(PROBLEMS_SHOWN_MAX).map(ToString::to_string).collect()
}

fn planned(plan: &Plan) -> Told {
    let differences = plan.differences.iter().map(|one| {
        json!({
            "effect": one.effect.word(),
            "about": one.about.to_string(),
            "key": one.key,
            "words": one.words,
        })
    });
    let least = if plan.more { "at least " } else { "" };
    let fates = plan.deliveries.iter().flat_map(|(member, fate)| {
        let told = |effect: &str, count: usize, what: &str| {
            let things = noun(count, "delivery", "deliveries");
            let words = format!("{least}{count} open {things} {what}");
            let about = format!("member {member}");
            json!({"effect": effect, "about": about, "key": "deliveries", "words": words, "deliveries": count})
        };
        let held = (fate.held > 0).then(|| told("narrows", fate.held, "would be held as not-entitled"));
        let freed = (fate.freed > 0).then(|| told("widens", fate.freed, "held as not-entitled would go on"));
        held.into_iter().chain(freed)
    });
    let end = json!({
        "running": plan.running.hex(),
        "configuration": plan.folder.hex(),
        "changes": plan.changes(),
        "files": plan.files,
        "secondOperator": plan.second,
        "advised": plan.advised(),
        "refused": plan.refused(),
    });
    (differences.chain(fates).collect(), end)
}

fn read_again(replayed: &Replayed) -> Told {
    let Replayed { read, unread, otherwise } = replayed;
    let items = otherwise.iter().map(|one| {
        json!({
            "message": one.message,
            "source": one.source.as_str(),
            "issuer": one.issuer,
            "number": one.number,
            "words": one.words,
        })
    });
    (items.collect(), json!({"read": read, "unread": unread, "different": otherwise.len()}))
}

/// A problem, whole as it is printed and in its parts.
fn shown(problem: &Problem) -> Value {
    let Problem { file, line, column, key, reason, hint } = problem;
    json!({
        "problem": problem.to_string(),
        "file": file,
        "line": line,
        "column": column,
        "key": key,
        "reason": reason,
        "hint": hint,
    })
}

fn digest(text: &str) -> Result<Digest, Refusal> {
    Digest::parse(text).ok_or_else(|| malformed("a digest is 64 hexadecimal digits"))
}
