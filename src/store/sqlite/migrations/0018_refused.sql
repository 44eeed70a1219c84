-- How often the hub refused what: a row for each day, member and reason code that occurred.
CREATE TABLE refused (
    day    INTEGER NOT NULL, -- days since 1970, UTC
    member TEXT NOT NULL,
    reason TEXT NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (day, member, reason)
) STRICT, WITHOUT ROWID;
