//! Books of named entries in the tree.

use serde::{Deserialize, Serialize};

use super::{
    db::{Db, int, row},
    key::{Key, Table},
    word,
};
use crate::{
    model::{id::Digest, time::Timestamp},
    store::{
        Fault,
        pack::Packed,
        register::{Book, NewEntry, PackedEntry},
    },
};

/// An entry, without its bytes.
#[derive(Serialize, Deserialize)]
struct EntryRow {
    name: String,
    #[serde(with = "word")]
    at: Timestamp,
    #[serde(with = "word")]
    digest: Digest,
    size: i64,
    compressed: bool,
}

fn of_name(book: Book, name: &str) -> Key {
    Key::of(Table::EntryOf).text(book.word()).text(name)
}

fn numbers(db: &Db, prefix: &Key) -> Result<Vec<i64>, Fault> {
    db.scan(prefix).map(|entry| Ok(!int(&entry?)?)).collect()
}

/// Whether the newest entry of the name is the one that was seen.
pub(super) fn holds(db: &Db, entry: &NewEntry) -> Result<bool, Fault> {
    let newest = db.scan(&of_name(entry.book, &entry.name)).next().transpose()?;
    Ok(newest.map(|newest| int(&newest)).transpose()?.map(|down| !down) == entry.seen)
}

pub(super) fn insert(db: &mut Db, entry: &NewEntry, at: Timestamp, packed: &Packed) -> Result<(), Fault> {
    let (number, book) = (db.number(Table::Entry)?, entry.book.word());
    let Packed { digest, size, compressed, ref bytes, .. } = *packed;
    let row = EntryRow { name: entry.name.clone(), at, digest, size, compressed };
    db.put_row(Key::of(Table::Entry).text(book).down(number), &row)?;
    db.put(Key::of(Table::EntryBytes).int(number), bytes.clone());
    db.put(of_name(entry.book, &entry.name).down(number), Vec::new());
    let most = usize::try_from(entry.book.kept_max()).unwrap_or(usize::MAX);
    for old in numbers(db, &of_name(entry.book, &entry.name))?.into_iter().skip(most) {
        db.remove(Key::of(Table::Entry).text(book).down(old));
        db.remove(Key::of(Table::EntryBytes).int(old));
        db.remove(of_name(entry.book, &entry.name).down(old));
    }
    Ok(())
}

pub(super) fn entries(
    db: &Db,
    book: Book,
    name: Option<&str>,
    before: Option<i64>,
    most: usize,
) -> Result<Vec<PackedEntry>, Fault> {
    let whole = Key::of(Table::Entry).text(book.word());
    let prefix = name.map_or_else(|| whole.clone(), |name| of_name(book, name));
    let from = before.map_or(prefix.0.clone(), |before| prefix.clone().down(before).next());
    let mut found = Vec::new();
    for entry in db.scan_from(&prefix, from).take(most) {
        let number = !int(&entry?)?;
        let damaged = || Fault::corrupt("entry");
        let EntryRow { name, at, digest, size, compressed } =
            row(&db.get(&whole.clone().down(number))?.ok_or_else(damaged)?)?;
        let bytes = db.get(&Key::of(Table::EntryBytes).int(number))?.ok_or_else(damaged)?;
        found.push(PackedEntry {
            number,
            name,
            at,
            packed: PackedEntry::packed(digest, size, compressed, bytes),
        });
    }
    Ok(found)
}
