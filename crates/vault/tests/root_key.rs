//! The root key file, and what the root key wraps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test"
)]

use std::fs;

use vault::{Cost, RootKey, VaultError, VaultKey, keys, password};

/// Cheap, so that the tests are quick.
const COST: Cost = Cost {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

#[test]
fn the_passphrase_opens_the_file_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.key");
    let made = RootKey::create_at(&path, b"correct horse", COST).unwrap();
    let opened = RootKey::open(&path, b"correct horse").unwrap();
    assert_eq!(made.mark("t", &[b"x"]), opened.mark("t", &[b"x"]));
    for wrong in [&b"correct horsf"[..], b"", b"correct horse "] {
        assert_eq!(
            RootKey::open(&path, wrong).unwrap_err(),
            VaultError::Passphrase
        );
    }
    let again = RootKey::create_at(&path, b"other", COST).unwrap_err();
    assert!(
        matches!(again, VaultError::Exists(_)),
        "a key file is never overwritten"
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.key");
    RootKey::create_at(&path, b"correct horse", COST).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn every_changed_byte_of_the_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.key");
    RootKey::create_at(&path, b"correct horse", COST).unwrap();
    let file = fs::read(&path).unwrap();
    let changed_path = folder.path().join("changed.key");
    for at in 0..file.len() {
        // Raising the low bits only keeps a changed cost affordable.
        let mut changed = file.clone();
        changed[at] ^= 1;
        fs::write(&changed_path, &changed).unwrap();
        assert!(
            RootKey::open(&changed_path, b"correct horse").is_err(),
            "byte {at}"
        );
    }
    for length in [0, 1, 16, file.len() - 1] {
        fs::write(&changed_path, &file[..length]).unwrap();
        assert!(
            RootKey::open(&changed_path, b"correct horse").is_err(),
            "length {length}"
        );
    }
    fs::write(&changed_path, [file.as_slice(), b"x"].concat()).unwrap();
    assert!(RootKey::open(&changed_path, b"correct horse").is_err());
}

#[test]
fn a_file_cannot_ask_for_more_memory_than_the_bound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.key");
    RootKey::create_at(&path, b"correct horse", COST).unwrap();
    let mut file = fs::read(&path).unwrap();
    file[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
    fs::write(&path, &file).unwrap();
    assert_eq!(
        RootKey::open(&path, b"correct horse").unwrap_err(),
        VaultError::Passphrase
    );
}

#[test]
fn a_new_passphrase_keeps_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.key");
    let made = RootKey::create_at(&path, b"old", COST).unwrap();
    assert!(RootKey::change_passphrase(&path, b"wrong", b"new").is_err());
    RootKey::change_passphrase(&path, b"old", b"new").unwrap();
    assert!(RootKey::open(&path, b"old").is_err());
    let opened = RootKey::open(&path, b"new").unwrap();
    assert_eq!(made.mark("t", &[]), opened.mark("t", &[]));
}

#[test]
fn the_default_cost_is_the_second_of_rfc_9106() {
    let cost = Cost::default();
    assert_eq!((cost.memory_kib, cost.passes, cost.lanes), (65_536, 3, 4));
}

#[test]
fn a_vault_key_unwraps_under_its_own_id_only() {
    let root = RootKey::from_bytes(&[5; 32]);
    let (key, wrapped) = root.new_vault_key("p1").unwrap();
    let context = vault::envelope::Context {
        custodian: "st-mary",
        record_type: "Patient",
        record_id: "p1",
        version: 1,
    };
    let envelope = vault::envelope::seal(&key, &context, &[0; 32], b"", b"body").unwrap();
    let again = root.open_vault_key("p1", &wrapped).unwrap();
    assert_eq!(
        vault::envelope::open(&again, &context, &envelope)
            .unwrap()
            .plaintext
            .as_slice(),
        b"body"
    );
    let refused = |result: Result<VaultKey, VaultError>| {
        assert_eq!(result.unwrap_err(), VaultError::Sealed("vault key"));
    };
    refused(root.open_vault_key("p2", &wrapped));
    refused(RootKey::from_bytes(&[6; 32]).open_vault_key("p1", &wrapped));
    for at in 0..wrapped.len() {
        let mut changed = wrapped.clone();
        changed[at] ^= 1;
        refused(root.open_vault_key("p1", &changed));
    }
    refused(root.open_vault_key("p1", &wrapped[..20]));
    // A secret under the same name is not a vault key.
    refused(root.open_vault_key("p1", &root.seal_secret("p1", &[1; 32]).unwrap()));
}

#[test]
fn a_secret_opens_under_its_own_label_only() {
    let root = RootKey::from_bytes(&[5; 32]);
    let sealed = root.seal_secret("node seed", b"secret").unwrap();
    assert_eq!(
        root.open_secret("node seed", &sealed).unwrap().as_slice(),
        b"secret"
    );
    for (label, bytes) in [
        ("node seeds", sealed.as_slice()),
        ("node seed", &sealed[1..]),
        ("node seed", b""),
    ] {
        assert_eq!(
            root.open_secret(label, bytes).unwrap_err(),
            VaultError::Sealed("secret")
        );
    }
    assert!(root.seal_secret("x", &vec![0; 70_000]).is_err());
}

#[test]
fn a_row_as_long_as_a_document_opens_under_its_own_label() {
    let root = RootKey::from_bytes(&[5; 32]);
    let row = vec![7; 16 << 20];
    let sealed = root.seal_row("capture/1/a", &row).unwrap();
    assert!(root.open_row("capture/1/a", &sealed).unwrap().as_slice() == row);
    assert_eq!(
        root.open_row("capture/1/b", &sealed).unwrap_err(),
        VaultError::Sealed("row")
    );
    assert!(root.seal_row("x", &vec![0; (64 << 20) + 1]).is_err());
}

#[test]
fn a_mark_covers_every_column_and_their_borders() {
    let root = RootKey::from_bytes(&[5; 32]);
    let mark = root.mark("users", &[b"ada", b"hash"]);
    assert!(root.marked("users", &[b"ada", b"hash"], &mark));
    for (table, columns) in [
        ("user", &[&b"ada"[..], b"hash"][..]),
        ("users", &[b"adah", b"ash"]),
        ("users", &[b"ada", b"hash", b""]),
        ("users", &[b"ada"]),
    ] {
        assert!(!root.marked(table, columns, &mark));
    }
    assert!(!root.marked("users", &[b"ada", b"hash"], &mark[..31]));
}

#[test]
fn derived_keys_are_frozen_and_differ_by_label() {
    let key = |label| {
        let key = keys::derive(&[1; 32], label);
        let pairs: Vec<String> = key.iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.concat()
    };
    let frozen = include_str!("../vectors/derive.txt");
    for line in frozen.lines().filter(|line| !line.starts_with('#')) {
        let (label, expected) = line.split_once(' ').unwrap();
        assert_eq!(key(label), expected, "{label}");
    }
    assert_ne!(key("node"), key("transaction"));
}

#[test]
fn a_password_is_verified_by_the_parameters_in_its_hash() {
    let hash = password::hash("correct horse").unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"),
        "{hash}"
    );
    assert!(password::verify("correct horse", &hash).unwrap());
    assert!(!password::verify("correct horsf", &hash).unwrap());
    assert_ne!(hash, password::hash("correct horse").unwrap(), "salted");
    assert!(password::verify("x", "no hash").is_err());
    assert!(password::hash(&"x".repeat(2000)).is_err());
}
