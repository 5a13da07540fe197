-- Apps and what the authorization server remembers. Explained in docs/reference/database.md.

-- Registered apps and systems. `body` is the caller's JSON.
CREATE TABLE clients (
    client TEXT PRIMARY KEY,
    body BLOB NOT NULL,
    integrity BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Whatever is good for a while, known by the SHA-256 of a secret or a name: sessions, codes,
-- refresh tokens, launches, assertion ids that were seen, what was revoked. `kind` is
-- store::TicketKind. Used ones stay until they expire, so that a replay is recognised.
CREATE TABLE tickets (
    kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 6),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    family TEXT NOT NULL,
    used INTEGER NOT NULL CHECK (used IN (0, 1)),
    expires_us INTEGER NOT NULL,
    body BLOB NOT NULL,
    integrity BLOB NOT NULL,
    PRIMARY KEY (kind, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_expired ON tickets (expires_us);
CREATE INDEX tickets_family ON tickets (family) WHERE family <> '';
