//! What the store takes and gives: plain values, the same for every engine.

use std::{collections::BTreeMap, time::Duration};

use super::{claim::Rank, news::Telling, sent::Gap, standing::Standing};
use crate::model::{
    delivery::Life,
    envelope::{Answer, Function},
    id::{DeliveryId, Digest, FormatId, MemberId, MessageId, MessageKey},
    judgement::Judgement,
    key::Key,
    reason::Reason,
    time::Timestamp,
};

/// A push that is to be accepted: everything its commit writes.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// The hub's id.
    pub id: MessageId,
    /// Who pushed it.
    pub source: MemberId,
    /// The source's own id.
    pub key: MessageKey,
    /// Digest of the body's bytes.
    pub digest: Digest,
    /// Digest of envelope and body: what makes two pushes under one key the same push.
    pub fingerprint: Digest,
    /// When it was received.
    pub received: Timestamp,
    /// Message function.
    pub function: Function,
    /// Identity of the certificate it is about; `version` is filled in.
    pub subject: Key,
    /// Lineage of the certificate a replacement replaces.
    pub earlier_lineage: Option<String>,
    /// Digest of the canonical certificate, if one is carried, and of what it names as attached: it tells two apart.
    pub canonical: Option<Digest>,
    /// Format of the document.
    pub format: Option<FormatId>,
    /// Media type of the body.
    pub media_type: String,
    /// Digest of the configuration it was accepted under.
    pub config: Digest,
    /// Whether it is test traffic.
    pub test: bool,
    /// Whether it is brought in behind everything that is live.
    pub bulk: bool,
    /// For a response: the delivery it answers, the answer, and the coded reason given.
    pub answer: Option<(DeliveryId, Answer, Option<String>)>,
    /// The message of which this is a business duplicate; it is then stored, receipted and not routed.
    pub duplicate_of: Option<MessageId>,
    /// Attachments the message names, each once; they were put before it by the same source.
    pub attachments: Vec<Digest>,
    /// The proof the agreement demanded of the document, in its word.
    pub demand: Option<&'static str>,
    /// What was made of each signature, one per capacity.
    pub judgements: Vec<Judgement>,
    /// Leaves those judgements name, DER by digest; each is kept once for all messages.
    pub leaves: BTreeMap<Digest, Vec<u8>>,
    /// Bodies that belong to the message.
    pub bodies: Vec<Body>,
    /// For a change of a certificate that has not come: when it no longer waits for it.
    pub parked_until: Option<Timestamp>,
    /// Most messages of its source that wait so, this one included.
    pub parked_max: u32,
    /// The signed receipt, stored in the same commit and repeated for ever.
    pub receipt: Vec<u8>,
    /// What the source of the decision saw; the commit is refused as [`Accepted::Changed`] when it is no longer so.
    pub seen: Standing,
}

/// Bytes that belong to a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Body {
    /// What the bytes are.
    pub role: Role,
    /// Format, or the form of the canonical profile; with `role` and `table` unique within the message.
    pub format: String,
    /// Digest of the table and view that made it; zero for the original.
    pub table: Digest,
    /// Media type.
    pub media_type: String,
    /// The bytes, uncompressed.
    pub bytes: Vec<u8>,
}

/// What a body is to its message.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// What the source sent, byte for byte.
    Original,
    /// The certificate in canonical JSON.
    Canonical,
    /// Source fields that no row maps, with their paths.
    Remainder,
    /// The signature beside what the source sent: a detached JWS.
    Signature,
    /// What a target is sent.
    Rendering,
}

/// How an accept commit ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// Stored and synced.
    Stored,
    /// The same push was accepted before: its receipt, byte for byte.
    Duplicate {
        /// The hub's id of the message accepted then.
        id: MessageId,
        /// The stored receipt.
        receipt: Vec<u8>,
    },
    /// Another push has this message id.
    Conflict,
    /// [`Acceptance::seen`] no longer holds; decide again.
    Changed,
    /// As many messages of its source wait for their certificates as may; nothing was written.
    TooManyParked,
    /// These of [`Acceptance::attachments`] are not there; nothing was written.
    Missing(Vec<Digest>),
}

