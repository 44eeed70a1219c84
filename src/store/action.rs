//! What operators do: each action is a record, written in the same commit as its effect.
//!
//! An action that was refused is recorded too, without effect. What an operator decided on is looked at again in the
//! commit; when it is no longer so, nothing is written at all and the caller decides anew.

use std::fmt;

use super::{
    Fault, Store, aside,
    job::{Job, PackedAct},
    lane::Change,
    queue::Side,
    read::rows,
    record::{Cargo, NewDelivery, Outcome, View},
    register::NewEntry,
};
use crate::model::{
    delivery::State,
    id::{DeliveryId, Digest, MemberId, MessageId},
    time::Timestamp,
};

/// Most deliveries one action adds, so that no accept waits long behind it.
pub const ADDITIONS_MAX: usize = 100;

/// What an operator asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// To keep a delivery or a lane from going on.
    Hold,
    /// To let it go on.
    Release,
    /// To end a delivery.
    Cancel,
    /// To deliver again what a target misses.
    Replay,
    /// To deliver a certificate that names no importing country.
    Address,
    /// To have an attempt at once at a member that is spared.
    Try,
    /// To say that the wall clock is right.
    ConfirmClock,
    /// To apply a configuration.
    Configure,
    /// To make, change or remove an account.
    Account,
    /// To sign in.
    SignIn,
    /// To read what a document says.
    Read,
    /// To keep the report of a checklist.
    Report,
}

/// What an action is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// A member's lane, or what it misses.
    Member(MemberId),
    /// A delivery.
    Delivery(DeliveryId),
    /// A message.
    Message(MessageId),
    /// An account of an operator.
    Account(String),
    /// The configuration.
    Configuration,
    /// The hub as a whole.
    Hub,
}

/// One action of an operator, as evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Action {
    /// When.
    pub at: Timestamp,
    /// The system's user who asked.
    pub user: String,
    /// The name the operator gave besides.
    pub named: Option<String>,
    /// What was asked for.
    pub verb: Verb,
    /// What it is about, as [`About`] prints it.
    pub about: String,
    /// Why, in the operator's words.
    pub reason: String,
    /// What came of it: `done`, or the code of its refusal, and what else is to be known.
    pub outcome: String,
}

/// What an action changes.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Nothing in the store.
    Nothing,
    /// What a lane rests on.
    Lane(Box<Change>),
    /// One delivery's life.
    Life(Box<Outcome>),
    /// A delivery that is due later, and only such a one, is due at the time of the action.
    Sooner(DeliveryId),
    /// Deliveries more: all of them, or none.
    Send(Vec<Addition>),
    /// An entry in a book.
    Keep(Box<NewEntry>),
}

/// A delivery that an operator adds to a message that was routed before.
#[derive(Clone, Debug)]
pub struct Addition {
    /// The message it carries.
    pub message: MessageId,
    /// Digest of the configuration it was made under.
    pub config: Digest,
    /// The delivery.
    pub delivery: NewDelivery,
    /// The delivery it repeats, which itself repeats none.
    pub replay_of: Option<DeliveryId>,
    /// What the decision was made on.
    pub seen: Trail,
    /// Whether it was made on the message being addressed to no other member.
    pub sole: bool,
}

/// What one target was ever sent of a message's chain, and how far the chain has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trail {
    /// Accept sequence of the message.
    pub message: i64,
    /// Accept sequence of the newest message of the chain that changed something: no answer and no duplicate.
    pub newest: i64,
    /// Deliveries to the target, oldest first; the newest [`super::READ_ROWS_MAX`].
    pub past: Vec<Past>,
}

/// A delivery in a trail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Past {
    /// Its id.
    pub delivery: DeliveryId,
    /// Accept sequence of its message.
    pub message: i64,
    /// What it is.
    pub cargo: Cargo,
    /// How much of it.
    pub view: View,
    /// The delivery it repeats.
    pub replay_of: Option<DeliveryId>,
    /// When it ended, if it did.
    pub ended: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
}

/// How an action's commit ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acted {
    /// Action and effect are on disk.
    Done,
    /// The effect would change nothing, or what it was decided on is no longer so: nothing was written.
    Unchanged,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 12] = [
        Self::Hold,
        Self::Release,
        Self::Cancel,
        Self::Replay,
        Self::Address,
        Self::Try,
        Self::ConfirmClock,
        Self::Configure,
        Self::Account,
        Self::SignIn,
        Self::Read,
        Self::Report,
    ];

    /// The word in the store and in answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Cancel => "cancel",
            Self::Replay => "replay",
            Self::Address => "address",
            Self::Try => "try",
            Self::ConfirmClock => "confirm-clock",
            Self::Configure => "configure",
            Self::Account => "account",
            Self::SignIn => "sign-in",
            Self::Read => "read",
            Self::Report => "report",
        }
    }

    /// The verb of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.word() == word)
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => write!(f, "member {id}"),
            Self::Delivery(id) => write!(f, "delivery {id}"),
            Self::Message(id) => write!(f, "message {id}"),
            Self::Account(name) => write!(f, "account {name}"),
            Self::Configuration => f.write_str("configuration"),
            Self::Hub => f.write_str("hub"),
        }
    }
}

impl Store {
    /// Commits an action of an operator together with its effect.
    ///
    /// **Bounds:** at most [`ADDITIONS_MAX`] deliveries.
    /// **Durability:** synced to disk when it returns [`Acted::Done`].
    ///
    /// # Errors
    /// [`Fault::DeliveryUnknown`], [`Fault::MessageUnknown`], [`Fault::BodyTooLarge`]; else as [`Store::accept`].
    pub async fn act(&self, act: Action, effect: Effect) -> Result<Acted, Fault> {
        let packed = Box::new(aside(effect.bytes(), move || PackedAct::pack(act, effect)).await?);
        self.commit(Side::Urgent, |reply| Job::Act { act: packed, reply }).await
    }

    /// What a target was ever sent of a message's chain; `None` when there is no such message.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn trail(&self, message: MessageId, target: &MemberId) -> Result<Option<Trail>, Fault> {
        let target = target.clone();
        self.read(move |db| db.trail(message, &target)).await
    }

    /// Actions of operators, newest first, older than the one numbered `before`; only those about one thing if named.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn actions(
        &self,
        about: Option<&About>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<(i64, Action)>, Fault> {
        let about = about.map(ToString::to_string);
        self.read(move |db| db.actions(about.as_deref(), before, rows(limit))).await
    }
}

impl Effect {
    /// Bytes to pack.
    fn bytes(&self) -> usize {
        match self {
            Self::Nothing | Self::Lane(_) | Self::Sooner(_) => 0,
            Self::Life(outcome) => {
                outcome.telling.as_ref().and_then(|told| told.notice.as_ref()).map_or(0, NewDelivery::bytes)
            }
            Self::Keep(entry) => entry.bytes.len(),
            Self::Send(additions) => additions.iter().map(|addition| addition.delivery.bytes()).sum(),
        }
    }
}
