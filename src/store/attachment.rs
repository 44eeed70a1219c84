//! Attachments: kept when they are put, bound to the message that names them, removed when none does.
//!
//! The accept commit looks for what a message names and binds it in the same batch; removal takes only what is bound to
//! nothing. Both are the writer's, so neither sees the other half done: an accepted message never loses an attachment.

use super::{
    Fault, Store, aside,
    job::Job,
    pack::{self, Packed},
    queue::Side,
    record::{Body, Role},
};
use crate::model::{
    id::{DeliveryId, Digest, MemberId},
    time::Timestamp,
};

/// Bytes that an attachment counts for at least, so that a quota bounds their number too.
pub const COUNTED_BYTES_MIN: u64 = 4096;
/// Most attachments removed in one operation; between two of them others get their turn.
pub const REMOVED_AT_ONCE_MAX: u32 = 64;
/// Most deliveries given for one attachment, the newest.
pub const DELIVERIES_MAX: u32 = 100;

/// Bytes on their way into the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attachment {
    /// Who puts them.
    pub member: MemberId,
    /// Media type, as stated.
    pub media_type: String,
    /// The bytes; their digest is their name.
    pub bytes: Vec<u8>,
    /// When.
    pub at: Timestamp,
    /// Most bytes this member may have that no message names, each counted as [`COUNTED_BYTES_MIN`] at least.
    pub loose_bytes_max: u64,
}

/// What became of a put.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Put {
    /// Stored and synced.
    Stored,
    /// There already; while no message names it, its age begins anew.
    Known,
    /// It would go over the member's quota; nothing was written.
    NoRoom,
}

/// What is known of a stored attachment without reading it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Who put it.
    pub member: MemberId,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Media type.
    pub media_type: String,
    /// Length in bytes.
    pub size: u64,
}

/// A put that waits for its batch.
pub(super) struct PackedAttachment {
    pub(super) member: MemberId,
    pub(super) packed: Packed,
    pub(super) at: Timestamp,
    pub(super) loose_bytes_max: u64,
}

impl Store {
    /// Keeps an attachment until a message names it, or it is too old.
    ///
    /// **Durability:** synced to disk when it returns [`Put::Stored`] or [`Put::Known`].
    ///
    /// # Errors
    /// [`Fault::BodyTooLarge`]; else as [`Store::accept`].
    pub async fn put(&self, attachment: Attachment) -> Result<Put, Fault> {
        let Attachment { member, media_type, bytes, at, loose_bytes_max } = attachment;
        let (role, format, table) = (Role::Original, String::new(), Digest([0; 32]));
        let body = Body { role, format, table, media_type, bytes };
        let packed = aside(body.bytes.len(), move || pack::pack(body)).await?;
        let put = Box::new(PackedAttachment { member, packed, at, loose_bytes_max });
        self.commit(Side::Urgent, |reply| Job::Put { put, reply }).await
    }

    /// Removes attachments that no message names and that were last put before an instant, the oldest first; tells how
    /// many. At most [`REMOVED_AT_ONCE_MAX`] at once.
    ///
    /// **Durability:** synced to disk when it returns.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub async fn remove_loose(&self, before: Timestamp) -> Result<usize, Fault> {
        self.commit(Side::Bulk, |reply| Job::Remove { before, reply }).await
    }

    /// What a member put under a digest.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn attachment(&self, member: &MemberId, digest: Digest) -> Result<Option<Kept>, Fault> {
        let member = member.clone();
        self.read(move |db| db.attachment(&member, digest)).await
    }

    /// The bytes of an attachment, checked against their digest; `None` when it was removed meanwhile.
    ///
    /// # Errors
    /// [`Fault::Corrupt`] when the digest differs; else as every read, see [`Store::standing`].
    pub async fn attachment_bytes(&self, kept: &Kept) -> Result<Option<Vec<u8>>, Fault> {
        let (member, digest) = (kept.member.clone(), kept.digest);
        let unpacked = move |db: &dyn super::engine::Reads| {
            db.attachment_bytes(&member, digest)?.map(pack::unpack).transpose()
        };
        Ok(self.read(unpacked).await?.map(|body| body.bytes))
    }

    /// Deliveries to a target of messages that name an attachment, newest first; at most [`DELIVERIES_MAX`].
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn deliveries_naming(
        &self,
        target: &MemberId,
        digest: Digest,
    ) -> Result<Vec<DeliveryId>, Fault> {
        let target = target.clone();
        self.read(move |db| db.deliveries_naming(&target, digest)).await
    }
}
