//! Lanes without store and network: what they begin, and when.

mod obstacles;

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{
    clock::{Clock, Manual},
    deliver::{Config, breaker::Breaker, hold::Held, sample},
    model::{
        delivery::Event,
        id::{DeliveryId, MemberId},
        time::Timestamp,
    },
    region::{
        maintenance::{Maintenance, Window},
        member::Rate,
    },
    store::claim::Stream,
};

const SECOND: Duration = Duration::from_secs(1);

/// A lane on a clock turned by hand, and the due heads of an imaginary store.
struct Bench {
    lane: Lane,
    clock: Clock,
    hand: Arc<Manual>,
    due: Vec<Entry>,
    looks: usize,
}

fn pace(permits: usize, per_second: u32) -> Pace {
    let count = NonZeroU32::new(per_second).unwrap();
    let rate = Rate { count, weight: count, period: SECOND, burst: count };
    Pace { rate, permits, maintenance: Maintenance::default(), reachable: true, stream: Stream::All }
}

fn entry(n: u128, source: &str) -> Entry {
    Entry {
        delivery: sample::id(n),
        chain: i64::try_from(n).unwrap(),
        source: MemberId::new(source).unwrap(),
        weight: 1,
        retried: false,
        bar: None,
        asked: false,
    }
}

impl Bench {
    fn new(pace: Pace, due: Vec<Entry>) -> Self {
        let (clock, hand) = Clock::manual(Timestamp(1_700_000_000_000));
        let mut lane = Lane::new(Config::default(), clock.clone(), Vec::new());
        lane.adopt(Way::Pushed(pace));
        hand.advance(SECOND * 10);
        Self { lane, clock, hand, due, looks: 0 }
    }

    /// What the lane begins or sets aside now, and what it then waits for.
    fn turn(&mut self) -> (Vec<DeliveryId>, Rest) {
        self.lane.stir();
        self.go_on()
    }

    /// As [`Bench::turn`], where nothing was committed that the lane is told of.
    fn go_on(&mut self) -> (Vec<DeliveryId>, Rest) {
        let mut begun = Vec::new();
        loop {
            let now = self.clock.now();
            match self.lane.next(now) {
                Step::Rest(rest) => return (begun, rest),
                Step::Begin(id) => begun.push(id),
                Step::SetAside(id, _) => self.due.retain(|entry| entry.delivery != id),
                Step::Look(claim) => {
                    self.looks += 1;
                    let left_out = |entry: &&Entry| {
                        claim.skip.contains(&entry.delivery) || claim.without.contains(&entry.source)
                    };
                    let due = self.due.iter().filter(|entry| !left_out(entry));
                    let due = due.take(claim.most).cloned().collect();
                    self.lane.offer(now, due, None);
                }
            }
        }
    }

    /// Ends an attempt; a delivery that was taken or refused is due no more.
    fn end(&mut self, id: DeliveryId, how: How) -> Vec<Effect> {
        if matches!(how, How::Taken | How::Refused(_)) {
            self.due.retain(|entry| entry.delivery != id);
        }
        self.lane.ended(self.clock.now(), &Ended { delivery: id, how, alarm: None })
    }
}

fn many(n: u128) -> Vec<Entry> {
    (1..=n).map(|n| entry(n, "ru")).collect()
}

#[test]
fn a_lane_begins_as_many_as_it_has_permits_and_one_more_when_one_ends() {
    let mut bench = Bench::new(pace(2, 100), many(5));
    let (begun, rest) = bench.turn();
    assert_eq!((begun.as_slice(), rest.why), ([sample::id(1), sample::id(2)].as_slice(), Why::Permits));
    assert!(bench.turn().0.is_empty());
    bench.end(sample::id(1), How::Taken);
    assert_eq!(bench.turn().0, [sample::id(3)]);
}

#[test]
fn what_is_taken_back_before_it_began_may_begin_again_at_once() {
    let mut bench = Bench::new(pace(1, 100), many(2));
    assert_eq!(bench.turn().0, [sample::id(1)]);
    bench.lane.take_back(bench.clock.now(), sample::id(1));
    assert!(bench.lane.in_hand().is_empty());
    bench.lane.hold(Held { lane: true, ..Held::default() });
    assert_eq!(bench.turn().1.why, Why::Held);
    bench.lane.hold(Held::default());
    assert_eq!(bench.turn().0, [sample::id(1)], "it is not shunned");
}

#[test]
fn a_target_that_has_not_answered_yet_is_tried_by_a_few_at_once() {
    let mut bench = Bench::new(pace(10, 1000), many(40));
    let (begun, rest) = bench.turn();
    assert_eq!((begun.len(), rest.why), (4, Why::Permits));
    bench.end(sample::id(1), How::Taken);
    assert_eq!(bench.turn().0.len(), 7, "the others' permits and its own");
}

#[test]
fn a_lane_that_read_all_there_is_looks_again_only_when_there_may_be_more() {
    let mut bench = Bench::new(pace(4, 100), many(2));
    let (begun, rest) = bench.turn();
    assert_eq!((begun.len(), rest.why, bench.looks), (2, Why::Idle, 1));
    bench.end(sample::id(1), How::Taken);
    assert_eq!((bench.go_on().0.len(), bench.looks), (0, 1), "what follows would be told by its commit");
    bench.due.push(entry(3, "ru"));
    assert_eq!((bench.turn().0, bench.looks), (vec![sample::id(3)], 2));
    bench.end(sample::id(3), How::PartnerFault);
    assert_eq!((bench.go_on().0, bench.looks), (vec![sample::id(3)], 3), "a fault may let it go again");
}

