-- A target whose last delivery was heavier than its burst: how long what follows waits. It outlives a restart.
CREATE TABLE lane_debt (
    target TEXT PRIMARY KEY,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

DROP VIEW delivery_whole;
-- A delivery as it is read, in the order in which the code takes the columns.
CREATE VIEW delivery_whole AS
SELECT d.sequence, d.chain, d.id, m.id AS message, m.source, m.function, s.agreement, s.issuer, s.number, s.lineage,
       s.version, d.target, d.cargo, d.view, d.state, d.reason, d.due, d.created, d.failures, d.attempts, d.weight, m.test,
       b.format, b.media_type, b.digest, d.losses, d.because, d.config, d.gap, d.replay_of
FROM delivery d
JOIN message m ON m.sequence = d.message
JOIN message s ON s.sequence = coalesce(d.about, d.message)
LEFT JOIN body b ON b.id = d.body;
