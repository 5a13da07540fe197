-- Two more kinds of pacts: suspensions of an accounting (docs/reference/reports.md), and consents to
-- be located (docs/reference/sharing.md). SQLite changes no CHECK in place.

CREATE TABLE pacts_wider (
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 7),
    id BLOB NOT NULL,
    organisation TEXT NOT NULL,
    patient TEXT NOT NULL,
    until_us INTEGER NOT NULL,
    value BLOB NOT NULL,
    integrity BLOB NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO pacts_wider SELECT kind, id, organisation, patient, until_us, value, integrity FROM pacts;
DROP TABLE pacts;
ALTER TABLE pacts_wider RENAME TO pacts;
CREATE INDEX pacts_of_patient ON pacts (patient, kind);