/// What was accepted under a source's message key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipted {
    /// The hub's id of the message.
    pub id: MessageId,
    /// Digest of its envelope and body: another one under the same key is a conflict.
    pub fingerprint: Digest,
    /// The stored receipt, byte for byte.
    pub receipt: Vec<u8>,
}

/// A message whose targets are not yet worked out, or one loaded by id.
#[derive(Clone, Debug)]
pub struct Message {
    /// Accept sequence: the order in which commits happened.
    pub sequence: i64,
    /// The hub's id.
    pub id: MessageId,
    /// Who pushed it.
    pub source: MemberId,
    /// The source's own id.
    pub key: MessageKey,
    /// Digest of the body's bytes.
    pub digest: Digest,
    /// When it was received.
    pub received: Timestamp,
    /// Message function.
    pub function: Function,
    /// Identity, with version.
    pub subject: Key,
    /// Chain it belongs to.
    pub chain: i64,
    /// Format of the document.
    pub format: Option<FormatId>,
    /// Media type of the body.
    pub media_type: String,
    /// Whether it is test traffic.
    pub test: bool,
    /// Whether it is brought in behind everything that is live.
    pub bulk: bool,
    /// For a response: the delivery it answers, the answer, and the coded reason given.
    pub answer: Option<(DeliveryId, Answer, Option<String>)>,
    /// The message of which this is a business duplicate.
    pub duplicate_of: Option<MessageId>,
    /// How far it is on its way to its targets.
    pub stage: Stage,
    /// The signed receipt.
    pub receipt: Vec<u8>,
}

/// How far a message is on its way to its targets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// It waits for the certificate it changes, until this time at the longest.
    Parked(Timestamp),
    /// Its targets are not yet worked out.
    Unrouted {
        /// Whether it was parked and the certificate did not come in time.
        given_up: bool,
    },
    /// The route commit happened, or it repeats another message and goes nowhere.
    Routed,
}

/// What is on its way to a target.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cargo {
    /// A certificate.
    Certificate,
    /// A cancellation, or the withdrawal of a copy from a target that a later version no longer names.
    Cancellation,
    /// An importing customs' answer, on its way back.
    Response,
    /// Something the hub tells a source of one delivery: refused, held, delivered after all.
    Notice,
    /// What the hub tells a source of many: a digest of what expired, is late, or came too often for notices.
    Digest,
}

impl Cargo {
    /// Whether it is the hub's own word to a source, of which nobody is told anything.
    #[must_use]
    pub fn is_news(self) -> bool {
        matches!(self, Self::Notice | Self::Digest)
    }
}

/// How much of a certificate a target sees.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum View {
    /// All of it, with the original and the remainder.
    Full,
    /// The fields the copy rule allows.
    Minimised,
    /// Key and state.
    Notice,
}

/// A delivery that a route or attempt commit creates.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// Its id, stable over every attempt.
    pub id: DeliveryId,
    /// The message whose certificate it is about, where that is not the one it is created for.
    pub about: Option<MessageId>,
    /// What is missing before it.
    pub gap: Option<Gap>,
    /// Who is to have it.
    pub target: MemberId,
    /// What it is.
    pub cargo: Cargo,
    /// How much of it.
    pub view: View,
    /// What is sent; `None` when nothing could be rendered, in which case the life is held.
    pub body: Option<Body>,
    /// Weight for the target's rate: goods items, at least 1.
    pub weight: u32,
    /// Whether it goes before other chains, or after them; test traffic goes after all of them, whatever this says.
    pub rank: Rank,
    /// When it was created.
    pub created: Timestamp,
    /// Why it is held from the start, if it is; otherwise it is due at once when head of its chain.
    pub held: Option<Reason>,
    /// What the rendering could not carry: canonical paths.
    pub losses: Vec<String>,
    /// Which rule named the target, in words, for the one who asks.
    pub because: String,
    /// How soon after its arrival the target's customs is to answer, where the agreement says so.
    pub answer_within: Option<Duration>,
}

