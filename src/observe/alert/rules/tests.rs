//! Each rule at its bound and one short of it.

use super::*;

const MS: Duration = Duration::from_millis(1);
const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn kg() -> MemberId {
    MemberId::new("kg").unwrap()
}

fn well() -> Sight {
    Sight { now: NOW, free_bytes: u64::MAX, ..Sight::default() }
}

fn lane() -> Lane {
    Lane { member: kg(), reached: None, spared_for: None, oldest: None, overdue: None, no_echo: 0 }
}

/// Kind, severity and time of the alerts.
fn found(sight: &Sight) -> Vec<(&'static str, &'static str, Timestamp)> {
    let alerts = firing(sight, &Config::default());
    alerts.iter().map(|alert| (alert.kind.word(), alert.severity.word(), alert.since)).collect()
}

fn of_lane(lane: Lane) -> Sight {
    Sight { lanes: vec![lane], ..well() }
}

fn pushed(accepted: u64, rejected: u64) -> Sight {
    Sight { sources: vec![Source { member: kg(), accepted, rejected }], ..well() }
}

fn ending(ends: Timestamp) -> Sight {
    Sight { identities: vec![(About::Leaf("server"), ends)], ..well() }
}

#[test]
fn each_rule_holds_at_its_bound_and_not_before() {
    let config = Config::default();
    let Config { partner_down_after, oldest_after, commit_max, free_bytes_min, .. } = config;
    let ago = |time: Duration| NOW.minus(time);
    let day = Duration::from_secs(86_400);
    let reached = |open_since, silent_since, says| {
        of_lane(Lane { reached: Some(Reached { open_since, silent_since, says }), ..lane() })
    };
    let down = |since| reached(since, Some(since), None);
    let answers = |since, says| reached(since, Some(NOW), Some(says));
    let old = |since| of_lane(Lane { oldest: Some(since), ..lane() });
    let late = |count, since| of_lane(Lane { overdue: Some(Overdue { count, since }), ..lane() });
    let no_echo = |no_echo| of_lane(Lane { no_echo, ..lane() });
    let slow = |slowest_commit| Sight { slowest_commit, ..well() };
    let cases = [
        ("a hub at rest", well(), None),
        ("not yet down", down(ago(partner_down_after - MS)), None),
        ("down", down(ago(partner_down_after)), Some(("partner-down", "critical", ago(partner_down_after)))),
        ("not yet old", old(ago(oldest_after - MS)), None),
        ("old", old(ago(oldest_after + day)), Some(("waiting", "warning", ago(oldest_after + day)))),
        ("an answer is overdue", late(1, ago(MS)), Some(("unanswered", "warning", ago(MS)))),
        ("open, and nothing known", reached(ago(day), None, None), None),
        ("answers, not for long", answers(ago(partner_down_after - MS), Says::Other), None),
        (
            "answers, and takes nothing",
            answers(ago(partner_down_after), Says::Other),
            Some(("takes-nothing", "critical", ago(partner_down_after))),
        ),
        (
            "answers without an echo",
            answers(ago(partner_down_after), Says::NoEcho),
            Some(("no-echo", "warning", ago(partner_down_after))),
        ),
        (
            "answered, and is down by now",
            reached(ago(day), Some(ago(partner_down_after)), Some(Says::Other)),
            Some(("partner-down", "critical", ago(partner_down_after))),
        ),
        ("few without an echo", no_echo(9), None),
        ("many without an echo", no_echo(10), Some(("no-echo", "warning", NOW))),
        ("few rejected", pushed(0, 19), None),
        ("many and half", pushed(20, 20), Some(("rejections", "warning", NOW))),
        ("many and less than half", pushed(21, 20), None),
        ("ends late", ending(NOW.plus(60 * day + MS)), None),
        ("ends in 60 days", ending(NOW.plus(60 * day)), Some(("identity-ends", "notice", NOW))),
        ("ends in 30 days", ending(NOW.plus(30 * day)), Some(("identity-ends", "warning", NOW))),
        ("ends in 7 days", ending(NOW.plus(7 * day)), Some(("identity-ends", "critical", NOW))),
        ("has ended", ending(ago(day)), Some(("identity-ends", "critical", ago(8 * day)))),
        ("room", Sight { free_bytes: free_bytes_min, ..well() }, None),
        ("less room", Sight { free_bytes: free_bytes_min - 1, ..well() }, Some(("disk-low", "warning", NOW))),
        ("no room", Sight { strain: Some(Strain::SpaceLow), ..well() }, Some(("disk-low", "critical", NOW))),
        ("quick", slow(commit_max - MS), None),
        ("slow", slow(commit_max), Some(("slow-commits", "warning", NOW))),
        ("too slow", Sight { strain: Some(Strain::Slow), ..well() }, Some(("slow-commits", "critical", NOW))),
        (
            "clock",
            Sight { doubt: Some(Doubt { expected: ago(day), found: NOW }), ..well() },
            Some(("clock-doubted", "critical", NOW)),
        ),
        (
            "back",
            Sight { restarted: Some(ago(RESTART_SHOWN - MS)), ..well() },
            Some(("restarted", "warning", ago(RESTART_SHOWN - MS))),
        ),
        ("folder", Sight { folder_waits: true, ..well() }, Some(("folder-waits", "warning", NOW))),
        ("back for long", Sight { restarted: Some(ago(RESTART_SHOWN)), ..well() }, None),
    ];
    for (name, sight, expected) in cases {
        assert_eq!(found(&sight), expected.into_iter().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn everything_wrong_at_once_is_one_alert_each() {
    let behind = |silent_since, says| Some(Reached { open_since: Timestamp(0), silent_since, says });
    let down = Lane {
        reached: behind(Some(Timestamp(0)), None),
        oldest: Some(Timestamp(0)),
        no_echo: u64::MAX,
        overdue: Some(Overdue { count: u32::MAX, since: Timestamp(0) }),
        ..lane()
    };
    let answers = Lane { reached: behind(None, Some(Says::Other)), ..lane() };
    let sight = Sight {
        lanes: vec![down, answers],
        sources: pushed(u64::MAX, u64::MAX).sources,
        identities: vec![
            (About::Leaf("server"), NOW),
            (About::LeafFor(kg()), NOW),
            (About::Member(kg()), NOW),
        ],
        free_bytes: 0,
        strain: Some(Strain::Slow),
        slowest_commit: Duration::MAX,
        doubt: Some(Doubt { expected: NOW, found: NOW }),
        restarted: Some(NOW),
        folder_waits: true,
        ..well()
    };
    let alerts = firing(&sight, &Config::default());
    let mut keys: Vec<_> = alerts.iter().map(|alert| (alert.kind, alert.about.clone())).collect();
    assert_eq!(keys.len(), 14, "{alerts:#?}");
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 14);
    assert!(Kind::ALL.iter().all(|kind| keys.iter().any(|(found, _)| found == kind)));
}
