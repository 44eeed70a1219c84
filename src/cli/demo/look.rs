//! What the demo looks at, through the hub's interface alone, and how it is told.

#![expect(clippy::indexing_slicing, reason = "a JSON value indexed by a name gives null where it is absent")]

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::stage::{Error, Stage};
use crate::{
    cli::{
        member::{Answer, Ask, Member},
        output::Output,
    },
    evidence::key::{self, PublicKey},
    model::id::MemberId,
    problem::unit::noun,
};

/// Longest wait for something that must happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(100);
/// Most losses printed by name.
const LOSSES_SHOWN_MAX: usize = 4;

/// The message id of an accepted push; anything else ends the demo.
pub(super) fn accepted(answer: &Answer, out: &mut Output<'_>) -> Result<String, Error> {
    match answer.header("coo-message-id") {
        Some(id) if answer.status == 202 => Ok(id.to_owned()),
        _ => {
            out.line(String::from_utf8_lossy(&answer.body));
            Err(Error::Story(format!("the hub answered {}", answer.status)))
        }
    }
}

pub(super) async fn state_of(member: &Member, id: &str) -> Result<Value, Error> {
    Ok(member.get(&format!("/v1/messages/{id}")).await?.json())
}

/// The state once it is routed and every target with a server has its copy.
pub(super) async fn settled(stage: &Stage, member: &Member, id: &str) -> Result<Value, Error> {
    let start = tokio::time::Instant::now();
    loop {
        let state = state_of(member, id).await?;
        let waits = |delivery: &Value| {
            let target = delivery["target"].as_str().and_then(MemberId::new);
            target.is_some_and(|target| stage.servers.contains_key(&target)) && delivery["state"] == "pending"
        };
        let deliveries = state["deliveries"].as_array().map(Vec::as_slice).unwrap_or_default();
        if state["state"] != "accepted" && !deliveries.iter().any(waits) {
            return Ok(state);
        }
        patient(start, "a certificate is not delivered")?;
        tokio::time::sleep(LOOK).await;
    }
}

/// That a message ended as it must: every target has it.
pub(super) async fn delivered(member: &Member, id: &str) -> Result<(), Error> {
    let state = state_of(member, id).await?;
    if state["state"] == "delivered" {
        Ok(())
    } else {
        Err(Error::Story(format!("not delivered: {state:#}")))
    }
}

/// Fails when something that must happen did not happen in time.
fn patient(since: tokio::time::Instant, what: &str) -> Result<(), Error> {
    if since.elapsed() > PATIENCE { Err(Error::Story(what.to_owned())) } else { Ok(()) }
}

/// Verifies a receipt with the hub's published keys, as its source would, and says what it found.
pub(super) async fn receipt(member: &Member, answer: &Answer, out: &mut Output<'_>) -> Result<(), Error> {
    let set = member.get("/v1/keys").await?.json();
    let keys: Vec<PublicKey> =
        set["keys"].as_array().into_iter().flatten().filter_map(PublicKey::from_jwk).collect();
    let payload = key::verify(&String::from_utf8_lossy(&answer.body), &keys)
        .map_err(|why| Error::Story(why.to_string()))?;
    let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
    let findings = payload["findings"].as_array().map_or(0, Vec::len);
    let noun = noun(findings, "finding", "findings");
    let digest = payload["digest"].as_str().unwrap_or_default();
    out.line(format!("  receipt    signed by the hub and verified: {findings} {noun}, digest {digest:.24}…"));
    Ok(())
}

/// Waits until `look` sees something.
pub(super) async fn until<T>(mut look: impl FnMut() -> Option<T>) -> Result<T, Error> {
    let start = tokio::time::Instant::now();
    loop {
        if let Some(seen) = look() {
            return Ok(seen);
        }
        patient(start, "what must arrive did not arrive")?;
        tokio::time::sleep(LOOK).await;
    }
}

/// Prints a message's way.
pub(super) fn tell(state: &Value, out: &mut Output<'_>) {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    out.line(format!(
        "  received   certificate {} version {} under {}, message {}",
        word(&state["number"]),
        state["version"],
        word(&state["agreement"]),
        word(&state["id"])
    ));
    for delivery in state["deliveries"].as_array().into_iter().flatten() {
        out.line(format!("  to {:<9} because of {}", word(&delivery["target"]), word(&delivery["because"])));
        out.line(format!(
            "     as {}, {} view: {} after {}",
            word(&delivery["format"]),
            word(&delivery["view"]),
            word(&delivery["state"]),
            tries(delivery)
        ));
        let losses: Vec<String> = delivery["losses"].as_array().into_iter().flatten().map(word).collect();
        if !losses.is_empty() {
            let shown = losses.iter().take(LOSSES_SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
            let more = losses.len().saturating_sub(LOSSES_SHOWN_MAX);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            out.line(format!("     this form has no place for {shown}{more}"));
        }
    }
}

/// How often it was tried.
fn tries(delivery: &Value) -> String {
    let attempts = delivery["attempts"].as_u64().unwrap_or_default();
    format!("{attempts} {}", noun(attempts, "attempt", "attempts"))
}

/// Collects a member's mailbox and acknowledges each entry, until `number` of them came.
pub(super) async fn collect(
    stage: &Stage,
    (name, number): (&str, usize),
    out: &mut Output<'_>,
) -> Result<(), Error> {
    let member = stage.member(name)?;
    let start = tokio::time::Instant::now();
    let mut collected = 0;
    out.line("");
    out.line(format!("> {name} looks into its mailbox"));
    while collected < number {
        let entries = member.get("/v1/inbox?limit=10").await?.json();
        let entries = entries.as_array().cloned().unwrap_or_default();
        if entries.is_empty() {
            // A member's bucket is empty when the hub starts, and fills at the pace its file names.
            patient(start, "the mailbox stays empty")?;
            tokio::time::sleep(LOOK).await;
        }
        collected += entries.len();
        for entry in entries {
            let delivery = entry["delivery"].as_str().unwrap_or_default().to_owned();
            let body = json!({"digest": entry["digest"]}).to_string();
            let path = format!("/v1/inbox/{delivery}/ack");
            let headers = vec![("content-type", "application/json".to_owned())];
            let ack =
                member.ask(Ask { method: "POST", path: &path, headers, body: Bytes::from(body) }).await?;
            let kind = entry["mediaType"].as_str().unwrap_or("-");
            out.line(format!(
                "  collects   delivery {delivery}, {kind}; the acknowledgement gets {}",
                ack.status
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_attempt_is_one() {
        let told = [0, 1, 2].map(|attempts| tries(&json!({"attempts": attempts})));
        assert_eq!(told, ["0 attempts", "1 attempt", "2 attempts"]);
    }
}
