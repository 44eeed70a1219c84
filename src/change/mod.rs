//! Changing the configuration of a running hub: what the folder would change, applying it, its history, going back.
//!
//! A configuration is read once, checked whole, written down and only then applied: whole, or not at all. What is
//! written down is the very bytes that were checked ([`crate::files`]), with who applied them and why, in the commit of
//! the operator's action; a change that was refused is on record too. One change is made at a time.
//!
//! **Invariant:** the newest entry of the history is the configuration that runs, or, for the moment between its commit
//! and its being applied, the one that is about to.
//!
//! The anchors, leaves and lists in the certs folder are not kept: they change by their own calendar, going back to one
//! that ended would cut a member off, and keys must not be copied. Their digests are kept, so that it shows when one
//! changed; those that run can be had as long as they run. The node's own settings (`coohub.toml`) are read at start and
//! are no part of this.
//!
//! It knows no door, as [`crate::operate`]; it cannot see the hub, which hands in what reads and applies ([`Ground`]).

mod folder;
mod history;
mod journal;
mod kept;
mod plan;
mod proposal;
mod ready;
mod replay;
mod rollback;
mod settings;
mod start;
mod turn;

use std::{collections::BTreeSet, path::Path, sync::Arc};

use tokio::sync::watch;

use crate::{
    deliver::hold::Holds,
    files::{Files, Kept},
    model::{
        id::{Digest, MemberId},
        reason::Reason,
    },
    operate::{Ledger, Operator, Order, Refusal},
    problem::{Problem, unit::noun},
    region::{Region, difference::difference},
    store::{
        Fault, Store,
        action::{About, Acted, Effect, Verb},
        register::Book,
    },
};

pub use self::{
    folder::ASIDE,
    history::PAGE_MAX,
    kept::{KEPT_BYTES_MAX, KEPT_FILES_MAX, too_much},
    plan::{Fate, LOOKED_AT_MAX, Plan},
    ready::Readiness,
    replay::{Otherwise, REPLAYED_MAX, Replayed},
    rollback::RolledBack,
    settings::Setting,
    start::{Before, Finished, before, finish},
    turn::TURN_WAIT_MAX,
};
use self::{
    kept::{Configuration, Head, NAME},
    plan::demands_second,
    turn::Turn,
};

/// Times an entry is written anew because another came between; changes are made one at a time, so twice is a mistake.
const DECISIONS_MAX: u32 = 2;

/// What the hub lends to those who change its configuration.
pub trait Ground: Send + Sync {
    /// The region's folder.
    fn folder(&self) -> &Path;

    /// The node's settings, as they were read at start.
    fn settings(&self) -> Vec<Setting>;

    /// Reads and checks a region, and the hub's own leaves; blocking.
    ///
    /// # Errors
    /// Every problem there is.
    fn read(&self, files: &Files) -> Result<Candidate, Vec<Problem>>;

    /// The folder was found to be what runs: it waits for nobody.
    fn settled(&self);
}

/// A configuration that was checked whole.
pub struct Candidate {
    /// The region.
    pub region: Region,
    /// Puts the hub's own leaves in place, which were read with it.
    pub own: Box<dyn FnOnce() + Send>,
}

/// A configuration that was checked whole, and the files it was read from.
struct Read {
    candidate: Candidate,
    files: Kept,
}

/// Who changes the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By<'a> {
    /// The start of the hub.
    Start,
    /// Whoever may send it a signal.
    Signal,
    /// An operator.
    Operator(&'a Operator),
}

/// Why a change is not made: the refusal, and every problem of the folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Coded, and in words.
    pub refusal: Refusal,
    /// What is to be mended.
    pub problems: Vec<Problem>,
}

/// What a use case gives: an answer or a refusal; a fault is ours.
pub type Answer<T> = Result<Result<T, Refused>, Fault>;

/// What was applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// The configuration that runs now.
    pub digest: Digest,
    /// Whether it is another one than before.
    pub changed: bool,
    /// Members whose lanes were released because the hub itself had held them.
    pub released: Vec<String>,
    /// What is wanting of members whose links went live all the same.
    pub advised: Vec<Problem>,
}