#[test]
fn what_was_passed_over_for_its_chain_is_looked_for_when_that_ends() {
    let mut bench = Bench::new(pace(4, 100), many(1));
    assert_eq!(bench.turn().0, [sample::id(1)]);
    // It was ended meanwhile, so the next of its chain is due.
    bench.due = vec![Entry { chain: 1, ..entry(2, "ru") }];
    assert!(bench.turn().0.is_empty());
    bench.lane.ended(bench.clock.now(), &Ended { delivery: sample::id(1), how: How::Taken, alarm: None });
    assert_eq!(bench.go_on().0, [sample::id(2)]);
}

#[test]
fn what_an_operator_ended_after_it_was_read_does_not_begin() {
    let mut bench = Bench::new(pace(1, 1000), many(3));
    let (begun, _) = bench.turn();
    assert_eq!(begun, [sample::id(1)], "the others were read with it");
    bench.due.retain(|entry| entry.delivery != sample::id(2));
    bench.lane.recall();
    let now = bench.clock.now();
    bench.lane.ended(now, &Ended { delivery: sample::id(1), how: How::Taken, alarm: None });
    bench.due.retain(|entry| entry.delivery != sample::id(1));
    assert_eq!(bench.turn().0, [sample::id(3)]);
}

#[test]
fn what_must_not_be_sent_leaves_the_lane_and_takes_neither_permit_nor_rate() {
    let mut due = many(3);
    due[0].bar = Some(Event::DeadlinePassed);
    due[1].bar = Some(Event::DeadlinePassed);
    let mut bench = Bench::new(pace(1, 1), due);
    assert_eq!(bench.turn().0, [sample::id(3)]);
    assert_eq!(bench.due.len(), 1);
}

#[test]
fn the_rate_says_when_to_ask_again_and_nothing_is_lost_by_waiting() {
    let mut bench = Bench::new(pace(10, 1), many(2));
    let (begun, rest) = bench.turn();
    assert_eq!((begun.len(), rest.why, rest.until), (1, Why::Rate, Some(bench.clock.now().plus(SECOND))));
    bench.hand.advance(SECOND);
    assert_eq!(bench.turn().0, [sample::id(2)]);
}

#[test]
fn a_clock_set_back_lengthens_no_pause_of_the_lane() {
    let mut bench = Bench::new(pace(1, 100), many(1));
    assert_eq!(bench.turn().0, [sample::id(1)]);
    bench.end(sample::id(1), How::OurFault);
    bench.lane.failed(bench.clock.now());
    assert_eq!(bench.turn().0, []);
    bench.hand.step(SECOND * 7_200, false);
    assert_eq!(bench.turn().0, [sample::id(1)]);
}

#[test]
fn whose_turn_it_is_goes_on_from_one_window_to_the_next() {
    let mut bench = Bench::new(pace(1, 100), many(4));
    let mut turns = Vec::new();
    for _ in 0..4 {
        bench.lane.stir();
        bench.hand.advance(SECOND);
        let Step::Look(claim) = bench.lane.next(bench.clock.now()) else { panic!("looks for work") };
        turns.push(claim.turn.is_retried());
        let id = bench.turn().0[0];
        bench.end(id, How::Taken);
    }
    assert_eq!(turns, [false, false, false, true]);
}

#[test]
fn what_becomes_urgent_is_seen_within_a_second() {
    let mut bench = Bench::new(pace(1, 100), many(3));
    assert_eq!(bench.turn().0, [sample::id(1)]);
    bench.due.insert(0, entry(9, "ru"));
    bench.hand.advance(SECOND);
    bench.end(sample::id(1), How::Taken);
    assert_eq!(bench.turn().0, [sample::id(9)]);
}

proptest! {
    #[test]
    fn permits_breaker_and_hold_are_never_passed_and_every_delivery_gets_through(
        events in prop::collection::vec((0u8..7, 0u64..40), 0..120), permits in 1usize..5,
    ) {
        let mut bench = Bench::new(pace(permits, 1000), many(20));
        for (event, seconds) in events {
            bench.hand.advance(Duration::from_secs(seconds));
            let spared = matches!(bench.lane.breaker(), Breaker::Open { until, .. } if until > bench.clock.now());
            let (begun, _) = bench.turn();
            prop_assert!(bench.lane.in_hand().len() <= permits);
            prop_assert!(!spared || begun.is_empty());
            let Some(id) = bench.lane.in_hand().into_iter().next() else { continue };
            match event {
                0 | 1 => drop(bench.end(id, How::Taken)),
                2..5 => drop(bench.end(id, How::PartnerFault)),
                5 => drop(bench.end(id, How::OurFault)),
                _ => {}
            }
        }
        for _ in 0..200 {
            for id in bench.lane.in_hand() {
                bench.end(id, How::Taken);
            }
            bench.hand.advance(Duration::from_secs(60));
            bench.turn();
        }
        prop_assert!(bench.due.is_empty());
    }
}

#[test]
fn what_follows_in_a_chain_waits_for_the_answer_to_what_was_ended_meanwhile() {
    let mut due = many(3);
    due[1].chain = due[0].chain;
    let mut bench = Bench::new(pace(3, 100), vec![due[0].clone()]);
    assert_eq!(bench.turn().0, [sample::id(1)]);
    // An operator ends the first: the second is head and due, and so is another chain.
    bench.due = due.split_off(1);
    assert_eq!(bench.turn().0, [sample::id(3)]);
    bench.end(sample::id(1), How::PartnerFault);
    assert_eq!(bench.turn().0, [sample::id(2)]);
}
