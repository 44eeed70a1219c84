//! What can go wrong in the store and on the way to it: always ours, never the source's.

use std::{error::Error, path::PathBuf};

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
