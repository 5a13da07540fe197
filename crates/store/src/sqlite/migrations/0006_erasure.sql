-- What was erased. Explained in docs/reference/database.md.

-- One row per erasure of a patient. `sealed` is what opens its commitments, under the root key.
CREATE TABLE erasures (
    erasure BLOB PRIMARY KEY CHECK (length(erasure) = 32),
    leaves INTEGER NOT NULL CHECK (leaves >= 0),
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Leaves whose versions are gone: the batch trees of everybody else need them. `record` and
-- `version` are 0, unless other versions of the record are left and have a gap here.
CREATE TABLE erased (
    leaf INTEGER PRIMARY KEY REFERENCES leaves,
    erasure BLOB NOT NULL REFERENCES erasures,
    record INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

-- What a vault key opens, so that an erasure need not read all envelopes to find them.
CREATE INDEX versions_of_vault ON versions (vault, leaf);
