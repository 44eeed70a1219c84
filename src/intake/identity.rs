//! Which version of which certificate a push is: a pure decision from what the store knows of the number.

use std::time::Duration;

use crate::{
    model::{
        envelope::Function,
        finding::Finding,
        id::{Digest, MessageId},
        key::VERSION_MAX,
        reason::Reason,
    },
    region::agreement::{PARK_DEFAULT, Unseen},
    store::standing::{Known, Standing},
};

/// Version a certificate starts with when its format does not number versions.
pub(super) const VERSION_FIRST: u32 = 1;

/// What is decided about a push.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Case<'a> {
    /// Message function.
    pub(super) function: Function,
    /// Version the document or envelope states.
    pub(super) stated: Option<u32>,
    /// Whether it is test traffic.
    pub(super) test: bool,
    /// Digest of the canonical certificate.
    pub(super) canonical: Option<Digest>,
    /// What the store knows.
    pub(super) standing: &'a Standing,
    /// What the agreement does with a change of a certificate the hub has not seen.
    pub(super) unseen: Unseen,
}

/// The version a push gets, or the message it repeats.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Decision {
    /// Its version.
    pub(super) version: u32,
    /// The message that said the same before under another message id.
    pub(super) duplicate_of: Option<MessageId>,
    /// How it goes on.
    pub(super) course: Course,
    /// Warnings: a later version was accepted before, or another certificate is in its place.
    pub(super) findings: Vec<Finding>,
}

/// How an accepted push goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Course {
    /// It is a certificate, or follows one that the hub has.
    Known,
    /// It changes a certificate the hub has not seen, and goes on marked.
    Unseen,
    /// It waits for the certificate it changes, for this long.
    Park(Duration),
}

/// Decides version and repetition.
///
/// # Errors
/// A severe finding: the number is taken by other content, or what is changed is unknown.
pub(super) fn decide(case: &Case<'_>) -> Result<Decision, Finding> {
    // An answer is held to its delivery, not to what became of the certificate since.
    let latest = case.standing.latest.as_ref().filter(|_| case.function != Function::Response);
    if latest.is_some_and(|latest| latest.test != case.test) {
        let advice = "test traffic and live traffic never share a certificate number; mind CoO-Test";
        return Err(Finding::severe(Reason::TestNotAllowed, advice));
    }
    if case.stated.is_some_and(|version| version > VERSION_MAX) {
        let advice = format!("a version is at most {VERSION_MAX}, so that a later one is always left");
        return Err(Finding::severe(Reason::FieldInvalid, advice));
    }
    if let Some(known) = same(case) {
        let duplicate_of = Some(known.message);
        return Ok(Decision { duplicate_of, ..accepted(known.version) });
    }
    match case.function {
        Function::Original => issue(case),
        Function::Replacement => replace(case),
        Function::Amendment => amend(case),
        Function::Cancellation => cancel(case),
        // An answer is about the version its delivery carried, whatever became of the certificate since.
        Function::Response => Ok(accepted(case.stated.unwrap_or(VERSION_FIRST))),
    }
}

/// The stored version with the same number, version and content.
///
/// A certificate that says the same as its own parked amendment is no repeat of it: it is what that one waits for.
fn same<'a>(case: &Case<'a>) -> Option<&'a Known> {
    let known = match case.stated {
        Some(_) => case.standing.stated.as_ref(),
        None => case.standing.latest.as_ref(),
    };
    let issues = matches!(case.function, Function::Original | Function::Replacement);
    let awaited = issues && !case.standing.issued && known.is_some_and(|known| known.parked);
    known.filter(|known| case.canonical.is_some() && known.canonical == case.canonical && !awaited)
}

/// A number is given once: what bears it already must be amended, not issued again.
fn issue(case: &Case<'_>) -> Result<Decision, Finding> {
    let Standing { cancelled: gone, stated, latest, issued, first, .. } = case.standing;
    // A cancellation that waits for the certificate does not keep it away.
    if gone.as_ref().is_some_and(|gone| !gone.parked) {
        return Err(cancelled());
    }
    // Another number of the same lineage may be issued under a version of its own, and an original may come after its
    // amendment, before whose version it then stands; the very same number is not issued twice.
    let version = match (case.stated, first, latest) {
        (Some(version), ..) => stated.is_none().then_some(version),
        (None, Some(first), _) => first.checked_sub(1).map(|before| before.min(VERSION_FIRST)),
        (None, None, None) => Some(VERSION_FIRST),
        (None, None, Some(_)) => None,
    };
    let Some(version) = version.filter(|_| !issued) else {
        return Err(Finding::severe(
            Reason::NumberReused,
            "this number was accepted before with other content; send a change as an amendment (CoO-Function: 4)",
        ));
    };
    let mut decision = accepted(version);
    if latest.as_ref().is_some_and(|latest| latest.version > version && !latest.parked) {
        let advice =
            "a later version was accepted before it; targets keep that one and are not sent this one";
        decision.findings.push(Finding::warning(Reason::VersionOutdated, advice));
    }
    Ok(decision)
}

