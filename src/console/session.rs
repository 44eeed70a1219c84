//! Sessions: in memory alone, so that a restart ends them all.
//!
//! The browser holds 256 random bits; here is only their digest, so that whoever reads the memory's copy can't sign in
//! with it. A session is begun anew at each sign-in and bound to the account as it was then: any change ends it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    model::id::Digest,
    operate::account::{Account, Role},
};

/// Most sessions; the one used longest ago gives way.
pub(super) const SESSIONS_MAX: usize = 1_000;
/// Most sessions of one account; its own one used longest ago gives way.
pub(super) const SESSIONS_PER_ACCOUNT_MAX: usize = 10;

/// A session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Session {
    /// Name of the account.
    pub(super) account: String,
    /// Its role when the session was begun.
    pub(super) role: Role,
    /// The account's entry when the session was begun.
    pub(super) number: i64,
    /// What each form carries.
    pub(super) token: String,
    begun: Duration,
    used: Duration,
}

/// Every session, by the digest of its secret.
#[derive(Debug)]
pub(super) struct Sessions {
    idle: Duration,
    longest: Duration,
    open: Mutex<BTreeMap<Digest, Session>>,
}

impl Sessions {
    /// No session yet.
    #[must_use]
    pub(super) fn new(idle: Duration, longest: Duration) -> Self {
        Self { idle, longest, open: Mutex::default() }
    }

    /// Begins a session at a steady time; gives its secret. `None` when the system has no randomness.
    #[must_use]
    pub(super) fn begin(&self, account: &Account, now: Duration) -> Option<String> {
        let (secret, token) = (random()?, random()?);
        let session = Session {
            account: account.name.clone(),
            role: account.role,
            number: account.number,
            token,
            begun: now,
            used: now,
        };
        self.with(|open| {
            open.retain(|_, session| self.lives(session, now));
            let own = open.values().filter(|session| session.account == account.name).count();
            if own >= SESSIONS_PER_ACCOUNT_MAX {
                drop_oldest(open, |session| session.account == account.name);
            }
            if open.len() >= SESSIONS_MAX {
                drop_oldest(open, |_| true);
            }
            open.insert(key(&secret), session);
        });
        Some(secret)
    }

    /// The session of a secret, used now; `None` when there is none or it has ended.
    #[must_use]
    pub(super) fn find(&self, secret: &str, now: Duration) -> Option<Session> {
        self.with(|open| {
            let found = open.get_mut(&key(secret))?;
            if !self.lives(found, now) {
                open.remove(&key(secret));
                return None;
            }
            found.used = now;
            Some(found.clone())
        })
    }

    /// Ends the session of a secret.
    pub(super) fn end(&self, secret: &str) {
        self.with(|open| open.remove(&key(secret)));
    }

    /// How many there are.
    #[cfg(test)]
    fn count(&self) -> usize {
        self.with(|open| open.len())
    }

    fn lives(&self, session: &Session, now: Duration) -> bool {
        now.saturating_sub(session.used) < self.idle && now.saturating_sub(session.begun) < self.longest
    }

    fn with<T>(&self, change: impl FnOnce(&mut BTreeMap<Digest, Session>) -> T) -> T {
        change(&mut self.open.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn drop_oldest(open: &mut BTreeMap<Digest, Session>, among: impl Fn(&Session) -> bool) {
    let oldest = open.iter().filter(|(_, session)| among(session)).min_by_key(|(_, session)| session.used);
    if let Some(key) = oldest.map(|(key, _)| *key) {
        open.remove(&key);
    }
}

fn key(secret: &str) -> Digest {
    Digest::of(secret.as_bytes())
}

/// 256 random bits as text.
fn random() -> Option<String> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether two tokens are the same, in a time that tells nothing of where they differ.
#[must_use]
pub(super) fn same(one: &str, other: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> Account {
        Account::made(name, Role::Viewer)
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_session_ends_by_a_pause_and_by_its_age() {
        let sessions = Sessions::new(secs(60), secs(150));
        let secret = sessions.begin(&account("maria"), secs(0)).unwrap();
        assert!(sessions.find(&secret, secs(59)).is_some());
        assert!(sessions.find(&secret, secs(118)).is_some(), "each use begins the pause anew");
        assert!(sessions.find(&secret, secs(150)).is_none(), "its age ends it, however busy");
        let secret = sessions.begin(&account("maria"), secs(200)).unwrap();
        assert!(sessions.find(&secret, secs(260)).is_none(), "a pause ends it");
        assert!(sessions.find(&secret, secs(201)).is_none(), "what ended stays ended");
    }

    #[test]
    fn an_eleventh_session_of_an_account_ends_its_first_and_no_other_ones() {
        let sessions = Sessions::new(secs(1_000), secs(1_000));
        let other = sessions.begin(&account("otto"), secs(0)).unwrap();
        let mine: Vec<_> = (1..=11).map(|at| sessions.begin(&account("maria"), secs(at)).unwrap()).collect();
        let lives = |secret| sessions.find(secret, secs(20)).is_some();
        assert!(!lives(&mine[0]) && lives(&mine[1]) && lives(&other));
        assert_eq!(sessions.count(), SESSIONS_PER_ACCOUNT_MAX + 1);
    }

    #[test]
    fn past_the_most_the_one_used_longest_ago_gives_way() {
        let sessions = Sessions::new(secs(10_000), secs(10_000));
        let begin = |at: usize| {
            sessions.begin(&account(&format!("a{at}")), secs(u64::try_from(at).unwrap())).unwrap()
        };
        let first = begin(0);
        (1..SESSIONS_MAX).for_each(|at| drop(begin(at)));
        assert!(sessions.find(&first, secs(5_000)).is_some());
        begin(SESSIONS_MAX);
        assert_eq!(sessions.count(), SESSIONS_MAX);
        assert!(sessions.find(&first, secs(5_000)).is_some(), "it was used since");
    }
}
