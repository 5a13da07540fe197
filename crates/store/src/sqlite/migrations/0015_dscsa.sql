-- Papers of the trade in medicines. Explained in docs/reference/database.md. `body` is the caller's,
-- sealed under the root key and bound to table, time and id.

-- What businesses and products are: `party/...`, `product/...`, `client/...`.
CREATE TABLE master_data (
    id TEXT PRIMARY KEY,
    made_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX master_data_by_time ON master_data (made_us, id);

-- Transaction information and statements by the eventID of their shipping; `pack/...` leads from a
-- pack to the papers that it came with.
CREATE TABLE trade_papers (
    id TEXT PRIMARY KEY,
    made_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trade_papers_by_time ON trade_papers (made_us, id);

-- Notices, exceptions and recalls: `notice/...`, `exception/...`, `recall/...`.
CREATE TABLE trade_cases (
    id TEXT PRIMARY KEY,
    made_us INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trade_cases_by_time ON trade_cases (made_us, id);
