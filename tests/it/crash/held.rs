//! What came of a storm, held against what was pushed.

use std::collections::BTreeMap;

use coohub::model::id::Digest;

use super::{
    life::{Life, Push, What},
    say,
    storm::{Acknowledged, Arrived, IN_FLIGHT_MAX, Storm},
};

/// Everything that must hold after a storm and any number of deaths.
pub(super) async fn all(storm: &Storm<'_>, deaths: usize) {
    storm.everything_arrives().await;
    receipts_are_kept(storm, 0).await;
    let arrived = storm.arrived();
    let first = repeats_are_few_and_identical(&arrived, deaths);
    every_target_has_its_deliveries_in_order(storm, &first);
}

/// The same message id gives the same receipt, byte for byte, and an attachment is there, byte for byte.
pub(super) async fn receipts_are_kept(storm: &Storm<'_>, skip: usize) {
    for one in storm.acknowledged(skip) {
        assert_eq!(loss(storm, &one).await, None, "{}", one.push.key);
    }
}

/// What is lost of an acknowledged push, if anything is.
pub(super) async fn loss(storm: &Storm<'_>, one: &Acknowledged) -> Option<&'static str> {
    if let Some(bytes) = &one.push.attachment {
        let path = format!("/v1/attachments/{}", Digest::of(bytes).hex());
        let kept = storm.client(one.push.source).get(&path).await.unwrap();
        if kept.status != 200 || kept.body != *bytes {
            return Some("its attachment");
        }
    }
    let answer = storm.push(&one.push).await;
    match answer.status {
        200 if answer.body == one.receipt => None,
        200 => Some("its receipt: it has another one"),
        _ => Some("everything: it was accepted anew"),
    }
}

/// What came again came with the same id and bytes, and no more often than deaths cut attempts off; gives what came first.
fn repeats_are_few_and_identical(arrived: &[Arrived], deaths: usize) -> Vec<&Arrived> {
    let mut known: BTreeMap<&str, &Arrived> = BTreeMap::new();
    let mut first = Vec::new();
    for one in arrived {
        match known.get(one.delivery.as_str()) {
            None => {
                known.insert(&one.delivery, one);
                first.push(one);
            }
            Some(before) => assert_eq!(*before, one, "the same delivery came otherwise"),
        }
    }
    let repeats = arrived.len() - first.len();
    say(&format!("{} arrivals, {repeats} repeats after {deaths} deaths", arrived.len()));
    assert!(repeats <= deaths * IN_FLIGHT_MAX, "{repeats} repeats after {deaths} deaths");
    first
}

/// Per target and life: exactly what it must get, once, in the order of the pushes.
fn every_target_has_its_deliveries_in_order(storm: &Storm<'_>, first: &[&Arrived]) {
    let mut came: BTreeMap<(usize, &str), Vec<&What>> = BTreeMap::new();
    for one in first {
        let life = Life::owning(&one.what.0).unwrap_or_else(|| panic!("foreign: {one:?}"));
        came.entry((life, one.target)).or_default().push(&one.what);
    }
    for (number, life) in storm.lives().enumerate() {
        let mut must: BTreeMap<&str, Vec<What>> = BTreeMap::new();
        life.deliveries().into_iter().for_each(|(target, what)| must.entry(target).or_default().push(what));
        for (target, must) in must {
            let came = came.remove(&(number, target)).unwrap_or_default();
            assert_eq!(came, must.iter().collect::<Vec<_>>(), "to {target}");
        }
    }
    assert!(came.is_empty(), "nobody was to get {came:?}");
}

/// How many acknowledged pushes are lost, for a run that must lose some: a change of a lost certificate may be refused.
pub(super) async fn lost(storm: &Storm<'_>, acknowledged: &[Acknowledged]) -> usize {
    let mut lost = 0;
    for Acknowledged { push, receipt, .. } in acknowledged {
        let Push { source, key, media_type, headers, body, .. } = push;
        let answer = storm.client(source).push(key, media_type, headers.clone(), body.clone()).await;
        let kept = answer.is_ok_and(|answer| answer.status == 200 && answer.body == *receipt);
        lost += usize::from(!kept);
    }
    lost
}
