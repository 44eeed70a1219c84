//! Durable truth: what was accepted, where it is to go, and what came of it.
//!
//! Three commits, each one atomic batch: **accept** (message, bodies, keys, receipt, unrouted marker), **route** (marker
//! out, deliveries and renderings in), **attempt** (evidence, next life, the successor's turn). A fourth kind, rejections,
//! is kept for the one who asks and may be dropped under load. What a message is to carry along is put before it
//! ([`attachment`]) and bound to it by the accept commit. What an operator does is committed with its record ([`action`]).
//!
//! **Invariant:** what an operation returned `Ok` for is on disk and survives a kill or a power cut. After a commit that
//! failed the store is poisoned: it takes and gives nothing until a restart has recovered it. Among the open deliveries
//! of one (target, chain) only the first, the head, is due or held, so a later version never overtakes an earlier one.
//!
//! Little free space or a slow disk is [`strain`]: the door then asks for nothing new, while reads, attempts and what was
//! accepted go on.
//!
//! It does not decide: who may push, who is to receive and when to try again are worked out by its callers and checked
//! here only against what others committed meanwhile. The engine is a folder of its own behind one seam (`engine`), and
//! nothing else names it; queue, group commit, answers and rules are the same for each.
//!
//! `intake` feeds it and `route`, `deliver` and `receipt` find their work in it; nothing is called from here.

pub mod action;
pub mod attachment;
pub mod backlog;
pub mod backup;
mod changes;
pub mod claim;
mod engine;
pub mod epoch;
mod fault;
mod folder;
pub mod history;
mod job;
pub mod lane;
pub mod life;
pub mod news;
mod pack;
pub mod proof;
mod queue;
pub mod read;
mod recheck;
pub mod reconciliation;
pub mod record;
pub mod refused;
pub mod register;
pub mod resend;
pub mod sent;
mod shared;
#[cfg(feature = "sled")]
mod sled;
mod sqlite;
pub mod standing;
pub mod strain;
mod tally;
pub mod volume;
pub mod traffic;
mod word;
mod writer;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{oneshot, watch};

use self::{
    engine::{Engine, Reads},
    job::{Job, PackedRouting, Reply},
    pack::INLINE_BYTES_MAX,
    queue::Side,
    record::{Acceptance, Accepted, Outcome, Rejection, Routing},
    strain::{Gauge, Load, Strain},
    volume::Volume,
};
use crate::{
    model::{delivery::State, id::MemberId, time::Timestamp},
    telemetry::metrics::Commits,
};

pub use self::{
    engine::{Kind, SLED, SLED_BUILD},
    fault::Fault,
    pack::BODY_BYTES_MAX,
    read::READ_ROWS_MAX,
};

/// Settings of the store, read at start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The data folder; one process owns it at a time. Default `data`.
    pub folder: PathBuf,
    /// Whether the folder must lie on an encrypted volume. Default false.
    pub encrypted_volume_required: bool,
    /// What keeps the rows. Default [`Kind::Sqlite`].
    pub engine: Kind,
    /// Operations that may wait for the writer on each side, urgent and bulk; callers wait beyond it. Default 1024.
    pub queue_operations_max: usize,
    /// Operations in one batch, which share one sync. Default 256.
    pub batch_operations_max: usize,
    /// Reads at the same time. Default 4.
    pub readers_max: usize,
    /// Bytes of log not yet in the database file from which they are copied beside the writer. Default 16 MiB.
    pub checkpoint_bytes: u64,
    /// Bytes of log from which the writer itself finishes the copy and starts the log anew. Default 128 MiB.
    pub log_bytes_max: u64,
    /// Rejections kept of each member, the newest. Default 1000.
    pub rejections_per_member_max: u32,
    /// Free bytes on the file system of the folder below which nothing new is asked for. Default 512 MiB.
    pub free_bytes_min: u64,
    /// The same as a share of the file system; the larger of the two counts. Default 1 %.
    pub free_percent_min: u8,
    /// Longest wait of an accept for its commit before nothing new is asked for. Default 5 s.
    pub accept_wait_max: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("data"),
            encrypted_volume_required: false,
            engine: Kind::Sqlite,
            queue_operations_max: 1024,
            batch_operations_max: 256,
            readers_max: 4,
            checkpoint_bytes: 16 * 1024 * 1024,
            log_bytes_max: 128 * 1024 * 1024,
            rejections_per_member_max: 1000,
            free_bytes_min: 512 * 1024 * 1024,
            free_percent_min: 1,
            accept_wait_max: Duration::from_secs(5),
        }
    }
}

