-- Scans made without a connection. Explained in docs/reference/database.md.

-- Those that are not compared with the ledger yet, by the UUID that the device gave them. `body` is
-- sealed under the root key.
CREATE TABLE offline_waiting (
    id TEXT PRIMARY KEY CHECK (length(id) = 36),
    taken_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX offline_waiting_by_time ON offline_waiting (taken_us, id);

-- What came of the others. `body` is sealed under the root key.
CREATE TABLE offline_settled (
    id TEXT PRIMARY KEY CHECK (length(id) = 36),
    settled_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX offline_settled_by_time ON offline_settled (settled_us, id);
