//! A configuration as it is kept: one line of JSON that says what it is, then the bytes of its files, one behind the
//! other, in the order of that line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    files::Kept,
    model::reason::Reason,
    operate::Refusal,
    region::Region,
    store::register::{Book, ENTRY_BYTES_MAX, Entry, NewEntry},
};

/// The name of every entry of the book.
pub(super) const NAME: &str = "region";
/// Most files whose bytes are kept with one configuration.
pub const KEPT_FILES_MAX: usize = 5_000;
/// Most bytes of files kept with one configuration, before they are compressed. One that has more is kept without
/// them: it is on record, and nobody can go back to it; where two operators are demanded it is not applied.
pub const KEPT_BYTES_MAX: usize = 6 << 20;

/// What is written first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    /// The configuration version, in hexadecimal.
    pub(super) digest: String,
    /// `start`, `signal`, `apply` or `rollback`.
    pub(super) how: String,
    /// The system's user; of a start and a signal, their word again.
    pub(super) user: String,
    /// The name the operator gave besides.
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub(super) named: Option<String>,
    /// The operator who confirmed what another proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) confirmed: Option<String>,
    /// Why.
    pub(super) reason: String,
    /// How many operators it demands for a change that widens; older entries do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) operators: Option<u32>,
    /// Digest of every file that was read, in hexadecimal, those of the certs folder under `certs/`.
    pub(super) digests: BTreeMap<String, String>,
    /// Name and length of each file that follows; `None` when they were too many or too large to keep.
    pub(super) files: Option<Vec<(String, usize)>>,
    /// Members whose links went live without a list that counted, with this configuration or one before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unlisted: Vec<String>,
}

/// A configuration read back.
#[derive(Clone, Debug)]
pub(super) struct Configuration {
    pub(super) number: i64,
    pub(super) at: crate::model::time::Timestamp,
    pub(super) head: Head,
    /// `None` when they were not kept.
    pub(super) files: Option<Kept>,
}

/// The digests of a region's files as they are written.
pub(super) fn digests(region: &Region) -> BTreeMap<String, String> {
    region.files.iter().map(|(name, digest)| (name.clone(), digest.hex())).collect()
}

/// The entry of a configuration.
pub(super) fn entry(head: Head, files: &Kept, seen: Option<i64>) -> NewEntry {
    let bytes = whole(&head, files).unwrap_or_else(|_| line(&Head { files: None, ..head }));
    NewEntry { book: Book::Configuration, name: NAME.to_owned(), bytes, seen }
}

/// The refusal of a configuration whose files cannot be kept where this many operators are demanded: the next start
/// could not tell what the folder changes, and one operator alone could let anything in.
pub(super) fn unwatched(operators: u32, head: &Head, files: &Kept) -> Option<Refusal> {
    let much = (operators > 1).then(|| whole(head, files).err()).flatten()?;
    let why = format!(
        "two operators are demanded, so the files must be kept, and they are too much: {much}. Nothing was applied: make \
         them fewer or smaller"
    );
    Some(Refusal::new(Reason::ConfigurationNotKept, why))
}

/// How much the files of a configuration are, in words, where they are too much to be kept with it.
#[must_use]
pub fn too_much(files: &Kept) -> Option<String> {
    let (count, size) = (files.len(), size(files));
    (count > KEPT_FILES_MAX || size > KEPT_BYTES_MAX).then(|| {
        format!(
            "{count} files of {size} bytes; at most {KEPT_FILES_MAX} files of {KEPT_BYTES_MAX} bytes are kept"
        )
    })
}

fn size(files: &Kept) -> usize {
    files.values().map(|bytes| bytes.len()).sum()
}

/// An entry with its files; how much is too much for one, in words.
fn whole(head: &Head, files: &Kept) -> Result<Vec<u8>, String> {
    if let Some(much) = too_much(files) {
        return Err(much);
    }
    let listed = files.iter().map(|(name, bytes)| (name.clone(), bytes.len())).collect();
    let mut bytes = line(&Head { files: Some(listed), ..head.clone() });
    let together = bytes.len() + size(files);
    if together > ENTRY_BYTES_MAX {
        return Err(format!(
            "{together} bytes with the names and digests of the files; at most {ENTRY_BYTES_MAX} are kept"
        ));
    }
    files.values().for_each(|file| bytes.extend_from_slice(file));
    Ok(bytes)
}

fn line(head: &Head) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(head).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Reads an entry back, without files where their bytes do not follow; `None` for one that this version cannot read.
pub(super) fn read(entry: &Entry) -> Option<Configuration> {
    let (head, rest) = entry.bytes.split_at_checked(line_end(&entry.bytes)?)?;
    let head: Head = serde_json::from_slice(head).ok()?;
    let files = head.files.as_ref().and_then(|listed| cut(listed, rest));
    Some(Configuration { number: entry.number, at: entry.at, head, files })
}

