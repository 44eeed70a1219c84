//! How long sign-ins are not listened to after failures: of a name, of an account, and from an address. Pure but for
//! its lock.
//!
//! After [`FAILURES_FREE`] failures in a row each further one doubles the wait. Somebody else's failures keep the owner
//! of an account out for [`ACCOUNT_WAIT_MAX`] at most; an address waits longer, since it is the attacker's. A sign-in is
//! counted before its password is judged, so that guesses at the same time are no more than guesses one by one.
//!
//! Every name is counted, also one that no account has, and what is told follows from names and addresses alone: it
//! says nothing of which accounts there are. Names are invented at will and push each other out of their room; so the
//! failures of an account are counted a second time, in a room where nothing invented goes. Where only that one says
//! to wait, the password is refused unjudged, and the answer is that of a wrong one.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::operate::account::ACCOUNTS_MAX;

/// Failures in a row that cost no wait.
pub(super) const FAILURES_FREE: u32 = 5;
/// Wait after the first failure beyond them; each further one doubles it.
pub(super) const WAIT: Duration = Duration::from_secs(15);
/// Longest wait of a name or an account.
pub(super) const ACCOUNT_WAIT_MAX: Duration = Duration::from_secs(5 * 60);
/// Longest wait of an address.
pub(super) const ADDRESS_WAIT_MAX: Duration = Duration::from_secs(60 * 60);
/// Pause after which failures are forgotten.
pub(super) const FORGOTTEN_AFTER: Duration = Duration::from_secs(2 * 60 * 60);
/// Most names remembered, and most addresses; of each the one that failed longest ago is forgotten. Of accounts all are.
pub(super) const REMEMBERED_MAX: usize = 4_096;

/// Who wants to sign in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Who {
    /// The name that was given.
    pub(super) name: String,
    /// Whether an account has it.
    pub(super) known: bool,
    /// The address that is counted, if one is; of IPv6 the network of 64 bits.
    pub(super) address: Option<String>,
}

/// What a failure means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// The first in a row of an account.
    First,
    /// One of many, or of a name that no account has: nothing new in it.
    More,
    /// The first that costs an account or an address a wait.
    Locked,
}

/// The failures of everybody.
#[derive(Debug)]
pub(super) struct Lockout {
    rooms: Mutex<Rooms>,
}

/// A sign-in under way, counted already; one that is dropped has failed.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    lockout: &'a Lockout,
    who: Who,
    /// Whether the password is judged.
    judged: bool,
    begun: Duration,
    over: bool,
}

#[derive(Debug)]
struct Rooms {
    names: Room,
    accounts: Room,
    addresses: Room,
}

/// Failures of one kind.
#[derive(Debug)]
struct Room {
    most: usize,
    wait_max: Duration,
    of: BTreeMap<String, Failures>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    /// Sign-ins under way.
    open: u32,
    last: Duration,
    until: Duration,
}

impl Default for Lockout {
    fn default() -> Self {
        let room = |most, wait_max| Room { most, wait_max, of: BTreeMap::new() };
        Self {
            rooms: Mutex::new(Rooms {
                names: room(REMEMBERED_MAX, ACCOUNT_WAIT_MAX),
                accounts: room(ACCOUNTS_MAX, ACCOUNT_WAIT_MAX),
                addresses: room(REMEMBERED_MAX, ADDRESS_WAIT_MAX),
            }),
        }
    }
}

