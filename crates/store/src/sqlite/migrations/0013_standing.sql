-- Standing queries of EPCIS events. Explained in docs/reference/database.md. Each `body` is the
-- caller's, sealed: neither what is asked for nor where answers go can be read here.

-- Named queries, by a keyed hash of their name.
CREATE TABLE epcis_queries (
    id BLOB PRIMARY KEY CHECK (length(id) = 32),
    made_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX epcis_queries_by_time ON epcis_queries (made_us, id);

-- Who is told of what a named query finds, with the place up to which it was told.
CREATE TABLE epcis_subscriptions (
    id BLOB PRIMARY KEY CHECK (length(id) = 36),
    made_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX epcis_subscriptions_by_time ON epcis_subscriptions (made_us, id);
