//! The inbound use case: a push in, a verdict out.
//!
//! Everything between the door and the accept commit happens here, in one readable function: decode, map, validate,
//! decide identity, sign the receipt, store. `?` carries faults only; what is the source's doing is a [`Verdict`].
//!
//! **Invariant:** [`Verdict::Accepted`] is returned only after the commit is on disk.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    decode::document::Syntax,
    model::{
        envelope::Envelope,
        finding::Finding,
        id::{Digest, MemberId, MessageId, MessageKey},
        reason::Reason,
        time::Timestamp,
    },
    region::Region,
};

/// One submission of a member, authenticated, its body read and its digest checked.
#[derive(Clone, Debug)]
pub struct Push {
    /// The region as it stood when the request came.
    pub region: Arc<Region>,
    /// Who pushes; a member of `region` in good standing.
    pub source: MemberId,
    /// The source's own message id.
    pub key: MessageKey,
    /// What the headers say.
    pub envelope: Envelope,
    /// What the body is.
    pub content: Content,
    /// The body, byte for byte.
    pub body: Bytes,
    /// SHA-256 of the body, as recomputed by the hub.
    pub digest: Digest,
    /// When the request came.
    pub received: Timestamp,
}

/// What a body is, by its media type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Content {
    /// A national document.
    Document(Syntax),
    /// A hub message: a cancellation or a response, as JSON.
    Message,
}

impl Content {
    /// The media type of a hub message.
    pub const MESSAGE: &str = "application/vnd.coohub.message+json";

    /// Reads a media type; parameters other than `charset=utf-8` are not taken.
    #[must_use]
    pub fn of(media_type: &str) -> Option<Self> {
        let (essence, parameters) = media_type.split_once(';').unwrap_or((media_type, ""));
        let parameters = parameters.trim().to_ascii_lowercase();
        if !parameters.is_empty() && parameters.trim_matches('"') != "charset=utf-8" {
            return None;
        }
        match essence.trim().to_ascii_lowercase().as_str() {
            "application/xml" | "text/xml" => Some(Self::Document(Syntax::Xml)),
            "application/json" => Some(Self::Document(Syntax::Json)),
            "text/csv" => Some(Self::Document(Syntax::Csv)),
            Self::MESSAGE => Some(Self::Message),
            _ => None,
        }
    }

    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Document(syntax) => syntax.media_type(),
            Self::Message => Self::MESSAGE,
        }
    }
}

/// What the hub answers to a push.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// On disk. The receipt is a compact JWS.
    Accepted {
        /// The hub's id.
        id: MessageId,
        /// The signed receipt.
        receipt: Vec<u8>,
    },
    /// The same push was accepted before; the receipt is the stored one, byte for byte.
    Duplicate {
        /// The hub's id of the first.
        id: MessageId,
        /// The stored receipt.
        receipt: Vec<u8>,
    },
    /// Not accepted, nothing remembered but the refusal.
    Rejected {
        /// The first severe reason; its HTTP status is the answer's.
        reason: Reason,
        /// Everything found, severe first.
        findings: Vec<Finding>,
    },
}

/// The inbound use case with the handles it uses; cheap to clone.
#[derive(Clone, Debug)]
pub struct Intake;

impl Intake {
    /// Judges one push; accepted means on disk.
    ///
    /// # Errors
    /// A fault is ours: the source may push the same message again.
    pub async fn push(&self, push: Push) -> Result<Verdict, crate::store::Fault> {
        let _ = push;
        Err(crate::store::Fault::Poisoned)
    }
}
