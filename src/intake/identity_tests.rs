use super::*;
use crate::store::standing::Cancelled;

const OLD: Digest = Digest([1; 32]);
const NEW: Digest = Digest([2; 32]);

fn known(version: u32) -> Known {
    Known {
        message: MessageId(uuid::Uuid::from_u128(u128::from(version))),
        version,
        canonical: Some(OLD),
        test: false,
        parked: false,
    }
}

fn waiting(version: u32) -> Known {
    Known { parked: true, ..known(version) }
}

fn gone(parked: bool) -> Option<Cancelled> {
    Some(Cancelled { message: MessageId(uuid::Uuid::nil()), content: Some(OLD), parked })
}

fn outcome(
    function: Function,
    stated: Option<u32>,
    canonical: Digest,
    standing: &Standing,
) -> Result<(u32, bool), &'static str> {
    let case =
        Case { function, stated, test: false, canonical: Some(canonical), standing, unseen: Unseen::Reject };
    decide(&case).map(|d| (d.version, d.duplicate_of.is_some())).map_err(|f| f.reason.code())
}

#[test]
fn the_table_of_versions() {
    use Function::{Amendment, Cancellation, Original, Replacement};
    let none = Standing::default();
    let one = Standing { latest: Some(known(1)), ..Standing::default() };
    let stated = Standing { latest: Some(known(3)), stated: Some(known(2)), ..Standing::default() };
    let issued = Standing { issued: true, stated: None, ..stated.clone() };
    let late = Standing { stated: None, ..stated.clone() };
    let last = Standing { latest: Some(known(VERSION_MAX)), ..Standing::default() };
    let gone = Standing { cancelled: self::gone(false), ..one.clone() };
    let early = Standing { cancelled: self::gone(false), ..Standing::default() };
    let after = Standing { earlier: Some(known(1)), ..Standing::default() };
    let table = [
        (Original, None, NEW, &none, Ok((1, false))),
        (Original, Some(0), NEW, &none, Ok((0, false))),
        (Original, None, OLD, &one, Ok((1, true))),
        (Original, None, NEW, &one, Err("number-reused")),
        (Original, Some(2), NEW, &stated, Err("number-reused")),
        (Original, Some(2), OLD, &stated, Ok((2, true))),
        (Original, Some(4), NEW, &late, Ok((4, false))),
        (Original, Some(4), NEW, &issued, Err("number-reused")),
        (Replacement, Some(4), NEW, &issued, Err("number-reused")),
        (Amendment, Some(4), NEW, &issued, Ok((4, false))),
        (Original, Some(VERSION_MAX), NEW, &none, Ok((VERSION_MAX, false))),
        (Original, Some(VERSION_MAX + 1), NEW, &none, Err("field-invalid")),
        (Amendment, Some(u32::MAX), NEW, &one, Err("field-invalid")),
        (Amendment, None, NEW, &last, Ok((VERSION_MAX + 1, false))),
        (Replacement, None, NEW, &after, Ok((1, false))),
        (Replacement, None, NEW, &none, Err("certificate-unknown")),
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
fn test_traffic_replaces_nothing_live_and_nothing_live_test_traffic() {
    for test in [true, false] {
        let earlier = Some(Known { test: !test, ..known(1) });
        let standing = Standing { earlier, ..Standing::default() };
        let case = Case { test, ..case(Function::Replacement, &standing, Unseen::Forward) };
        assert_eq!(decide(&case).unwrap_err().reason, Reason::TestNotAllowed);
    }
}

#[test]
fn a_second_replacement_and_a_change_after_the_end_are_taken_with_a_warning() {
    let replaced = Some("B".to_owned());
    let second = Standing { earlier: Some(known(1)), replaced: replaced.clone(), ..Standing::default() };
    let late = Standing { latest: Some(known(1)), replaced, ..Standing::default() };
    for (function, standing, version) in
        [(Function::Replacement, &second, 1), (Function::Amendment, &late, 2)]
    {
        let decision = decide(&case(function, standing, Unseen::Reject)).unwrap();
        assert_eq!((decision.version, decision.course), (version, Course::Known), "{function:?}");
        let [finding] = decision.findings.as_slice() else { panic!("{decision:?}") };
        assert_eq!(finding.reason, Reason::AlreadyReplaced);
        assert!(finding.advice.contains(" B;") && !crate::model::finding::any_severe(&decision.findings));
    }
    let cancelled = decide(&case(Function::Cancellation, &late, Unseen::Reject)).unwrap();
    assert!(cancelled.findings.is_empty(), "it may still be cancelled");
}

const WEEK: Duration = Duration::from_secs(604_800);

fn case(function: Function, standing: &Standing, unseen: Unseen) -> Case<'_> {
    Case { function, stated: None, test: false, canonical: Some(NEW), standing, unseen }
}

#[test]
fn a_change_of_what_the_hub_has_not_seen_goes_on_waits_or_is_rejected() {
    use Function::{Amendment, Cancellation, Replacement};
    let none = Standing::default();
    for (function, version) in [(Amendment, 2), (Replacement, 1), (Cancellation, 1)] {
        let course = |unseen| decide(&case(function, &none, unseen)).map(|d| (d.version, d.course));
        assert_eq!(course(Unseen::Forward), Ok((version, Course::Unseen)), "{function:?}");
        assert_eq!(course(Unseen::Park(WEEK)), Ok((version, Course::Park(WEEK))), "{function:?}");
        assert_eq!(course(Unseen::Reject).unwrap_err().reason, Reason::CertificateUnknown, "{function:?}");
        let test = Case { test: true, ..case(function, &none, Unseen::Park(WEEK)) };
        assert_eq!(decide(&test).unwrap().course, Course::Unseen, "{function:?}: nothing live lets it go");
    }
}

#[test]
fn whatever_follows_a_parked_change_waits_behind_it() {
    use Function::{Amendment, Cancellation, Replacement};
    let parked = Standing { latest: Some(waiting(2)), first: Some(2), ..Standing::default() };
    let earlier = Standing { earlier: Some(waiting(2)), ..Standing::default() };
    for (function, standing) in [(Amendment, &parked), (Cancellation, &parked), (Replacement, &earlier)] {
        let course = |unseen| decide(&case(function, standing, unseen)).unwrap().course;
        assert_eq!(course(Unseen::Park(WEEK)), Course::Park(WEEK), "{function:?}");
        assert_eq!(course(Unseen::Forward), Course::Park(PARK_DEFAULT), "{function:?}, after a reload");
    }
}

#[test]
fn an_original_may_come_after_its_changes_and_nothing_else_may_take_its_number() {
    let standing = |latest: Known, first| Standing { latest: Some(latest), first, ..Standing::default() };
    let original = |standing: &Standing, canonical| {
        let case = Case { canonical: Some(canonical), ..case(Function::Original, standing, Unseen::Forward) };
        let words = |d: Decision| (d.version, d.duplicate_of.is_some(), d.findings.len());
        decide(&case).map(words).map_err(|finding| finding.reason.code())
    };
    let forwarded = standing(known(2), Some(2));
    assert_eq!(original(&forwarded, NEW), Ok((1, false, 1)), "told that a later version went before");
    assert_eq!(original(&forwarded, OLD), Ok((2, true, 0)), "the same content is there already");
    let parked = standing(waiting(2), Some(2));
    assert_eq!(original(&parked, NEW), Ok((1, false, 0)));
    assert_eq!(original(&parked, OLD), Ok((1, false, 0)), "what it waits for is no repeat of it");
    assert_eq!(original(&standing(known(1), Some(1)), NEW), Ok((0, false, 1)));
    assert_eq!(
        original(&standing(known(0), Some(0)), NEW),
        Err("number-reused"),
        "no version is left before"
    );
    assert_eq!(
        original(&standing(known(2), None), NEW),
        Err("number-reused"),
        "another number of its lineage"
    );
    assert_eq!(original(&Standing { issued: true, ..forwarded }, NEW), Err("number-reused"));
    let cancelled = |parked| Standing { cancelled: gone(parked), ..Standing::default() };
    assert_eq!(original(&cancelled(true), NEW), Ok((1, false, 0)), "its cancellation waits for it");
    assert_eq!(original(&cancelled(false), NEW), Err("certificate-cancelled"));
}

#[test]
fn a_second_cancellation_of_the_unseen_may_say_more_than_the_first() {
    let standing = Standing { cancelled: gone(false), ..Standing::default() };
    let repeats = |canonical| {
        let case =
            Case { canonical: Some(canonical), ..case(Function::Cancellation, &standing, Unseen::Forward) };
        decide(&case).unwrap().duplicate_of.is_some()
    };
    assert!(repeats(OLD) && !repeats(NEW));
}
