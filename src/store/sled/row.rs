//! Rows, and the indexes each is found by. Written as JSON objects, so that a later hub can add a field and still read
//! what an earlier one wrote.

use serde::{Deserialize, Serialize};

use super::{
    db::Db,
    key::{Key, Table},
    word::{self, option},
};
use crate::{
    model::{
        delivery::State,
        envelope::{Answer, Function},
        id::{AgreementId, DeliveryId, Digest, FormatId, MemberId, MessageId, MessageKey},
        key::{Key as Subject, end, normal_form},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Fault,
        claim::Rank,
        pack::Packed,
        record::{Attempt, Cargo, Role, View},
        sent::Gap,
        word::{reason_of, state},
    },
};

/// An accepted message.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct MessageRow {
    pub(super) sequence: i64,
    #[serde(with = "word")]
    pub(super) id: MessageId,
    #[serde(with = "word")]
    pub(super) source: MemberId,
    #[serde(with = "word")]
    pub(super) key: MessageKey,
    #[serde(with = "word")]
    pub(super) digest: Digest,
    #[serde(with = "word")]
    pub(super) fingerprint: Digest,
    #[serde(with = "word")]
    pub(super) received: Timestamp,
    #[serde(with = "word")]
    pub(super) function: Function,
    #[serde(with = "word")]
    pub(super) agreement: AgreementId,
    pub(super) issuer: String,
    pub(super) number: String,
    pub(super) lineage: String,
    pub(super) version: Option<u32>,
    pub(super) earlier: Option<String>,
    pub(super) chain: i64,
    /// Digest of what it says, if it says something.
    #[serde(with = "option")]
    pub(super) canonical: Option<Digest>,
    #[serde(with = "option")]
    pub(super) format: Option<FormatId>,
    pub(super) media_type: String,
    #[serde(with = "word")]
    pub(super) config: Digest,
    pub(super) test: bool,
    #[serde(default)]
    pub(super) bulk: bool,
    #[serde(with = "option")]
    pub(super) duplicate_of: Option<MessageId>,
    pub(super) demand: Option<String>,
    /// For a response: sequence of the delivery it answers.
    pub(super) answers: Option<i64>,
}

impl MessageRow {
    /// Identity of the certificate it is about.
    pub(super) fn subject(&self) -> Subject {
        Subject {
            agreement: self.agreement.clone(),
            issuer: self.issuer.clone(),
            number: self.number.clone(),
            lineage: self.lineage.clone(),
            version: self.version,
        }
    }

    /// Writes it, new.
    pub(super) fn insert(&self, db: &mut Db) -> Result<(), Fault> {
        db.put_int(Key::of(Table::MessageId).bytes(self.id.0.as_bytes()), self.sequence);
        let key = Key::of(Table::MessageKey).text(self.source.as_str()).text(self.key.as_str());
        db.put_int(key, self.sequence);
        let normal = Key::of(Table::Normal).text(&normal_form(&self.number));
        db.put(normal.int(self.sequence), Vec::new());
        if let Some(end) = end(&normal_form(&self.number)) {
            db.put(Key::of(Table::NormalEnd).text(end).int(self.sequence), Vec::new());
        }
        let pushed = Key::of(Table::Pushed).text(self.source.as_str()).int(self.received.0);
        db.put(pushed.int(self.sequence), Vec::new());
        self.join(db, self.chain)
    }

    /// Writes it as a member of a chain.
    pub(super) fn join(&self, db: &mut Db, chain: i64) -> Result<(), Fault> {
        db.remove(Key::of(Table::Chain).int(self.chain).int(self.sequence));
        db.put(Key::of(Table::Chain).int(chain).int(self.sequence), Vec::new());
        let row = Self { chain, ..self.clone() };
        db.put_row(Key::of(Table::Message).int(self.sequence), &row)
    }

    /// Marks it as to be routed; `given_up` when it was parked and the certificate did not come in time.
    pub(super) fn mark(&self, db: &mut Db, chain: i64, given_up: bool) {
        let value = Key(Vec::new()).flag(given_up).int(chain).0;
        db.put(Key::of(Table::Unrouted).int(self.sequence), value);
        db.put(Key::of(Table::UnroutedChain).int(chain).int(self.sequence), Vec::new());
    }

