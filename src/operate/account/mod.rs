//! Accounts of operators: who may sign in, with which role.
//!
//! An account is the newest entry of its name in [`Book::Account`]; whatever changes it writes the next, and the number of
//! the entry says whether a session was begun on the account as it is. Passwords are kept as argon2id alone
//! (`password`). The first account is made over the control socket: there is none by default, and no default password.

mod password;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::password::{HASHES_AT_ONCE_MAX, HASHES_WAITING_MAX, Passwords};
use super::{Answer, DECISIONS_MAX, Operate, Operator, Order, Refusal};
use crate::{
    model::{reason::Reason, time::Timestamp},
    store::{
        Fault,
        action::{About, Acted, Effect, Verb},
        register::{Book, Entry, NewEntry},
    },
};

/// Most accounts, disabled ones among them.
pub const ACCOUNTS_MAX: usize = 500;
/// Longest name of an account, in characters.
pub const ACCOUNT_CHARACTERS_MAX: usize = 32;
/// Shortest password, in characters.
pub const PASSWORD_CHARACTERS_MIN: usize = 12;
/// Longest password, in characters.
pub const PASSWORD_CHARACTERS_MAX: usize = 128;

/// What an account may do; each role may do what the one before it may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks at everything but the content of documents.
    Viewer,
    /// Also holds, releases, ends, repeats, addresses, and reads content for a stated reason.
    Operator,
    /// Also changes the hub.
    Administrator,
}

/// An account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Whether it may not sign in.
    pub disabled: bool,
    /// When it was changed last.
    pub changed: Timestamp,
    /// Number of its entry: another one after each change.
    pub number: i64,
    hash: String,
}

/// An account as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    role: Role,
    disabled: bool,
    hash: String,
}

/// What is changed of an account.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// Its role.
    Role(Role),
    /// Whether it may not sign in.
    Disabled(bool),
    /// Its password.
    Password(String),
}

/// What came of a sign-in, for the records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignIn {
    /// It was let in.
    Done,
    /// The first of perhaps many that failed.
    Failed,
    /// So many failed that the next are not listened to for a while.
    Locked,
    /// It ended its session.
    Ended,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Administrator];

    /// The word in entries, answers and pages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Administrator => "administrator",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

impl Account {
    /// An account for tests of what rests on one.
    #[cfg(test)]
    pub(crate) fn made(name: &str, role: Role) -> Self {
        let changed = Timestamp::default();
        Self { name: name.to_owned(), role, disabled: false, changed, number: 1, hash: String::new() }
    }

    fn read(entry: &Entry) -> Result<Self, Fault> {
        let kept: Kept = serde_json::from_slice(&entry.bytes)
            .map_err(|_| Fault::Corrupt { what: "an account".to_owned() })?;
        let (name, changed, number) = (entry.name.clone(), entry.at, entry.number);
        Ok(Self { name, role: kept.role, disabled: kept.disabled, changed, number, hash: kept.hash })
    }

    fn shown(&self) -> Value {
        json!({
            "account": self.name,
            "role": self.role.word(),
            "disabled": self.disabled,
            "changed": self.changed.to_string(),
        })
    }
}

