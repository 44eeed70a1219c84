//! The seam between the store and what keeps it on disk: what an engine can be asked, and what it must carry out.
//!
//! The store has the queue, the one writer thread with its group commit, the answers, the points at which tests let it
//! die, and the poison; an engine has rows. Both engines are held to the same tests.
//!
//! **Invariant:** [`Commits::commit`] returns once everything the batch wrote is on disk, and nobody reads it before.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

#[cfg(feature = "sled")]
use super::sled;
use super::{
    Config, Fault,
    action::{Acted, Action, Trail},
    attachment::{Kept, PackedAttachment, Put},
    backlog::{Backlog, Listing, Page},
    changes::Wakes,
    claim::{Claim, Stream},
    epoch::{Comparison, Standing as Epochs},
    folder::Folder,
    history::{Change as Changed, Of},
    job::{Job, PackedAct, PackedRouting},
    lane::{Change, Lanes},
    news::{Digest as NewDigest, Late, Pair},
    pack::Packed,
    proof::{Proved, Provenance},
    queue::Queue,
    read::ChainsAfter,
    reconciliation::Span,
    record::{Acceptance, Accepted, Attempt, Counts, Delivery, Message, Outcome, Receipted, Rejection, Role},
    refused::Refused,
    register::{Book, PackedEntry},
    resend::{Asked, Resend},
    sent::{Before, Sent},
    shared::Shared,
    sqlite,
    standing::Standing,
    traffic::Traffic,
    writer::Writer,
};
use crate::model::{
    id::{DeliveryId, Digest, MemberId, MessageId, MessageKey},
    key::Key,
    reason::Reason,
    time::Timestamp,
};

/// What keeps the rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// SQLite: what a 202 may rest on.
    Sqlite,
    /// sled 0.34.7, in a build that has it.
    #[cfg(feature = "sled")]
    Sled,
}

impl Kind {
    /// Every word for an engine, and what lies in a data folder that it wrote.
    const MARKS: [(&'static str, &'static str); 2] = [("sqlite", sqlite::FILE), (SLED, "sled")];

    /// The word in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            #[cfg(feature = "sled")]
            Self::Sled => SLED,
        }
    }

    /// Every engine of this build.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let all = [
            Self::Sqlite,
            #[cfg(feature = "sled")]
            Self::Sled,
        ];
        all.into_iter()
    }

    /// The engine of a word, if this build has it.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::all().find(|kind| kind.word() == word)
    }

    /// The write-ahead log in a data folder, where the engine has one.
    pub(super) fn log(self, folder: &Path) -> Option<PathBuf> {
        match self {
            Self::Sqlite => Some(folder.join(sqlite::log_file())),
            #[cfg(feature = "sled")]
            Self::Sled => None,
        }
    }

    /// What must be known of it before anybody relies on it, if it is not to be relied on.
    #[must_use]
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            #[cfg(feature = "sled")]
            Self::Sled => Some(WARNING),
        }
    }

    /// Refuses a folder in which another engine's store lies.
    pub(super) fn owns(self, folder: &Path) -> Result<(), Fault> {
        let other = |(word, mark): &(&str, &str)| *word != self.word() && folder.join(mark).exists();
        match Self::MARKS.into_iter().find(other) {
            Some((found, _)) => Err(Fault::OtherEngine { folder: folder.to_owned(), found }),
            None => Ok(()),
        }
    }
}

/// The word of the engine that a build must be asked for.
pub const SLED: &str = "sled";
/// How it is asked for.
pub const SLED_BUILD: &str = "build the hub with: cargo build --release --features sled";

#[cfg(feature = "sled")]
const WARNING: &str = "the engine sled is not what a 202 may rest on: 0.34.7 lost or corrupted acknowledged data in 16 of \
    18 simulated power cuts without a sync of the whole file system, which is why each commit here syncs it; it has no \
    backup, and its files do not shrink";

/// What one snapshot of the rows can be asked; what each read means stands with the method of the store of that name.
pub(super) trait Reads {
    fn standing(&self, key: &Key, earlier: Option<&str>) -> Result<Standing, Fault>;
    fn receipt(&self, source: &MemberId, key: &MessageKey) -> Result<Option<Receipted>, Fault>;
    fn unrouted(&self, after: i64, most: u32) -> Result<Vec<Message>, Fault>;
    fn message(&self, id: MessageId) -> Result<Option<Message>, Fault>;
    fn find(&self, issuer: Option<&str>, number: &str, most: u32) -> Result<Vec<Message>, Fault>;
    /// Messages whose number ends with this normal form, whose own end is looked up.
    fn ending(&self, issuer: Option<&str>, number: (&str, &str), most: u32) -> Result<Vec<Message>, Fault>;
    fn body(&self, id: MessageId, role: Role) -> Result<Option<Packed>, Fault>;
    /// What a delivery sends, and the sequence of its message.
    fn rendering(&self, id: DeliveryId) -> Result<Option<(i64, Packed)>, Fault>;
    fn rejections(&self, source: &MemberId, most: u32) -> Result<Vec<Rejection>, Fault>;
    fn counts(&self) -> Result<Counts, Fault>;
    fn refused(&self, from: i64) -> Result<Vec<Refused>, Fault>;

