//! What operators keep in the hub besides certificates: books of named entries.
//!
//! An entry is written in one commit with the action that made it ([`super::action::Effect::Keep`]), and only if the
//! newest entry of its name is still the one the decision was made on. What an entry says is its writer's to know; the
//! store keeps the bytes, proves them when they are read, and removes the oldest beyond [`Book::kept_max`].

use super::{
    Fault, Store,
    pack::{self, Packed},
    read::rows,
    record::{Body, Role},
};
use crate::model::{id::Digest, time::Timestamp};

/// Longest entry, in bytes.
pub const ENTRY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Longest name of an entry, in bytes.
pub const NAME_BYTES_MAX: usize = 200;

/// What kind of entries a name belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Book {
    /// Configurations that were applied.
    Configuration,
    /// Accounts of operators.
    Account,
    /// Reports of checklists.
    Report,
    /// What one operator proposed and another is to confirm.
    Proposal,
    /// What is under way and must be finished after a crash.
    Journal,
}

/// An entry to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEntry {
    /// Its book.
    pub book: Book,
    /// Its name in the book.
    pub name: String,
    /// What it says.
    pub bytes: Vec<u8>,
    /// Number of the newest entry of that name when this one was decided on.
    pub seen: Option<i64>,
}

/// An entry as it is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Rises with each entry of the store, and never comes twice.
    pub number: i64,
    /// Its name in the book.
    pub name: String,
    /// When it was written.
    pub at: Timestamp,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// An entry as an engine reads it.
pub(super) struct PackedEntry {
    pub(super) number: i64,
    pub(super) name: String,
    pub(super) at: Timestamp,
    pub(super) packed: Packed,
}

impl Book {
    /// Every book.
    pub const ALL: [Self; 5] =
        [Self::Configuration, Self::Account, Self::Report, Self::Proposal, Self::Journal];

    /// The word in the store.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Account => "account",
            Self::Report => "report",
            Self::Proposal => "proposal",
            Self::Journal => "journal",
        }
    }

    /// Most entries kept of one name; an older one goes when another comes.
    #[must_use]
    pub fn kept_max(self) -> u32 {
        match self {
            Self::Configuration => 500,
            Self::Account | Self::Proposal | Self::Journal => 1,
            Self::Report => 50,
        }
    }
}

impl NewEntry {
    /// Takes what it says out, packed.
    ///
    /// # Errors
    /// [`Fault::BodyTooLarge`] past [`ENTRY_BYTES_MAX`] or, for the name, [`NAME_BYTES_MAX`].
    pub(super) fn pack(&mut self) -> Result<Packed, Fault> {
        for (bytes, most) in [(self.bytes.len(), ENTRY_BYTES_MAX), (self.name.len(), NAME_BYTES_MAX)] {
            if bytes > most {
                return Err(Fault::BodyTooLarge { bytes });
            }
        }
        let bytes = std::mem::take(&mut self.bytes);
        let (format, media_type) = (String::new(), String::new());
        pack::pack(Body { role: Role::Original, format, table: Digest([0; 32]), media_type, bytes })
    }
}

impl PackedEntry {
    /// What an engine keeps beside an entry's bytes; the rest of a body says nothing here.
    pub(super) fn packed(digest: Digest, size: i64, compressed: bool, bytes: Vec<u8>) -> Packed {
        let (format, media_type) = (String::new(), String::new());
        let made_by = Digest([0; 32]);
        Packed { role: Role::Original, format, made_by, media_type, digest, size, compressed, bytes }
    }

    fn unpack(self) -> Result<Entry, Fault> {
        let bytes = pack::unpack(self.packed)?.bytes;
        Ok(Entry { number: self.number, name: self.name, at: self.at, bytes })
    }
}

impl Store {
    /// Entries of a book, newest first, older than the one numbered `before`; only those of one name if named.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`]; [`Fault::Corrupt`] when an entry's bytes are not what was written.
    pub async fn entries(
        &self,
        book: Book,
        name: Option<&str>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Entry>, Fault> {
        let name = name.map(ToOwned::to_owned);
        let packed = self.read(move |db| db.entries(book, name.as_deref(), before, rows(limit))).await?;
        packed.into_iter().map(PackedEntry::unpack).collect()
    }

    /// The newest entry of a name.
    ///
    /// # Errors
    /// As [`Store::entries`].
    pub async fn entry(&self, book: Book, name: &str) -> Result<Option<Entry>, Fault> {
        Ok(self.entries(book, Some(name), None, 1).await?.pop())
    }
}
