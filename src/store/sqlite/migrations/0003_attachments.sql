-- Attachments: bytes a member put ahead of the message that names them. A row that a message names stays; the others go
-- when they are old. Messages of one member may name the same attachment.
CREATE TABLE attachment (
    id         INTEGER PRIMARY KEY,
    member     TEXT NOT NULL,    -- who put it, and alone may name it
    digest     BLOB NOT NULL,    -- of the plain bytes
    media_type TEXT NOT NULL,
    size       INTEGER NOT NULL, -- of the plain bytes
    put        INTEGER NOT NULL, -- when it was put last
    named      INTEGER NOT NULL, -- whether an accepted message names it
    coding     TEXT NOT NULL CHECK (coding IN ('raw', 'zstd')),
    bytes      BLOB NOT NULL,
    UNIQUE (digest, member)
) STRICT;

-- What counts for a member's quota, and what grows old.
CREATE INDEX attachment_loose ON attachment (member, size) WHERE named = 0;
CREATE INDEX attachment_age ON attachment (put) WHERE named = 0;

-- Which message names which, in the order in which it does.
CREATE TABLE attached (
    message    INTEGER NOT NULL REFERENCES message (sequence),
    position   INTEGER NOT NULL,
    attachment INTEGER NOT NULL REFERENCES attachment (id),
    PRIMARY KEY (message, position)
) STRICT, WITHOUT ROWID;

-- Who may fetch one.
CREATE INDEX attached_attachment ON attached (attachment);