    fn due(&self, target: &MemberId, now: Timestamp, claim: &Claim) -> Result<Vec<Delivery>, Fault>;
    fn next_due(&self, target: &MemberId, stream: Stream, now: Timestamp)
    -> Result<Option<Timestamp>, Fault>;
    fn next_asked(&self, target: &MemberId, stream: Stream) -> Result<Option<Timestamp>, Fault>;
    fn headless(&self, after: &ChainsAfter, most: u32) -> Result<(Vec<(MemberId, i64)>, ChainsAfter), Fault>;
    fn targets(&self) -> Result<Vec<MemberId>, Fault>;
    fn overdue(
        &self,
        target: Option<&MemberId>,
        before: Timestamp,
        most: u32,
    ) -> Result<Vec<Delivery>, Fault>;
    fn held_for(&self, reason: Reason, after: i64, most: u32) -> Result<Vec<Delivery>, Fault>;
    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Fault>;
    fn of_message(&self, id: MessageId, most: u32) -> Result<Vec<Delivery>, Fault>;
    fn attempts(&self, id: DeliveryId, most: u32) -> Result<Vec<Attempt>, Fault>;
    fn sent_to(&self, id: MessageId, most: u32) -> Result<Vec<Sent>, Fault>;
    fn before(&self, id: MessageId) -> Result<Before, Fault>;
    fn parked(&self, after: i64, most: u32) -> Result<Vec<Message>, Fault>;
    fn unaddressed(&self, after: i64, most: u32) -> Result<Vec<Message>, Fault>;
    fn unaddressed_count(&self) -> Result<u32, Fault>;
    fn lanes(&self) -> Result<Lanes, Fault>;
    fn digests_due(&self, now: Timestamp, period: Duration) -> Result<Vec<Pair>, Fault>;
    fn late(&self, target: &MemberId, before: Timestamp) -> Result<Vec<Late>, Fault>;
    fn late_of(&self, pair: &Pair, before: Timestamp, most: u32) -> Result<Vec<Delivery>, Fault>;

    /// Every message of the chains in which a number occurs, but answers, by sequence; at most the newest
    /// [`super::history::CHANGES_MAX`].
    fn changes(&self, of: &Of) -> Result<Vec<Changed>, Fault>;
    /// Certificates and cancellations of a chain to a member, by sequence; the newest.
    fn sent_to_member(&self, chain: i64, member: &MemberId, most: u32) -> Result<Vec<Delivery>, Fault>;
    fn trail(&self, message: MessageId, target: &MemberId) -> Result<Option<Trail>, Fault>;
    fn actions(
        &self,
        about: Option<&str>,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<(i64, Action)>, Fault>;
    fn entries(
        &self,
        book: Book,
        name: Option<&str>,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<PackedEntry>, Fault>;
    fn backlog(&self, target: &MemberId, now: Timestamp) -> Result<Backlog, Fault>;
    fn list(&self, listing: &Listing, most: u32) -> Result<Page, Fault>;
    fn pushed(
        &self,
        source: &MemberId,
        span: &Span,
        most: u32,
    ) -> Result<Vec<(Message, Vec<Delivery>)>, Fault>;
    fn sent(&self, target: &MemberId, span: &Span, most: u32) -> Result<Vec<Delivery>, Fault>;
    fn traffic(&self, target: &MemberId, from: Timestamp, until: Timestamp) -> Result<Vec<Traffic>, Fault>;

    fn proved(&self, id: MessageId) -> Result<Option<Proved>, Fault>;
    /// What is told of a message's origin, by its sequence.
    fn provenance(&self, message: i64) -> Result<Provenance, Fault>;
    fn leaf(&self, digest: Digest) -> Result<Option<Vec<u8>>, Fault>;
    fn signed_by(&self, leaf: Digest, most: u32) -> Result<Vec<MessageId>, Fault>;
    fn attachment(&self, member: &MemberId, digest: Digest) -> Result<Option<Kept>, Fault>;
    fn attachment_bytes(&self, member: &MemberId, digest: Digest) -> Result<Option<Packed>, Fault>;
    fn deliveries_naming(&self, target: &MemberId, digest: Digest) -> Result<Vec<DeliveryId>, Fault>;
}

/// What a batch carries out, each operation by itself.
pub(super) trait Writes {
    fn accept(&mut self, push: &Acceptance, bodies: &[Packed]) -> Result<Accepted, Fault>;
    fn route(&mut self, routing: &PackedRouting) -> Result<(), Fault>;
    fn finish(&mut self, outcome: &Outcome, notice: Option<&Packed>) -> Result<(), Fault>;
    fn compare(&mut self, comparison: &Comparison) -> Result<(), Fault>;
    fn resend(&mut self, resend: &Resend) -> Result<Asked, Fault>;
    fn act(&mut self, act: &PackedAct) -> Result<Acted, Fault>;
    fn digest(&mut self, digest: NewDigest) -> Result<(), Fault>;
    fn lane(&mut self, change: &Change) -> Result<(), Fault>;
    fn put(&mut self, put: &PackedAttachment) -> Result<Put, Fault>;
    fn remove_loose(&mut self, before: Timestamp) -> Result<usize, Fault>;
    fn give_up(&mut self, now: Timestamp, chains_max: u32) -> Result<usize, Fault>;
    fn reject(&mut self, rejection: &Rejection) -> Result<(), Fault>;
    fn refused(&mut self, counted: &[Refused]) -> Result<(), Fault>;
}

/// Why a batch cannot begin.
pub(super) enum Unready {
    /// Nothing was written, so nothing is in doubt: it may be asked again.
    Busy,
    /// Nothing may be written any more.
    Broken,
}

/// The writing side of an engine, used by the writer thread alone.
pub(super) trait Commits: Send + 'static {
    /// Begins a batch.
    fn begin(&mut self) -> Result<(), Unready>;

    /// Carries one operation out so that a failing one leaves the rest of the batch alone.
    ///
    /// The flag says that the whole batch is lost.
    fn isolated<T>(
        &mut self,
        operation: impl FnOnce(&mut dyn Writes) -> Result<T, Fault>,
    ) -> (Result<T, Fault>, bool);

    /// Ends the batch: on disk, and read by whoever reads from now on. Gives whom it made work for.
    ///
    /// # Errors
    /// Any: whether it is on disk is unknown then, and the caller poisons the store.
    fn commit(&mut self) -> Result<Wakes, Fault>;

    /// Called after each commit was answered, for what need not be waited for.
    ///
    /// # Errors
    /// Any: the caller poisons the store.
    fn after_commit(&mut self) -> Result<(), Fault>;

    /// Ends; `orderly` when the end was asked for and nothing failed before.
    ///
    /// # Errors
    /// As [`Commits::after_commit`].
    fn finish(self, orderly: bool) -> Result<(), Fault>;
}

/// An engine that was opened: its two sides, and the epoch it is in.
pub(super) struct Opened<C> {
    pub(super) commits: C,
    pub(super) readers: Readers,
    pub(super) epoch: Epochs,
}

/// The reading side of the engine in use.
pub(super) enum Readers {
    Sqlite(sqlite::Pool),
    #[cfg(feature = "sled")]
    Sled(sled::Pool),
}

impl Readers {
    /// Runs a short `read` where it is called, over one snapshot.
    pub(super) async fn look<T>(
        &self,
        read: impl FnOnce(&dyn Reads) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        match self {
            Self::Sqlite(pool) => pool.look(|db| read(db)).await,
            #[cfg(feature = "sled")]
            Self::Sled(pool) => pool.look(read).await,
        }
    }

