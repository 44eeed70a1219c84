//! Whether the official who signed was one, of this body, in force and not revoked, when the document was signed.
//!
//! Judged at the time of signing as it is stated, by the signature where that has a place for it, else by the date of
//! issue. A stated time is only the signer's word: what the hub itself knows is when it received the document, so a time
//! that lies ahead is refused, and a leaf revoked because its key is in other hands counts for nothing, whatever time a
//! signature states. A day counts as the whole day: it is enough that it meets the dates of leaf and official, and too
//! much when the revocation lies within it.

use std::time::Duration;

use x509_parser::{
    parse_x509_certificate,
    prelude::{ASN1Time, X509Certificate},
    public_key::PublicKey,
};

use super::{
    Case,
    authority::{self, Leaf},
    issued::located,
    twin,
};
use crate::{
    decode::proof,
    model::{
        finding::Finding,
        judgement::{Capacity, Judgement, ListUsed, Rule, RuleKind, SigningTime, StatedBy, Verdict},
        reason::Reason,
        time::Timestamp,
        value::{Date, Value},
    },
    region::{
        agreement::ProofDemand,
        member::IssuingBody,
        signer::{Authority, Revocation, RevocationList, Signer, Stale},
    },
};

/// How far a stated time of signing may lie ahead of the hub's clock: clocks differ.
pub const SIGNED_AHEAD_MAX: Duration = Duration::from_secs(10 * 60);

/// Why a signature does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Refusal {
    /// The leaf cannot be read.
    Unreadable,
    /// There is no time of signing, or none that can be placed.
    Timeless,
    /// Signed ahead of the hub's clock.
    Ahead,
    /// Nobody knows the leaf.
    Unknown,
    /// An official's, of another body of the same country.
    OfAnotherBody,
    /// An official's, of another country.
    OfAnotherCountry,
    /// Known, and no official's.
    NotOfficial,
    /// The leaf's own validity does not cover the signing.
    LeafOutOfDates,
    /// The official's registration does not cover the signing.
    OutOfDates,
    /// Revoked.
    Revoked,
    /// No current list says whether it is revoked.
    StatusUnknown,
}

impl Refusal {
    /// Reason, the code ALADI's SCOD gives for the same (none where it has none), and what would be right.
    fn entry(self) -> (Reason, Option<&'static str>, &'static str) {
        match self {
            Self::Unreadable => {
                (Reason::SignerUnknown, Some("01"), "the leaf of the official who signed cannot be read")
            }
            Self::Timeless => (
                Reason::FieldInvalid,
                None,
                "the time of signing cannot be placed; write a day or time of the calendar",
            ),
            Self::Ahead => (
                Reason::SignedInFuture,
                None,
                "the time of signing lies ahead of the hub's clock; set the clock it comes from right",
            ),
            Self::Unknown => (
                Reason::SignerUnknown,
                Some("04"),
                "the official who signed is not registered for this issuing body; ask the hub's operator to add the leaf",
            ),
            Self::OfAnotherBody => (
                Reason::SignerElsewhere,
                Some("07"),
                "the official who signed is registered for another issuing body; let one of this body sign",
            ),
            Self::OfAnotherCountry => (
                Reason::SignerElsewhere,
                Some("06"),
                "the official who signed is registered in another country; let one of this issuing body sign",
            ),
            Self::NotOfficial => (
                Reason::SignerNotOfficial,
                Some("08"),
                "the leaf that signed is known, but not as an official's; let an official of this issuing body sign",
            ),
            Self::LeafOutOfDates => (
                Reason::SignerLeafOutOfDates,
                Some("02"),
                "the official's leaf was not valid at the time of signing; sign with one that is",
            ),
            Self::OutOfDates => (
                Reason::SignerOutOfDates,
                Some("05"),
                "the official who signed was not registered for the issuing body at the time of signing",
            ),
            Self::Revoked => (
                Reason::SignerRevoked,
                Some("03"),
                "the official's leaf is revoked for the time of signing; let another official sign",
            ),
            Self::StatusUnknown => (
                Reason::SignerStatusUnknown,
                None,
                "no current revocation list says whether the official's leaf is revoked; the hub's operator renews it",
            ),
        }
    }

    fn finding(self) -> Finding {
        let (reason, scod, advice) = self.entry();
        let advice = scod.map_or(advice.to_owned(), |code| format!("{advice} (SCOD {code})"));
        Finding::severe(reason, advice)
    }
}

/// What was found to speak for a leaf.
struct Standing {
    rule: Rule,
    verdict: Verdict,
    list: Option<ListUsed>,
}

