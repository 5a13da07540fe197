-- Openings by a threshold: who asked about one pack, and where its hand-overs stand on the ledger.
-- Explained in docs/reference/database.md.

-- Openings that were asked for here (the id begins with 1), or of this organisation (2). `body` is
-- sealed under the root key.
CREATE TABLE openings (
    id BLOB PRIMARY KEY CHECK (length(id) = 33),
    made_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX openings_by_time ON openings (made_us, id);

-- Where the ledger says who gets a pack or a container: block, transaction in it, item in that. It
-- is read off the ledger and compared with it at each use.
CREATE TABLE handovers (
    unit BLOB NOT NULL CHECK (length(unit) = 16),
    height INTEGER NOT NULL,
    position INTEGER NOT NULL,
    item INTEGER NOT NULL,
    PRIMARY KEY (unit, height, position, item)
) STRICT, WITHOUT ROWID;