/// What a route commit writes.
#[derive(Clone, Debug)]
pub struct Routing {
    /// The message routed.
    pub message: MessageId,
    /// Digest of the configuration it was routed under.
    pub config: Digest,
    /// When.
    pub at: Timestamp,
    /// Deliveries, per target at most one of its certificate.
    pub deliveries: Vec<NewDelivery>,
    /// Open deliveries that can no longer be sent and are ended, for one of `deliveries` goes in their place.
    pub superseded: Vec<DeliveryId>,
    /// Whether it waits for somebody to say which importing party it is for.
    pub unaddressed: bool,
}

/// A delivery as stored.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Order within (target, chain): rises with the commit that made it, of a route or of an operator.
    pub sequence: i64,
    /// Its chain: among the deliveries of one chain to one target none overtakes another.
    pub chain: i64,
    /// The message it carries or is about.
    pub message: MessageId,
    /// Source of that message.
    pub source: MemberId,
    /// Function of that message.
    pub function: Function,
    /// Identity of the certificate it is about.
    pub subject: Key,
    /// Who is to have it.
    pub target: MemberId,
    /// What it is.
    pub cargo: Cargo,
    /// How much of it.
    pub view: View,
    /// Where it stands.
    pub life: Life,
    /// Attempts made.
    pub attempts: u32,
    /// Weight for the target's rate.
    pub weight: u32,
    /// Whether it is test traffic.
    pub test: bool,
    /// What is sent: format, media type, digest of the bytes.
    pub rendered: Option<(String, String, Digest)>,
    /// What the rendering could not carry.
    pub losses: Vec<String>,
    /// Which rule named the target.
    pub because: String,
    /// Configuration it was routed under; none for what an attempt caused.
    pub config: Option<Digest>,
    /// What is missing before it.
    pub gap: Option<Gap>,
    /// The delivery it repeats, by an operator's word.
    pub replay_of: Option<DeliveryId>,
    /// Answers of the target's customs, oldest first.
    pub answers: Vec<(Answer, Option<String>, Timestamp)>,
    /// When an answer is due, while it is awaited.
    pub answer_until: Option<Timestamp>,
    /// The last attempt.
    pub last: Option<Attempt>,
    /// When its target asked for it again, if it was not sent since.
    pub asked: Option<Timestamp>,
}

/// One try at a delivery, as evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// When the request began.
    pub started: Timestamp,
    /// When its answer, or the lack of one, was known.
    pub finished: Timestamp,
    /// `delivered`, `deferred`, `refused`, `collected`.
    pub outcome: String,
    /// HTTP status, where there was one.
    pub status: Option<u16>,
    /// Coded or short technical cause, never content.
    pub detail: String,
    /// Digest of the answer's body.
    pub answer: Option<Digest>,
    /// Evidence grade: `A` signed receipt, `B` application answer, `C` bare echo.
    pub grade: Option<char>,
    /// The target's signed receipt, for grade `A`.
    pub receipt: Option<String>,
}

/// What an attempt commit writes: evidence, next state, and what the source is told of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The attempt, unless only the state changes (expiry, hold, release, cancel).
    pub attempt: Option<Attempt>,
    /// The life after it.
    pub life: Life,
    /// When this happened.
    pub at: Timestamp,
    /// What its source is told, if this changes the state.
    pub telling: Option<Telling>,
}

/// A rejected push of a known member, kept for the one who asks.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// Who pushed.
    pub source: MemberId,
    /// The source's own id, where it was readable.
    pub key: Option<MessageKey>,
    /// Digest of the body.
    pub digest: Digest,
    /// Whether it was test traffic.
    pub test: bool,
    /// When.
    pub at: Timestamp,
    /// First severe reason.
    pub reason: Reason,
    /// Findings as lines, without values.
    pub findings: Vec<String>,
}

/// Counts for pings, health and metrics.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Messages accepted.
    pub messages: u64,
    /// Messages not yet routed.
    pub unrouted: u64,
    /// Messages that wait for the certificate they change.
    pub parked: u64,
    /// Deliveries not final.
    pub open: u64,
    /// Deliveries made.
    pub delivered: u64,
    /// Deliveries refused, expired or cancelled.
    pub failed: u64,
    /// Deliveries held.
    pub held: u64,
}
