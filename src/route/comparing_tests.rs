use proptest::prelude::*;

use super::*;
use crate::{
    model::{
        dictionary::Field,
        id::{AgreementId, MessageId},
        key::Key,
    },
    region::agreement::CopyView,
    route::plan::{Candidate, Obstacle},
};

/// One thing sent to a target: cargo, function, number and version.
fn sent(target: &str, (cargo, function): (Cargo, Function), (number, version): (&str, u32)) -> Sent {
    Sent {
        sequence: 0,
        target: MemberId::new(target).unwrap(),
        delivery: DeliveryId(uuid::Uuid::now_v7()),
        message: MessageId(uuid::Uuid::nil()),
        function,
        subject: Key {
            agreement: AgreementId::new("mecta").unwrap(),
            issuer: "B01".into(),
            number: number.into(),
            lineage: number.into(),
            version: Some(version),
        },
        earlier_lineage: None,
        replaced: false,
        cargo,
        view: View::Full,
        addressed: false,
        state: State::Delivered,
        hold: None,
    }
}

const ISSUED: (Cargo, Function) = (Cargo::Certificate, Function::Original);
const AMENDED: (Cargo, Function) = (Cargo::Certificate, Function::Amendment);
const REPLACED: (Cargo, Function) = (Cargo::Certificate, Function::Replacement);
const CANCELLED: (Cargo, Function) = (Cargo::Cancellation, Function::Cancellation);
const WITHDRAWN: (Cargo, Function) = (Cargo::Cancellation, Function::Replacement);

/// A plan that names copies with these views; a member in the second list has its link suspended.
fn plan(open: &[(&str, View)], suspended: &[&str]) -> Plan {
    let candidate = |member: &str, view, decision| Candidate {
        member: MemberId::new(member).unwrap(),
        because: "a rule".into(),
        importing: None,
        view: match view {
            View::Full => CopyView::Full,
            View::Minimised => CopyView::Minimised(vec![Field::named("number").unwrap()]),
            View::Notice => CopyView::Notice,
        },
        decision,
    };
    let shut = Obstacle { reason: Reason::NoLink, why: "suspended".into(), suspended: true };
    let open = open.iter().map(|(member, view)| candidate(member, *view, Ok(())));
    let suspended = suspended.iter().map(|member| candidate(member, View::Full, Err(shut.clone())));
    Plan { candidates: open.chain(suspended).collect(), findings: Vec::new() }
}

const FOLLOWS: Before = Before { follows: true, latest: None };

fn amendment<'a>(sent: &'a [Sent], lineage: &'a str) -> Change<'a> {
    Change { function: Function::Amendment, lineage, version: None, before: FOLLOWS, sent }
}

fn held(sent: &[Sent]) -> Vec<(&str, &str, Option<u32>)> {
    holders(sent)
        .into_iter()
        .map(|held| (held.target.as_str(), held.subject.number.as_str(), held.subject.version))
        .collect()
}

fn named(change: &Change<'_>, plan: &Plan) -> Vec<(String, Option<Reason>, Option<Gap>)> {
    let words = |named: Named| (named.target.member.to_string(), named.held, named.gap);
    change.named(plan, Vec::new()).into_iter().map(words).collect()
}

#[test]
fn a_cancelled_predecessor_takes_no_copy_of_its_replacement_away() {
    let sent =
        [sent("ke", ISSUED, ("A", 1)), sent("ke", REPLACED, ("B", 1)), sent("ke", CANCELLED, ("A", 1))];
    assert_eq!(held(&sent), [("ke", "B", Some(1))]);
}

#[test]
fn a_cancelled_old_version_takes_no_copy_of_the_new_one_away() {
    let mut sent =
        vec![sent("ke", ISSUED, ("A", 1)), sent("ke", AMENDED, ("A", 2)), sent("ke", CANCELLED, ("A", 1))];
    assert_eq!(held(&sent), [("ke", "A", Some(2))]);
    sent.push(self::sent("ke", CANCELLED, ("A", 2)));
    assert!(held(&sent).is_empty());
}

#[test]
fn a_withdrawal_takes_the_copy_it_is_about_and_of_its_target_alone() {
    let sent = [
        sent("ke", ISSUED, ("A", 1)),
        sent("tz", ISSUED, ("A", 1)),
        sent("tz", REPLACED, ("B", 1)),
        sent("ke", WITHDRAWN, ("A", 1)),
    ];
    assert_eq!(held(&sent), [("tz", "A", Some(1)), ("tz", "B", Some(1))]);
}