/// A replacement is issued, and changes the certificate it replaces.
fn replace(case: &Case<'_>) -> Result<Decision, Finding> {
    let mut decision = issue(case)?;
    if case.standing.earlier.as_ref().is_some_and(|earlier| earlier.test != case.test) {
        let advice = "test traffic and live traffic never share a chain; mind CoO-Test and CoO-Earlier";
        return Err(Finding::severe(Reason::TestNotAllowed, advice));
    }
    let other = "it replaces the same certificate as";
    decision.findings.extend(replaced(case, other));
    match &case.standing.earlier {
        Some(earlier) if earlier.parked && !case.test => Ok(Decision { course: behind(case), ..decision }),
        Some(_) => Ok(decision),
        None => unseen(case, decision),
    }
}

fn accepted(version: u32) -> Decision {
    Decision { version, duplicate_of: None, course: Course::Known, findings: Vec::new() }
}

/// What is told when another certificate is in the place of the one changed already.
fn replaced(case: &Case<'_>, how: &str) -> Option<Finding> {
    let number = case.standing.replaced.as_ref()?;
    Some(Finding::warning(Reason::AlreadyReplaced, format!("{how} {number}; if one is wrong, cancel it")))
}

fn cancelled() -> Finding {
    let advice = "the certificate was cancelled; issue a new one";
    Finding::severe(Reason::CertificateCancelled, advice)
}

/// An amendment follows the latest version.
fn amend(case: &Case<'_>) -> Result<Decision, Finding> {
    if case.standing.cancelled.is_some() {
        return Err(cancelled());
    }
    let findings: Vec<_> =
        replaced(case, "it changes a certificate that is replaced by").into_iter().collect();
    let Some(latest) = &case.standing.latest else {
        // Room is left for the certificate itself.
        let decision = accepted(case.stated.unwrap_or(VERSION_FIRST + 1));
        return unseen(case, Decision { findings, ..decision });
    };
    let version = case.stated.unwrap_or(latest.version.saturating_add(1));
    if version <= latest.version {
        let advice = "a later or equal version was accepted before; number the amendment above it, or leave CoO-Version out";
        return Err(Finding::severe(Reason::VersionOutdated, advice));
    }
    let course = if latest.parked { behind(case) } else { Course::Known };
    Ok(Decision { course, findings, ..accepted(version) })
}

/// A cancellation is of a version the hub has, the latest unless it says otherwise.
fn cancel(case: &Case<'_>) -> Result<Decision, Finding> {
    let gone = case.standing.cancelled.as_ref();
    let Some(latest) = &case.standing.latest else {
        // Another one about the same certificate may say more than the first: where it was to go.
        let first = gone.filter(|gone| case.canonical.is_some() && gone.content == case.canonical);
        let decision = accepted(case.stated.unwrap_or(VERSION_FIRST));
        return unseen(case, Decision { duplicate_of: first.map(|gone| gone.message), ..decision });
    };
    if case.stated.is_some() && case.standing.stated.is_none() {
        let advice =
            "the hub has no such version of the certificate; leave the version out to cancel the latest";
        return Err(Finding::severe(Reason::VersionUnknown, advice));
    }
    let version = case.stated.unwrap_or(latest.version);
    // Cancelled before: whoever cancels again is told by which message.
    let duplicate_of = gone.filter(|_| version == latest.version).map(|gone| gone.message);
    let course = if latest.parked { behind(case) } else { Course::Known };
    Ok(Decision { duplicate_of, course, ..accepted(version) })
}

/// Behind a change that is parked; however the agreement has it now, it is not to overtake.
fn behind(case: &Case<'_>) -> Course {
    match case.unseen {
        Unseen::Park(age) => Course::Park(age),
        Unseen::Forward | Unseen::Reject => Course::Park(PARK_DEFAULT),
    }
}

fn unseen(case: &Case<'_>, decision: Decision) -> Result<Decision, Finding> {
    let course = match case.unseen {
        Unseen::Reject => {
            return Err(Finding::severe(
                Reason::CertificateUnknown,
                "the hub has not seen the certificate that this changes; send the original first",
            ));
        }
        Unseen::Forward => Course::Unseen,
        // Test traffic waits for nothing: a live certificate must not let it go.
        Unseen::Park(_) if case.test => Course::Unseen,
        Unseen::Park(age) => Course::Park(age),
    };
    Ok(Decision { course, ..decision })
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
