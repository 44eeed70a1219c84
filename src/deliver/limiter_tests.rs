//! The pace on a clock turned by hand.

use proptest::prelude::*;

use super::*;
use crate::{clock::Manual, model::time::Timestamp};

fn rate(count: u32, weight: u32, seconds: u64, burst: u32) -> Rate {
    let number = |n| NonZeroU32::new(n).unwrap();
    Rate {
        count: number(count),
        weight: number(weight),
        period: Duration::from_secs(seconds),
        burst: number(burst),
    }
}

fn limiter(rate: Rate) -> (Limiter, Arc<Manual>) {
    let (clock, hand) = Clock::manual(Timestamp(1_700_000_000_000));
    (Limiter::new(rate, &clock), hand)
}

fn taken(limiter: &Limiter, weight: u32) -> u32 {
    (0..1000).take_while(|_| limiter.ready(weight).is_ok()).count().try_into().unwrap()
}

#[test]
fn the_burst_has_to_be_earned_first() {
    let (limiter, hand) = limiter(rate(60, 6000, 60, 10));
    assert_eq!(limiter.ready(1), Err(Duration::from_secs(1)));
    hand.advance(Duration::from_secs(1));
    assert_eq!(taken(&limiter, 1), 1);
    hand.advance(Duration::from_secs(1000));
    assert_eq!(taken(&limiter, 1), 10);
}

#[test]
fn what_waits_for_weight_takes_nothing_from_the_count() {
    // 10 a minute by count, burst 10; 10 by weight, burst 10.
    let (limiter, hand) = limiter(rate(10, 10, 60, 10));
    hand.advance(Duration::from_secs(60));
    assert_eq!(limiter.ready(8), Ok(()));
    for _ in 0..100 {
        assert_eq!(limiter.ready(8), Err(Duration::from_secs(36)));
    }
    // Two units of weight are left, and nine of the count.
    assert_eq!(taken(&limiter, 1), 2);
}

#[test]
fn a_delivery_heavier_than_the_burst_goes_and_the_rest_drains_afterwards() {
    let (limiter, hand) = limiter(rate(60, 60, 60, 10));
    hand.advance(Duration::from_secs(10));
    assert_eq!(limiter.ready(100), Ok(()));
    // 100 units at one a second, of which the bucket held ten; then one more for the next.
    assert_eq!(limiter.ready(1), Err(Duration::from_secs(91)));
    hand.advance(Duration::from_secs(91));
    assert_eq!(limiter.ready(1), Ok(()));
}

#[test]
fn a_reload_keeps_the_bucket_of_an_unchanged_rate_and_empties_that_of_a_changed_one() {
    let (mut limiter, hand) = limiter(rate(60, 600, 60, 10));
    hand.advance(Duration::from_secs(60));
    assert_eq!(taken(&limiter, 1), 10);
    limiter.retune(rate(60, 600, 60, 10));
    assert_eq!(taken(&limiter, 1), 0);
    hand.advance(Duration::from_secs(3));
    limiter.retune(rate(60, 600, 60, 10));
    assert_eq!(taken(&limiter, 1), 3);
    hand.advance(Duration::from_secs(60));
    limiter.retune(rate(61, 600, 60, 10));
    assert_eq!(taken(&limiter, 1), 0);
}

#[test]
fn a_wait_is_never_shorter_than_a_tick_of_the_clock() {
    let (limiter, _hand) = limiter(rate(1_000_000_000, 1_000_000_000, 1, 1));
    assert_eq!(limiter.ready(1), Err(Duration::from_millis(1)));
}

proptest! {
    #[test]
    fn no_stretch_of_time_sees_more_than_burst_and_rate(
        count in 1u32..100, weight in 1u32..200, seconds in 1u64..100, burst in 1u32..50,
        steps in prop::collection::vec((0u64..5_000, 1u32..6), 1..40),
    ) {
        let rate = rate(count, weight.max(6 * count), seconds, burst);
        let (limiter, hand) = limiter(rate);
        let (mut now, mut made): (u64, Vec<(u64, u32)>) = (0, Vec::new());
        for (pass, heavy) in steps {
            hand.advance(Duration::from_millis(pass));
            now += pass;
            while limiter.ready(heavy).is_ok() {
                made.push((now, heavy));
            }
        }
        let per_milli = |n: u32| f64::from(n) / (seconds as f64 * 1000.0);
        let share = f64::from(burst.min(count)) * f64::from(rate.weight.get()) / f64::from(count);
        for (i, (from, _)) in made.iter().enumerate() {
            let mut sum = 0;
            for (n, (until, heavy)) in made[i..].iter().enumerate() {
                sum += heavy;
                let passed = (until - from) as f64;
                prop_assert!(n as f64 + 1.0 <= f64::from(burst.min(count)) + passed * per_milli(count) + 1e-6);
                prop_assert!(f64::from(sum) <= share.max(6.0) + passed * per_milli(rate.weight.get()) + 1e-6);
            }
        }
    }

    #[test]
    fn whoever_waits_as_told_gets_through(weights in prop::collection::vec(1u32..500, 1..50)) {
        let (limiter, hand) = limiter(rate(60, 300, 60, 5));
        for weight in weights {
            let mut tries = 0;
            while let Err(wait) = limiter.ready(weight) {
                hand.advance(wait);
                tries += 1;
                prop_assert!(tries <= 2, "count, then weight");
            }
        }
    }
}

#[test]
fn a_debt_outlives_its_limiter_and_a_new_rate() {
    let (clock, hand) = Clock::manual(Timestamp(0));
    hand.advance(Duration::from_secs(1_000));
    let mut limiter = Limiter::new(rate(60, 60, 60, 10), &clock);
    assert_eq!(limiter.owes(), Duration::ZERO);
    hand.advance(Duration::from_secs(10));
    assert_eq!((limiter.ready(40), limiter.owes()), (Ok(()), Duration::from_secs(30)));
    hand.advance(Duration::from_secs(10));
    let again = Limiter::new(rate(60, 60, 60, 10), &clock);
    again.owe(limiter.owes());
    assert_eq!(again.owes(), Duration::from_secs(20));
    limiter.retune(rate(60, 120, 60, 10));
    assert_eq!(limiter.owes(), Duration::from_secs(20));
    hand.advance(Duration::from_secs(20));
    assert_eq!(again.owes(), Duration::ZERO);
    assert!(again.ready(1).is_err(), "out of debt is empty, not full");
}