impl Lockout {
    /// Counts a sign-in that is about to be judged.
    ///
    /// # Errors
    /// How long it is not listened to.
    pub(super) fn begin(&self, who: Who, now: Duration) -> Result<Attempt<'_>, Duration> {
        self.with(|rooms| {
            let address = who.address.as_ref().and_then(|address| rooms.addresses.wait(address, now));
            if let Some(wait) = rooms.names.wait(&who.name, now).max(address) {
                return Err(wait);
            }
            let judged = who.known && rooms.accounts.wait(&who.name, now).is_none();
            rooms.each(&who, judged, |room, one| room.begin(one, now));
            Ok(Attempt { lockout: self, who, judged, begun: now, over: false })
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Rooms) -> T) -> T {
        change(&mut self.rooms.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Attempt<'_> {
    /// Whether the password is to be judged; otherwise it is refused as a wrong one, for the same work.
    #[must_use]
    pub(super) fn is_judged(&self) -> bool {
        self.judged
    }

    /// It was let in: the failures of its name and account are forgotten. Those of the address are forgotten by time
    /// alone, for else whoever has an account could try others for ever.
    pub(super) fn succeeded(mut self) {
        self.over = true;
        self.lockout.with(|rooms| {
            rooms.each(&self.who, self.judged, Room::give_back);
            rooms.names.of.remove(&self.who.name);
            rooms.accounts.of.remove(&self.who.name);
        });
    }

    /// Nobody judged it: it counts for nothing.
    pub(super) fn given_back(mut self) {
        self.over = true;
        self.lockout.with(|rooms| rooms.each(&self.who, self.judged, Room::give_back));
    }

    /// It failed; what that means.
    pub(super) fn failed(mut self, now: Duration) -> Meaning {
        self.over = true;
        self.count(now)
    }

    fn count(&self, now: Duration) -> Meaning {
        self.lockout.with(|rooms| {
            rooms.names.failed(&self.who.name, now);
            let account = if self.judged { rooms.accounts.failed(&self.who.name, now) } else { 0 };
            let address = self.who.address.as_ref().map_or(0, |one| rooms.addresses.failed(one, now));
            match (account, address) {
                (count, _) | (_, count) if count == FAILURES_FREE + 1 => Meaning::Locked,
                (1, _) => Meaning::First,
                _ => Meaning::More,
            }
        })
    }
}

impl Drop for Attempt<'_> {
    /// Whoever breaks off while a password is judged has guessed all the same.
    fn drop(&mut self) {
        if !self.over {
            self.count(self.begun);
        }
    }
}

impl Rooms {
    /// Does the same in every room where a sign-in is counted.
    fn each(&mut self, who: &Who, judged: bool, act: impl Fn(&mut Room, &str)) {
        act(&mut self.names, &who.name);
        if judged {
            act(&mut self.accounts, &who.name);
        }
        if let Some(address) = &who.address {
            act(&mut self.addresses, address);
        }
    }
}

impl Room {
    /// How long it is not listened to; `None`: go on. Past the free failures one sign-in is judged at a time.
    fn wait(&self, one: &str, now: Duration) -> Option<Duration> {
        let failures = self.of.get(one)?;
        let left = failures.until.saturating_sub(now);
        let judging = failures.count.saturating_add(failures.open);
        if left.is_zero() && failures.open > 0 && judging > FAILURES_FREE {
            return Some(wait(judging, self.wait_max));
        }
        Some(left).filter(|left| !left.is_zero())
    }

    fn begin(&mut self, one: &str, now: Duration) {
        let failures = self.remembered(one, now);
        failures.open = failures.open.saturating_add(1);
    }

    fn give_back(&mut self, one: &str) {
        if let Some(failures) = self.of.get_mut(one) {
            failures.open = failures.open.saturating_sub(1);
        }
        self.of.retain(|name, failures| name != one || failures.count > 0 || failures.open > 0);
    }

    /// Counts a failure; how many there are in a row by now.
    fn failed(&mut self, one: &str, now: Duration) -> u32 {
        let wait_max = self.wait_max;
        let failures = self.remembered(one, now);
        failures.open = failures.open.saturating_sub(1);
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        failures.until = now + wait(failures.count, wait_max);
        failures.count
    }

