-- The tables of the store. Times are milliseconds since 1970 UTC, ids are the 16 bytes of a UUID, digests the 32 bytes
-- of a SHA-256. Order is the order of commits: `sequence` rises and is never used twice.

-- A chain: one lineage and everything that names it as replaced. Deliveries of a chain to one target never overtake.
CREATE TABLE chain (
    id INTEGER PRIMARY KEY
) STRICT;

-- Which chain a lineage belongs to.
CREATE TABLE lineage (
    agreement TEXT NOT NULL,
    issuer    TEXT NOT NULL,
    lineage   TEXT NOT NULL,
    chain     INTEGER NOT NULL REFERENCES chain (id),
    PRIMARY KEY (agreement, issuer, lineage)
) STRICT, WITHOUT ROWID;

-- Accepted pushes. The row outlives the bodies: it is what recognises a repeated push.
CREATE TABLE message (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB NOT NULL UNIQUE,
    source       TEXT NOT NULL,
    key          TEXT NOT NULL,    -- the source's own id
    digest       BLOB NOT NULL,    -- of the body as pushed
    fingerprint  BLOB NOT NULL,    -- of envelope and body: same key, other fingerprint is a conflict
    received     INTEGER NOT NULL,
    function     INTEGER NOT NULL, -- UN/EDIFACT 1225
    agreement    TEXT NOT NULL,
    issuer       TEXT NOT NULL,
    number       TEXT NOT NULL,    -- literally
    normal       TEXT NOT NULL,    -- normal form of the number, for look-up only
    lineage      TEXT NOT NULL,
    earlier      TEXT,             -- lineage a replacement replaces
    version      INTEGER,
    chain        INTEGER NOT NULL REFERENCES chain (id),
    canonical    BLOB,             -- digest of the canonical certificate
    format       TEXT,
    media_type   TEXT NOT NULL,
    config       BLOB NOT NULL,    -- digest of the configuration it was accepted under
    test         INTEGER NOT NULL,
    duplicate_of BLOB,             -- id of the message with the same certificate
    UNIQUE (source, key)
) STRICT;

-- The messages of a chain: who was sent what before, and joining two chains.
CREATE INDEX message_chain ON message (chain);
-- Search by number, however it is punctuated; newest first by the row id behind it.
CREATE INDEX message_normal ON message (normal);

-- The signed receipt, apart from the message because most reads of a message do not need it.
CREATE TABLE receipt (
    message INTEGER PRIMARY KEY REFERENCES message (sequence),
    bytes   BLOB NOT NULL
) STRICT;

-- Marks messages whose targets are not yet worked out.
CREATE TABLE unrouted (
    message INTEGER PRIMARY KEY REFERENCES message (sequence),
    chain   INTEGER NOT NULL
) STRICT;

-- Whether an earlier message of a chain still waits: it must be routed first.
CREATE INDEX unrouted_chain ON unrouted (chain);

-- Bytes that belong to a message: original, canonical, remainder, renderings. `bytes` is last, so that reading the
-- other columns of a long body touches one page.
CREATE TABLE body (
    id         INTEGER PRIMARY KEY,
    message    INTEGER NOT NULL REFERENCES message (sequence),
    role       TEXT NOT NULL,
    format     TEXT NOT NULL,
    made_by    BLOB NOT NULL,    -- digest of the table and view that made it
    media_type TEXT NOT NULL,
    digest     BLOB NOT NULL,    -- of the plain bytes
    size       INTEGER NOT NULL, -- of the plain bytes
    coding     TEXT NOT NULL CHECK (coding IN ('raw', 'zstd')),
    bytes      BLOB NOT NULL
) STRICT;

CREATE INDEX body_message ON body (message, role);

-- Versions of certificates.
CREATE TABLE version (
    agreement TEXT NOT NULL,
    issuer    TEXT NOT NULL,
    number    TEXT NOT NULL,
    version   INTEGER NOT NULL,
    lineage   TEXT NOT NULL,   -- what versions share: the number itself, unless its format counts versions in it
    message   INTEGER NOT NULL REFERENCES message (sequence),
    canonical BLOB,
    cancelled INTEGER REFERENCES message (sequence), -- the message that cancelled it
    PRIMARY KEY (agreement, issuer, number, version)
) STRICT, WITHOUT ROWID;

-- The latest version of a lineage, and the one a push states.
CREATE INDEX version_lineage ON version (agreement, issuer, lineage, version);

