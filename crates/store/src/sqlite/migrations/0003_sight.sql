-- What a decision on a single version reads, beside the version and not in it: a query looks at
-- the facts of many versions without their envelopes. Explained in docs/reference/database.md.

-- `patients` holds ids between spaces, in the order of `versions.patients`. A version without a row
-- is admitted by no decision.
CREATE TABLE sights (
    leaf INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    patients TEXT NOT NULL,
    facts BLOB NOT NULL
) STRICT;
