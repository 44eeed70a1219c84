//! The inbound use case: a push in, a verdict out.
//!
//! Everything between the door and the accept commit happens here, in one readable function: decode, map, validate,
//! decide identity, sign the receipt, store. `?` carries faults only; what is the source's doing is a [`Verdict`].
//!
//! **Invariant:** [`Verdict::Accepted`] is returned only after the commit is on disk.

mod accepting;
pub mod attachment;
mod charset;
mod epoch;
mod hub_message;
mod identity;
mod reading;
pub mod trial;
pub mod seen;
mod turns;

use std::{num::NonZeroUsize, sync::Arc};

use bytes::Bytes;

use crate::{
    clock::Clock,
    decode::{charset::Charset, document::Syntax, limit::Limits},
    evidence::key::SigningKey,
    message,
    model::{
        envelope::Envelope,
        finding::{FINDINGS_MAX, Finding},
        id::{Digest, MemberId, MessageId, MessageKey},
        reason::Reason,
        time::Timestamp,
        value::Date,
    },
    region::Region,
    store::{
        Fault, Store,
        record::{Acceptance, Accepted, Receipted, Rejection},
        strain::Strain,
    },
};

use reading::Reading;
use turns::Turns;

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
    /// The epoch the source knows the hub to be in, where it says so.
    pub epoch: Option<u64>,
    /// What the body is.
    pub content: Content,
    /// The character set the media type names.
    pub charset: Option<Charset>,
    /// A detached JWS over the body, as the header `CoO-Signature` has it; not verified yet.
    pub signature: Option<String>,
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

impl Push {
    /// The media type of the body as it was pushed; UTF-8 goes without saying.
    #[must_use]
    pub fn media_type(&self) -> String {
        let plain = self.content.media_type();
        match self.charset.filter(|charset| !charset.is_utf8()) {
            Some(charset) => format!("{plain}; charset={}", charset.name()),
            None => plain.to_owned(),
        }
    }
}

impl Content {
    /// Reads a media type and the character set it names; other parameters are not taken, nor is a set for what is always
    /// UTF-8.
    #[must_use]
    pub fn of(media_type: &str) -> Option<(Self, Option<Charset>)> {
        let (essence, parameter) = media_type.split_once(';').unwrap_or((media_type, ""));
        let charset = match parameter.trim() {
            "" => None,
            parameter => {
                let (name, label) = parameter.split_once('=')?;
                let label = label.trim().trim_matches('"');
                Some(Charset::named(label).filter(|_| name.trim().eq_ignore_ascii_case("charset"))?)
            }
        };
        let content = Self::essence(essence)?;
        let free = matches!(content, Self::Document(Syntax::Xml | Syntax::Csv));
        (free || charset.is_none_or(Charset::is_utf8)).then_some((content, charset))
    }

    fn essence(essence: &str) -> Option<Self> {
        match essence.trim().to_ascii_lowercase().as_str() {
            "application/xml" | "text/xml" => Some(Self::Document(Syntax::Xml)),
            "application/json" => Some(Self::Document(Syntax::Json)),
            "text/csv" => Some(Self::Document(Syntax::Csv)),
            message::MEDIA_TYPE => Some(Self::Message),
            _ => None,
        }
    }

    /// The media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Document(syntax) => syntax.media_type(),
            Self::Message => message::MEDIA_TYPE,
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

/// How much intake does at once; read at start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Config {
    /// Documents decoded, mapped and judged at the same time; `None`: one per core, more would only wait for each other.
    pub documents_at_once_max: Option<NonZeroUsize>,
    /// Caps of the decode stage.
    pub limits: Limits,
    /// Limits on attachments.
    pub attachments: attachment::Limits,
    /// Messages of one member that wait for the certificate they change. Default 10,000.
    pub parked_per_member_max: ParkedMax,
}

/// Most messages of one member that wait for the certificate they change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParkedMax(pub u32);

impl Default for ParkedMax {
    fn default() -> Self {
        Self(10_000)
    }
}

/// Times a decision is taken anew because another push changed what the store knows of the number.
const DECISIONS_MAX: usize = 8;

/// The inbound use case with the handles it uses; cheap to clone.
#[derive(Clone)]
pub struct Intake {
    store: Store,
    key: Arc<SigningKey>,
    clock: Clock,
    limits: Arc<Limits>,
    attachments: attachment::Limits,
    parked_max: ParkedMax,
    turns: Turns,
    seen: seen::Seen,
}

impl Intake {
    /// An intake over a store, signing with `key`.
    #[must_use]
    pub fn new(store: Store, key: Arc<SigningKey>, clock: Clock, config: Config) -> Self {
        let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let turns = Turns::new(config.documents_at_once_max.unwrap_or_else(cores).get());
        let (attachments, parked_max) = (config.attachments, config.parked_per_member_max);
        let seen = seen::Seen::default();
        Self { store, key, clock, limits: Arc::new(config.limits), attachments, parked_max, turns, seen }
    }

    /// What members did that leaves no record.
    #[must_use]
    pub fn seen(&self) -> &seen::Seen {
        &self.seen
    }

    /// Counts a request of a member that was refused, for whoever asks how many were and why.
    pub fn refused(&self, member: &MemberId, reason: Reason) {
        self.store.refused(member, reason, self.clock.now());
    }

    /// Why nothing new is taken at the moment; asked before a body is read.
    #[must_use]
    pub fn shed(&self) -> Option<Reason> {
        self.store.strain().map(|strain| match strain {
            Strain::SpaceLow => Reason::StorageLow,
            Strain::Slow => Reason::StorageSlow,
        })
    }

