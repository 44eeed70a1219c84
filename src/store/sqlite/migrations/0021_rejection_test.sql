-- Whether a rejected push was test traffic: a checklist counts no other.
ALTER TABLE rejection ADD COLUMN test INTEGER NOT NULL DEFAULT 0;
