-- Keys of patients and delegations. Explained in docs/reference/database.md.

-- A row is a change of key; the one with the greatest number is in force. Rows are only added.
CREATE TABLE patient_keys (
    patient TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    mode TEXT NOT NULL CHECK (mode IN ('custodial', 'device')),
    reason TEXT NOT NULL CHECK (reason IN ('enrolled', 'replaced', 'recovery')),
    consent_key BLOB NOT NULL CHECK (length(consent_key) = 32),
    x_wing_key BLOB,
    since_us INTEGER NOT NULL,
    possession BLOB NOT NULL CHECK (length(possession) = 64),
    approval BLOB CHECK (length(approval) = 64),
    record TEXT NOT NULL,
    integrity BLOB NOT NULL,
    PRIMARY KEY (patient, number)
) STRICT, WITHOUT ROWID;

-- The seed of a patient whose keys are custodial, wrapped; apart, so that it can be destroyed.
CREATE TABLE patient_seeds (
    patient TEXT PRIMARY KEY,
    wrapped BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Row 1 of a delegation grants it, row 2 ends it early. Rows are only added.
CREATE TABLE delegations (
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number IN (1, 2)),
    patient TEXT NOT NULL,
    delegate TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('guardian', 'proxy')),
    since_us INTEGER NOT NULL,
    until_us INTEGER NOT NULL,
    by TEXT NOT NULL,
    record TEXT NOT NULL,
    integrity BLOB NOT NULL,
    PRIMARY KEY (id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX delegations_of ON delegations (patient);
CREATE INDEX delegations_to ON delegations (delegate);
