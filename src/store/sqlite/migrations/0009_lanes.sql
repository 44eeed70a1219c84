-- What outlives a restart of a lane. `source` says whose deliveries at the target: empty for everybody's.

-- Lanes, or one source's share of them, that stand still until somebody releases them.
CREATE TABLE lane_hold (
    target TEXT NOT NULL,
    source TEXT NOT NULL,
    why    TEXT NOT NULL,
    who    TEXT NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (target, source)
) STRICT, WITHOUT ROWID;

-- Breakers that are open or have begun to count.
CREATE TABLE lane_breaker (
    target TEXT NOT NULL,
    source TEXT NOT NULL,
    faults INTEGER NOT NULL,
    until  INTEGER,
    pause  INTEGER NOT NULL, -- milliseconds
    PRIMARY KEY (target, source)
) STRICT, WITHOUT ROWID;

-- When the hub was last sure of the time.
CREATE TABLE heard (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    at  INTEGER NOT NULL
) STRICT;

-- The source of a delivery's message, so that a claim can leave one source out without reading rows.
ALTER TABLE delivery ADD COLUMN source TEXT NOT NULL DEFAULT '';
UPDATE delivery SET source = (SELECT source FROM message WHERE sequence = delivery.message);

-- What a lane claims next, first attempts apart from retries. Heads only, so a backlog of any length costs a claim
-- nothing; `source` is last but in the index, so that what is left out is passed over within it.
DROP INDEX delivery_due;
CREATE INDEX delivery_due ON delivery (target, urgent, failures > 0, due, source) WHERE due IS NOT NULL;
