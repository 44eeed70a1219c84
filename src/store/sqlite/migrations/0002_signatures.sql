-- Evidence of the signatures on accepted documents, and of what was made of them.

-- Leaves that signed, each once for all messages; never changed.
CREATE TABLE leaf (
    digest BLOB PRIMARY KEY, -- of the DER
    der    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The proof a message's agreement demanded of its document; the configuration is the message's.
ALTER TABLE message ADD COLUMN demand TEXT;

-- What was made of each signature when its message was accepted; never changed.
CREATE TABLE signature (
    message     INTEGER NOT NULL REFERENCES message (sequence),
    capacity    TEXT NOT NULL,    -- exporter, official
    leaf        BLOB NOT NULL REFERENCES leaf (digest),
    subject     TEXT NOT NULL,    -- names a person
    key         TEXT,             -- kind of the leaf's key
    verdict     TEXT NOT NULL,
    signed_from INTEGER,          -- when it was given, as stated: the first and the last instant it may have been
    signed_last INTEGER,
    stated_by   TEXT,             -- document, signature
    rule        TEXT,             -- listed, authority
    rule_name   TEXT,             -- may name a person
    list        BLOB,             -- digest of the revocation list looked at
    list_made   INTEGER,
    PRIMARY KEY (message, capacity)
) STRICT, WITHOUT ROWID;

-- Everything a leaf signed: what to look at when its key turns out to be in other hands.
CREATE INDEX signature_leaf ON signature (leaf);
