//! Reads who may sign for an issuing body.

use std::{collections::BTreeSet, ops::RangeInclusive, time::Duration};

use super::{
    super::signer::{Admits, Authority, Revocation, RevocationReason, Signer, Stale, Window},
    Desk, revocation,
    value::{self, need_words},
};
use crate::{
    model::{id::Digest, time::Timestamp, value::Date},
    problem::{Found, section::Section},
};

/// Most officials listed for one body.
pub const SIGNERS_MAX: usize = 1_000;
/// Most authorities of one body's officials.
pub const AUTHORITIES_MAX: usize = 16;
/// Most subject attributes that one authority's officials must have.
const ATTRIBUTES_MAX: usize = 8;
/// Longest and shortest age a revocation list may be allowed.
const LIST_AGE: RangeInclusive<Duration> =
    Duration::from_secs(60 * 60)..=Duration::from_secs(365 * 24 * 60 * 60);

/// The officials listed, read in the zone of their body.
pub(super) fn signers(body: &Section<'_>, zone: &str, desk: &Desk<'_>) -> Vec<Signer> {
    let signers = body.tables("signer", |signer| read_signer(signer, zone, desk));
    bounded(body, "signer", signers.len(), SIGNERS_MAX);
    signers.into_iter().flatten().collect()
}

/// The authorities of officials, read in the zone of their body.
pub(super) fn authorities(body: &Section<'_>, zone: &str, desk: &Desk<'_>) -> Vec<Authority> {
    let authorities = body.tables("signing_authority", |authority| read_authority(authority, zone, desk));
    bounded(body, "signing_authority", authorities.len(), AUTHORITIES_MAX);
    authorities.into_iter().flatten().collect()
}

/// The reasons for which a revocation counts whatever time a signature states.
pub(super) fn revoked_always(body: &Section<'_>) -> BTreeSet<RevocationReason> {
    let Some(texts) = body.texts("revoked_always") else { return RevocationReason::ALWAYS.into() };
    value::no_repeats(body, &texts);
    let words = reasons();
    let read = |found: &Found<String>| {
        let reason = words.iter().find(|(word, _)| *word == found.value).map(|(_, reason)| *reason);
        if reason.is_none() {
            let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            let problem = found.spot.problem(format!("\"{}\" is not a reason of revocation", found.value));
            body.add(problem.hint(format!("use some of: {}", all.join(", "))));
        }
        reason
    };
    texts.iter().filter_map(read).collect()
}

fn bounded(body: &Section<'_>, key: &str, count: usize, most: usize) {
    if count > most {
        body.wrong(key, format!("has {count} entries, at most {most} are allowed"));
    }
}

fn read_signer(signer: &Section<'_>, zone: &str, desk: &Desk<'_>) -> Option<Signer> {
    let name = need_words(signer, "name");
    let window = window(signer, zone);
    let revoked = revoked(signer, zone);
    let leaf = match (signer.text("leaf"), signer.text("digest")) {
        (Some(file), None) => desk.certs.leaf(&file, desk.problems).map(|(leaf, ends)| (leaf, Some(ends))),
        (None, Some(text)) => digest(signer, &text).map(|leaf| (leaf, None)),
        _ => {
            signer.add(signer.spot().problem("must have either \"leaf\" or \"digest\""));
            None
        }
    };
    let (leaf, leaf_ends) = leaf?;
    Some(Signer { leaf, name, window: window?, revoked, leaf_ends, spot: signer.spot() })
}

/// A digest in hexadecimal.
pub(super) fn digest(section: &Section<'_>, found: &Found<String>) -> Option<Digest> {
    let digest = Digest::from_hex(&found.value);
    if digest.is_none() {
        section.add(found.spot.problem("is not a SHA-256 digest").hint("write 64 hexadecimal digits"));
    }
    digest
}

fn read_authority(authority: &Section<'_>, zone: &str, desk: &Desk<'_>) -> Option<Authority> {
    let name = need_words(authority, "name");
    let window = window(authority, zone);
    let file = authority.need_text("anchors");
    let anchors =
        if authority.has("anchors") { desk.certs.anchors(&file, desk.problems) } else { Vec::new() };
    let lists = authority.texts("revocations").unwrap_or_default();
    value::no_repeats(authority, &lists);
    let lists_age_max = authority.duration("revocations_age_max", LIST_AGE);
    let stale = authority.choice("stale", &[("refuse", Stale::Refuse), ("warn", Stale::Warn)]);
    if lists.is_empty() {
        for key in ["revocations_age_max", "stale"].into_iter().filter(|key| authority.has(key)) {
            authority.wrong(key, "belongs to \"revocations\"");
        }
    }
    let lists = lists.iter().flat_map(|file| desk.certs.lists(file, &anchors, desk.problems)).collect();
    let admits = admits(authority);
    Some(Authority {
        name,
        window: window?,
        anchors: anchors.into_iter().filter_map(revocation::anchor).collect(),
        admits: admits?,
        lists,
        lists_age_max,
        stale: stale.unwrap_or(Stale::Refuse),
        spot: authority.spot(),
    })
}