/// Judges the signatures of a document; what speaks against the official's is a finding.
pub(super) fn judge(
    case: &Case<'_>,
    demand: ProofDemand,
    body: &IssuingBody,
    findings: &mut Vec<Finding>,
) -> Vec<Judgement> {
    let mut judgements = Vec::new();
    let demanded = demand != ProofDemand::Connection;
    if let Some(exporter) = &case.proof.exporter {
        // The official's signature covers the exporter's and vouches for it.
        let verdict = if demanded { Verdict::Vouched } else { Verdict::NotDemanded };
        judgements.push(plain(exporter, Capacity::Exporter, verdict));
    }
    let Some(official) = &case.proof.official else { return judgements };
    if !demanded {
        judgements.push(plain(official, Capacity::Official, Verdict::NotDemanded));
        return judgements;
    }
    let looked = signing_time(case, body, official)
        .ok_or(Refusal::Timeless)
        .and_then(|signed| look(case, body, official, &signed).map(|standing| (signed, standing)));
    match looked {
        Ok((signed, Standing { rule, verdict, list })) => {
            if verdict == Verdict::StatusUnknown {
                let (reason, _, advice) = Refusal::StatusUnknown.entry();
                findings.push(Finding::warning(reason, advice));
            }
            let plain = plain(official, Capacity::Official, verdict);
            judgements.push(Judgement { signed: Some(signed), rule: Some(rule), list, ..plain });
        }
        Err(refusal) => findings.push(match refusal {
            Refusal::Timeless
            | Refusal::Ahead
            | Refusal::OutOfDates
            | Refusal::LeafOutOfDates
            | Refusal::Revoked
                if official.signed_at.is_none() =>
            {
                located(case, "issueDate", refusal.finding())
            }
            _ => refusal.finding(),
        }),
    }
    judgements
}

fn plain(signer: &proof::Signer, capacity: Capacity, verdict: Verdict) -> Judgement {
    let leaf = parse_x509_certificate(&signer.leaf_der).ok();
    Judgement {
        capacity,
        leaf: signer.leaf_digest,
        subject: signer.subject.clone(),
        key: leaf.and_then(|(_, leaf)| key_kind(&leaf)),
        signed: None,
        verdict,
        rule: None,
        list: None,
    }
}

fn key_kind(leaf: &X509Certificate<'_>) -> Option<String> {
    match leaf.public_key().parsed().ok()? {
        PublicKey::RSA(key) => Some(format!("RSA {}", key.key_size())),
        PublicKey::EC(point) => Some(format!("P-{}", point.key_size())),
        _ => None,
    }
}

/// When the official signed, by the best word there is; `None` when there is none, or none within the calendar.
fn signing_time(case: &Case<'_>, body: &IssuingBody, official: &proof::Signer) -> Option<SigningTime> {
    let issued: Option<&Date> = match case.draft.certificate.top("issueDate") {
        Some(Value::Date(date)) => Some(date),
        _ => None,
    };
    let (date, stated) = match &official.signed_at {
        Some(signed) => (signed, StatedBy::Signature),
        None => (issued?, StatedBy::Document),
    };
    let (from, until) = date.span(&body.zone).or_else(|| date.span("UTC"))?;
    Some(SigningTime { from, until, stated })
}

/// The whole look at an official's leaf.
fn look(
    case: &Case<'_>,
    body: &IssuingBody,
    official: &proof::Signer,
    signed: &SigningTime,
) -> Result<Standing, Refusal> {
    let der = official.leaf_der.as_slice();
    let (_, parsed) = parse_x509_certificate(der).map_err(|_| Refusal::Unreadable)?;
    let leaf = Leaf { digest: official.leaf_digest, der, parsed };
    if signed.from > case.received.plus(SIGNED_AHEAD_MAX) {
        return Err(Refusal::Ahead);
    }
    let grounds = Grounds::of(body, &leaf);
    if grounds.listed.is_empty() && grounds.admitting.is_empty() {
        return Err(stranger(case, body, &leaf, !grounds.issuers.is_empty()));
    }
    let within = valid(&leaf.parsed, signed).ok_or(Refusal::LeafOutOfDates)?;
    let rule = grounds.rule(within).ok_or(Refusal::OutOfDates)?;
    let revoked = |revocation: &Revocation| counts(revocation, body, signed, case.received);
    let recalled = recalled(case, &leaf);
    if recalled.iter().any(|(own, revocation)| {
        (*own == body.id && revoked(revocation)) || is_lost(body, revocation, case.received)
    }) {
        return Err(Refusal::Revoked);
    }
    let mut standing = Standing { rule, verdict: Verdict::Good, list: None };
    for authority in grounds.issuers.iter().filter(|authority| authority.is_watched()) {
        let (list, current) = status(authority, &leaf.parsed, case.received, revoked)?;
        let used = list.map(|list| ListUsed { digest: list.digest, this_update: list.this_update });
        standing.list = used.or(standing.list);
        match authority.stale {
            _ if current => {}
            Stale::Refuse => return Err(Refusal::StatusUnknown),
            Stale::Warn => standing.verdict = Verdict::StatusUnknown,
        }
    }
    Ok(standing)
}

/// What of a body's entries is about a leaf.
struct Grounds<'a> {
    /// Entries of the leaf itself.
    listed: Vec<&'a Signer>,
    /// Authorities that issued it.
    issuers: Vec<&'a Authority>,
    /// Those of them that issued it to an official.
    admitting: Vec<&'a Authority>,
}

