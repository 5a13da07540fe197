-- By what people sign in beside a password. Explained in docs/reference/database.md.

-- A passkey. `body` is the caller's JSON: public key, signature counter, name.
CREATE TABLE passkeys (
    credential BLOB PRIMARY KEY CHECK (length(credential) BETWEEN 1 AND 1023),
    username TEXT NOT NULL,
    body BLOB NOT NULL,
    integrity BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passkeys_of_user ON passkeys (username);

-- An account of a provider elsewhere (OpenID Connect) that is a user here.
CREATE TABLE logins (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    username TEXT NOT NULL,
    integrity BLOB NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX logins_of_user ON logins (username);