    /// The failures of one, with room made for them.
    fn remembered(&mut self, one: &str, now: Duration) -> &mut Failures {
        if !self.of.contains_key(one) {
            self.of.retain(|_, failures| {
                failures.open > 0 || now.saturating_sub(failures.last) < FORGOTTEN_AFTER
            });
            if self.of.len() >= self.most
                && let Some(oldest) = self.of.iter().min_by_key(|(_, failures)| failures.last)
            {
                let oldest = oldest.0.clone();
                self.of.remove(&oldest);
            }
        }
        self.of.entry(one.to_owned()).or_insert(Failures { count: 0, open: 0, last: now, until: now })
    }
}

fn wait(failures: u32, most: Duration) -> Duration {
    let Some(beyond) = failures.checked_sub(FAILURES_FREE + 1) else { return Duration::ZERO };
    WAIT.saturating_mul(1_u32.checked_shl(beyond.min(16)).unwrap_or(u32::MAX)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1);

    fn who(name: &str, known: bool) -> Who {
        Who { name: name.to_owned(), known, address: None }
    }

    fn maria() -> Who {
        who("maria", true)
    }

    fn from(address: usize) -> Who {
        Who { address: Some(address.to_string()), ..who(&format!("of-{address}"), false) }
    }

    fn fail(lockout: &Lockout, who: Who, now: Duration) -> Meaning {
        lockout.begin(who, now).unwrap().failed(now)
    }

    fn wait_of(lockout: &Lockout, who: Who, now: Duration) -> Option<Duration> {
        lockout.begin(who, now).map(Attempt::given_back).err()
    }

    #[test]
    fn five_failures_are_free_and_each_further_one_doubles_the_wait_up_to_the_most() {
        let lockout = Lockout::default();
        let meanings: Vec<_> = (0..5).map(|_| fail(&lockout, maria(), NOW)).collect();
        assert_eq!(meanings, [Meaning::First, Meaning::More, Meaning::More, Meaning::More, Meaning::More]);
        assert_eq!(wait_of(&lockout, maria(), NOW), None);
        assert_eq!(fail(&lockout, maria(), NOW), Meaning::Locked);
        let mut now = NOW;
        for wait in [15, 30, 60, 120, 240, 300, 300] {
            let wait = Duration::from_secs(wait);
            assert_eq!(wait_of(&lockout, maria(), now), Some(wait));
            now += wait;
            assert_eq!(wait_of(&lockout, maria(), now), None, "it is over by itself");
            fail(&lockout, maria(), now);
        }
        now += ACCOUNT_WAIT_MAX;
        lockout.begin(maria(), now).unwrap().succeeded();
        assert_eq!(fail(&lockout, maria(), now), Meaning::First, "whoever was let in begins anew");
    }

    #[test]
    fn guesses_at_the_same_time_are_no_more_than_one_by_one() {
        for known in [true, false] {
            let lockout = Lockout::default();
            let begin = |now| lockout.begin(who("maria", known), now);
            let mut open: Vec<_> = (0..18).filter_map(|_| begin(NOW).ok()).collect();
            assert_eq!(open.len(), 6, "the free ones, and the one that costs a wait");
            open.pop().unwrap().given_back();
            assert!(begin(NOW).is_ok(), "what nobody judged counts for nothing");
            drop(open);
            assert_eq!(begin(NOW).err(), Some(WAIT), "what was broken off has failed");
            let only = begin(NOW + WAIT).unwrap();
            assert_eq!(begin(NOW + WAIT).err(), Some(2 * WAIT), "past the free ones one at a time");
            only.succeeded();
            assert!(begin(NOW + WAIT).is_ok());
        }
    }

    #[test]
    fn invented_names_push_out_no_failures_of_an_account_and_do_not_show_which_there_are() {
        let lockout = Lockout::default();
        for known in ["maria", "nobody"].map(|name| who(name, name == "maria")) {
            for _ in 0..6 {
                fail(&lockout, known.clone(), NOW);
            }
        }
        for number in 0..REMEMBERED_MAX {
            fail(&lockout, who(&format!("invented-{number}"), false), NOW + Duration::from_millis(1));
        }
        let now = NOW + Duration::from_millis(1);
        let guess = |who| lockout.begin(who, now).map(|attempt| attempt.is_judged());
        assert_eq!(guess(maria()), Ok(false), "no password of hers is judged");
        assert_eq!(guess(who("nobody", false)), Ok(false), "and that looks as a name nobody has");
        assert_eq!(guess(who("otto", true)), Ok(true), "another account has its own room");
        assert_eq!(
            lockout.begin(maria(), NOW + WAIT).map(|attempt| attempt.is_judged()),
            Ok(true),
            "her wait is no longer than ever"
        );
    }

    #[test]
    fn names_and_addresses_are_bounded_each_and_forgotten_by_time() {
        let lockout = Lockout::default();
        for number in 0..=REMEMBERED_MAX {
            fail(&lockout, from(number), Duration::from_millis(u64::try_from(number).unwrap()));
        }
        let count = |lockout: &Lockout| {
            lockout.with(|rooms| [rooms.names.of.len(), rooms.accounts.of.len(), rooms.addresses.of.len()])
        };
        assert_eq!(count(&lockout), [REMEMBERED_MAX, 0, REMEMBERED_MAX]);
        assert!(lockout.with(|rooms| !rooms.addresses.of.contains_key("0")), "the oldest gave way");
        fail(&lockout, Who { known: true, ..from(1) }, FORGOTTEN_AFTER * 2);
        fail(&lockout, Who { known: true, ..from(REMEMBERED_MAX + 1) }, FORGOTTEN_AFTER * 2);
        assert_eq!(count(&lockout), [2, 2, 2]);
    }

    #[test]
    fn an_address_is_locked_out_whatever_the_names_and_a_success_from_it_changes_nothing() {
        let lockout = Lockout::default();
        let of = |number: usize| Who { name: format!("n{number}"), ..from(7) };
        let meanings: Vec<_> = (0..6).map(|number| fail(&lockout, of(number), NOW)).collect();
        assert_eq!(meanings[..5], [Meaning::More; 5]);
        assert_eq!(meanings[5], Meaning::Locked);
        assert_eq!(wait_of(&lockout, of(9), NOW), Some(WAIT));
        let own = Who { known: true, ..of(9) };
        lockout.begin(own.clone(), NOW + WAIT).unwrap().succeeded();
        assert_eq!(wait_of(&lockout, own.clone(), NOW + WAIT), None);
        assert_eq!(fail(&lockout, own.clone(), NOW + WAIT), Meaning::First);
        assert_eq!(wait_of(&lockout, own, NOW + WAIT), Some(2 * WAIT));
    }
}
