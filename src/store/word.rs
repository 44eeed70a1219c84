//! The words of roles, cargo and views: in the tables of every engine, in status answers and in metrics.

use super::record::{Cargo, Role, View};

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Original, Self::Canonical, Self::Remainder, Self::Signature, Self::Rendering];

    /// The word in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Canonical => "canonical",
            Self::Remainder => "remainder",
            Self::Signature => "signature",
            Self::Rendering => "rendering",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

impl Cargo {
    /// Every kind of cargo.
    pub const ALL: [Self; 4] = [Self::Certificate, Self::Cancellation, Self::Response, Self::Notice];

    /// The word in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Cancellation => "cancellation",
            Self::Response => "response",
            Self::Notice => "notice",
        }
    }

    /// The cargo of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cargo| cargo.word() == word)
    }
}

impl View {
    /// Every view.
    pub const ALL: [Self; 3] = [Self::Full, Self::Minimised, Self::Notice];

    /// The word in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Minimised => "minimised",
            Self::Notice => "notice",
        }
    }

    /// The view of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.word() == word)
    }
}
