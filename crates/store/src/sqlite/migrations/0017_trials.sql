-- Trials: what is sealed about them, and who takes part here. Explained in docs/reference/database.md.

-- Versions of protocols (1), rows of locks (2) and reports (3), by the id of the trial, that number
-- and theirs. `body` is sealed under the root key.
CREATE TABLE trials (
    id BLOB PRIMARY KEY CHECK (length(id) = 37),
    made_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trials_by_time ON trials (made_us, id);

-- Participants of this site, by the id of the trial and the pseudonym on the ledger. `body` is sealed
-- under the root key.
CREATE TABLE trial_participants (
    id BLOB PRIMARY KEY CHECK (length(id) = 64),
    changed_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trial_participants_by_time ON trial_participants (changed_us, id);