    /// Runs `read` on a blocking thread, over one snapshot.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Reads) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        match self {
            Self::Sqlite(pool) => pool.read(|db| read(db)).await,
            #[cfg(feature = "sled")]
            Self::Sled(pool) => pool.read(read).await,
        }
    }

    /// Lets no new read begin.
    pub(super) fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close(),
            #[cfg(feature = "sled")]
            Self::Sled(pool) => pool.close(),
        }
    }
}

/// The running engine: queue, writer thread, readers.
pub(super) struct Engine {
    pub(super) queue: Arc<Queue<Job>>,
    pub(super) readers: Readers,
    pub(super) shared: Arc<Shared>,
    pub(super) epoch: Mutex<Epochs>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Opens or creates the rows of a folder and starts the writer.
    pub(super) fn open(folder: Folder, config: &Config) -> Result<Self, Fault> {
        let (folder, shared) = (Arc::new(folder), Arc::new(Shared::new()));
        config.engine.owns(folder.path())?;
        match config.engine {
            Kind::Sqlite => Self::start(sqlite::open(&folder, config, &shared)?, folder, shared, config),
            #[cfg(feature = "sled")]
            Kind::Sled => Self::start(sled::open(&folder, config, &shared)?, folder, shared, config),
        }
    }

    fn start<C: Commits>(
        opened: Opened<C>,
        folder: Arc<Folder>,
        shared: Arc<Shared>,
        config: &Config,
    ) -> Result<Self, Fault> {
        let Opened { commits, readers, epoch } = opened;
        let queue = Arc::new(Queue::new(config.queue_operations_max));
        let most = config.batch_operations_max;
        let writer = Writer::new(commits, Arc::clone(&queue), Arc::clone(&shared), most);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || {
                // The folder stays locked until the last writer is gone.
                let _folder = folder;
                writer.run();
            })
            .map_err(|cause| Fault::File { path: config.folder.clone(), cause })?;
        Ok(Self { queue, readers, shared, epoch: Mutex::new(epoch), writer: Mutex::new(Some(thread)) })
    }

    /// Takes nothing more, writes what waits, and ends the threads; `orderly` also brings the files in order.
    ///
    /// Blocks until the writer is done.
    pub(super) fn close(&self, orderly: bool) {
        if orderly {
            self.shared.end_in_order();
        }
        self.queue.close();
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            self.shared.poison();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close(false);
    }
}
