-- What two organisations know of a patient they share. Explained in docs/reference/sharing.md.
-- `kind` is store::PactKind; `value` is the caller's bytes, keys in it are wrapped; `integrity` is
-- the caller's keyed mark over the other columns.

CREATE TABLE pacts (
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 5),
    id BLOB NOT NULL,
    organisation TEXT NOT NULL,
    patient TEXT NOT NULL,
    until_us INTEGER NOT NULL,
    value BLOB NOT NULL,
    integrity BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX pacts_of_patient ON pacts (patient, kind);
