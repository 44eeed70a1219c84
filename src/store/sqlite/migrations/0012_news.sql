-- What sources are told of their deliveries in digests.

-- What is gathered for the next digest to a source about a target: how often each reason, never a row per delivery.
CREATE TABLE news (
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    test   INTEGER NOT NULL,
    code   TEXT NOT NULL,
    count  INTEGER NOT NULL,
    anchor INTEGER NOT NULL REFERENCES message (sequence), -- a message of the source, with which the digest is kept
    PRIMARY KEY (source, target, test, code)
) STRICT, WITHOUT ROWID;

-- The first deliveries that were counted, for the digest to name.
CREATE TABLE news_entry (
    delivery INTEGER PRIMARY KEY REFERENCES delivery (sequence),
    source   TEXT NOT NULL,
    target   TEXT NOT NULL,
    test     INTEGER NOT NULL,
    code     TEXT NOT NULL,
    detail   TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;

CREATE INDEX news_entry_code ON news_entry (source, target, test, code);

-- What a source was told about a target: when by a digest, when of delays, and how many notices since the period began.
CREATE TABLE told (
    source  TEXT NOT NULL,
    target  TEXT NOT NULL,
    test    INTEGER NOT NULL,
    digest  INTEGER,
    delay   INTEGER,
    since   INTEGER NOT NULL,
    notices INTEGER NOT NULL,
    PRIMARY KEY (source, target, test)
) STRICT, WITHOUT ROWID;

-- Whether a delivery is test traffic, as its message says.
ALTER TABLE delivery ADD COLUMN test INTEGER NOT NULL DEFAULT 0;
UPDATE delivery SET test = 1 WHERE message IN (SELECT sequence FROM message WHERE test = 1);

-- Heads by age, for expiry; and whose they are, so that delays are counted without reading rows.
DROP INDEX delivery_age;
CREATE INDEX delivery_age ON delivery (target, created, sequence, source, test, state)
    WHERE ended IS NULL AND state <> 'queued';
