-- What a delivery is about, and what its target misses.

-- The message whose certificate a delivery is about, where that is not the message that caused it: a withdrawal is about
-- the copy that is held, whatever the later version is called.
ALTER TABLE delivery ADD COLUMN about INTEGER REFERENCES message (sequence);
-- What is missing before a change: hub, the certificate was never here; target, it was never sent to this target.
ALTER TABLE delivery ADD COLUMN gap TEXT CHECK (gap IN ('hub', 'target'));

-- What is held, or will be once it is head, by why: what a reload may let go on. Open deliveries only.
CREATE INDEX delivery_hold ON delivery (reason, sequence) WHERE ended IS NULL AND reason IS NOT NULL;

DROP VIEW delivery_whole;
-- A delivery as it is read, in the order in which the code takes the columns.
CREATE VIEW delivery_whole AS
SELECT d.sequence, d.id, m.id AS message, m.source, m.function, s.agreement, s.issuer, s.number, s.lineage, s.version,
       d.target, d.cargo, d.view, d.state, d.reason, d.due, d.created, d.failures, d.attempts, d.weight, m.test,
       b.format, b.media_type, b.digest, d.losses, d.because, d.config, d.gap
FROM delivery d
JOIN message m ON m.sequence = d.message
JOIN message s ON s.sequence = coalesce(d.about, d.message)
LEFT JOIN body b ON b.id = d.body;
