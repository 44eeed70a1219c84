-- Changes that wait for the certificate they change.

-- A message that is routed after the certificate it changes, or once its time has passed without it.
CREATE TABLE parked (
    message INTEGER PRIMARY KEY REFERENCES message (sequence),
    chain   INTEGER NOT NULL,
    awaits  TEXT NOT NULL, -- lineage of the certificate it changes
    until   INTEGER NOT NULL
) STRICT;

-- What the route commit of a certificate lets go.
CREATE INDEX parked_chain ON parked (chain, awaits);
-- Whose time has passed.
CREATE INDEX parked_until ON parked (until);

-- Whether it was parked until its time had passed.
ALTER TABLE unrouted ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN parked INTEGER NOT NULL DEFAULT 0;

DROP VIEW message_whole;
-- A message as it is read, in the order in which the code takes the columns.
CREATE VIEW message_whole AS
SELECT m.sequence, m.id, m.source, m.key, m.digest, m.received, m.function, m.agreement, m.issuer, m.number, m.lineage,
       m.version, m.chain, m.format, m.media_type, m.test, m.duplicate_of, p.until, u.given_up, r.bytes AS receipt,
       d.id AS answered, a.answer, a.reason
FROM message m
LEFT JOIN unrouted u ON u.message = m.sequence
LEFT JOIN parked p ON p.message = m.sequence
LEFT JOIN receipt r ON r.message = m.sequence
LEFT JOIN answer a ON a.message = m.sequence
LEFT JOIN delivery d ON d.sequence = a.delivery;