#[test]
fn a_target_that_is_new_or_could_not_have_the_earlier_version_is_told_that_it_misses_it() {
    let with = |state: State| {
        let sent = [Sent { state, ..sent("ke", ISSUED, ("A", 1)) }];
        named(&amendment(&sent, "A"), &plan(&[("ke", View::Full)], &[]))[0].2
    };
    assert_eq!(with(State::Delivered), None);
    assert_eq!(with(State::Queued), None);
    assert_eq!(with(State::Held { reason: Reason::NotEntitled }), None);
    for ended in [State::Refused { reason: Reason::Refused }, State::Expired, State::Cancelled] {
        assert_eq!(with(ended), Some(Gap::Target));
    }
    let sent = [sent("ke", ISSUED, ("A", 1)), sent("tz", WITHDRAWN, ("A", 1))];
    let all = plan(&[("ke", View::Full), ("tz", View::Full), ("ug", View::Notice)], &[]);
    let gaps: Vec<_> = named(&amendment(&sent, "A"), &all).into_iter().map(|(_, _, gap)| gap).collect();
    assert_eq!(gaps, [None, Some(Gap::Target), Some(Gap::Target)]);
    let unseen = Change { before: Before::default(), ..amendment(&[], "A") };
    assert_eq!(named(&unseen, &all)[0].2, Some(Gap::Hub));
    let original = Change { function: Function::Original, ..unseen };
    assert_eq!(named(&original, &all)[0].2, None);
}

#[test]
fn a_version_waits_for_a_suspended_holder_and_for_no_other() {
    let sent = [sent("ke", ISSUED, ("A", 1))];
    let change = amendment(&sent, "A");
    let suspended = plan(&[], &["ke", "tz"]);
    assert_eq!(named(&change, &suspended), [("ke".into(), Some(Reason::NotEntitled), None)]);
    assert!(
        change.lost(&change.named(&suspended, Vec::new())).is_empty(),
        "its copy is not withdrawn meanwhile"
    );
}

#[test]
fn a_cancellation_reaches_whoever_ended_badly_and_an_undelivered_original_stays() {
    let refused = State::Refused { reason: Reason::Refused };
    let sent = [
        Sent { state: refused, ..sent("ke", ISSUED, ("A", 1)) },
        Sent { state: State::Queued, ..sent("tz", ISSUED, ("A", 1)) },
    ];
    let cancel = Change { function: Function::Cancellation, ..amendment(&sent, "A") };
    let told: Vec<_> = cancel.holders().iter().map(|(held, gap)| (held.target.to_string(), *gap)).collect();
    assert_eq!(told, [("ke".to_owned(), Some(Gap::Target)), ("tz".to_owned(), None)]);
    assert!(cancel.superseded(|_| Going::Word).is_empty(), "both go, in order");
}

#[test]
fn what_can_never_be_sent_gives_way_and_what_waits_does_not() {
    let open = |hold: Option<Reason>, view: View| {
        let state = hold.map_or(State::Queued, |reason| State::Held { reason });
        [Sent { hold, view, state, ..sent("ke", ISSUED, ("A", 1)) }]
    };
    let gives_way = |sent: &[Sent], going: Going| !amendment(sent, "A").superseded(|_| going).is_empty();
    let (full, least) = (Going::Document(View::Full), Going::Document(View::Minimised));
    let unrenderable = open(Some(Reason::Unrenderable), View::Full);
    assert!(gives_way(&unrenderable, full) && gives_way(&unrenderable, Going::Word));
    assert!(!gives_way(&unrenderable, Going::Held));
    let shut = open(Some(Reason::NotEntitled), View::Full);
    assert!(gives_way(&shut, least), "it shows more than the target may see now");
    assert!(!gives_way(&shut, full) && !gives_way(&shut, Going::Word) && !gives_way(&shut, Going::Held));
    for waiting in [open(None, View::Full), open(Some(Reason::OperatorHold), View::Full)] {
        assert!(!gives_way(&waiting, least) && !gives_way(&waiting, Going::Word));
    }
}

/// What a target was told last about a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Last {
    Nothing,
    Certificate(u32, View),
    Gone,
}

fn last(sent: &[Sent], target: &str, number: &str) -> Last {
    let about = |sent: &&Sent| sent.target.as_str() == target && sent.subject.number == number;
    match sent.iter().rev().find(about) {
        None => Last::Nothing,
        Some(sent) if sent.cargo == Cargo::Certificate => {
            Last::Certificate(sent.subject.version.unwrap_or(0), sent.view)
        }
        Some(_) => Last::Gone,
    }
}