/// What came of applying a folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Done {
    /// It runs.
    Applied(Applied),
    /// It waits for a second operator to confirm it.
    Proposed(Digest),
}

/// The use cases; cheap to clone.
#[derive(Clone)]
pub struct Change {
    ledger: Ledger,
    store: Store,
    region: watch::Sender<Arc<Region>>,
    holds: Holds,
    ground: Arc<dyn Ground>,
    turn: Turn,
    /// Members whose links went live without a list that counted.
    unlisted: Arc<std::sync::Mutex<BTreeSet<MemberId>>>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, problems: Vec::new() }
    }
}

impl By<'_> {
    fn operator(self) -> Operator {
        let system = |word: &str| Operator { user: word.to_owned(), named: None };
        match self {
            Self::Start => system("start"),
            Self::Signal => system("signal"),
            Self::Operator(operator) => operator.clone(),
        }
    }

    fn how(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Signal => "signal",
            Self::Operator(_) => "apply",
        }
    }
}

impl Change {
    /// The use cases over a hub's parts.
    #[must_use]
    pub fn new(
        ledger: Ledger,
        store: Store,
        region: watch::Sender<Arc<Region>>,
        holds: Holds,
        ground: Arc<dyn Ground>,
    ) -> Self {
        let (turn, unlisted) = (Turn::new(TURN_WAIT_MAX), Arc::default());
        Self { ledger, store, region, holds, ground, turn, unlisted }
    }

    /// Reads the folder, checks it whole, writes it down and applies it; on any problem nothing changes.
    ///
    /// With `expect`, only if the folder still is the configuration of that digest. What the hub held after refusals in
    /// a row goes on: whoever applies has looked. What an operator held stays held. Where the region that runs demands
    /// two operators, a change that widens is kept for the second ([`Change::confirm`]).
    ///
    /// # Errors
    /// A fault of the store; then nothing was applied.
    pub async fn apply(&self, by: By<'_>, reason: &str, expect: Option<Digest>) -> Answer<Done> {
        let operator = by.operator();
        let order = Order { operator: &operator, verb: Verb::Configure, about: About::Configuration, reason };
        let Some(_turn) = self.turn.take().await else { return self.under_way(&order).await };
        let read = match self.read(Files::at(self.ground.folder())).await? {
            Ok(read) => read,
            Err(problems) => return self.refuse(&order, wrong(self.ground.folder(), problems)).await,
        };
        let found = read.candidate.region.digest;
        if let Some(expected) = expect.filter(|expected| *expected != found) {
            let why = format!("the folder is configuration {}, not {}", found.hex(), expected.hex());
            return self.refuse(&order, Refusal::new(Reason::ConfigurationChanged, why).into()).await;
        }
        let running = self.region.borrow().clone();
        let ready = self.readiness(&running, &read.candidate.region).await?;
        if let Some(wanting) = ready.refuses() {
            return self.refuse(&order, wrong(self.ground.folder(), wanting.to_vec())).await;
        }
        let head = head(by, &read.candidate.region, reason);
        if demands_second(&running, &difference(&running, &read.candidate.region)) {
            return match by {
                // What could never be applied is not proposed.
                By::Operator(_) => match self.unkept(&head, &read, &ready) {
                    Some(refusal) => self.refuse(&order, refusal.into()).await,
                    None => self.propose(&order, found).await,
                },
                By::Start | By::Signal => {
                    let why = "it lets somebody see or do more, or touches a table or list: an operator must propose it, and another confirm it";
                    self.refuse(&order, Refusal::new(Reason::SecondOperator, why).into()).await
                }
            };
        }
        Ok(self.put(&order, head, read, ready).await?.map(Done::Applied))
    }

    /// The refusal where this must be kept and cannot be.
    fn unkept(&self, head: &Head, read: &Read, ready: &Readiness) -> Option<Refusal> {
        let (region, running) = (&read.candidate.region, self.region.borrow().clone());
        let head = Head { unlisted: words(&self.unlisted_with(region, ready)), ..head.clone() };
        let demanded = running.operators.max(region.operators);
        (running.digest != region.digest).then(|| kept::unwatched(demanded, &head, &read.files)).flatten()
    }

