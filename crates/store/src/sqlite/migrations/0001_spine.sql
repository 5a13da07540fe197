-- Record versions, their index, leaves, batches, users. Explained in docs/reference/database.md.

-- Names of record types.
CREATE TABLE types (
    type INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Texts that many index rows share: code systems, units, targets of references. Never a name,
-- an identifier's value or other content of a record.
CREATE TABLE texts (
    text INTEGER PRIMARY KEY,
    value TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE vaults (
    vault INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    wrapped BLOB NOT NULL
) STRICT;

-- One row per record; `leaf` is that of its current version.
CREATE TABLE records (
    record INTEGER PRIMARY KEY,
    type INTEGER NOT NULL REFERENCES types,
    id TEXT NOT NULL,
    leaf INTEGER NOT NULL,
    updated_us INTEGER NOT NULL,
    deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
    UNIQUE (type, id)
) STRICT;
CREATE INDEX records_live ON records (type, record) WHERE deleted = 0;
CREATE INDEX records_updated ON records (type, updated_us, record) WHERE deleted = 0;

-- One row per version, in the order of commits. `patients` holds texts as `,7,12,`.
CREATE TABLE versions (
    leaf INTEGER PRIMARY KEY,
    record INTEGER NOT NULL REFERENCES records,
    type INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    updated_us INTEGER NOT NULL,
    method INTEGER NOT NULL CHECK (method BETWEEN 1 AND 4),
    vault INTEGER NOT NULL REFERENCES vaults,
    patients TEXT NOT NULL,
    envelope BLOB NOT NULL,
    UNIQUE (record, version)
) STRICT;
CREATE INDEX versions_of_type ON versions (type, updated_us, leaf);
CREATE INDEX versions_updated ON versions (updated_us, leaf);

-- What is sent to the ledger. Leaves after the last batch wait for the next one.
CREATE TABLE leaves (
    leaf INTEGER PRIMARY KEY,
    commitment BLOB NOT NULL CHECK (length(commitment) = 32)
) STRICT;

CREATE TABLE batches (
    sequence INTEGER PRIMARY KEY,
    first_leaf INTEGER NOT NULL,
    leaves INTEGER NOT NULL CHECK (leaves >= 0),
    blinding BLOB NOT NULL CHECK (length(blinding) = 32),
    root BLOB NOT NULL CHECK (length(root) = 32),
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    body BLOB NOT NULL,
    anchor BLOB
) STRICT;
CREATE UNIQUE INDEX batches_leaf ON batches (first_leaf) WHERE leaves > 0;
CREATE INDEX batches_open ON batches (sequence) WHERE anchor IS NULL;

-- The index: rows of the current version of every live record. Each table is clustered by record
-- (to check a condition, to replace a record's rows), its index by value (to find records).
-- `parameter` is fhir::search::Parameter::id and implies the type.

-- Compartments of the current version; kept for a tombstone, so that its history has a scope.
CREATE TABLE compartments (
    record INTEGER NOT NULL,
    patient INTEGER NOT NULL,
    type INTEGER NOT NULL,
    PRIMARY KEY (record, patient)
) STRICT, WITHOUT ROWID;
CREATE INDEX compartments_by ON compartments (patient, type, record);

-- Tokens and uris; system 0 and code '' mean none.
CREATE TABLE tokens (
    record INTEGER NOT NULL,
    parameter INTEGER NOT NULL,
    code TEXT NOT NULL,
    system INTEGER NOT NULL,
    PRIMARY KEY (record, parameter, code, system)
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by ON tokens (parameter, code, record);

-- References; `version` 0 means none.
CREATE TABLE refs (
    record INTEGER NOT NULL,
    parameter INTEGER NOT NULL,
    target INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (record, parameter, target, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX refs_by ON refs (parameter, target, record);

CREATE TABLE strings (
    record INTEGER NOT NULL,
    parameter INTEGER NOT NULL,
    place INTEGER NOT NULL,
    normalised TEXT NOT NULL,
    original TEXT NOT NULL,
    PRIMARY KEY (record, parameter, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX strings_by ON strings (parameter, normalised, record);

-- Stretches [from_us, to_us). Those over a day have an index of their own: without it, "ends
-- after" would have to look at every row that begins before. `several` is 1 where the record has
-- other values of the parameter: only for those may two conditions hold by two different rows.
CREATE TABLE dates (
    record INTEGER NOT NULL,
    parameter INTEGER NOT NULL,
    from_us INTEGER NOT NULL,
    to_us INTEGER NOT NULL,
    several INTEGER NOT NULL CHECK (several IN (0, 1)),
    PRIMARY KEY (record, parameter, from_us, to_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX dates_by ON dates (parameter, from_us, record, several);
CREATE INDEX dates_long ON dates (parameter, to_us, from_us, record)
    WHERE to_us - from_us > 86400000000;
CREATE INDEX dates_several ON dates (parameter, record) WHERE several = 1;

-- Numbers and quantities as fhir::Decimal::sort_key; an open end is x'' or x'ff'. system, code and
-- unit are texts, 0 means none.
CREATE TABLE quantities (
    record INTEGER NOT NULL,
    parameter INTEGER NOT NULL,
    low BLOB NOT NULL,
    high BLOB NOT NULL,
    system INTEGER NOT NULL,
    code INTEGER NOT NULL,
    unit INTEGER NOT NULL,
    PRIMARY KEY (record, parameter, low, high, system, code, unit)
) STRICT, WITHOUT ROWID;
CREATE INDEX quantities_by ON quantities (parameter, low, record);
CREATE INDEX quantities_wide ON quantities (parameter, high, record) WHERE low <> high;

CREATE TABLE users (
    username TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    patient TEXT,
    integrity BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    integrity BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The key that seals page tokens: they carry sort values, and addresses end up in logs.
CREATE TABLE page_key (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    key BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;
