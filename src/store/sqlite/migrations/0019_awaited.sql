-- Which certificates a target's customs is still to answer, where the agreement states a time for it: a row from the
-- routing until the first answer, or until a later version or cancellation arrives in its place.
CREATE TABLE awaited (
    message  INTEGER NOT NULL REFERENCES message (sequence),
    target   TEXT NOT NULL,
    within   INTEGER NOT NULL, -- milliseconds from arrival
    delivery INTEGER REFERENCES delivery (sequence), -- the first that arrived, if one did
    until    INTEGER,                                -- when the answer to it is due
    PRIMARY KEY (message, target)
) STRICT, WITHOUT ROWID;

-- What is overdue, by target.
CREATE INDEX awaited_until ON awaited (target, until, delivery) WHERE until IS NOT NULL;
