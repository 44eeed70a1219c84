//! What keeps a lane from beginning: breakers, holds, windows of maintenance, faults of ours.

use super::*;

#[test]
fn a_lane_behind_an_obstacle_keeps_nothing_of_what_it_read() {
    let mut bench = Bench::new(pace(1, 1000), many(3));
    assert_eq!(bench.turn().1.why, Why::Permits);
    assert!(bench.lane.has_read());
    bench.lane.hold(Held { lane: true, ..Held::default() });
    assert_eq!(bench.turn().1.why, Why::Held);
    assert!(!bench.lane.has_read());
    bench.lane.hold(Held::default());
    bench.end(sample::id(1), How::Taken);
    assert_eq!(bench.turn().0, [sample::id(2)]);
}

#[test]
fn a_held_lane_begins_nothing_until_it_is_released() {
    let mut bench = Bench::new(pace(2, 100), many(1));
    bench.lane.hold(Held { lane: true, ..Held::default() });
    assert_eq!(bench.turn(), (vec![], Rest { until: None, why: Why::Held }));
    bench.lane.hold(Held::default());
    assert_eq!(bench.turn().0.len(), 1);
}

#[test]
fn nothing_begins_in_a_maintenance_window_and_everything_after_it() {
    // The bench begins on Tuesday, 2023-11-14, at 22:13:30 UTC.
    let windows = vec![Window::parse("Tue 22:00-23:00 UTC").unwrap()];
    let mut bench = Bench::new(Pace { maintenance: Maintenance { windows }, ..pace(4, 100) }, many(1));
    let end = Timestamp::parse("2023-11-14T23:00:00Z").unwrap();
    assert_eq!(bench.turn(), (vec![], Rest { until: Some(end), why: Why::Maintenance }));
    bench.hand.advance(end.since(bench.clock.now()));
    assert_eq!(bench.turn().0, [sample::id(1)]);
}

#[test]
fn an_unreachable_target_is_asked_nothing_but_what_must_not_be_sent_still_leaves() {
    let mut due = many(2);
    due[0].bar = Some(Event::DeadlinePassed);
    let mut bench = Bench::new(Pace { reachable: false, ..pace(4, 100) }, due);
    let (begun, rest) = bench.turn();
    assert_eq!((begun.len(), rest.why, bench.due.len()), (0, Why::Unreachable, 1));
}

#[test]
fn a_fault_of_ours_leaves_its_delivery_alone_for_a_while_and_the_lane_goes_on() {
    let mut bench = Bench::new(pace(1, 100), many(2));
    assert_eq!(bench.turn().0, [sample::id(1)]);
    bench.end(sample::id(1), How::OurFault);
    bench.hand.advance(SECOND);
    assert_eq!(bench.turn().0, [sample::id(2)]);
    bench.end(sample::id(2), How::Taken);
    bench.hand.advance(SECOND * 30);
    assert_eq!(bench.turn().0, [sample::id(1)]);
}

#[test]
fn a_lane_pauses_after_a_fault_of_ours_and_a_mailbox_rests() {
    let mut bench = Bench::new(pace(1, 100), many(1));
    bench.lane.failed(bench.clock.now());
    assert_eq!(bench.turn().1.why, Why::Fault);
    bench.hand.advance(SECOND);
    bench.lane.adopt(Way::Collects);
    assert_eq!(bench.turn(), (vec![], Rest { until: None, why: Why::Mailbox }));
}

#[test]
fn five_refusals_of_one_source_hold_that_source_and_of_two_the_lane() {
    let refused = || How::Refused("not-for-us".to_owned());
    let mut bench = Bench::new(pace(1, 1000), many(20));
    let mut last = Vec::new();
    for _ in 0..5 {
        let id = bench.turn().0[0];
        last = bench.end(id, refused());
    }
    let ru = MemberId::new("ru").unwrap();
    assert_eq!(last, [Effect::Hold(Some(ru.clone()), "not-for-us".to_owned())]);
    bench.lane.hold(Held { lane: false, sources: [ru].into() });
    assert_eq!(bench.turn().0, []);
    bench.due.push(entry(99, "kz"));
    assert_eq!(bench.turn().0, [sample::id(99)], "another source's goes out");
    bench.end(sample::id(99), How::Taken);

    let mut bench = Bench::new(pace(1, 1000), vec![entry(1, "ru"), entry(2, "kz"), entry(3, "ru")]);
    bench.due.extend([entry(4, "kz"), entry(5, "ru")]);
    for _ in 0..5 {
        let id = bench.turn().0[0];
        last = bench.end(id, refused());
    }
    assert_eq!(last, [Effect::Hold(None, "not-for-us".to_owned())]);
}