/// Digest of an entry that this version cannot read, where it says one, and how many operators it demands; `usual` where
/// it does not say, and two where nothing of it can be read.
pub(super) fn glimpse(entry: &Entry, usual: u32) -> (Option<String>, u32) {
    let head = line_end(&entry.bytes).and_then(|end| entry.bytes.get(..end));
    let Some(head) = head.and_then(|head| serde_json::from_slice::<serde_json::Value>(head).ok()) else {
        return (None, 2);
    };
    let says = |key: &str| head.get(key).filter(|value| !value.is_null());
    let operators = says("operators").map(|value| value.as_u64().and_then(|count| u32::try_from(count).ok()));
    let digest = says("digest").and_then(|value| value.as_str().map(ToOwned::to_owned));
    (digest, operators.map_or(usual, |count| count.unwrap_or(2)))
}

fn line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n').map(|end| end + 1)
}

fn cut(listed: &[(String, usize)], mut rest: &[u8]) -> Option<Kept> {
    let mut files = Kept::new();
    for (name, length) in listed {
        let (file, behind) = rest.split_at_checked(*length)?;
        files.insert(name.clone(), file.into());
        rest = behind;
    }
    Some(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Timestamp;

    fn head() -> Head {
        Head {
            digest: "d".repeat(64),
            how: "apply".to_owned(),
            user: "maria".to_owned(),
            named: None,
            confirmed: None,
            reason: "a new member".to_owned(),
            operators: None,
            digests: BTreeMap::new(),
            files: None,
            unlisted: Vec::new(),
        }
    }

    fn back(files: &Kept) -> Configuration {
        let NewEntry { bytes, name, .. } = entry(head(), files, None);
        read(&Entry { number: 7, name, at: Timestamp(1), bytes }).unwrap()
    }

    #[test]
    fn files_come_back_byte_for_byte() {
        let files = Kept::from([
            ("members/kg.toml".to_owned(), (*b"one\ntwo\n").into()),
            ("region.toml".to_owned(), [0_u8, 255, b'\n'].into()),
            ("formats/f/empty".to_owned(), [].into()),
        ]);
        let found = back(&files);
        assert_eq!((found.files, found.head.user.as_str()), (Some(files), "maria"));
    }

    #[test]
    fn what_is_too_much_to_keep_is_on_record_without_files() {
        let of = |size: usize| Kept::from([("f".to_owned(), vec![b'x'; size].into())]);
        assert!(back(&of(KEPT_BYTES_MAX)).files.is_some());
        assert_eq!(back(&of(KEPT_BYTES_MAX + 1)).files, None);
        let many = |count: usize| -> Kept { (0..count).map(|n| (n.to_string(), [].into())).collect() };
        assert!(back(&many(KEPT_FILES_MAX)).files.is_some());
        assert_eq!(back(&many(KEPT_FILES_MAX + 1)).files, None);
        // Names and digests alone may be what is too much.
        let wordy = Head { reason: "x".repeat(ENTRY_BYTES_MAX - KEPT_BYTES_MAX), ..head() };
        let files = of(KEPT_BYTES_MAX);
        assert!(whole(&head(), &files).is_ok() && whole(&wordy, &files).is_err());
        let NewEntry { bytes, name, .. } = entry(wordy, &files, None);
        let found = read(&Entry { number: 7, name, at: Timestamp(1), bytes }).unwrap();
        assert_eq!((found.files, found.head.files), (None, None));
    }

    #[test]
    fn what_cannot_be_read_still_says_what_it_demands_or_counts_as_demanding_two() {
        let of = |bytes: &[u8]| Entry {
            number: 7,
            name: NAME.to_owned(),
            at: Timestamp(1),
            bytes: bytes.to_vec(),
        };
        let later = of(b"{\"digest\":\"d\",\"operators\":2,\"how\":[]}\n");
        assert!(read(&later).is_none());
        assert_eq!(glimpse(&later, 1), (Some("d".to_owned()), 2));
        assert_eq!(glimpse(&of(b"{\"digest\":\"d\"}\n"), 1), (Some("d".to_owned()), 1));
        assert_eq!(glimpse(&of(b"{\"operators\":\"two\"}\n"), 1), (None, 2));
        assert_eq!(glimpse(&of(b"something else"), 1), (None, 2));
        // Its files are listed, and do not follow.
        let mut short = entry(head(), &Kept::from([("f".to_owned(), (*b"file").into())]), None).bytes;
        short.pop();
        assert_eq!(read(&of(&short)).unwrap().files, None);
    }
}
