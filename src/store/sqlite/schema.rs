//! Opens the schema: numbered migrations, a newer one refused, and the settings durability rests on.

use rusqlite::Connection;

use crate::store::Fault;

/// Every migration in order; the schema number of a file is how many of them it has.
const MIGRATIONS: [&str; 3] = [
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_signatures.sql"),
    include_str!("migrations/0003_attachments.sql"),
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

fn migrate(db: &mut Connection, done: usize) -> Result<(), Fault> {
    for (migration, number) in MIGRATIONS.iter().zip(1_i64..).skip(done) {
        let step = db.transaction()?;
        step.execute_batch(migration)?;
        step.pragma_update(None, "user_version", number)?;
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        step.commit()?;
    }
    Ok(())
}
