//! Opens the schema: numbered migrations, a newer one refused, and the settings durability rests on.

use rusqlite::Connection;

use crate::{
    crash::{self, Point},
    store::Fault,
};

/// Every migration in order; the schema number of a file is how many of them it has.
const MIGRATIONS: [&str; 21] = [
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_signatures.sql"),
    include_str!("migrations/0003_attachments.sql"),
    include_str!("migrations/0004_resend.sql"),
    include_str!("migrations/0005_destination.sql"),
    include_str!("migrations/0006_operation.sql"),
    include_str!("migrations/0007_receipts.sql"),
    include_str!("migrations/0008_epoch.sql"),
    include_str!("migrations/0009_lanes.sql"),
    include_str!("migrations/0010_pace.sql"),
    include_str!("migrations/0011_parked.sql"),
    include_str!("migrations/0012_news.sql"),
    include_str!("migrations/0013_register.sql"),
    include_str!("migrations/0014_aside.sql"),
    include_str!("migrations/0015_bulk.sql"),
    include_str!("migrations/0016_test.sql"),
    include_str!("migrations/0017_replaced.sql"),
    include_str!("migrations/0018_refused.sql"),
    include_str!("migrations/0019_awaited.sql"),
    include_str!("migrations/0020_number_end.sql"),
    include_str!("migrations/0021_rejection_test.sql"),
];
/// Marks the file as ours: the letters `CooH` in ASCII.
const APPLICATION_ID: i32 = 0x436f_6f48;

/// Brings a database to the newest schema and sets what does not persist in the file.
///
/// # Errors
/// [`Fault::Newer`] when a newer hub wrote it.
pub(super) fn prepare(db: &mut Connection) -> Result<(), Fault> {
    let found: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known || found < 0 {
        return Err(Fault::Newer { found, known });
    }
    if found == 0 {
        // Only settable while the file is empty: lets a later purge give space back without rewriting everything.
        db.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    db.pragma_update(None, "journal_mode", "WAL")?;
    // FULL is one sync of the log per commit: what a 202 rests on.
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "wal_autocheckpoint", 0)?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    // Negative means KiB.
    db.pragma_update(None, "cache_size", -32 * 1024)?;
    migrate(db, usize::try_from(found).unwrap_or(0))
}

/// Whether a database is a hub's at all.
///
/// # Errors
/// [`Fault::Corrupt`] when it is something else.
pub(super) fn ours(db: &Connection) -> Result<(), Fault> {
    let id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if id == APPLICATION_ID { Ok(()) } else { Err(Fault::corrupt("backup: it is no hub's database")) }
}

fn migrate(db: &mut Connection, done: usize) -> Result<(), Fault> {
    for (migration, number) in MIGRATIONS.iter().zip(1_i64..).skip(done) {
        let step = db.transaction()?;
        step.execute_batch(migration)?;
        step.pragma_update(None, "user_version", number)?;
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        crash::at(Point::MigrationWritten);
        step.commit()?;
        crash::at(Point::MigrationCommitted);
    }
    Ok(())
}
