-- Epochs of the store: the first, and one for each restore from a backup.
CREATE TABLE epoch (
    number INTEGER PRIMARY KEY, -- rises; of a restore the second in which it happened, so no two are the same
    opened INTEGER NOT NULL,
    newest INTEGER              -- time of the newest commit the backup had; none for the first epoch
) STRICT;

INSERT INTO epoch VALUES (1, 0, NULL);

-- Members that compared what they have with what the hub has, after a restore.
CREATE TABLE compared (
    epoch  INTEGER NOT NULL REFERENCES epoch (number),
    member TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (epoch, member)
) STRICT, WITHOUT ROWID;

-- What a member pushed on a day, and what it was sent.
CREATE INDEX message_day ON message (source, received);
CREATE INDEX delivery_day ON delivery (target, created);