-- What is on its way to a target. Among the open deliveries of one (target, chain) only the first, the head, is due or
-- held; the others are queued, and remember in `reason` why they will be held, if they will.
CREATE TABLE delivery (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id       BLOB NOT NULL UNIQUE,
    message  INTEGER NOT NULL REFERENCES message (sequence),
    chain    INTEGER NOT NULL,
    target   TEXT NOT NULL,
    cargo    TEXT NOT NULL,
    view     TEXT NOT NULL,
    body     INTEGER,          -- what is sent; no reference, so that purging a body need not search here
    weight   INTEGER NOT NULL,
    urgent   INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    config   BLOB,             -- digest of the configuration it was routed under
    losses   TEXT NOT NULL,    -- canonical paths the rendering could not carry, one a line
    because  TEXT NOT NULL,
    state    TEXT NOT NULL,
    reason   TEXT,
    due      INTEGER,
    failures INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    ended    INTEGER,
    CHECK (state IN ('queued', 'pending', 'held', 'delivered', 'refused', 'expired', 'cancelled')),
    CHECK ((due IS NOT NULL) = (state = 'pending')),
    CHECK ((ended IS NULL) = (state IN ('queued', 'pending', 'held')))
) STRICT;

CREATE INDEX delivery_message ON delivery (message);
-- What a lane claims next. Heads only, so a backlog of any length costs a claim nothing.
CREATE INDEX delivery_due ON delivery (target, urgent, due) WHERE due IS NOT NULL;
-- Who is head and who is next in a chain. Open deliveries only.
CREATE INDEX delivery_queue ON delivery (target, chain) WHERE ended IS NULL;
-- Heads by age, for expiry.
CREATE INDEX delivery_age ON delivery (target, created) WHERE ended IS NULL AND state <> 'queued';

-- Every try at a delivery, as evidence; never changed.
CREATE TABLE attempt (
    delivery INTEGER NOT NULL REFERENCES delivery (sequence),
    number   INTEGER NOT NULL,
    started  INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    outcome  TEXT NOT NULL,
    status   INTEGER,
    detail   TEXT NOT NULL,
    answer   BLOB,
    grade    TEXT,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

-- Answers of importing customs: the message that brought one, and the delivery it is about.
CREATE TABLE answer (
    message  INTEGER PRIMARY KEY REFERENCES message (sequence),
    delivery INTEGER NOT NULL REFERENCES delivery (sequence),
    answer   TEXT NOT NULL,
    reason   TEXT,
    at       INTEGER NOT NULL
) STRICT;

CREATE INDEX answer_delivery ON answer (delivery);

-- Rejected pushes of known members, the newest of each.
CREATE TABLE rejection (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    source   TEXT NOT NULL,
    key      TEXT,
    digest   BLOB NOT NULL,
    at       INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    findings TEXT NOT NULL
) STRICT;

CREATE INDEX rejection_source ON rejection (source);

-- Counts kept by the commits themselves: counting a million rows for every ping would not do.
CREATE TABLE tally (
    one       INTEGER PRIMARY KEY CHECK (one = 1),
    messages  INTEGER NOT NULL,
    unrouted  INTEGER NOT NULL,
    open      INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    held      INTEGER NOT NULL
) STRICT;

INSERT INTO tally VALUES (1, 0, 0, 0, 0, 0, 0);

-- A message as it is read, in the order in which the code takes the columns.
CREATE VIEW message_whole AS
SELECT m.sequence, m.id, m.source, m.key, m.digest, m.received, m.function, m.agreement, m.issuer, m.number, m.lineage,
       m.version, m.chain, m.format, m.media_type, m.test, m.duplicate_of, u.message IS NULL AS routed, r.bytes AS receipt,
       d.id AS answered, a.answer, a.reason
FROM message m
LEFT JOIN unrouted u ON u.message = m.sequence
LEFT JOIN receipt r ON r.message = m.sequence
LEFT JOIN answer a ON a.message = m.sequence
LEFT JOIN delivery d ON d.sequence = a.delivery;

-- A delivery as it is read, in the order in which the code takes the columns.
CREATE VIEW delivery_whole AS
SELECT d.sequence, d.id, m.id AS message, m.source, m.function, m.agreement, m.issuer, m.number, m.lineage, m.version,
       d.target, d.cargo, d.view, d.state, d.reason, d.due, d.created, d.failures, d.attempts, d.weight, m.test,
       b.format, b.media_type, b.digest, d.losses, d.because
FROM delivery d
JOIN message m ON m.sequence = d.message
LEFT JOIN body b ON b.id = d.body;
