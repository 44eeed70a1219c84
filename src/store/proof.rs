//! What the store tells of signatures: who signed a message, what was made of it, and what else a leaf signed.
//!
//! Written by the accept commit with the message, and never changed.

use super::{
    Fault, Store,
    read::{rows, unpacked},
    record::Body,
};
use crate::model::{
    id::{DeliveryId, Digest, MessageId},
    judgement::Judgement,
};

/// Everything an attempt needs beside the delivery itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sending {
    /// What is sent.
    pub body: Body,
    /// Digest of its bytes, checked against them.
    pub digest: Digest,
    /// What is told of its message's origin.
    pub provenance: Provenance,
}

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
        self.read(move |db| db.proved(id)).await
    }

    /// What a delivery sends, checked against its digest, and what goes with it; `None` when nothing could be rendered.
    ///
    /// # Errors
    /// [`Fault::Corrupt`] when the digest differs; else as every read, see [`Store::standing`].
    pub async fn sending(&self, id: DeliveryId) -> Result<Option<Sending>, Fault> {
        let read = |db: &dyn super::engine::Reads| {
            let Some((message, packed)) = db.rendering(id)? else { return Ok(None) };
            Ok(Some((packed, db.provenance(message)?)))
        };
        let Some((packed, provenance)) = self.look(read).await? else { return Ok(None) };
        let digest = packed.digest;
        let body = unpacked(Some(packed)).await?;
        Ok(body.map(|body| Sending { body, digest, provenance }))
    }

    /// A leaf that signed something, in DER.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn leaf(&self, digest: Digest) -> Result<Option<Vec<u8>>, Fault> {
        self.read(move |db| db.leaf(digest)).await
    }

    /// Messages that a leaf signed, in whatever capacity, newest first.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn signed_by(&self, leaf: Digest, limit: usize) -> Result<Vec<MessageId>, Fault> {
        self.read(move |db| db.signed_by(leaf, rows(limit))).await
    }
}
