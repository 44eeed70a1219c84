//! The online backup of SQLite, in steps, from one snapshot.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use super::{FILE, connect, epoch, log, schema};
use crate::{
    model::time::Timestamp,
    store::{
        Fault,
        backup::{Made, Told},
        epoch::Epoch,
        folder::{self, Folder, private, synced},
    },
};

/// Pages copied in one step: 4 MiB.
const STEP_PAGES: i32 = 1024;
/// What is not yet whole has this behind its name.
const UNFINISHED: &str = ".part";
/// What the index of a log has behind the name of its database.
const INDEX_SUFFIX: &str = "-shm";

/// The database of a folder and its log.
pub(in crate::store) fn files(folder: &Path) -> [PathBuf; 2] {
    [folder.join(FILE), folder.join(format!("{FILE}{}", log::SUFFIX))]
}

pub(in crate::store) fn backup(folder: &Path, to: &Path, told: Told<'_>) -> Result<Made, Fault> {
    if to.exists() {
        return Err(file(to, io::ErrorKind::AlreadyExists.into()));
    }
    if lies_in(to, folder) {
        return Err(Fault::InDataFolder { path: to.to_owned() });
    }
    let (from, part) = (folder.join(FILE), unfinished(to));
    let newest = whole_or_none(&from, &part, told, |copy| epoch::newest(copy))?;
    place(&part, to)?;
    let bytes = fs::metadata(to).map_err(|cause| file(to, cause))?.len();
    Ok(Made { file: to.to_owned(), bytes, newest })
}

pub(in crate::store) fn restore(
    from: &Path,
    folder: &Folder,
    now: Timestamp,
    told: Told<'_>,
) -> Result<Epoch, Fault> {
    let to = folder.path().join(FILE);
    if to.exists() {
        return Err(file(&to, io::ErrorKind::AlreadyExists.into()));
    }
    let from = if from.is_dir() { from.join(FILE) } else { from.to_owned() };
    let part = unfinished(&to);
    let epoch = whole_or_none(&from, &part, told, |copy| {
        schema::ours(copy)?;
        schema::prepare(copy)?;
        sound(copy)?;
        epoch::open(copy, now)
    })?;
    place(&part, &to)?;
    Ok(epoch)
}

/// Copies a database and does something to the copy; nothing stays of one that does not come to its end.
fn whole_or_none<T>(
    from: &Path,
    part: &Path,
    told: Told<'_>,
    work: impl FnOnce(&mut Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    remove(part)?;
    let done = || -> Result<T, Fault> {
        undamaged(from)?;
        let mut copy = copied(from, part, told)?;
        sound(&copy)?;
        let done = work(&mut copy)?;
        close(&mut copy)?;
        Ok(done)
    };
    done().map_err(|why| {
        // What cannot be removed either is in nobody's way but its own.
        let _ = remove(part);
        match why {
            named @ (Fault::File { .. } | Fault::Newer { .. }) => named,
            why => Fault::NotCopied { path: from.to_owned(), why: Box::new(why) },
        }
    })
}

/// Looks through the log of a database that no hub has open, as a start does; in one that is written this tells nothing.
fn undamaged(from: &Path) -> Result<(), Fault> {
    let parent = from.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match folder::idle(parent)? {
        Some(_kept_so) => log::check(&beside(from, log::SUFFIX)),
        None => Ok(()),
    }
}

/// A copy of a database in a file of its own, read from one snapshot.
fn copied(from: &Path, to: &Path, told: Told<'_>) -> Result<Connection, Fault> {
    // SQLite says only that it cannot open it.
    fs::metadata(from).map_err(|cause| file(from, cause))?;
    let source = connect(from, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    private(to)?;
    let mut copy = connect(to, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // One read transaction around all steps: a commit meanwhile would make the copy begin anew, for ever.
    let snapshot = source.unchecked_transaction()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let copying = Backup::new(&snapshot, &mut copy)?;
    loop {
        let step = copying.step(STEP_PAGES)?;
        let pages = copying.progress();
        let pages = (pages.pagecount, pages.pagecount.saturating_sub(pages.remaining));
        let [all, done] = [pages.0, pages.1].map(|count| u64::try_from(count).unwrap_or(0));
        told(done, all);
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(Fault::Engine("the database is locked".into())),
        }
    }
    drop(copying);
    Ok(copy)
}

/// Whether a copy is sound.
fn sound(copy: &Connection) -> Result<(), Fault> {
    let found: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(Fault::corrupt("copy of the database")) }
}

/// Makes one file of it, without a log beside it.
fn close(copy: &mut Connection) -> Result<(), Fault> {
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(())
}

/// Syncs an unfinished file and gives it its name.
fn place(part: &Path, to: &Path) -> Result<(), Fault> {
    let named = || -> io::Result<()> {
        File::open(part)?.sync_all()?;
        fs::rename(part, to)
    };
    named().map_err(|cause| file(to, cause))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    synced(folder.unwrap_or(Path::new(".")))
}

/// Takes away what an attempt that was cut off left, with what the engine had beside it.
fn remove(part: &Path) -> Result<(), Fault> {
    for path in [part.to_owned(), beside(part, log::SUFFIX), beside(part, INDEX_SUFFIX)] {
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(file(&path, cause)),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a file would lie in a folder.
fn lies_in(path: &Path, folder: &Path) -> bool {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(parent).zip(real(folder)).is_some_and(|(parent, folder)| parent.starts_with(folder))
}

fn unfinished(to: &Path) -> PathBuf {
    beside(to, UNFINISHED)
}

/// The file with this behind its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn file(path: &Path, cause: io::Error) -> Fault {
    Fault::File { path: path.to_owned(), cause }
}
