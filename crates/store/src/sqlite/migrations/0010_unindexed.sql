-- Index rows of AuditEvents that are not in the index yet: they follow in groups, oldest first.
-- Explained in docs/reference/database.md.

CREATE TABLE unindexed (
    record INTEGER PRIMARY KEY,
    rows BLOB NOT NULL
) STRICT;