    /// Writes down and applies what was checked, unless it must be kept and cannot be.
    async fn put(&self, order: &Order<'_>, head: Head, read: Read, ready: Readiness) -> Answer<Applied> {
        if let Some(refusal) = self.unkept(&head, &read, &ready) {
            return self.refuse(order, refusal.into()).await;
        }
        let Read { candidate: Candidate { region, own }, files } = read;
        let (digest, unlisted) = (region.digest, self.unlisted_with(&region, &ready));
        let head = Head { unlisted: words(&unlisted), ..head };
        let changed = self.region.borrow().digest != digest;
        match changed {
            true => self.keep(order, head, &files).await?,
            // The hub's own leaves may be others; of the region there is nothing to write down.
            false => {
                let outcome = "done: the region is as it was";
                self.ledger.commit(order, Effect::Nothing, outcome).await?;
            }
        }
        own();
        *self.unlisted() = unlisted;
        ready.wanting.iter().for_each(|problem| tracing::warn!(%problem, "a link goes live all the same"));
        self.region.send_replace(Arc::new(region));
        tracing::info!(configuration = %digest.hex(), changed, "configuration applied");
        let released = match self.holds.release_automatic().await {
            Ok(freed) => freed.iter().map(|scope| scope.target.to_string()).collect(),
            Err(fault) => {
                tracing::error!(%fault, "the new configuration runs, and what the hub had held stays held");
                Vec::new()
            }
        };
        released.iter().for_each(|member| tracing::info!(member, "released by the new configuration"));
        Ok(Ok(Applied { digest, changed, released, advised: ready.wanting }))
    }

    /// Writes an entry of the history in one commit with its action.
    async fn keep(&self, order: &Order<'_>, head: Head, files: &Kept) -> Result<(), Fault> {
        let outcome = format!("done: configuration {}", head.digest);
        for _ in 0..DECISIONS_MAX {
            let seen = self.store.entry(Book::Configuration, NAME).await?.map(|entry| entry.number);
            let effect = Effect::Keep(Box::new(kept::entry(head.clone(), files, seen)));
            if self.ledger.commit(order, effect, &outcome).await? == Acted::Done {
                return Ok(());
            }
        }
        Err(Fault::Contended)
    }

    async fn read(&self, files: Files) -> Result<Result<Read, Vec<Problem>>, Fault> {
        let ground = self.ground.clone();
        let work = move || {
            let candidate = ground.read(&files)?;
            Ok(Read { candidate, files: files.kept() })
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Panicked)
    }

    async fn newest(&self) -> Result<Option<Configuration>, Fault> {
        Ok(self.store.entry(Book::Configuration, NAME).await?.as_ref().and_then(kept::read))
    }

    async fn refuse<T>(&self, order: &Order<'_>, refused: Refused) -> Answer<T> {
        let Refused { refusal, problems } = refused;
        let first = problems.first().map(|problem| format!("; first: {problem}")).unwrap_or_default();
        let recorded = Refusal::new(refusal.reason, format!("{}{first}", refusal.why));
        let _: Result<(), Refusal> = self.ledger.refuse(order, recorded).await?;
        Ok(Err(Refused { refusal, problems }))
    }
}

fn head(by: By<'_>, region: &Region, reason: &str) -> Head {
    let Operator { user, named } = by.operator();
    Head {
        digest: region.digest.hex(),
        how: by.how().to_owned(),
        user,
        named,
        confirmed: None,
        reason: reason.to_owned(),
        operators: Some(region.operators),
        digests: kept::digests(region),
        files: None,
        unlisted: Vec::new(),
    }
}

fn words(members: &BTreeSet<MemberId>) -> Vec<String> {
    members.iter().map(ToString::to_string).collect()
}

fn wrong(folder: &Path, problems: Vec<Problem>) -> Refused {
    let count = problems.len();
    let what = noun(count, "problem", "problems");
    let why = format!("{} has {count} {what}; nothing was applied", folder.display());
    Refused { refusal: Refusal::new(Reason::ConfigurationWrong, why), problems }
}