    /// As [`Intake::shed`], for a push under this key: one that was accepted is answered from what is stored.
    ///
    /// # Errors
    /// A fault is ours: the source may push the same message again.
    pub async fn shed_push(&self, source: &MemberId, key: &MessageKey) -> Result<Option<Reason>, Fault> {
        match self.shed() {
            Some(reason) => Ok(self.store.receipt_of(source, key).await?.is_none().then_some(reason)),
            None => Ok(None),
        }
    }

    /// Judges one push; accepted means on disk.
    ///
    /// # Errors
    /// A fault is ours: the source may push the same message again.
    pub async fn push(&self, push: Push) -> Result<Verdict, Fault> {
        let fingerprint = reading::fingerprint(&push);
        if let Some(first) = self.store.receipt_of(&push.source, &push.key).await? {
            return Ok(repeat(first, fingerprint));
        }
        let compared = self.store.has_compared(&push.source);
        if let Some(finding) = epoch::gate(self.store.epoch(), compared, push.epoch) {
            return Ok(self.reject(&push, vec![finding]));
        }
        let push = Arc::new(push);
        let reading = match self.read(push.clone()).await? {
            Ok(reading) => reading,
            Err(findings) => return Ok(self.reject(&push, findings)),
        };
        self.accept(&push, &reading, fingerprint).await
    }

    /// Decides identity against the store and commits; decides anew when another push was faster.
    async fn accept(&self, push: &Push, reading: &Reading, fingerprint: Digest) -> Result<Verdict, Fault> {
        let id = MessageId(uuid::Uuid::now_v7());
        let Some(subject) = accepting::subject(push, reading, &self.store).await? else {
            let advice = "this member was sent no such delivery; state the id from its CoO-Delivery header";
            return Ok(self.reject(push, vec![Finding::severe(Reason::DeliveryUnknown, advice)]));
        };
        if push.envelope.test && !subject.test {
            let advice = "the delivery answered is live; answer without CoO-Test";
            return Ok(self.reject(push, vec![Finding::severe(Reason::TestNotAllowed, advice)]));
        }
        for _ in 0..DECISIONS_MAX {
            let seen = self.store.standing(&subject.key, reading.earlier_lineage.as_deref()).await?;
            let case = accepting::Case { push, reading, subject: subject.clone(), seen, fingerprint };
            let acceptance = match accepting::acceptance(case, id, &self.key) {
                Ok(acceptance) => Acceptance { parked_max: self.parked_max.0, ..acceptance },
                Err(finding) => return Ok(self.reject(push, vec![finding])),
            };
            let receipt = acceptance.receipt.clone();
            match self.store.accept(acceptance).await? {
                Accepted::Stored => return Ok(Verdict::Accepted { id, receipt }),
                Accepted::Duplicate { id, receipt } => return Ok(Verdict::Duplicate { id, receipt }),
                Accepted::Conflict => return Ok(conflict()),
                Accepted::Changed => {}
                Accepted::TooManyParked => return Ok(self.reject(push, vec![too_many(self.parked_max)])),
                Accepted::Missing(digests) => return Ok(self.reject(push, attachment::missing(&digests))),
            }
        }
        Err(Fault::Contended)
    }

    /// Understands the push on the bounded pool, so that no document holds up the network; members take turns there.
    async fn read(&self, push: Arc<Push>) -> Result<Result<Reading, Vec<Finding>>, Fault> {
        let turn = self.turns.turn(&push.source).await.ok_or(Fault::Stopping)?;
        let (limits, attachments, today) = (self.limits.clone(), self.attachments, self.clock.now());
        let work = move || {
            let _turn = turn;
            let Some(source) = push.region.members.get(&push.source) else { return Err(Vec::new()) };
            reading::read(&push, source, (&limits, &attachments), &Date::of(today))
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Panicked)
    }

    /// Records a rejection, unsynced, and answers with it.
    fn reject(&self, push: &Push, findings: Vec<Finding>) -> Verdict {
        let reason = findings.first().map_or(Reason::Fault, |finding| finding.reason);
        let lines = findings.iter().take(FINDINGS_MAX).map(ToString::to_string).collect();
        let rejection = Rejection {
            source: push.source.clone(),
            key: Some(push.key.clone()),
            digest: push.digest,
            test: push.envelope.test,
            at: push.received,
            reason,
            findings: lines,
        };
        self.store.reject(rejection);
        Verdict::Rejected { reason, findings }
    }
}

fn repeat(first: Receipted, fingerprint: Digest) -> Verdict {
    if first.fingerprint == fingerprint {
        Verdict::Duplicate { id: first.id, receipt: first.receipt }
    } else {
        conflict()
    }
}

fn too_many(ParkedMax(most): ParkedMax) -> Finding {
    let advice = format!(
        "{most} messages of yours wait for the certificate they change; push those certificates first, then this again"
    );
    Finding::severe(Reason::TooManyParked, advice)
}

fn conflict() -> Verdict {
    let advice = "another message was accepted under this Idempotency-Key; give this one an id of its own";
    Verdict::Rejected {
        reason: Reason::MessageIdConflict,
        findings: vec![Finding::severe(Reason::MessageIdConflict, advice)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_may_name_a_character_set_where_one_is_free_to_choose() {
        let cyrillic = Charset::named("windows-1251");
        let of = Content::of;
        assert_eq!(
            of("text/csv; charset=\"Windows-1251\""),
            Some((Content::Document(Syntax::Csv), cyrillic))
        );
        assert_eq!(of("application/xml"), Some((Content::Document(Syntax::Xml), None)));
        assert_eq!(
            of("application/json; charset=utf-8"),
            Some((Content::Document(Syntax::Json), Some(Charset::UTF_8)))
        );
        for bad in
            ["application/json; charset=koi8-r", "text/csv; charset=utf-16", "text/csv; header=present"]
        {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