#[test]
fn a_source_whose_deliveries_break_the_target_does_not_stop_the_others() {
    let mut bench = Bench::new(pace(1, 1000), many(20));
    for _ in 0..5 {
        let id = bench.turn().0[0];
        bench.due.retain(|entry| entry.delivery != id);
        bench.end(id, How::PartnerFault);
    }
    assert_eq!(bench.turn().0, []);
    bench.due.push(entry(99, "kz"));
    assert_eq!(bench.turn().0, [sample::id(99)]);
    bench.end(sample::id(99), How::Taken);
    assert_eq!(bench.turn().0, []);
    bench.hand.advance(SECOND * 15);
    assert_eq!(bench.turn().0.len(), 1, "one probe");
}

#[test]
fn a_lane_goes_on_with_the_breaker_that_was_kept_of_it() {
    let mut bench = Bench::new(pace(1, 1000), vec![entry(1, "ru"), entry(2, "kz"), entry(3, "ru")]);
    bench.due.extend([entry(4, "kz"), entry(5, "ru"), entry(6, "kz")]);
    for _ in 0..5 {
        let id = bench.turn().0[0];
        bench.due.retain(|entry| entry.delivery != id);
        bench.end(id, How::PartnerFault);
    }
    let rest = bench.turn().1;
    let mut again = Lane::new(Config::default(), bench.clock.clone(), bench.lane.kept().unwrap());
    again.adopt(Way::Pushed(pace(1, 1000)));
    bench.lane = again;
    bench.hand.advance(SECOND);
    assert_eq!(bench.turn(), (vec![], rest));
    bench.hand.advance(SECOND * 14);
    assert_eq!(bench.turn().0, [sample::id(6)]);
}

#[test]
fn what_a_target_asks_for_is_the_one_probe_of_a_shut_breaker() {
    let due = vec![entry(1, "ru"), entry(2, "kz"), entry(3, "ru")];
    let mut bench = Bench::new(pace(4, 1000), due);
    while !matches!(bench.lane.breaker(), Breaker::Open { .. }) {
        let (begun, _) = bench.turn();
        begun.into_iter().for_each(|id| drop(bench.end(id, How::PartnerFault)));
    }
    bench.lane.ask();
    let (begun, rest) = bench.turn();
    assert_eq!((begun, rest.why), (Vec::new(), Why::Breaker), "nothing of it was asked for");
    let asked = Entry { asked: true, ..entry(9, "ru") };
    bench.due.insert(0, asked.clone());
    assert_eq!(bench.turn().0, Vec::new(), "nobody said so");
    bench.lane.ask();
    let (begun, rest) = bench.turn();
    assert_eq!((begun, rest.why), (vec![asked.delivery], Why::Probe));
    bench.end(asked.delivery, How::PartnerFault);
    assert_eq!(bench.turn().1.why, Why::Breaker);
    bench.lane.ask();
    bench.turn();
    bench.end(asked.delivery, How::Taken);
    assert_eq!(bench.turn().0.len(), 3, "it is there again");
}

#[test]
fn a_target_that_answers_wrongly_for_good_is_told_of_once_and_its_breaker_when_it_opens_and_closes() {
    let mut bench = Bench::new(pace(1, 1000), vec![entry(1, "ru"), entry(2, "kz")]);
    let mut told = Vec::new();
    for round in 0..10 {
        let id = loop {
            match bench.turn() {
                (begun, _) if !begun.is_empty() => break begun[0],
                (_, rest) => bench.hand.advance(rest.until.unwrap().since(bench.clock.now())),
            }
        };
        let (how, alarm) = match round {
            9 => (How::Taken, None),
            _ => (How::PartnerFault, Some("status-404".to_owned())),
        };
        bench.due.rotate_left(1);
        told.extend(bench.lane.ended(bench.clock.now(), &Ended { delivery: id, how, alarm }));
    }
    let alarm = Effect::Alarm("status-404".to_owned());
    assert_eq!(told, [alarm, Effect::BreakerMoved("open"), Effect::BreakerMoved("closed")]);
}
