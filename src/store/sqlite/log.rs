//! Looks through the write-ahead log before the engine does, so that damage is a fault and not the silent end of the log.
//!
//! The engine takes the log up to the first frame whose checksum fails, and drops what follows. That is right for a commit
//! that a power cut tore: nobody was told of it. It is wrong for damage further up, because commits that were acknowledged
//! lie behind it. The two differ in what follows: a commit is synced before the next one is written, so nothing follows a
//! torn one. Damage to the very last commit cannot be told from a torn one, nor can damage to the salts of the frame that
//! ends the commit before it.
//!
//! **Invariant:** this reads only. Source: the SQLite database file format, section 4, "The Write-Ahead Log".

use std::{
    fs::File,
    io::{self, BufReader, ErrorKind, Read},
    path::Path,
};

use crate::store::Fault;

/// What the log's file has behind the name of the database.
pub(super) const SUFFIX: &str = "-wal";
/// First number of a log; the lowest bit says that checksums are over big-endian words.
const MAGIC: u32 = 0x377f_0682;
const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// Page sizes the engine has; the largest is written as 1 in some places, but not here.
const PAGE_BYTES: std::ops::RangeInclusive<usize> = 512..=65536;

/// Two running sums over words.
type Sums = (u32, u32);

/// Whether the log of a database may be given to the engine.
///
/// # Errors
/// [`Fault::Corrupt`] when commits lie behind damage, [`Fault::File`] when it cannot be read.
pub(super) fn check(path: &Path) -> Result<(), Fault> {
    let damaged = match File::open(path) {
        Ok(file) => is_damaged(BufReader::with_capacity(1 << 20, file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
    match damaged {
        Ok(false) => Ok(()),
        Ok(true) => Err(Fault::corrupt("write-ahead log")),
        Err(cause) => Err(Fault::File { path: path.to_owned(), cause }),
    }
}

/// Whether commits lie behind a frame that cannot be right.
fn is_damaged(mut log: impl Read) -> io::Result<bool> {
    let mut header = [0; HEADER_BYTES];
    if !fill(&mut log, &mut header)? {
        return Ok(false);
    }
    let Some(known) = Header::read(&header) else {
        // The header is synced before the first frame is written: with frames behind it, it was whole once.
        return fill(&mut log, &mut [0; FRAME_HEADER_BYTES]);
    };
    let mut frame = vec![0; FRAME_HEADER_BYTES + known.page_bytes];
    let (mut sums, mut broken, mut commit_behind) = (known.sums, false, false);
    while fill(&mut log, &mut frame)? {
        let (head, page) = frame.split_at(FRAME_HEADER_BYTES);
        let same = word(head, 2) == known.salts.0 && word(head, 3) == known.salts.1;
        if !broken {
            let over_head = known.sum(sums, head.get(..8).unwrap_or_default());
            let next = known.sum(over_head, page);
            if same && next == (word(head, 4), word(head, 5)) {
                sums = next;
                continue;
            }
            broken = true;
        }
        // Frames of an earlier round of the log have other salts.
        if same && commit_behind {
            return Ok(true);
        }
        commit_behind |= same && word(head, 1) != 0;
    }
    Ok(false)
}

/// What the header of a log says.
struct Header {
    big_endian: bool,
    page_bytes: usize,
    salts: (u32, u32),
    sums: Sums,
}

impl Header {
    fn read(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let magic = word(bytes, 0);
        let page_bytes = usize::try_from(word(bytes, 2)).ok()?;
        let this = Self {
            big_endian: magic & 1 == 1,
            page_bytes,
            salts: (word(bytes, 4), word(bytes, 5)),
            sums: (word(bytes, 6), word(bytes, 7)),
        };
        let right = magic & !1 == MAGIC
            && PAGE_BYTES.contains(&page_bytes)
            && page_bytes.is_power_of_two()
            && this.sum((0, 0), bytes.get(..24)?) == this.sums;
        right.then_some(this)
    }

    /// The sums continued over some bytes, a multiple of eight.
    fn sum(&self, sums: Sums, bytes: &[u8]) -> Sums {
        let read = |four: &[u8; 4]| {
            if self.big_endian { u32::from_be_bytes(*four) } else { u32::from_le_bytes(*four) }
        };
        let (words, _) = bytes.as_chunks::<4>();
        let (pairs, _) = words.as_chunks::<2>();
        pairs.iter().fold(sums, |(first, second), [one, two]| {
            let first = first.wrapping_add(read(one)).wrapping_add(second);
            (first, second.wrapping_add(read(two)).wrapping_add(first))
        })
    }
}

/// The word at a place, counted in words; headers are big-endian.
fn word(bytes: &[u8], at: usize) -> u32 {
    let (words, _) = bytes.as_chunks::<4>();
    words.get(at).map_or(0, |four| u32::from_be_bytes(*four))
}

/// Fills the buffer; false when the log ends before.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    const FRAME_BYTES: usize = FRAME_HEADER_BYTES + 4096;
    const COMMITS: usize = 6;

    /// A log of some commits of several pages each, and where the frames of the last commit begin.
    fn log() -> (Vec<u8>, usize) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "journal_mode", "WAL").unwrap();
        db.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
        db.execute("CREATE TABLE body (bytes BLOB)", []).unwrap();
        let read = || std::fs::read(folder.path().join("a.db-wal")).unwrap();
        let mut last = 0;
        for number in 0..COMMITS {
            last = read().len();
            db.execute("INSERT INTO body VALUES (?1)", [vec![u8::try_from(number).unwrap(); 9000]]).unwrap();
        }
        (read(), last)
    }

    fn damaged(log: &[u8]) -> bool {
        is_damaged(log).unwrap()
    }

    #[test]
    fn a_log_that_is_whole_or_ends_anywhere_is_not_damaged() {
        let (log, _) = log();
        assert!(!damaged(&log) && log.len() > 20 * FRAME_BYTES / 2);
        for length in (0..log.len()).step_by(97) {
            assert!(!damaged(&log[..length]), "{length}");
        }
    }

    #[test]
    fn a_byte_flipped_before_the_last_commit_is_damage_wherever_it_is() {
        let (log, last) = log();
        let before_last_commit = last - FRAME_BYTES;
        for at in (0..before_last_commit).step_by(61).chain(0..HEADER_BYTES + FRAME_HEADER_BYTES) {
            let mut flipped = log.clone();
            flipped[at] ^= 0x10;
            assert!(damaged(&flipped), "byte {at} of {}", log.len());
        }
    }

    #[test]
    fn a_last_commit_that_a_power_cut_tore_is_no_damage_whichever_of_its_frames_are_missing() {
        let (log, last) = log();
        let frames: Vec<_> = (last..log.len()).step_by(FRAME_BYTES).collect();
        assert!(frames.len() >= 3, "{frames:?}");
        for missing in 1_u32..1 << frames.len() {
            let mut torn = log.clone();
            for (number, from) in frames.iter().enumerate() {
                if missing & (1 << number) != 0 {
                    torn[*from..from + FRAME_BYTES].fill(0);
                }
            }
            assert!(!damaged(&torn), "{missing:b}");
        }
    }

    #[test]
    fn frames_of_an_earlier_round_behind_the_end_are_no_damage() {
        let folder = tempfile::tempdir().unwrap();
        let db = Connection::open(folder.path().join("a.db")).unwrap();
        db.pragma_update(None, "journal_mode", "WAL").unwrap();
        db.execute("CREATE TABLE body (bytes BLOB)", []).unwrap();
        for bytes in [90_000, 9000, 90_000, 9] {
            db.execute("INSERT INTO body VALUES (?1)", [vec![1_u8; bytes]]).unwrap();
            db.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
        }
        db.execute("INSERT INTO body VALUES (?1)", [vec![2_u8; 9]]).unwrap();
        let log = std::fs::read(folder.path().join("a.db-wal")).unwrap();
        assert!(log.len() > 20 * FRAME_BYTES && !damaged(&log));
    }
}
