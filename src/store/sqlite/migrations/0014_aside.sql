-- What stands in no lane.

-- Certificates that name no importing country, as long as nobody addressed them.
CREATE TABLE unaddressed (
    message INTEGER PRIMARY KEY REFERENCES message (sequence)
) STRICT;

-- Those of before: what was routed to nobody at all and not changed since. One that went out in copy is not told from others.
INSERT INTO unaddressed (message)
SELECT m.sequence FROM message m
WHERE m.function IN (9, 5, 4) AND m.duplicate_of IS NULL
AND NOT EXISTS (SELECT 1 FROM unrouted u WHERE u.message = m.sequence)
AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.message = m.sequence)
AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.message = m.sequence)
AND NOT EXISTS (SELECT 1 FROM message e WHERE e.chain = m.chain AND e.sequence > m.sequence AND e.function <> 11
    AND e.duplicate_of IS NULL AND m.lineage IN (e.lineage, e.earlier));

-- Messages that wait for the certificate they change: how many of them one member has.
ALTER TABLE parked ADD COLUMN source TEXT NOT NULL DEFAULT '';
UPDATE parked SET source = (SELECT source FROM message WHERE sequence = parked.message);
CREATE INDEX parked_source ON parked (source);