const TARGETS: [&str; 3] = ["ke", "tz", "ug"];

/// Per target: not named, named with a view, or named with its link suspended.
fn configuration() -> impl Strategy<Value = [Option<Option<View>>; 3]> {
    let view = prop::sample::select(vec![View::Full, View::Minimised, View::Notice]);
    prop::array::uniform3(prop::option::of(prop::option::of(view)))
}

fn state() -> impl Strategy<Value = State> {
    let refused = State::Refused { reason: Reason::Refused };
    prop::sample::select(vec![State::Delivered, State::Queued, State::Expired, refused])
}

proptest! {
    #[test]
    fn the_last_word_to_each_target_agrees_with_the_last_plan(
        versions in prop::collection::vec((configuration(), state(), 0u8..7), 1..12)
    ) {
        let (mut all, mut number, mut version, mut cancelled) = (Vec::<Sent>::new(), 0, 0, false);
        for (configuration, state, kind) in versions {
            let earlier = format!("N{number}");
            let function = match kind {
                _ if version == 0 => Function::Original,
                5 if !cancelled => Function::Cancellation,
                4 => Function::Replacement,
                _ if cancelled => Function::Replacement,
                _ => Function::Amendment,
            };
            let replaces = function == Function::Replacement;
            if replaces {
                (number, version, cancelled) = (number + 1, 0, false);
            }
            let own = format!("N{number}");
            all.iter_mut().for_each(|sent| sent.replaced = replaces && sent.subject.lineage == earlier);
            // Every other version is left out, so that some come late.
            let late = kind == 6 && version > 0 && function == Function::Amendment;
            let arriving = if late { version - 1 } else { version + 2 };
            let latest = (version > 0).then_some(version);
            let before = Before { follows: version > 0 || replaces, latest };
            let stated = if function == Function::Cancellation { version } else { arriving };
            let change = Change { function, lineage: &own, version: Some(stated), before, sent: &all };
            prop_assert_eq!(change.is_outdated(), late);
            if change.is_outdated() {
                continue;
            }
            let mut new = Vec::new();
            if function == Function::Cancellation {
                cancelled = true;
                for (copy, _) in change.holders() {
                    new.push(sent(copy.target.as_str(), CANCELLED, (&own, version)));
                }
                all.extend(new);
                for target in TARGETS {
                    prop_assert!(!matches!(last(&all, target, &own), Last::Certificate(..)));
                }
                continue;
            }
            version = arriving;
            let pairs = || TARGETS.iter().zip(&configuration);
            let open: Vec<_> = pairs().filter_map(|(target, rule)| Some((*target, (*rule)??))).collect();
            let shut: Vec<_> = pairs().filter(|(_, rule)| **rule == Some(None)).map(|(t, _)| *t).collect();
            let plan = plan(&open, &shut);
            let named = change.named(&plan, Vec::new());
            for one in &named {
                let view = match one.target.view {
                    CopyView::Full => View::Full,
                    CopyView::Minimised(_) => View::Minimised,
                    CopyView::Notice => View::Notice,
                };
                let copy = sent(one.target.member.as_str(), (Cargo::Certificate, function), (&own, version));
                new.push(Sent { view, state: state.clone(), ..copy });
            }
            for copy in change.lost(&named) {
                let told = sent(copy.target.as_str(), (Cargo::Cancellation, function), (&copy.subject.number, 0));
                new.push(Sent { subject: copy.subject.clone(), ..told });
            }
            let held_before: Vec<_> = TARGETS.iter().map(|target| change.held_by(&MemberId::new(target).unwrap())).collect();
            all.extend(new);
            for ((target, rule), held) in TARGETS.iter().zip(&configuration).zip(held_before) {
                let now = last(&all, target, &own);
                match rule {
                    Some(Some(view)) => prop_assert_eq!(now, Last::Certificate(version, *view)),
                    Some(None) if held => prop_assert_eq!(now, Last::Certificate(version, View::Full)),
                    _ => {
                        prop_assert!(!matches!(now, Last::Certificate(..)), "{target} still has {own}");
                        let before = last(&all, target, &earlier);
                        prop_assert!(!replaces || !matches!(before, Last::Certificate(..)));
                    }
                }
            }
        }
    }
}
