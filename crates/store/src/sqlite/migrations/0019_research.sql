-- Research access: what was answered, and whom a dataset is of. Explained in docs/reference/database.md.

-- Sets of persons that were counted (1) and those of a request (2), by that number and a digest; the
-- persons are keyed hashes. `body` is sealed under the root key.
CREATE TABLE research (
    id BLOB PRIMARY KEY CHECK (length(id) = 33),
    made_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX research_by_time ON research (made_us, id);
