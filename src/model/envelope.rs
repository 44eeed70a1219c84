//! What a push says about itself beside the document: function, agreement, identity, lineage, test flag.
//!
//! The document wins where it states a value; where both state one and they differ, the push is rejected
//! (`envelope-mismatch`).

use super::{id::Digest, value::Date};

/// Message function, UN/EDIFACT 1225 (design §3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Function {
    /// 9: the certificate as first issued.
    Original,
    /// 4: the same certificate, changed.
    Amendment,
    /// 5: a new certificate in place of an earlier one.
    Replacement,
    /// 1: the certificate is withdrawn.
    Cancellation,
    /// 11: an answer of an importing customs about a certificate it was sent.
    Response,
}

impl Function {
    /// Every function the hub takes.
    pub const ALL: [Self; 5] =
        [Self::Original, Self::Amendment, Self::Replacement, Self::Cancellation, Self::Response];

    /// The EDIFACT 1225 code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Original => 9,
            Self::Amendment => 4,
            Self::Replacement => 5,
            Self::Cancellation => 1,
            Self::Response => 11,
        }
    }

    /// The function of a code.
    #[must_use]
    pub fn of(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.code() == code)
    }

    /// The word used in messages and logs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Amendment => "amendment",
            Self::Replacement => "replacement",
            Self::Cancellation => "cancellation",
            Self::Response => "response",
        }
    }

    /// Whether the message carries a national document.
    #[must_use]
    pub fn has_document(self) -> bool {
        matches!(self, Self::Original | Self::Amendment | Self::Replacement)
    }
}

/// The envelope as the source stated it; absent parts come from the document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// Message function; original when not stated.
    pub function: Function,
    /// Agreement, by the region's id or any alias the agreement lists.
    pub agreement: Option<String>,
    /// Issuing body id.
    pub issuer: Option<String>,
    /// Certificate number, literally.
    pub number: Option<String>,
    /// Version the source numbers; the hub numbers versions where absent.
    pub version: Option<u32>,
    /// Number of the certificate that a replacement replaces.
    pub earlier: Option<String>,
    /// Format the source says the document has; recognised from the document when absent.
    pub format: Option<String>,
    /// Digests of the attachments, where the source states them; then all of them.
    pub attachments: Vec<Digest>,
    /// Whether this is test traffic, which never reaches a live endpoint.
    pub test: bool,
    /// Whether it was issued before its link went live, and goes behind everything that is live.
    pub bulk: bool,
}

impl Envelope {
    /// An original about which only the document speaks.
    #[must_use]
    pub fn original() -> Self {
        Self {
            function: Function::Original,
            agreement: None,
            issuer: None,
            number: None,
            version: None,
            earlier: None,
            format: None,
            attachments: Vec::new(),
            test: false,
            bulk: false,
        }
    }
}

/// A cancellation: a hub message without national document (design §3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cancellation {
    /// Agreement id or alias.
    pub agreement: String,
    /// Issuing body id.
    pub issuer: String,
    /// Certificate number, literally.
    pub number: String,
    /// Version withdrawn; the latest when absent.
    pub version: Option<u32>,
    /// Importing country or union: where it goes if the hub never sent the certificate to anybody.
    pub country: Option<String>,
    /// Reason code of the issuing body.
    pub reason_code: String,
    /// Reason in words.
    pub reason_text: String,
    /// When the issuing body decided.
    pub decided: Date,
}

/// What an importing customs says of a certificate it received.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answer {
    /// The customs system has it: evidence grade B.
    Received,
    /// Accepted as proof of origin.
    Accepted,
    /// Not accepted; findings say why.
    Rejected,
}

impl Answer {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }

    /// The answer of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Received, Self::Accepted, Self::Rejected].into_iter().find(|answer| answer.word() == word)
    }
}
