//! Which version of which certificate a push is: a pure decision from what the store knows of the number.

use crate::{
    model::{
        envelope::Function,
        finding::Finding,
        id::{Digest, MessageId},
        reason::Reason,
    },
    region::agreement::Unseen,
    store::record::{Known, Standing},
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
    /// Warnings: a change of a certificate the hub has not seen.
    pub(super) findings: Vec<Finding>,
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
    if let Some(known) = same(case) {
        return Ok(Decision {
            version: known.version,
            duplicate_of: Some(known.message),
            findings: Vec::new(),
        });
    }
    match case.function {
        Function::Original | Function::Replacement => issue(case),
        Function::Amendment => amend(case),
        Function::Cancellation => cancel(case),
        // An answer is about the version its delivery carried, whatever became of the certificate since.
        Function::Response => Ok(accepted(case.stated.unwrap_or(VERSION_FIRST))),
    }
}

/// The stored version with the same number, version and content.
fn same<'a>(case: &Case<'a>) -> Option<&'a Known> {
    let known = match case.stated {
        Some(_) => case.standing.stated.as_ref(),
        None => case.standing.latest.as_ref(),
    };
    known.filter(|known| case.canonical.is_some() && known.canonical == case.canonical)
}

/// A number is given once: what bears it already must be amended, not issued again.
fn issue(case: &Case<'_>) -> Result<Decision, Finding> {
    if case.standing.cancelled.is_some() {
        return Err(cancelled());
    }
    if case.standing.stated.is_some() || (case.stated.is_none() && case.standing.latest.is_some()) {
        return Err(Finding::severe(
            Reason::NumberReused,
            "this number was accepted before with other content; send a change as an amendment (CoO-Function: 4)",
        ));
    }
    Ok(accepted(case.stated.unwrap_or(VERSION_FIRST)))
}

fn accepted(version: u32) -> Decision {
    Decision { version, duplicate_of: None, findings: Vec::new() }
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
    let Some(latest) = &case.standing.latest else { return unseen(case) };
    let version = case.stated.unwrap_or(latest.version.saturating_add(1));
    if version <= latest.version {
        let advice = "a later or equal version was accepted before; number the amendment above it, or leave CoO-Version out";
        return Err(Finding::severe(Reason::VersionOutdated, advice));
    }
    Ok(accepted(version))
}

/// A cancellation is of a version the hub has, the latest unless it says otherwise.
fn cancel(case: &Case<'_>) -> Result<Decision, Finding> {
    let Some(latest) = &case.standing.latest else {
        let first = case.standing.cancelled;
        return unseen(case).map(|decision| Decision { duplicate_of: first, ..decision });
    };
    if case.stated.is_some() && case.standing.stated.is_none() {
        let advice =
            "the hub has no such version of the certificate; leave the version out to cancel the latest";
        return Err(Finding::severe(Reason::VersionUnknown, advice));
    }
    let version = case.stated.unwrap_or(latest.version);
    // Cancelled before: whoever cancels again is told by which message.
    let duplicate_of = case.standing.cancelled.filter(|_| version == latest.version);
    Ok(Decision { version, duplicate_of, findings: Vec::new() })
}

fn unseen(case: &Case<'_>) -> Result<Decision, Finding> {
    match case.unseen {
        Unseen::Reject => Err(Finding::severe(
            Reason::CertificateUnknown,
            "the hub has not seen the certificate that this changes; send the original first",
        )),
        Unseen::Forward => {
            let note = Finding::warning(
                Reason::CertificateUnknown,
                "the hub has not seen the certificate that this changes",
            );
            let version = case.stated.unwrap_or(VERSION_FIRST);
            Ok(Decision { version, duplicate_of: None, findings: vec![note] })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Digest = Digest([1; 32]);
    const NEW: Digest = Digest([2; 32]);

    fn known(version: u32) -> Known {
        Known {
            message: MessageId(uuid::Uuid::from_u128(u128::from(version))),
            version,
            canonical: Some(OLD),
            test: false,
        }
    }

    fn outcome(
        function: Function,
        stated: Option<u32>,
        canonical: Digest,
        standing: &Standing,
    ) -> Result<(u32, bool), &'static str> {
        let case = Case {
            function,
            stated,
            test: false,
            canonical: Some(canonical),
            standing,
            unseen: Unseen::Reject,
        };
        decide(&case).map(|d| (d.version, d.duplicate_of.is_some())).map_err(|f| f.reason.code())
    }

    #[test]
    fn the_table_of_versions() {
        use Function::{Amendment, Cancellation, Original, Replacement};
        let none = Standing::default();
        let one = Standing { latest: Some(known(1)), ..Standing::default() };
        let stated = Standing { latest: Some(known(3)), stated: Some(known(2)), ..Standing::default() };
        let gone = Standing { cancelled: Some(MessageId(uuid::Uuid::nil())), ..one.clone() };
        let early = Standing { cancelled: gone.cancelled, ..Standing::default() };
        let table = [
            (Original, None, NEW, &none, Ok((1, false))),
            (Original, Some(0), NEW, &none, Ok((0, false))),
            (Original, None, OLD, &one, Ok((1, true))),
            (Original, None, NEW, &one, Err("number-reused")),
            (Original, Some(2), NEW, &stated, Err("number-reused")),
            (Original, Some(2), OLD, &stated, Ok((2, true))),
            (Replacement, None, NEW, &none, Ok((1, false))),
            (Original, Some(2), NEW, &gone, Err("certificate-cancelled")),
            (Original, None, NEW, &early, Err("certificate-cancelled")),
            (Amendment, None, NEW, &early, Err("certificate-cancelled")),
            (Amendment, None, NEW, &one, Ok((2, false))),
            (Amendment, Some(7), NEW, &one, Ok((7, false))),
            (Amendment, Some(1), NEW, &one, Err("version-outdated")),
            (Amendment, None, NEW, &none, Err("certificate-unknown")),
            (Amendment, None, NEW, &gone, Err("certificate-cancelled")),
            (Cancellation, None, NEW, &one, Ok((1, false))),
            (Cancellation, None, NEW, &gone, Ok((1, true))),
            (Cancellation, Some(9), NEW, &one, Err("version-unknown")),
            (Cancellation, None, NEW, &none, Err("certificate-unknown")),
        ];
        for (function, version, canonical, standing, expected) in table {
            assert_eq!(outcome(function, version, canonical, standing), expected, "{function:?} {version:?}");
        }
    }

    #[test]
    fn test_traffic_touches_no_live_certificate() {
        use Function::{Amendment, Cancellation, Original};
        let standing = Standing { latest: Some(known(1)), ..Standing::default() };
        for function in [Original, Amendment, Cancellation] {
            let (canonical, unseen) = (Some(NEW), Unseen::Forward);
            let case = Case { function, stated: None, test: true, canonical, standing: &standing, unseen };
            assert_eq!(decide(&case).unwrap_err().reason, Reason::TestNotAllowed, "{function:?}");
        }
    }

    #[test]
    fn an_agreement_may_forward_what_the_hub_has_not_seen() {
        let standing = Standing::default();
        let case = Case {
            function: Function::Amendment,
            stated: None,
            test: false,
            canonical: None,
            standing: &standing,
            unseen: Unseen::Forward,
        };
        assert_eq!(decide(&case).unwrap().findings.len(), 1);
    }
}
