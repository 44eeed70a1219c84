//! Hashing passwords: argon2id on blocking threads, a bounded number at once.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::{model::reason::Reason, operate::Refusal};

/// Passwords hashed at the same time: each takes 19 MiB and a core.
pub const HASHES_AT_ONCE_MAX: usize = 2;
/// Passwords that may wait for their turn; whoever comes beyond is told to come again.
pub const HASHES_WAITING_MAX: usize = 16;

/// A hash that no password has, so that a name without account costs what one with an account does.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y29vaHViIG5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The places where passwords are hashed; cheap to clone.
#[derive(Clone, Debug)]
pub struct Passwords {
    places: Arc<Semaphore>,
    line: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let places = Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX));
        Self { places, line: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX + HASHES_WAITING_MAX)) }
    }
}

impl Passwords {
    /// The hash of a password, with a salt of its own.
    ///
    /// # Errors
    /// [`Reason::Busy`] when too many wait already, [`Reason::Fault`] when the system gives no randomness.
    pub(super) async fn hash(&self, password: &str) -> Result<String, Refusal> {
        let password = password.to_owned();
        let hashed = self.turn(move || Argon2::default().hash_password(password.as_bytes()).ok()).await?;
        let failed = || Refusal::new(Reason::Fault, "the password could not be hashed");
        hashed.map(|hash| hash.to_string()).ok_or_else(failed)
    }

    /// Whether a password has a hash; without one, the same work for nothing.
    ///
    /// # Errors
    /// [`Reason::Busy`] when too many wait already.
    pub(super) async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool, Refusal> {
        let password = password.to_owned();
        self.turn(move || {
            let known = hash.is_some();
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let fits = |hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
            PasswordHash::new(&hash).map(fits).unwrap_or_default() && known
        })
        .await
    }

    async fn turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let busy = || Refusal::new(Reason::Busy, "too many sign-ins at once; try again");
        let line = self.line.clone().try_acquire_owned().map_err(|_| busy())?;
        let place = self.places.clone().acquire_owned().await.map_err(|_| busy())?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((place, line));
            done
        });
        done.await.map_err(|_| Refusal::new(Reason::Fault, "the password could not be hashed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_has_its_hash_and_no_other_and_nobody_has_none() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(passwords.verify("correct horse battery", Some(hash.clone())).await, Ok(true));
        assert_eq!(passwords.verify("correct horse batterz", Some(hash)).await, Ok(false));
        assert!(PasswordHash::new(NOBODY).is_ok(), "the work is done for nobody too");
        assert_eq!(passwords.verify("correct horse battery", None).await, Ok(false));
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_told_to_come_again() {
        let passwords = Passwords::default();
        let most = u32::try_from(HASHES_AT_ONCE_MAX + HASHES_WAITING_MAX).unwrap();
        let line = passwords.line.clone().try_acquire_many_owned(most - 1).unwrap();
        assert_eq!(passwords.verify("x", None).await, Ok(false));
        let last = passwords.line.clone().try_acquire_owned().unwrap();
        assert_eq!(passwords.verify("x", None).await.unwrap_err().reason, Reason::Busy);
        drop((line, last));
    }
}
