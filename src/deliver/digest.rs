//! Digests to sources: what expired, what is late, and what was too much for notices, of one target at a time.
//!
//! A sweep finds for whom one is due: a source of whose deliveries something is gathered, or some wait for long, and that
//! had no digest about the target in the period. Delays are no events: they are read as they are at the sweep, told once
//! when the first delivery has waited for `delay_told_after`, then each `delay_told_again` while any does, and at once
//! again when all of them began to wait after the last word. The commit of the digest takes what is gathered by then.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Config, Handles, notice::body, settle::new_id};
use crate::{
    model::{
        id::{DeliveryId, MemberId},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Fault,
        claim::Rank,
        news::{Digest, Gathered, Late, Noted, Pair, is_within},
        record::{Cargo, Delivery, NewDelivery, View},
    },
};

/// Late deliveries as a digest tells of them.
#[derive(Clone, Debug, Default)]
struct Delays {
    count: u64,
    entries: Vec<Delivery>,
}

/// Makes every digest that is due, of these targets' late deliveries and of whatever is gathered.
pub(super) async fn sweep(handles: &Handles, targets: &[MemberId]) -> Result<(), Fault> {
    let (now, config) = (handles.clock.now(), handles.config);
    let mut due: BTreeMap<Pair, Option<Late>> = BTreeMap::new();
    for pair in handles.store.digests_due(now, config.digest_period).await? {
        due.insert(pair, None);
    }
    // A clock in doubt makes nothing late.
    let targets: BTreeSet<_> = targets.iter().filter(|_| handles.guard.may_expire()).collect();
    for target in targets {
        let late = handles.store.late(target, now.minus(config.delay_told_after)).await?;
        for late in late.into_iter().filter(|late| is_told(late, now, &config)) {
            due.insert(late.pair.clone(), Some(late));
        }
    }
    for (pair, late) in due {
        make(handles, pair, late, now).await?;
    }
    Ok(())
}

async fn make(handles: &Handles, pair: Pair, late: Option<Late>, at: Timestamp) -> Result<(), Fault> {
    let config = handles.config;
    let bounds = config.bounds();
    let entries = match &late {
        None => Vec::new(),
        Some(_) => {
            let most = usize::try_from(bounds.entries_max).unwrap_or(usize::MAX);
            handles.store.late_of(&pair, at.minus(config.delay_told_after), most).await?
        }
    };
    // What was late a moment ago may be delivered by now.
    let of_late = entries.first().map(|delivery| delivery.message);
    let count = late.filter(|_| of_late.is_some()).map_or(0, |late| late.count);
    let (delays, id) = (Delays { count, entries }, new_id(at));
    tracing::info!(source.id = %pair.source, target.id = %pair.target, late = count, "a digest is due");
    let whom = pair.clone();
    let write = Box::new(move |gathered| digest((id, at), &whom, gathered, delays, bounds.entries_max));
    handles.store.digest(Digest { pair, at, bounds, late: of_late, write }).await
}

/// Whether a source is told of delays now. Pure.
fn is_told(late: &Late, now: Timestamp, config: &Config) -> bool {
    let began = late.oldest.plus(config.delay_told_after);
    let anew = late.told.is_none_or(|told| told < began || told.plus(config.delay_told_again) <= now);
    anew && late.digest.is_none_or(|last| !is_within(last, now, config.digest_period))
}

/// A digest, as the delivery of an id made at an instant. Pure.
fn digest(
    (id, at): (DeliveryId, Timestamp),
    pair: &Pair,
    gathered: Gathered,
    delays: Delays,
    entries_max: u32,
) -> NewDelivery {
    let Gathered { mut counts, entries: mut named } = gathered;
    // What was late when it was read may have ended by the commit: then that is told.
    let ended: BTreeSet<_> = named.iter().map(|noted| noted.delivery.id).collect();
    let (gone, waiting): (Vec<_>, Vec<_>) =
        delays.entries.into_iter().partition(|delivery| ended.contains(&delivery.id));
    let late_count = delays.count.saturating_sub(u64::try_from(gone.len()).unwrap_or(u64::MAX));
    counts.extend((late_count > 0).then_some((Reason::Delayed, late_count)));
    named.extend(waiting.into_iter().map(late));
    named.truncate(usize::try_from(entries_max).unwrap_or(usize::MAX));
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let more = all.saturating_sub(u64::try_from(named.len()).unwrap_or(u64::MAX));
    let counts: BTreeMap<_, _> = counts.iter().map(|(reason, count)| (reason.code(), *count)).collect();
    let word = json!({
        "function": "digest",
        "at": at.to_string(),
        "member": pair.target.as_str(),
        "test": pair.test,
        "counts": counts,
        "entries": named.iter().map(entry).collect::<Vec<_>>(),
        "more": more,
    });
    NewDelivery {
        id,
        about: None,
        gap: None,
        target: pair.source.clone(),
        cargo: Cargo::Digest,
        view: View::Notice,
        body: Some(body(&word)),
        weight: 1,
        rank: Rank::Usual,
        created: at,
        held: None,
        losses: Vec::new(),
        because: format!("news of {all} deliveries to {}", pair.target),
        answer_within: None,
    }
}

