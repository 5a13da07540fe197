-- SMART Health Links. Explained in docs/reference/database.md.

-- A link of a patient. `lookup` is SHA-256 of what its address ends in; `body` is sealed under the
-- patient's vault key: what the link is of, and, for one that stays current, its key.
CREATE TABLE health_links (
    id TEXT PRIMARY KEY,
    lookup BLOB NOT NULL UNIQUE CHECK (length(lookup) = 32),
    patient TEXT NOT NULL,
    until_us INTEGER NOT NULL,
    -- Wrong passcodes that are still heard.
    tries INTEGER NOT NULL CHECK (tries >= 0),
    -- Retrievals in this hour since 1970, and in all.
    hour INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    retrieved INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX health_links_of_patient ON health_links (patient);
CREATE INDEX health_links_until ON health_links (until_us);

-- Its files, encrypted under the link's key and sealed once more under the patient's.
CREATE TABLE health_link_files (
    link TEXT NOT NULL,
    place INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (link, place)
) STRICT;

-- Addresses of files that are good once. `digest` is SHA-256 of what the address ends in.
CREATE TABLE health_link_tickets (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    link TEXT NOT NULL,
    place INTEGER NOT NULL,
    until_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX health_link_tickets_of_link ON health_link_tickets (link);
CREATE INDEX health_link_tickets_until ON health_link_tickets (until_us);