    /// Takes the mark away.
    pub(super) fn unmark(&self, db: &mut Db, chain: i64) {
        db.remove(Key::of(Table::Unrouted).int(self.sequence));
        db.remove(Key::of(Table::UnroutedChain).int(chain).int(self.sequence));
    }
}

/// A version of a certificate.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct VersionRow {
    pub(super) version: u32,
    /// Sequence of its message.
    pub(super) message: i64,
    /// Whether its message issued the number rather than amended it.
    pub(super) issued: bool,
    pub(super) lineage: String,
    #[serde(with = "option")]
    pub(super) canonical: Option<Digest>,
    /// Sequence of the message that cancelled it.
    pub(super) cancelled: Option<i64>,
}

/// A message that waits for the certificate it changes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ParkedRow {
    pub(super) chain: i64,
    /// Lineage of that certificate.
    pub(super) awaits: String,
    #[serde(with = "word")]
    pub(super) until: Timestamp,
}

/// A body, but for its bytes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct BodyRow {
    #[serde(with = "word")]
    pub(super) role: Role,
    pub(super) format: String,
    #[serde(with = "word")]
    pub(super) made_by: Digest,
    pub(super) media_type: String,
    #[serde(with = "word")]
    pub(super) digest: Digest,
    pub(super) size: i64,
    pub(super) compressed: bool,
}

impl BodyRow {
    pub(super) fn of(packed: &Packed) -> Self {
        Self {
            role: packed.role,
            format: packed.format.clone(),
            made_by: packed.made_by,
            media_type: packed.media_type.clone(),
            digest: packed.digest,
            size: packed.size,
            compressed: packed.compressed,
        }
    }

    pub(super) fn packed(self, bytes: Vec<u8>) -> Packed {
        let Self { role, format, made_by, media_type, digest, size, compressed } = self;
        Packed { role, format, made_by, media_type, digest, size, compressed, bytes }
    }
}

/// What is on its way to a target.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct DeliveryRow {
    pub(super) sequence: i64,
    #[serde(with = "word")]
    pub(super) id: DeliveryId,
    pub(super) message: i64,
    pub(super) chain: i64,
    #[serde(with = "word")]
    pub(super) target: MemberId,
    /// Source of its message, so that a claim can leave one out.
    #[serde(with = "word")]
    pub(super) source: MemberId,
    /// Whether that is test traffic.
    pub(super) test: bool,
    #[serde(with = "word")]
    pub(super) cargo: Cargo,
    #[serde(with = "word")]
    pub(super) view: View,
    pub(super) body: Option<i64>,
    pub(super) weight: u32,
    pub(super) urgent: bool,
    #[serde(default)]
    pub(super) bulk: bool,
    #[serde(with = "word")]
    pub(super) created: Timestamp,
    #[serde(with = "option")]
    pub(super) config: Option<Digest>,
    pub(super) losses: Vec<String>,
    pub(super) because: String,
    pub(super) state: String,
    /// Why it is in that state, or will be held once it is head.
    #[serde(with = "option")]
    pub(super) reason: Option<Reason>,
    #[serde(with = "option")]
    pub(super) due: Option<Timestamp>,
    pub(super) failures: u32,
    pub(super) attempts: u32,
    #[serde(with = "option")]
    pub(super) ended: Option<Timestamp>,
    pub(super) about: Option<i64>,
    #[serde(with = "option")]
    pub(super) gap: Option<Gap>,
    #[serde(with = "option")]
    pub(super) replay_of: Option<DeliveryId>,
    /// Another took its place after it ended badly: it is not counted among those.
    #[serde(default)]
    pub(super) replaced: bool,
}

impl DeliveryRow {
    /// Whether it goes before other chains, or after them.
    fn rank(&self) -> Rank {
        let rank = match (self.urgent, self.bulk) {
            (true, _) => Rank::Urgent,
            (false, false) => Rank::Usual,
            (false, true) => Rank::Bulk,
        };
        rank.of(self.test)
    }

    /// Where it stands.
    pub(super) fn state(&self) -> Result<State, Fault> {
        state(&self.state, self.reason, self.due)
    }

