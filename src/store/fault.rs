//! What can go wrong in the store and on the way to it: always ours, never the source's.

use std::{error::Error, path::PathBuf};

use super::volume::Volume;
use crate::model::id::{DeliveryId, MessageId};

/// A fault of the store.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Another process has the data folder open.
    #[error("the data folder is in use by another process: {}", folder.display())]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// A newer hub wrote the store; this one does not touch it.
    #[error("the store has schema {found}, this hub knows schemas up to {known}")]
    Newer {
        /// Schema number found.
        found: i64,
        /// Highest schema number this hub knows.
        known: i64,
    },
    /// Another engine than the one that is set wrote the store; none reads the other's.
    #[error("the data folder holds a store of the engine {found}: {}", folder.display())]
    OtherEngine {
        /// The folder.
        folder: PathBuf,
        /// The engine that wrote it.
        found: &'static str,
    },
    /// The settings ask for an encrypted volume, and the folder does not show to lie on one.
    #[error("{}: {}", folder.display(), found.words())]
    NotEncrypted {
        /// The folder.
        folder: PathBuf,
        /// What is known of its volume.
        found: Volume,
    },
    /// The engine in use does not offer this.
    #[error("the engine in use has no {what}")]
    NotOffered {
        /// What was asked for.
        what: &'static str,
    },
    /// A commit or sync failed earlier. Nothing is taken any more; only a restart recovers.
    #[error("a commit of the store failed, it takes nothing until a restart")]
    Poisoned,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Stored bytes do not match their digest, or a stored value cannot be read.
    #[error("stored data is damaged: {what}")]
    Corrupt {
        /// Which record or column, without its content.
        what: String,
    },
    /// What a decision rested on changed each time it was taken; the source may try again.
    #[error("a decision on the number was overtaken too often")]
    Contended,
    /// The hub is about to end and begins nothing more.
    #[error("the hub is stopping")]
    Stopping,
    /// Work on a blocking thread panicked; nothing of it was written.
    #[error("work on a blocking thread panicked")]
    Panicked,
    /// The store holds no such message.
    #[error("message {0} is not in the store")]
    MessageUnknown(MessageId),
    /// The store holds no such delivery.
    #[error("delivery {0} is not in the store")]
    DeliveryUnknown(DeliveryId),
    /// An earlier message of the chain has no route commit yet, so this one would overtake it. Route that one first.
    #[error("message {0} of the same chain is not routed yet")]
    Overtakes(MessageId),
    /// A body is longer than the store takes.
    #[error("a body of {bytes} bytes is longer than the store takes")]
    BodyTooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The folder or a file in it cannot be made, opened or locked.
    #[error("cannot use {}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// A backup into the data folder, which a loss takes whole.
    #[error("{} lies in the data folder, and would be lost with it: name another place", path.display())]
    InDataFolder {
        /// The backup.
        path: PathBuf,
    },
    /// A database cannot be copied, for a backup or out of one.
    #[error("{} cannot be copied", path.display())]
    NotCopied {
        /// The database.
        path: PathBuf,
        /// Why.
        #[source]
        why: Box<Fault>,
    },
    /// The engine could not carry out one operation; nothing of that operation was written.
    #[error("the database refused an operation")]
    Engine(#[source] Box<dyn Error + Send + Sync>),
}

impl Fault {
    /// A value that was read and makes no sense.
    pub(super) fn corrupt(what: &str) -> Self {
        Self::Corrupt { what: what.to_owned() }
    }
}

/// What was read of a row, or nothing where the row is damaged, which is told: it stands in the way of no other.
pub(super) fn readable<T>(
    row: &'static str,
    sequence: i64,
    read: Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    match read {
        Err(Fault::Corrupt { what }) => {
            tracing::error!(code = "row-damaged", row, sequence, what, "what is damaged is passed over");
            Ok(None)
        }
        read => read.map(Some),
    }
}
