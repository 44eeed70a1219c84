//! The tree as one commit sees it: what is stored, under what the batch has staged so far.
//!
//! A reader has nothing staged. The writer stages every operation of a batch, takes back those of one that failed, and
//! gives all of it to the tree at once.

use std::{
    collections::{BTreeMap, btree_map},
    iter::Peekable,
};

use serde::{Serialize, de::DeserializeOwned};

use super::key::{Key, Table, last_int};
use crate::store::Fault;

/// Key and value.
type Entry = (Vec<u8>, Vec<u8>);
/// What is to be written; `None` removes.
type Staged = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What a key had staged before, if anything.
type Before = (Vec<u8>, Option<Option<Vec<u8>>>);

/// The tree, with what is staged over it.
pub(super) struct Db {
    tree: sled::Tree,
    staged: Staged,
    /// What was staged before, newest last, of the operation under way.
    undo: Vec<Before>,
}

impl Db {
    pub(super) fn new(tree: sled::Tree) -> Self {
        Self { tree, staged: Staged::new(), undo: Vec::new() }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Fault> {
        match self.staged.get(&key.0) {
            Some(staged) => Ok(staged.clone()),
            None => Ok(self.tree.get(&key.0)?.map(|value| value.to_vec())),
        }
    }

    /// A row by its key.
    pub(super) fn row<R: DeserializeOwned>(&self, key: &Key) -> Result<Option<R>, Fault> {
        self.get(key)?.map(|value| row(&value)).transpose()
    }

    /// A number by its key.
    pub(super) fn int(&self, key: &Key) -> Result<Option<i64>, Fault> {
        self.get(key)?.map(|value| last_int(&value).ok_or_else(|| Fault::corrupt("number"))).transpose()
    }

    pub(super) fn put(&mut self, key: Key, value: Vec<u8>) {
        self.write(key, Some(value));
    }

    pub(super) fn put_row<R: Serialize>(&mut self, key: Key, row: &R) -> Result<(), Fault> {
        let value = serde_json::to_vec(row).map_err(|error| Fault::Engine(Box::new(error)))?;
        self.write(key, Some(value));
        Ok(())
    }

    pub(super) fn put_int(&mut self, key: Key, number: i64) {
        self.write(key, Some(Key(Vec::new()).int(number).0));
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.write(key, None);
    }

    /// The next number of a table's rows: rises, and is never used twice.
    pub(super) fn number(&mut self, table: Table) -> Result<i64, Fault> {
        let key = Key::of(Table::Last).bytes(&[table as u8]);
        let number = self.int(&key)?.unwrap_or(0).saturating_add(1);
        self.put_int(key, number);
        Ok(number)
    }

    /// Everything that begins with `prefix`, in order.
    pub(super) fn scan(&self, prefix: &Key) -> Scan<'_> {
        self.scan_from(prefix, prefix.0.clone())
    }

    /// As [`Db::scan`], from a key on.
    pub(super) fn scan_from(&self, prefix: &Key, from: Vec<u8>) -> Scan<'_> {
        let end = prefix.end();
        let range = from.min(end.clone())..end;
        Scan {
            stored: self.tree.range(range.clone()).peekable(),
            staged: self.staged.range(range).peekable(),
        }
    }

    /// The numbers that the keys of an index end with, in order.
    pub(super) fn ints(&self, prefix: &Key) -> Result<Vec<i64>, Fault> {
        self.scan(prefix).map(|entry| int(&entry?)).collect()
    }

    /// Keeps what the operation under way staged.
    pub(super) fn keep(&mut self) {
        self.undo.clear();
    }

    /// Takes back what the operation under way staged.
    pub(super) fn take_back(&mut self) {
        while let Some((key, before)) = self.undo.pop() {
            match before {
                Some(value) => self.staged.insert(key, value),
                None => self.staged.remove(&key),
            };
        }
    }

    /// Gives everything staged to the tree: all of it or, after a crash, nothing.
    pub(super) fn apply(&mut self) -> Result<(), Fault> {
        let mut batch = sled::Batch::default();
        for (key, value) in std::mem::take(&mut self.staged) {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.undo.clear();
        Ok(self.tree.apply_batch(batch)?)
    }

    fn write(&mut self, Key(key): Key, value: Option<Vec<u8>>) {
        let before = self.staged.insert(key.clone(), value);
        self.undo.push((key, before));
    }
}

