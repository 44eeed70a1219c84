//! The closed lists of words that metrics are labelled with, beside reason codes and ids of members.

/// How a push was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// On disk, with a receipt.
    Accepted,
    /// Accepted before.
    Duplicate,
    /// Not accepted, for what the message says.
    Rejected,
    /// Not looked at: pace, room, headers, or a fault of ours.
    Refused,
}

/// What came of an attempt at a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The target has it.
    Delivered,
    /// The target collected it from its mailbox.
    Collected,
    /// The target refused it for good.
    Refused,
    /// The target took it, it seems, but did not confirm what it took.
    Unconfirmed,
    /// The target answered, and does not have it.
    Failed,
    /// The target did not answer.
    Silent,
}

/// How a handshake of somebody who connects ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handshake {
    /// A leaf was proved.
    Done,
    /// It did not come to that.
    Failed,
    /// It took too long.
    Late,
    /// It gave way to a newer one.
    Overtaken,
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// A member.
    Member,
    /// A member past a cap.
    Surplus,
    /// Nobody known.
    Stranger,
}

/// A loop that must come round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loop {
    /// Routing.
    Route,
    /// The sweep over deliveries.
    Deliver,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 4] = [Self::Accepted, Self::Duplicate, Self::Rejected, Self::Refused];

    /// The label.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
        }
    }
}

impl Outcome {
    /// The label.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Collected => "collected",
            Self::Refused => "refused",
            Self::Unconfirmed => "unconfirmed",
            Self::Failed => "failed",
            Self::Silent => "silent",
        }
    }
}

impl Handshake {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Late => "late",
            Self::Overtaken => "overtaken",
        }
    }
}

impl At {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Surplus => "surplus",
            Self::Stranger => "stranger",
        }
    }
}

impl Loop {
    /// Every loop.
    pub const ALL: [Self; 2] = [Self::Route, Self::Deliver];

    /// The label: the word of its stage.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Deliver => "deliver",
        }
    }
}
