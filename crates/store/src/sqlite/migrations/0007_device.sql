-- Kinds 6 and 7 of pacts: what was prepared for a patient's device to sign, and delegations on the
-- ledger. SQLite cannot change a CHECK: the table is made again.

CREATE TABLE pacts_7 (
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 7),
    id BLOB NOT NULL,
    organisation TEXT NOT NULL,
    patient TEXT NOT NULL,
    until_us INTEGER NOT NULL,
    value BLOB NOT NULL,
    integrity BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO pacts_7 SELECT kind, id, organisation, patient, until_us, value, integrity FROM pacts;
DROP TABLE pacts;
ALTER TABLE pacts_7 RENAME TO pacts;
CREATE INDEX pacts_of_patient ON pacts (patient, kind);
