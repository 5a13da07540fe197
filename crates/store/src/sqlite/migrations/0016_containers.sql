-- Cases and pallets that this organisation holds, held or awaits, by their name on the ledger.
-- `body` is sealed under the root key: SSCC, what is inside, and what opens the lock.
CREATE TABLE containers (
    name BLOB PRIMARY KEY CHECK (length(name) = 16),
    changed_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX containers_by_time ON containers (changed_us, name);
