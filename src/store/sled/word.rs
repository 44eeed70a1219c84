//! How values are written in rows: as the words, ids and codes they print as everywhere else.

use std::fmt::Display;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use crate::{
    model::{
        envelope::{Answer, Function},
        id::{DeliveryId, Digest, MessageId, MessageKey, Name},
        judgement::{Capacity, RuleKind, StatedBy, Verdict},
        reason::Reason,
        time::Timestamp,
    },
    store::{
        record::{Cargo, Role, View},
        sent::Gap,
    },
};

/// A value with one way to write it.
pub(super) trait Written: Sized {
    fn write(&self) -> impl Display;
    fn read(text: &str) -> Option<Self>;
}

/// For `#[serde(with)]`.
pub(super) fn serialize<T: Written, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&value.write())
}

/// For `#[serde(with)]`.
pub(super) fn deserialize<'de, T: Written, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    T::read(&text).ok_or_else(|| D::Error::custom("a word that means nothing"))
}

/// The same for what may be missing.
pub(super) mod option {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Written;

    pub(in super::super) fn serialize<T: Written, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(&value.write()),
            None => serializer.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, T: Written, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
        T::read(&text).map(Some).ok_or_else(|| D::Error::custom("a word that means nothing"))
    }
}

impl<Of> Written for Name<Of> {
    fn write(&self) -> impl Display {
        self.as_str()
    }

    fn read(text: &str) -> Option<Self> {
        Self::new(text)
    }
}

impl Written for MessageKey {
    fn write(&self) -> impl Display {
        self.as_str()
    }

    fn read(text: &str) -> Option<Self> {
        Self::new(text)
    }
}

impl Written for MessageId {
    fn write(&self) -> impl Display {
        self.0
    }

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Written for DeliveryId {
    fn write(&self) -> impl Display {
        self.0
    }

    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Written for Digest {
    fn write(&self) -> impl Display {
        self.hex()
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_hex(text)
    }
}

impl Written for Timestamp {
    fn write(&self) -> impl Display {
        self.0
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

impl Written for Function {
    fn write(&self) -> impl Display {
        self.code()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().and_then(Self::of)
    }
}

impl Written for Reason {
    fn write(&self) -> impl Display {
        self.code()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Written for Answer {
    fn write(&self) -> impl Display {
        self.word()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Written for Role {
    fn write(&self) -> impl Display {
        self.word()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Written for Cargo {
    fn write(&self) -> impl Display {
        self.word()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Written for View {
    fn write(&self) -> impl Display {
        self.word()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Written for Gap {
    fn write(&self) -> impl Display {
        self.word()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Written for Capacity {
    fn write(&self) -> impl Display {
        self.word()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Written for Verdict {
    fn write(&self) -> impl Display {
        self.word()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Written for StatedBy {
    fn write(&self) -> impl Display {
        self.word()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}

impl Written for RuleKind {
    fn write(&self) -> impl Display {
        self.word()
    }

    fn read(text: &str) -> Option<Self> {
        Self::of(text)
    }
}
