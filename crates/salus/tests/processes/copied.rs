//! An organisation that runs other software, with its own keys, a grant, and a copy of everything
//! in another's folder but the passphrase, opens nothing of it.

use crate::device::root_key;
use crate::misconduct::Stolen;
use crate::sharing::{CLINIC, HOME, Visit, from_base64};
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use vault::envelope::{self, Context};
use vault::grant::{GrantContext, WrapKey};
use vault::{GrantKey, KeyTree, VaultKey};

/// A version as it lies in a database.
struct Kept {
    record_type: String,
    id: String,
    version: u64,
    vault: String,
    wrapped: Vec<u8>,
    envelope: Vec<u8>,
}

impl Kept {
    fn context<'a>(&'a self, custodian: &'a str) -> Context<'a> {
        Context {
            custodian,
            record_type: &self.record_type,
            record_id: &self.id,
            version: self.version,
        }
    }
}

/// Whatever is in the folder, as it is while the node runs.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if path.is_file() && name != "passphrase" && name != "records.db" {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
    let database = Connection::open(from.join("records.db")).unwrap();
    let whole = to.join("whole.db");
    database
        .execute("VACUUM INTO ?1", [whole.to_str().unwrap()])
        .unwrap();
}

fn versions(database: &Connection) -> Vec<Kept> {
    let sql = "SELECT t.name, r.id, v.version, k.id, k.wrapped, v.envelope FROM versions v
         JOIN records r USING (record) JOIN types t ON t.type = v.type
         JOIN vaults k ON k.vault = v.vault WHERE length(v.envelope) > 0";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok(Kept {
            record_type: row.get(0)?,
            id: row.get(1)?,
            version: row.get::<_, i64>(2)?.cast_unsigned(),
            vault: row.get(3)?,
            wrapped: row.get(4)?,
            envelope: row.get(5)?,
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// The grant keys that an organisation holds, opened with its own key.
fn grant_keys(database: &Connection, wrap: &WrapKey, parties: (&str, &str)) -> Vec<Grant> {
    let (custodian, recipient) = parties;
    let mut statement = database
        .prepare("SELECT id, value FROM pacts WHERE kind = 4 AND organisation = ?1")
        .unwrap();
    let rows = statement.query_map([custodian], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows: Vec<(Vec<u8>, Vec<u8>)> = rows.unwrap().map(Result::unwrap).collect();
    let open = |(id, value): (Vec<u8>, Vec<u8>)| {
        let value: Value = serde_json::from_slice(&value).unwrap();
        let sealed = from_base64(value["sealed"].as_str().unwrap());
        let context = GrantContext {
            custodian,
            recipient,
            grant_id: &id,
        };
        let key = wrap.open(&sealed, &context).unwrap();
        Grant { id, key }
    };
    rows.into_iter().map(open).collect()
}

struct Grant {
    id: Vec<u8>,
    key: GrantKey,
}

/// The clinic has a grant that holds, and reads by it. With the copy alone it gets nowhere.
pub(crate) fn a_copy_of_everything_opens_nothing(visit: &Visit<'_>) {
    let consortium = visit.consortium;
    let (custodian, recipient) = (consortium.id(HOME), consortium.id(CLINIC));
    let (home, clinic) = (consortium.org_dir(HOME), consortium.org_dir(CLINIC));
    let copied = consortium.folder.path().join("copied");
    copy(&home, &copied);
    let theirs = versions(&Connection::open(copied.join("whole.db")).unwrap());
    assert!(theirs.len() > 50, "{} versions", theirs.len());

    // With the passphrase all of it opens: this way of opening is the right one.
    let root = root_key(&home);
    let tree = KeyTree::open(&copied.join("keys.tree"), &root).unwrap();
    for kept in &theirs {
        let key = root.open_vault_key_in(&tree, &kept.vault, &kept.wrapped);
        envelope::open(&key.unwrap(), &kept.context(custodian), &kept.envelope).unwrap();
    }

    // The clinic has neither root nor tree of the hospital, and tries every key of its own.
    let root = root_key(&clinic);
    assert!(KeyTree::open(&copied.join("keys.tree"), &root).is_err());
    assert!(vault::RootKey::open(&copied.join("root.key"), b"").is_err());
    let tree = KeyTree::open(&clinic.join("keys.tree"), &root).unwrap();
    let own = Connection::open(clinic.join("records.db")).unwrap();
    let mut keys: BTreeMap<String, VaultKey> = BTreeMap::new();
    for kept in versions(&own) {
        let key = root.open_vault_key_in(&tree, &kept.vault, &kept.wrapped);
        keys.insert(kept.vault, key.unwrap());
    }
    let wrap = WrapKey::from_seed(&Stolen::from(&clinic).seed("wrap"));
    let grants = grant_keys(&own, &wrap, (custodian, recipient));
    assert!(!keys.is_empty() && !grants.is_empty());
    for kept in &theirs {
        let context = kept.context(custodian);
        let of = format!("{}/{}", kept.record_type, kept.id);
        assert!(
            root.open_vault_key_in(&tree, &kept.vault, &kept.wrapped)
                .is_err()
                && root.open_vault_key(&kept.vault, &kept.wrapped).is_err(),
            "{of}"
        );
        for key in keys.values() {
            assert!(envelope::open(key, &context, &kept.envelope).is_err());
        }
        for Grant { id, key } in &grants {
            for kind in [envelope::RELEASED, envelope::DERIVED] {
                let mut other = kept.envelope.clone();
                other[0] = kind;
                assert!(
                    envelope::open_released(key, id, &context, &other).is_err()
                        && envelope::open_derived(key, id, &context, &other).is_err(),
                    "{of}"
                );
            }
        }
    }
}