impl Config {
    /// Whether the volume of the folder is what is asked for.
    ///
    /// # Errors
    /// [`Fault::NotEncrypted`]; [`Fault::File`] when the folder cannot be looked at.
    pub fn volume(&self) -> Result<(), Fault> {
        if !self.encrypted_volume_required {
            return Ok(());
        }
        let folder = self.folder.clone();
        match volume::of(&folder) {
            Ok(Volume::Encrypted) => Ok(()),
            Ok(found) => Err(Fault::NotEncrypted { folder, found }),
            Err(cause) => Err(Fault::File { path: folder, cause }),
        }
    }
}

/// A handle to the store; clones share it, and the last one dropped ends it.
///
/// Commits: dropped before it is queued, an operation was not begun; dropped later, it is carried out all the same. A
/// caller that got [`Fault::Poisoned`] does not know whether its operation is on disk; asking again after the restart
/// finds it, because every commit recognises its own rows.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    gauge: Gauge,
    log: Option<PathBuf>,
    rejections_dropped: AtomicU64,
    refused: refused::Counting,
}

impl Store {
    /// Opens the store of a data folder, creating or migrating it as needed.
    ///
    /// Blocks; call it before the listeners are up. Recovery reads the log only, whatever the number of deliveries.
    ///
    /// # Errors
    /// [`Fault::Locked`] when another process has the folder, [`Fault::Newer`] when a newer hub wrote it,
    /// [`Fault::OtherEngine`] when another engine did, [`Fault::Corrupt`] when commits lie behind damage in the log, or the database file is none,
    /// [`Fault::File`] or [`Fault::Engine`] when it cannot be made or opened.
    pub fn open(config: &Config) -> Result<Self, Fault> {
        let folder = folder::Folder::open(&config.folder)?;
        config.volume()?;
        let gauge = Gauge::start(config)?;
        let engine = Engine::open(folder, config)?;
        let log = config.engine.log(&config.folder);
        let (rejections_dropped, refused) = (AtomicU64::new(0), refused::Counting::default());
        Ok(Self { inner: Arc::new(Inner { engine, gauge, log, rejections_dropped, refused }) })
    }

    /// Accepts a push: message, bodies, keys, chain, receipt and unrouted marker, or nothing.
    ///
    /// A business duplicate is stored and receipted, and counts as routed. A response is stored with its answer attached
    /// to the delivery it names; `seen` is not looked at for it.
    ///
    /// **Durability:** synced to disk when it returns [`Accepted::Stored`].
    ///
    /// # Errors
    /// [`Fault::DeliveryUnknown`] for a response to an unknown delivery, [`Fault::BodyTooLarge`], [`Fault::Engine`] when
    /// a rule of the schema forbids it (a version stored twice): then nothing was written. [`Fault::Poisoned`] or
    /// [`Fault::Closed`] when the store takes nothing more.
    pub async fn accept(&self, mut push: Acceptance) -> Result<Accepted, Fault> {
        let bodies = std::mem::take(&mut push.bodies);
        let length = bodies.iter().map(|body| body.bytes.len()).sum();
        let bodies = aside(length, move || bodies.into_iter().map(pack::pack).collect()).await?;
        let push = Box::new(push);
        self.commit(Side::Urgent, |reply| Job::Accept { push, bodies, reply }).await
    }

    /// Commits the targets of a message; a message that is routed already is left as it is.
    ///
    /// **Durability:** synced to disk when it returns.
    ///
    /// # Errors
    /// [`Fault::Overtakes`] while an earlier message of the chain is not routed; [`Fault::MessageUnknown`]; else as
    /// [`Store::accept`].
    pub async fn route(&self, routing: Routing) -> Result<(), Fault> {
        let length = PackedRouting::bytes(&routing);
        let routing = Box::new(aside(length, move || PackedRouting::pack(routing)).await?);
        self.commit(Side::Bulk, |reply| Job::Route { routing, reply }).await
    }

    /// Commits what came of an attempt, or an expiry, hold, release or cancellation.
    ///
    /// The life is settled against the stored one: delivered stays delivered, what ended badly takes a late success only,
    /// and a hold outlasts an attempt that was under way. When a head ends, the next of its chain becomes due at
    /// [`Outcome::at`], or held if it was routed so. The same attempt or notice told twice is kept once. The
    /// source is told as [`news`] says.
    ///
    /// **Durability:** synced to disk when it returns.
    ///
    /// # Errors
    /// [`Fault::DeliveryUnknown`]; else as [`Store::accept`].
    pub async fn finish(&self, mut outcome: Outcome) -> Result<(), Fault> {
        // A notice of success is hardly ever kept; the writer packs it if it is.
        let late = outcome.life.state == State::Delivered;
        let told = outcome.notice().filter(|_| !late);
        let notice = told.and_then(|notice| notice.body.take()).map(pack::pack).transpose()?;
        let outcome = Box::new(outcome);
        self.commit(Side::Urgent, |reply| Job::Finish { outcome, notice, reply }).await
    }

