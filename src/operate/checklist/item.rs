//! What is on the list, and what is to be changed where it is red.

/// Which side of the member an item is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// What it takes from the hub.
    Takes,
    /// What it sends to it.
    Sends,
}

/// What came of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is as it must be.
    Green,
    /// It is not.
    Red,
    /// Nobody can say yet: it is to be seen, or to be confirmed by hand.
    Open,
    /// It does not apply to this member.
    Skipped,
    /// An operator says so.
    Confirmed,
}

impl Outcome {
    /// The word in a report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Red => "red",
            Self::Open => "open",
            Self::Skipped => "skipped",
            Self::Confirmed => "confirmed",
        }
    }

    /// Whether a member may go live with it.
    #[must_use]
    pub fn is_fine(self) -> bool {
        matches!(self, Self::Green | Self::Skipped | Self::Confirmed)
    }
}

/// One line of a report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it is about.
    pub item: Item,
    /// The form, where there is a line for each.
    pub form: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// What was seen: statuses, times, digests, ids; never content.
    pub evidence: String,
}

impl Line {
    /// A line.
    pub fn new(item: Item, outcome: Outcome, evidence: impl Into<String>) -> Self {
        Self { item, form: None, outcome, evidence: evidence.into() }
    }

    /// The same for one form.
    #[must_use]
    pub fn of(self, form: &str) -> Self {
        Self { form: Some(form.to_owned()), ..self }
    }

    /// Its name: `clock`, or `sample:mec-csv`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.form {
            Some(form) => format!("{}:{form}", self.item.word()),
            None => self.item.word().to_owned(),
        }
    }
}

macro_rules! items {
    ($($name:ident $word:literal $side:ident: $meaning:literal, $advice:literal;)*) => {
        /// An item of the list.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Item {
            $(#[doc = $meaning] $name,)*
        }

        impl Item {
            /// Every item, in the order of a report.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Which side of the member it is about.
            #[must_use]
            pub fn side(self) -> Side {
                match self { $(Self::$name => Side::$side,)* }
            }

            /// What must be so.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// What to change, or to do, where it is not.
            #[must_use]
            pub fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }
        }
    };
}

items! {
    Tls "tls" Takes: "A connection under mutual TLS is made and answered.",
        "start the server; let its leaf chain to [push] anchors and name the host of [push] url; let it trust the hub's anchor";
    Identity "identity" Takes: "Whoever shows no leaf gets nothing accepted.",
        "demand a client leaf, and admit the hub's alone";
    Clock "clock" Takes: "Its clock and the hub's agree.",
        "set the server's clock by NTP, and let answers carry Date";
    Sample "sample" Takes: "A certificate is stored, in each form it takes.",
        "answer 2xx with CoO-Delivery and CoO-Digest as they came, once it is on disk";
    Duplicate "duplicate" Takes: "The same delivery again is taken again.",
        "look CoO-Delivery up before storing, and answer as the first time";
    Receipt "receipt" Takes: "Its signed receipt verifies.",
        "sign delivery and digest with a key of [push] receipt_keys, as application/jose";
    Refusal "refusal" Takes: "What it cannot read it refuses with an agreed code.",
        "answer 4xx with application/problem+json and one of the agreed codes";
    Pace "pace" Takes: "Answers come well within the time the hub waits.",
        "answer within half of [push] timeout, or agree on a longer one";
    Amendment "amendment" Takes: "An amendment takes the place of what it amends.",
        "take CoO-Function 4 of a number that is there, with the next CoO-Version";
    Cancellation "cancellation" Takes: "A cancellation is taken.",
        "take CoO-Cargo cancellation, a hub message, of a number that is there";
    Withdrawal "withdrawal" Takes: "An amendment to another destination withdraws the copy.",
        "take the hub message with function withdrawal, and set the copy aside";
    Names "names" Takes: "Names in any script survive.",
        "store and answer by bytes; read UTF-8, and percent-encoded headers";
    Largest "largest" Takes: "The largest certificate of the link is taken.",
        "raise the limits of body and time, or lower takes.items_max";
    Down "down" Takes: "After it was down, what waited arrives.",
        "stop the server, have a partner send test traffic, start it again";
    Resend "resend" Takes: "Asked for again at the desk, a certificate comes again.",
        "ask by POST /v1/certificates/{issuer}/{number}/resend for a test certificate it has";
    Rollover "rollover" Takes: "A second leaf is accepted while keys change, both ways.",
        "connect with the next leaf beside the old one; trust the hub's next leaf; confirm by hand";
    Ping "ping" Sends: "It is known at the hub's door.",
        "GET /v1/ping with its leaf";
    Sends "sends" Sends: "A test certificate is accepted in each form it sends.",
        "push one with CoO-Test: ?1";
    Repeats "repeats" Sends: "It pushes again what it has no answer to, under the same id.",
        "push an accepted message again with the same Idempotency-Key and bytes";
    Rejection "rejection" Sends: "After a rejection it mends and pushes again.",
        "push a broken test certificate, then a good one";
    Amends "amends" Sends: "It amends a certificate.",
        "push an amendment of a test certificate, CoO-Function 4";
    Cancels "cancels" Sends: "It cancels a certificate.",
        "push the cancellation of a test certificate";
    Attaches "attaches" Sends: "It puts attachments.",
        "put one to /v1/attachments and name it, or confirm that it sends none";
    Verifies "verifies" Sends: "It verifies the hub's receipts and keeps them.",
        "verify one with GET /v1/keys; confirm by hand";
}

impl Item {
    /// The same for a member that collects from a mailbox.
    #[must_use]
    pub fn advice_collecting(self) -> &'static str {
        match self {
            Self::Sample => {
                "have a partner send test traffic; collect it by GET /v1/inbox?test=true, and acknowledge it with its digest once it is on disk"
            }
            Self::Duplicate => {
                "look the delivery's id up before storing what is offered once more, and acknowledge it as before; confirm by hand"
            }
            Self::Amendment => {
                "have a partner amend a test certificate; take CoO-Function 4 of a number that is there, with the next CoO-Version, and acknowledge it"
            }
            Self::Cancellation => {
                "have a partner cancel a test certificate; take CoO-Cargo cancellation, a hub message, of a number that is there, and acknowledge it"
            }
            Self::Withdrawal => {
                "have a partner amend a test certificate to another destination; take the hub message with function withdrawal, set the copy aside, and acknowledge it"
            }
            Self::Names => "store by bytes, and read UTF-8; confirm by hand",
            Self::Largest => "collect as many goods items as takes.items_max, or lower it; confirm by hand",
            Self::Rollover => {
                "connect with the next leaf beside the old one; trust the hub's next leaf; confirm by hand"
            }
            other => other.advice(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let words: std::collections::BTreeSet<_> = Item::ALL.iter().map(|item| item.word()).collect();
        assert_eq!(words.len(), Item::ALL.len());
    }
}
