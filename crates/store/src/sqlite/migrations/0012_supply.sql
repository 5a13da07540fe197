-- Medicines: the index of EPCIS events, and the packs that this organisation holds. Explained in
-- docs/reference/database.md.

-- An event is a version like any other, of the type EPCISEvent; here is what it is found by.
CREATE TABLE epcis_events (
    record INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    event_us INTEGER NOT NULL,
    recorded_us INTEGER NOT NULL
) STRICT;
CREATE INDEX epcis_events_by_time ON epcis_events (event_us, record);
CREATE INDEX epcis_events_by_entry ON epcis_events (recorded_us, record);

-- Its values that a query may ask for, by the field that they stand in.
CREATE TABLE epcis_terms (
    record INTEGER NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (record, field, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX epcis_terms_by ON epcis_terms (field, value, record);

-- What became of a capture. `body` is the caller's, sealed.
CREATE TABLE captures (
    id TEXT PRIMARY KEY,
    made_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX captures_by_time ON captures (made_us, id);

-- Packs that this organisation holds, held or awaits, by their name on the ledger. `body` is
-- sealed under the root key: product, serial, lot, expiry, and what opens the lock.
CREATE TABLE packs (
    pack BLOB PRIMARY KEY CHECK (length(pack) = 16),
    changed_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX packs_by_time ON packs (changed_us, pack);

-- Moves that were signed, until their outcome on the ledger is known here.
CREATE TABLE moves (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    made_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
