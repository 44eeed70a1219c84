-- What operators keep in books of named entries: configurations, accounts, reports.
CREATE TABLE entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    book   TEXT NOT NULL,
    name   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    size   INTEGER NOT NULL,
    coding TEXT NOT NULL CHECK (coding IN ('raw', 'zstd')),
    bytes  BLOB NOT NULL
) STRICT;

CREATE INDEX entry_name ON entry (book, name, number);
CREATE INDEX entry_book ON entry (book, number);