/// Exactly one of the ways in which an authority's leaves are told to be officials'.
fn admits(authority: &Section<'_>) -> Option<Admits> {
    let subject = authority.texts("subject");
    let (san, policy) = (authority.text("san"), authority.text("policy"));
    let listed_only = authority.flag("listed_only").unwrap_or(false);
    match (subject, san, policy, listed_only) {
        (Some(subject), None, None, false) => attributes(authority, &subject).map(Admits::Subject),
        (None, Some(san), None, false) => {
            let clean = !san.value.is_empty() && san.value.bytes().all(|b| b.is_ascii_graphic() && b != b'*');
            if !clean {
                authority.add(san.spot.problem("is no name; wildcards are not read"));
            }
            clean.then_some(Admits::San(san.value))
        }
        (None, None, Some(policy), false) => {
            let dotted = policy.value.contains('.')
                && policy
                    .value
                    .split('.')
                    .all(|arc| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit()));
            if !dotted {
                authority.add(policy.spot.problem("is not an object identifier such as \"2.16.32.1.1\""));
            }
            dotted.then_some(Admits::Policy(policy.value))
        }
        (None, None, None, true) => Some(Admits::ListedOnly),
        _ => {
            let reason =
                "must have exactly one of \"subject\", \"san\", \"policy\" and \"listed_only = true\"";
            authority.add(authority.spot().problem(reason));
            None
        }
    }
}

/// Attributes such as `O=Ministry of Trade`.
fn attributes(authority: &Section<'_>, texts: &[Found<String>]) -> Option<Vec<(String, String)>> {
    if !(1..=ATTRIBUTES_MAX).contains(&texts.len()) {
        authority
            .wrong("subject", format!("must have 1 to {ATTRIBUTES_MAX} attributes, has {}", texts.len()));
    }
    let read = |found: &Found<String>| {
        let pair =
            found.value.split_once('=').filter(|(kind, value)| is_attribute(kind) && !value.is_empty());
        if pair.is_none() {
            let problem = found.spot.problem(format!("\"{}\" is not an attribute of a subject", found.value));
            authority.add(
                problem.hint("write \"O=Ministry of Trade\"; C, O, OU, CN, serialNumber, L, ST or dotted"),
            );
        }
        pair.map(|(kind, value)| (kind.to_owned(), value.to_owned()))
    };
    texts.iter().map(read).collect::<Vec<_>>().into_iter().collect()
}

fn is_attribute(kind: &str) -> bool {
    ["C", "O", "OU", "CN", "serialNumber", "L", "ST"].contains(&kind)
        || (kind.contains('.') && kind.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

fn reasons() -> Vec<(&'static str, RevocationReason)> {
    RevocationReason::ALL.iter().map(|(reason, word, _)| (*word, *reason)).collect()
}

fn revoked(signer: &Section<'_>, zone: &str) -> Option<Revocation> {
    let at = span(signer, "revoked_at", zone);
    let reason = signer.choice("revoked_reason", &reasons());
    if signer.has("revoked_reason") && !signer.has("revoked_at") {
        signer.wrong("revoked_reason", "belongs to \"revoked_at\"");
    }
    at.map(|(at, _)| Revocation { at, reason: reason.unwrap_or(RevocationReason::Unspecified) })
}

/// `from`, which must be there, and `until`; a day is the whole day in the zone.
fn window(section: &Section<'_>, zone: &str) -> Option<Window> {
    if !section.has("from") {
        section.missing("from");
    }
    let from = span(section, "from", zone).map(|(first, _)| first);
    let until = span(section, "until", zone).map(|(_, last)| last);
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        section.wrong("until", "lies before \"from\"");
    }
    Some(Window { from: from?, until })
}

/// A day, or a time with or without zone: the first and the last instant it means.
fn span(section: &Section<'_>, key: &str, zone: &str) -> Option<(Timestamp, Timestamp)> {
    let found = section.text(key)?;
    let date = Date::new(&found.value);
    // A wrong zone is a problem of its own.
    let span = date.and_then(|date| date.span(zone).or_else(|| date.span("UTC")));
    if span.is_none() {
        let problem = found.spot.problem(format!("\"{}\" is neither a day nor a time", found.value));
        section.add(
            problem.hint("write \"2026-03-31\", \"2026-03-31T10:00:00Z\" or \"2026-03-31T10:00:00-03:00\""),
        );
    }
    span
}