impl<'a> Grounds<'a> {
    fn of(body: &'a IssuingBody, leaf: &Leaf<'_>) -> Self {
        let listed = body.signers.iter().filter(|signer| signer.leaf == leaf.digest).collect();
        let issuers: Vec<&Authority> =
            body.authorities.iter().filter(|authority| authority::issued(authority, leaf)).collect();
        let admitting = issuers.iter().copied().filter(|one| authority::admits(one, &leaf.parsed)).collect();
        Self { listed, issuers, admitting }
    }

    /// The first entry whose window the span meets, those of the leaf itself first.
    fn rule(&self, within: (Timestamp, Timestamp)) -> Option<Rule> {
        let listed = self.listed.iter().map(|one| (RuleKind::Listed, &one.window, &one.name));
        let admitting = self.admitting.iter().map(|one| (RuleKind::Authority, &one.window, &one.name));
        let (kind, _, name) =
            listed.chain(admitting).find(|(_, window, _)| window.meets(within).is_some())?;
        Some(Rule { kind, name: name.clone() })
    }
}

/// The part of the signing time in which the leaf is valid.
fn valid(leaf: &X509Certificate<'_>, signed: &SigningTime) -> Option<(Timestamp, Timestamp)> {
    let instant =
        |time: ASN1Time, more: i64| Timestamp(time.timestamp().saturating_mul(1000).saturating_add(more));
    // X.509 counts in seconds, and the last one counts whole.
    let (first, last) = (instant(leaf.validity().not_before, 0), instant(leaf.validity().not_after, 999));
    let (from, until) = (signed.from.max(first), signed.until.min(last));
    (from <= until).then_some((from, until))
}

/// Whether a revocation counts against a signature.
fn counts(revocation: &Revocation, body: &IssuingBody, signed: &SigningTime, received: Timestamp) -> bool {
    let always = body.revoked_always.contains(&revocation.reason) && revocation.at <= received;
    always || revocation.at <= signed.until
}

/// What the bodies of the member say of a leaf's revocation, in whichever bytes they know it, and which body says so.
fn recalled<'a>(case: &Case<'a>, leaf: &Leaf<'_>) -> Vec<(&'a str, &'a Revocation)> {
    let of_body = |body: &'a IssuingBody| {
        let said = |signer: &'a Signer| Some((body.id.as_str(), signer.leaf, signer.revoked.as_ref()?));
        body.signers.iter().filter_map(said)
    };
    let mut said: Vec<_> = case.source.bodies.iter().flat_map(of_body).collect();
    if !said.is_empty() {
        let twins = twin::digests(leaf.der, &leaf.parsed);
        said.retain(|(_, digest, _)| *digest == leaf.digest || twins.contains(digest));
    }
    said.into_iter().map(|(body, _, revocation)| (body, revocation)).collect()
}

/// Whether a body of the member says that the leaf's key is in other hands: then it is, for every body.
fn is_lost(body: &IssuingBody, revocation: &Revocation, received: Timestamp) -> bool {
    body.revoked_always.contains(&revocation.reason) && revocation.at <= received
}

/// The newest list of a leaf's issuer, and whether it is current.
///
/// # Errors
/// When any list, old or new, revokes the leaf.
fn status<'a>(
    authority: &'a Authority,
    leaf: &X509Certificate<'_>,
    now: Timestamp,
    revoked: impl Fn(&Revocation) -> bool,
) -> Result<(Option<&'a RevocationList>, bool), Refusal> {
    let issuer = leaf.issuer().as_raw();
    let lists = || authority.lists.iter().filter(|list| list.issuer == issuer);
    if lists().filter_map(|list| list.revoked.get(leaf.raw_serial())).any(revoked) {
        return Err(Refusal::Revoked);
    }
    let newest = lists().max_by_key(|list| list.this_update);
    Ok((newest, newest.is_some_and(|list| !list.is_stale(now, authority.lists_age_max))))
}

/// Why a leaf that nothing makes an official's of this body is none.
fn stranger(case: &Case<'_>, body: &IssuingBody, leaf: &Leaf<'_>, issued_here: bool) -> Refusal {
    let members = case.region.members.values();
    let others = members
        .flat_map(|member| member.bodies.iter().map(move |other| (member, other)))
        .filter(|(member, other)| member.id != case.source.id || other.id != body.id);
    let mut elsewhere = None;
    for (_, other) in others.filter(|(_, other)| authority::knows(other, leaf)) {
        if other.country == body.country {
            return Refusal::OfAnotherBody;
        }
        elsewhere = Some(Refusal::OfAnotherCountry);
    }
    let exporters = case.proof.exporter.as_ref().is_some_and(|exporter| exporter.leaf_digest == leaf.digest);
    let known = if issued_here || exporters { Refusal::NotOfficial } else { Refusal::Unknown };
    elsewhere.unwrap_or(known)
}
