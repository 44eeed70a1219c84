-- What was issued before a link went live, and is brought in behind everything else. Its deliveries have `urgent` -1.

ALTER TABLE message ADD COLUMN bulk INTEGER NOT NULL DEFAULT 0;

DROP VIEW message_whole;
-- A message as it is read, in the order in which the code takes the columns.
CREATE VIEW message_whole AS
SELECT m.sequence, m.id, m.source, m.key, m.digest, m.received, m.function, m.agreement, m.issuer, m.number, m.lineage,
       m.version, m.chain, m.format, m.media_type, m.test, m.bulk, m.duplicate_of, p.until, u.given_up, r.bytes AS receipt,
       d.id AS answered, a.answer, a.reason
FROM message m
LEFT JOIN unrouted u ON u.message = m.sequence
LEFT JOIN parked p ON p.message = m.sequence
LEFT JOIN receipt r ON r.message = m.sequence
LEFT JOIN answer a ON a.message = m.sequence
LEFT JOIN delivery d ON d.sequence = a.delivery;
