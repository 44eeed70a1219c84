//! What the store tells of signatures: who signed a message, what was made of it, and what else a leaf signed.
//!
//! Written by the accept commit with the message, and never changed.

use super::{Fault, Store, read::rows, sqlite::signatures};
use crate::model::{
    id::{Digest, MessageId},
    judgement::Judgement,
};

/// What is told of a message's origin to those it is delivered to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provenance {
    /// Digest of the body's bytes.
    pub digest: Digest,
    /// Digests of the attachments, in the order in which the message names them.
    pub attachments: Vec<Digest>,
    /// What was made of the official's signature, where there is one.
    pub official: Option<Judgement>,
}

/// The proof kept with a message: what was demanded, under which configuration, and what was made of the signatures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proved {
    /// What the agreement demanded; `None` of a hub message, and of what was accepted before this was kept.
    pub demand: Option<String>,
    /// Digest of the configuration it was judged under.
    pub config: Digest,
    /// What was made of each signature.
    pub judgements: Vec<Judgement>,
}

impl Store {
    /// The proof kept with a message: what was demanded, and what was made of the signatures.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn proved(&self, id: MessageId) -> Result<Option<Proved>, Fault> {
        self.read(move |db| signatures::proved(db, id)).await
    }

    /// What those a message is delivered to are told of its origin.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn provenance(&self, id: MessageId) -> Result<Option<Provenance>, Fault> {
        self.read(move |db| signatures::provenance(db, id)).await
    }

    /// A leaf that signed something, in DER.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn leaf(&self, digest: Digest) -> Result<Option<Vec<u8>>, Fault> {
        self.read(move |db| signatures::leaf(db, digest)).await
    }

    /// Messages that a leaf signed, in whatever capacity, newest first.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn signed_by(&self, leaf: Digest, limit: usize) -> Result<Vec<MessageId>, Fault> {
        self.read(move |db| signatures::signed_by(db, leaf, rows(limit))).await
    }
}
