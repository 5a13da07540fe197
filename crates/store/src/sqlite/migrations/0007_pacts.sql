-- Pacts of more kinds. SQLite does not change a CHECK of a table: the table is made anew, and which
-- kinds there are is store::PactKind's to say, at each read.

CREATE TABLE pacts_anew (
    kind INTEGER NOT NULL CHECK (kind >= 1),
    id BLOB NOT NULL,
    organisation TEXT NOT NULL,
    patient TEXT NOT NULL,
    until_us INTEGER NOT NULL,
    value BLOB NOT NULL,
    integrity BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO pacts_anew
    SELECT kind, id, organisation, patient, until_us, value, integrity FROM pacts;
DROP TABLE pacts;
ALTER TABLE pacts_anew RENAME TO pacts;
CREATE INDEX pacts_of_patient ON pacts (patient, kind);