    /// The same delivery in another state; `hold` is what it remembers besides.
    pub(super) fn moved(&self, state: &State, hold: Option<Reason>) -> Self {
        let reason = reason_of(state).or(hold);
        Self { state: state.word().to_owned(), reason, due: state.due(), ..self.clone() }
    }

    /// Writes it in place of what was there, with every index it is found by.
    pub(super) fn save(&self, db: &mut Db, before: Option<&Self>) -> Result<(), Fault> {
        let (old, new) = (before.map(Self::entries).unwrap_or_default(), self.entries());
        for gone in old.iter().filter(|entry| !new.contains(entry)) {
            db.remove(gone.clone());
        }
        for entry in new.into_iter().filter(|entry| !old.contains(entry)) {
            db.put(entry, Vec::new());
        }
        if before.is_none() {
            db.put_int(Key::of(Table::DeliveryId).bytes(self.id.0.as_bytes()), self.sequence);
        }
        db.put_row(Key::of(Table::Delivery).int(self.sequence), self)
    }

    /// Every entry of an index that points to it.
    fn entries(&self) -> Vec<Key> {
        let of = |table| Key::of(table).text(self.target.as_str());
        let mut entries =
            vec![Key::of(Table::DeliveryOf).int(self.message), of(Table::Sent).int(self.created.0)];
        if self.ended.is_none() {
            entries.push(of(Table::Open).int(self.chain));
            if self.state != State::Queued.word() {
                entries.push(of(Table::Age).int(self.created.0));
            }
            entries.extend(self.reason.map(|reason| Key::of(Table::Hold).text(reason.code())));
        }
        if self.state == "held" {
            entries.push(of(Table::Held).int(self.created.0));
        }
        if self.is_dead() && !self.replaced {
            entries.extend(self.ended.map(|at| of(Table::Dead).int(at.0)));
            entries.push(of(Table::DeadChain).int(self.chain));
        }
        entries.extend(self.due.map(|at| due(&self.target, self.rank(), self.failures > 0).int(at.0)));
        entries.into_iter().map(|entry| entry.int(self.sequence)).collect()
    }
}

/// What the entries of due heads begin with: those before all others first.
pub(super) fn due(target: &MemberId, rank: Rank, retried: bool) -> Key {
    let place: u8 = match rank {
        Rank::Urgent => 0,
        Rank::Usual => 1,
        Rank::Bulk => 2,
        Rank::Test => 3,
    };
    Key::of(Table::Due).text(target.as_str()).bytes(&[place]).flag(retried)
}

/// One try at a delivery.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct AttemptRow {
    number: u32,
    #[serde(with = "word")]
    started: Timestamp,
    #[serde(with = "word")]
    finished: Timestamp,
    outcome: String,
    status: Option<u16>,
    detail: String,
    #[serde(with = "option")]
    answer: Option<Digest>,
    grade: Option<char>,
    receipt: Option<String>,
}

impl AttemptRow {
    pub(super) fn of(attempt: &Attempt, number: u32) -> Self {
        let Attempt { started, finished, outcome, status, detail, answer, grade, receipt, .. } =
            attempt.clone();
        Self { number, started, finished, outcome, status, detail, answer, grade, receipt }
    }

    pub(super) fn attempt(self) -> Attempt {
        let Self { number, started, finished, outcome, status, detail, answer, grade, receipt } = self;
        Attempt { number, started, finished, outcome, status, detail, answer, grade, receipt }
    }
}

/// An answer of customs.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct AnswerRow {
    #[serde(with = "word")]
    pub(super) answer: Answer,
    pub(super) reason: Option<String>,
    #[serde(with = "word")]
    pub(super) at: Timestamp,
}

/// An attachment, but for its bytes.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct AttachmentRow {
    #[serde(with = "word")]
    pub(super) member: MemberId,
    #[serde(with = "word")]
    pub(super) put: Timestamp,
    pub(super) named: bool,
    pub(super) body: BodyRow,
}

/// Counts kept by the commits.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct TallyRow {
    pub(super) messages: i64,
    pub(super) unrouted: i64,
    pub(super) parked: i64,
    pub(super) open: i64,
    pub(super) delivered: i64,
    pub(super) failed: i64,
    pub(super) held: i64,
}

/// The key of what there is one of.
pub(super) fn one(name: &str) -> Key {
    Key::of(Table::One).text(name)
}
