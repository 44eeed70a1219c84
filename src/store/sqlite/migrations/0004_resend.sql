-- Deliveries that their targets asked for again; a row goes with the attempt that answers it.
CREATE TABLE resend (
    delivery INTEGER PRIMARY KEY REFERENCES delivery (sequence),
    target   TEXT NOT NULL,
    asked    INTEGER NOT NULL
) STRICT;

-- What a lane or mailbox offers before anything else.
CREATE INDEX resend_target ON resend (target, asked);
