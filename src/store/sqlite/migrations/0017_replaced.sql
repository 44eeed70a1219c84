-- What ended without arriving and is nobody's to look at any more: it was delivered again as another delivery, or a later
-- version went in its place. It stays in the story of its certificate, and in no count of what never arrived.
ALTER TABLE delivery ADD COLUMN replaced INTEGER NOT NULL DEFAULT 0;

UPDATE delivery SET replaced = 1
WHERE state IN ('refused', 'expired', 'cancelled') AND (
    EXISTS (SELECT 1 FROM delivery r INDEXED BY delivery_message
        WHERE r.message = delivery.message AND r.target = delivery.target AND r.cargo = delivery.cargo
        AND r.replay_of IS NOT NULL AND r.sequence > delivery.sequence)
    OR delivery.cargo IN ('certificate', 'cancellation') AND EXISTS (
        SELECT 1 FROM message m INDEXED BY message_chain
        CROSS JOIN delivery n INDEXED BY delivery_message ON n.message = m.sequence
        WHERE m.chain = delivery.chain AND m.sequence > delivery.message AND n.target = delivery.target
        AND n.state = 'delivered' AND n.cargo IN ('certificate', 'cancellation')));
UPDATE tally SET failed = failed - (SELECT count(*) FROM delivery WHERE replaced = 1);

DROP INDEX delivery_dead;
-- What ended without the target having it, and still is to be looked at.
CREATE INDEX delivery_dead ON delivery (target, ended)
    WHERE state IN ('refused', 'expired', 'cancelled') AND replaced = 0;
-- The same by chain, for the version that goes in its place.
CREATE INDEX delivery_dead_chain ON delivery (target, chain)
    WHERE state IN ('refused', 'expired', 'cancelled') AND replaced = 0;