/// A late delivery, by the last that was heard of its target.
fn late(delivery: Delivery) -> Noted {
    let detail = delivery.last.as_ref().map(|attempt| attempt.detail.clone()).unwrap_or_default();
    Noted { reason: Reason::Delayed, detail, at: delivery.life.created, delivery }
}

fn entry(noted: &Noted) -> Value {
    let Noted { delivery, reason, detail, at } = noted;
    let subject = &delivery.subject;
    json!({
        "reason": {"code": reason.code(), "detail": detail},
        "at": at.to_string(),
        "message": delivery.message.to_string(),
        "delivery": delivery.id.to_string(),
        "agreement": subject.agreement.as_str(),
        "issuer": subject.issuer,
        "number": subject.number,
        "version": subject.version,
        "attempts": delivery.attempts,
        "state": delivery.life.state.word(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::deliver::sample;

    const MINUTE: Duration = Duration::from_secs(60);

    fn pair() -> Pair {
        let delivery = sample::delivery(1);
        Pair { source: delivery.source, target: delivery.target, test: false }
    }

    /// Minutes since the first delivery began to wait.
    fn at(minutes: u32) -> Timestamp {
        Timestamp(0).plus(MINUTE * minutes)
    }

    fn told(oldest: u32, told: Option<u32>, digest: Option<u32>, now: u32) -> bool {
        let (told, digest) = (told.map(at), digest.map(at));
        let late = Late { pair: pair(), count: 1, oldest: at(oldest), digest, told };
        is_told(&late, at(now), &Config::default())
    }

    #[test]
    fn a_delay_is_told_once_then_daily_and_anew_when_all_that_waits_is_new() {
        assert!(told(0, None, None, 60));
        assert!(!told(0, Some(60), None, 61) && !told(0, Some(60), None, 60 + 1_439));
        assert!(told(0, Some(60), None, 60 + 1_440));
        assert!(!told(10, Some(90), None, 200), "it was late when delays were told last");
        assert!(told(100, Some(90), None, 200), "another outage");
    }

    #[test]
    fn no_delay_is_told_within_the_period_of_a_digest() {
        assert!(!told(0, None, Some(50), 60) && !told(0, None, Some(50), 109));
        assert!(told(0, None, Some(50), 110));
    }

    fn written(gathered: Gathered, delays: Delays, entries_max: u32) -> Value {
        let new = digest((sample::id(9), at(5)), &pair(), gathered, delays, entries_max);
        assert_eq!((new.target, new.cargo), (pair().source, Cargo::Digest));
        serde_json::from_slice(&new.body.unwrap().bytes).unwrap()
    }

    #[test]
    fn a_digest_counts_all_and_names_the_first_and_none_twice() {
        let noted = |n, reason| Noted {
            delivery: sample::delivery(n),
            reason,
            detail: "status-503".to_owned(),
            at: at(4),
        };
        let counts = vec![(Reason::Expired, 10_000), (Reason::Refused, 1)];
        let entries = vec![noted(1, Reason::Refused), noted(2, Reason::Expired)];
        let late = [2, 3, 4].map(sample::delivery);
        let delays = Delays { count: 4, entries: late.to_vec() };
        let body = written(Gathered { counts, entries }, delays, 3);
        assert_eq!(body["function"], "digest");
        assert_eq!(body["member"], "kg");
        assert_eq!(body["counts"], json!({"delayed": 3, "expired": 10_000, "refused": 1}));
        let codes: Vec<_> =
            body["entries"].as_array().unwrap().iter().map(|entry| &entry["reason"]["code"]).collect();
        assert_eq!(codes, ["refused", "expired", "delayed"]);
        assert_eq!(body["entries"][0]["delivery"], sample::id(1).to_string());
        assert_eq!(body["entries"][0]["number"], "RU-1");
        assert_eq!(body["more"], 10_001);
    }
}