impl Operate {
    /// Every account, by name.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn accounts(&self) -> Result<Vec<Value>, Fault> {
        let entries = self.store.entries(Book::Account, None, None, ACCOUNTS_MAX).await?;
        let mut accounts = entries.iter().map(Account::read).collect::<Result<Vec<_>, _>>()?;
        accounts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(accounts.iter().map(Account::shown).collect())
    }

    /// An account as it is now.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn account(&self, name: &str) -> Result<Option<Account>, Fault> {
        self.store.entry(Book::Account, name).await?.as_ref().map(Account::read).transpose()
    }

    /// Makes an account.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn new_account(
        &self,
        operator: &Operator,
        name: &str,
        (role, password): (Role, &str),
        reason: &str,
    ) -> Answer<Value> {
        let order = Order { operator, verb: Verb::Account, about: about(name), reason };
        if let Err(refusal) = fit(name, Some(password)) {
            return self.ledger.refuse(&order, refusal).await;
        }
        if self.account(name).await?.is_some() {
            let why = format!("there is an account {name} already");
            return self.ledger.refuse(&order, Refusal::new(Reason::AccountExists, why)).await;
        }
        if self.accounts().await?.len() >= ACCOUNTS_MAX {
            let why = format!("there are {ACCOUNTS_MAX} accounts, as many as there may be");
            return self.ledger.refuse(&order, Refusal::new(Reason::AccountUnfit, why)).await;
        }
        let hash = match self.passwords.hash(password).await {
            Ok(hash) => hash,
            Err(refusal) => return self.ledger.refuse(&order, refusal).await,
        };
        let kept = Kept { role, disabled: false, hash };
        let outcome = format!("done: made as {}", role.word());
        match self.keep(&order, name, (&kept, None), &outcome).await? {
            Acted::Done => Ok(Ok(told(name, &outcome))),
            Acted::Unchanged => {
                let why = format!("there is an account {name} already");
                self.ledger.refuse(&order, Refusal::new(Reason::AccountExists, why)).await
            }
        }
    }

    /// Changes an account; every session that was begun on it before has ended then. Nobody's own, so that an
    /// administrator is left.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn change_account(
        &self,
        operator: &Operator,
        name: &str,
        change: &Change,
        reason: &str,
    ) -> Answer<Value> {
        let order = Order { operator, verb: Verb::Account, about: about(name), reason };
        if operator.user == user(name) {
            let why = "nobody changes the own account: another administrator does";
            return self.ledger.refuse(&order, Refusal::new(Reason::AccountUnfit, why)).await;
        }
        let mut hash = None;
        if let Change::Password(password) = change {
            if let Err(refusal) = fit(name, Some(password)) {
                return self.ledger.refuse(&order, refusal).await;
            }
            hash = match self.passwords.hash(password).await {
                Ok(hash) => Some(hash),
                Err(refusal) => return self.ledger.refuse(&order, refusal).await,
            };
        }
        for _ in 0..DECISIONS_MAX {
            let Some(now) = self.account(name).await? else {
                let why = format!("there is no account {name}");
                return self.ledger.refuse(&order, Refusal::new(Reason::AccountUnknown, why)).await;
            };
            let mut kept = Kept { role: now.role, disabled: now.disabled, hash: now.hash.clone() };
            let outcome = match change {
                Change::Role(role) => {
                    kept.role = *role;
                    format!("done: {} instead of {}", role.word(), now.role.word())
                }
                Change::Disabled(disabled) => {
                    kept.disabled = *disabled;
                    format!("done: {}", if *disabled { "disabled" } else { "enabled" })
                }
                Change::Password(_) => {
                    kept.hash = hash.clone().unwrap_or_default();
                    "done: another password".to_owned()
                }
            };
            if self.keep(&order, name, (&kept, Some(now.number)), &outcome).await? == Acted::Done {
                return Ok(Ok(told(name, &outcome)));
            }
        }
        self.ledger.overtaken(&order).await
    }

    /// The account, if the password is its and it may sign in; the work is the same for none.
    ///
    /// # Errors
    /// [`Reason::Busy`] when too many wait already: nothing was judged.
    pub async fn proved(&self, account: Option<Account>, password: &str) -> Result<Option<Account>, Refusal> {
        let hash = account.as_ref().map(|account| account.hash.clone());
        let fits = self.passwords.verify(password, hash).await?;
        Ok(account.filter(|account| fits && !account.disabled))
    }

    /// Records a sign-in; `account` is `None` for a name that no account has.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn record_sign_in(
        &self,
        account: Option<&str>,
        address: &str,
        what: SignIn,
    ) -> Result<(), Fault> {
        let user = account.map_or_else(|| "nobody".to_owned(), user);
        let operator = Operator { user, named: None };
        let about = account.map_or(About::Hub, about);
        let reason = format!("from {address}");
        let outcome = match what {
            SignIn::Done => "done".to_owned(),
            SignIn::Failed => format!("{}: the first of perhaps more", Reason::SignInRefused.code()),
            SignIn::Locked => format!("{}: too many in a row", Reason::SignInLocked.code()),
            SignIn::Ended => "done: signed out".to_owned(),
        };
        let order = Order { operator: &operator, verb: Verb::SignIn, about, reason: &reason };
        self.ledger.commit(&order, Effect::Nothing, &outcome).await.map(drop)
    }

    async fn keep(
        &self,
        order: &Order<'_>,
        name: &str,
        (kept, seen): (&Kept, Option<i64>),
        outcome: &str,
    ) -> Result<Acted, Fault> {
        let bytes = serde_json::to_vec(kept).unwrap_or_default();
        let entry = NewEntry { book: Book::Account, name: name.to_owned(), bytes, seen };
        self.ledger.commit(order, Effect::Keep(Box::new(entry)), outcome).await
    }
}

/// How the records call whoever is signed in to an account; no user of the machine is called so.
#[must_use]
pub fn user(name: &str) -> String {
    format!("account {name}")
}

/// What an action about an account is about; a name that is none is not repeated.
fn about(name: &str) -> About {
    if name_fits(name) { About::Account(name.to_owned()) } else { About::Hub }
}

fn told(name: &str, outcome: &str) -> Value {
    json!({"did": Verb::Account.word(), "about": about(name).to_string(), "outcome": outcome})
}

fn name_fits(name: &str) -> bool {
    let clean = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    name.len() <= ACCOUNT_CHARACTERS_MAX
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(clean)
}

/// Whether name and password are what they must be. Pure.
fn fit(name: &str, password: Option<&str>) -> Result<(), Refusal> {
    let unfit = |why: &str| Err(Refusal::new(Reason::AccountUnfit, why));
    if !name_fits(name) {
        return unfit("a name has 1 to 32 characters of a-z, 0-9, \".\", \"-\" and \"_\", a letter first");
    }
    let Some(password) = password else { return Ok(()) };
    if !(PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX).contains(&password.chars().count()) {
        return unfit("a password has 12 to 128 characters");
    }
    if password.to_lowercase().contains(name) && name.len() > 2 {
        return unfit("a password does not hold the name");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_12_to_128_characters_and_not_the_name() {
        for good in ["p".repeat(12), "ж".repeat(128)] {
            assert_eq!(fit("maria", Some(&good)), Ok(()), "{good}");
        }
        for bad in ["p".repeat(11), "ж".repeat(129), "my name is MARIA".to_owned()] {
            assert!(fit("maria", Some(&bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_has_32_characters_and_not_33() {
        let fits = |name: &str| fit(name, Some("a long enough one")).is_ok();
        assert!(fits("m") && fits(&"m".repeat(32)) && fits("m.de-la_1"));
        for bad in ["", &"m".repeat(33), "Maria", "1maria", "ma ria", "mar\u{ed}a"] {
            assert!(!fits(bad), "{bad}");
        }
    }
}