/// Entries in order: what is staged goes over what is stored.
pub(super) struct Scan<'a> {
    stored: Peekable<sled::Iter>,
    staged: Peekable<btree_map::Range<'a, Vec<u8>, Option<Vec<u8>>>>,
}

impl Iterator for Scan<'_> {
    type Item = Result<Entry, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let staged_is_next = match (self.stored.peek(), self.staged.peek()) {
                (None, None) => return None,
                (None, Some(_)) => true,
                (Some(Err(_)) | Some(_), None) | (Some(Err(_)), _) => false,
                (Some(Ok((stored, _))), Some((staged, _))) if stored.as_ref() == staged.as_slice() => {
                    self.stored.next();
                    true
                }
                (Some(Ok((stored, _))), Some((staged, _))) => staged.as_slice() < stored.as_ref(),
            };
            if !staged_is_next {
                let stored = self.stored.next()?;
                return Some(stored.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(Fault::from));
            }
            if let (key, Some(value)) = self.staged.next()? {
                return Some(Ok((key.clone(), value.clone())));
            }
        }
    }
}

/// Reads a row.
pub(super) fn row<R: DeserializeOwned>(value: &[u8]) -> Result<R, Fault> {
    serde_json::from_slice(value).map_err(|_| Fault::corrupt("row"))
}

/// The number the key of an entry ends with.
pub(super) fn int((key, _): &Entry) -> Result<i64, Fault> {
    last_int(key).ok_or_else(|| Fault::corrupt("key"))
}

impl From<sled::Error> for Fault {
    fn from(error: sled::Error) -> Self {
        match error {
            sled::Error::Corruption { .. } => Self::corrupt("tree"),
            error => Self::Engine(Box::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db() -> Db {
        let opened = sled::Config::new().temporary(true).flush_every_ms(None).open().unwrap();
        Db::new((*opened).clone())
    }

    fn key(number: i64) -> Key {
        Key::of(Table::Open).int(number)
    }

    fn seen(db: &Db) -> Vec<(i64, u8)> {
        let entries = db.scan(&Key::of(Table::Open)).map(Result::unwrap);
        entries.map(|(key, value)| (last_int(&key).unwrap(), value[0])).collect()
    }

    #[test]
    fn what_is_staged_is_seen_over_what_is_stored_and_stored_when_applied() {
        let mut db = db();
        for number in [1, 3, 5, 7] {
            db.put(key(number), vec![0]);
        }
        db.apply().unwrap();
        db.put(key(3), vec![1]);
        db.put(key(4), vec![1]);
        db.put(key(9), vec![1]);
        db.remove(key(5));
        db.remove(key(6));
        let expected = [(1, 0), (3, 1), (4, 1), (7, 0), (9, 1)];
        assert_eq!(seen(&db), expected);
        assert_eq!((db.get(&key(5)).unwrap(), db.get(&key(4)).unwrap()), (None, Some(vec![1])));
        db.apply().unwrap();
        assert_eq!(seen(&db), expected);
        let after = db.scan_from(&Key::of(Table::Open), key(4).next());
        assert_eq!(after.map(|entry| int(&entry.unwrap()).unwrap()).collect::<Vec<_>>(), [7, 9]);
    }

    #[test]
    fn what_an_operation_staged_is_taken_back_and_nothing_else() {
        let mut db = db();
        db.put(key(1), vec![0]);
        db.number(Table::Message).unwrap();
        db.keep();
        db.put(key(1), vec![1]);
        db.put(key(1), vec![2]);
        db.put(key(2), vec![2]);
        db.remove(key(1));
        assert_eq!(db.number(Table::Message).unwrap(), 2);
        db.take_back();
        assert_eq!(seen(&db), [(1, 0)]);
        assert_eq!(db.number(Table::Message).unwrap(), 2);
    }
}