    /// Lets go, to be routed, the chains in which a message was parked until before `now`, at most `chains_max` of them;
    /// says how many messages go.
    ///
    /// **Durability:** synced to disk when it returns.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub async fn give_up(&self, now: Timestamp, chains_max: u32) -> Result<usize, Fault> {
        self.commit(Side::Bulk, |reply| Job::GiveUp { now, chains_max, reply }).await
    }

    /// Keeps a rejection for the one who asks, in place of the member's oldest past its quota.
    ///
    /// Never waits: when the queue is full, it is dropped and counted. **Durability:** with the next batch.
    pub fn reject(&self, rejection: Rejection) {
        let job = Job::Reject(Box::new(rejection));
        if self.inner.engine.queue.try_push(Side::Bulk, job).is_err() {
            self.inner.rejections_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Rejections dropped since start because the queue was full or closed.
    #[must_use]
    pub fn rejections_dropped(&self) -> u64 {
        self.inner.rejections_dropped.load(Ordering::Relaxed)
    }

    /// Why nothing new is asked for at the moment; what is brought all the same is still taken. Costs one lock.
    #[must_use]
    pub fn strain(&self) -> Option<Strain> {
        self.load().strain
    }

    /// How the store fares; costs one lock.
    #[must_use]
    pub fn load(&self) -> Load {
        let (busy, gauge) = (self.inner.engine.queue.busy(), &self.inner.gauge);
        let (free_bytes, strain) = (gauge.free_bytes(), gauge.strain(busy.oldest_wait));
        let queue::Busy { waiting, oldest_wait, batch } = busy;
        Load { waiting, oldest_wait, batch, free_bytes, strain }
    }

    /// How long commits take, and how many operations share one.
    #[must_use]
    pub fn commits(&self) -> &Commits {
        &self.inner.engine.shared.commits
    }

    /// Bytes of the write-ahead log; `None` where the engine has none, or the file cannot be asked.
    #[must_use]
    pub fn log_bytes(&self) -> Option<u64> {
        let log = self.inner.log.as_ref()?;
        std::fs::metadata(log).ok().map(|file| file.len())
    }

    /// Rises with every commit that may have made work for some loop, and when the store is poisoned or closed.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.inner.engine.shared.changes.any()
    }

    /// As [`Store::watch`], for messages to be routed only.
    #[must_use]
    pub fn watch_unrouted(&self) -> watch::Receiver<u64> {
        self.inner.engine.shared.changes.unrouted()
    }

    /// As [`Store::watch`], for one target's deliveries only, so that a lane sleeps through other lanes' commits.
    #[must_use]
    pub fn watch_target(&self, target: &MemberId) -> watch::Receiver<u64> {
        self.inner.engine.shared.changes.target(target)
    }

    /// Rises with every action of an operator on a delivery, before the operator hears of it: what was read as due before
    /// may no longer be.
    #[must_use]
    pub fn recalls(&self) -> u64 {
        self.inner.engine.shared.changes.recalls()
    }

    /// Whether a commit, sync or checkpoint failed: the process is to end with a storage fault.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.inner.engine.shared.is_poisoned()
    }

    /// Takes nothing more, commits what waits, empties the log into the database file and ends the writer.
    ///
    /// A store that is only dropped loses nothing either: the next start reads the log.
    pub async fn close(&self) {
        // What is lost here is a count of what was never taken.
        let _ = self.keep_refused().await;
        let inner = Arc::clone(&self.inner);
        let closing = tokio::task::spawn_blocking(move || {
            inner.engine.close(true);
            inner.engine.readers.close();
        });
        let _ = closing.await;
    }

    fn standing_of_epoch(&self) -> std::sync::MutexGuard<'_, epoch::Standing> {
        self.inner.engine.epoch.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    async fn commit<T>(&self, side: Side, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, Fault> {
        self.healthy()?;
        let (reply, answer) = oneshot::channel();
        if self.inner.engine.queue.push(side, job(reply)).await.is_err() {
            self.healthy()?;
            return Err(Fault::Closed);
        }
        // The writer answers every job it takes; without an answer it died, and what it did is unknown.
        answer.await.unwrap_or(Err(Fault::Poisoned))
    }

    /// A short read, made where it is asked for.
    async fn look<T>(&self, read: impl FnOnce(&dyn Reads) -> Result<T, Fault>) -> Result<T, Fault> {
        self.healthy()?;
        self.inner.engine.readers.look(read).await
    }

    /// A read that may be long, made on a blocking thread.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Reads) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.healthy()?;
        self.inner.engine.readers.read(read).await
    }

    fn healthy(&self) -> Result<(), Fault> {
        if self.is_poisoned() { Err(Fault::Poisoned) } else { Ok(()) }
    }
}

/// Works on bytes where it is called when that is short work, else on a blocking thread.
async fn aside<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    if bytes <= INLINE_BYTES_MAX {
        return work();
    }
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Fault::Panicked))
}

#[cfg(test)]
mod tests;
