-- What operators do, and the look-ups they need.

-- Every action of an operator, as evidence; never changed.
CREATE TABLE action (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    user    TEXT NOT NULL, -- the system's user who asked
    named   TEXT,          -- the name the operator gave besides
    verb    TEXT NOT NULL,
    about   TEXT NOT NULL, -- a kind and an id: delivery, message, member, or the hub
    reason  TEXT NOT NULL, -- in the operator's words
    outcome TEXT NOT NULL
) STRICT;

-- What was done about one thing, newest first by the row id behind it.
CREATE INDEX action_about ON action (about);

-- Id of the delivery that this one repeats, by an operator's word.
ALTER TABLE delivery ADD COLUMN replay_of BLOB;

-- What waits for an operator: few rows, however long the backlog.
CREATE INDEX delivery_held ON delivery (target, created) WHERE state = 'held';
-- What ended without the target having it.
CREATE INDEX delivery_dead ON delivery (target, ended) WHERE state IN ('refused', 'expired', 'cancelled');

DROP VIEW delivery_whole;
-- A delivery as it is read, in the order in which the code takes the columns.
CREATE VIEW delivery_whole AS
SELECT d.sequence, d.id, m.id AS message, m.source, m.function, s.agreement, s.issuer, s.number, s.lineage, s.version,
       d.target, d.cargo, d.view, d.state, d.reason, d.due, d.created, d.failures, d.attempts, d.weight, m.test,
       b.format, b.media_type, b.digest, d.losses, d.because, d.config, d.gap, d.replay_of
FROM delivery d
JOIN message m ON m.sequence = d.message
JOIN message s ON s.sequence = coalesce(d.about, d.message)
LEFT JOIN body b ON b.id = d.body;
