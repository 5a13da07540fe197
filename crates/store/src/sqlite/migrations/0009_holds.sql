-- Legal holds. Explained in docs/reference/database.md.

-- Odd rows of a patient place a hold, even ones lift it. Rows are only added. `sealed` is who, why
-- and when, under the root key.
CREATE TABLE holds (
    patient TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    sealed BLOB NOT NULL,
    record TEXT NOT NULL,
    integrity BLOB NOT NULL,
    PRIMARY KEY (patient, number)
) STRICT, WITHOUT ROWID;
