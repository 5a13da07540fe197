//! What was erased from the key tree opens for nobody; everything else opens as before.
#![allow(clippy::unwrap_used, reason = "a test")]

use vault::{KeyTree, RootKey, VaultError, VaultKey};

fn root() -> RootKey {
    RootKey::from_bytes(&[7; 32])
}

/// Keys of patients, wrapped, as a database holds them.
fn database(tree: &KeyTree, patients: usize) -> Vec<(String, VaultKey, Vec<u8>)> {
    (0..patients)
        .map(|number| {
            let id = format!("Patient/{number}");
            let (key, wrapped) = root().new_vault_key_in(tree, &id).unwrap();
            (id, key, wrapped)
        })
        .collect()
}

fn opens(tree: &KeyTree, id: &str, wrapped: &[u8]) -> bool {
    root().open_vault_key_in(tree, id, wrapped).is_ok()
}

#[test]
fn an_old_copy_of_the_database_opens_all_but_the_erased() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.tree");
    let mut tree = KeyTree::create(&path, &root()).unwrap();
    let old = database(&tree, 40);
    for erased in [3, 17, 18] {
        tree.erase(&path, &root(), &old[erased].0).unwrap();
    }
    // The tree in memory and the one on disk say the same.
    for tree in [&tree, &KeyTree::open(&path, &root()).unwrap()] {
        for (number, (id, _, wrapped)) in old.iter().enumerate() {
            let erased = [3, 17, 18].contains(&number);
            assert_eq!(tree.has_erased(id), erased, "{id}");
            assert_eq!(opens(tree, id, wrapped), !erased, "{id}");
        }
        let refused = root().new_vault_key_in(tree, "Patient/3").unwrap_err();
        assert_eq!(refused, VaultError::Erased);
        assert!(root().new_vault_key_in(tree, "Patient/41").is_ok());
    }
}

#[test]
fn a_key_of_several_goes_with_whoever_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.tree");
    let whole = KeyTree::create(&path, &root()).unwrap();
    let several = "Patient/1 Patient/2 Patient/3";
    let (_, wrapped) = root().new_vault_key_in(&whole, several).unwrap();
    assert!(opens(&whole, several, &wrapped));
    // Fewer leaves, other ones or another order open nothing.
    for other in [
        "Patient/1",
        "Patient/1 Patient/2",
        "Patient/2 Patient/1 Patient/3",
    ] {
        assert!(!opens(&whole, other, &wrapped), "{other}");
    }
    for erased in ["Patient/1", "Patient/2", "Patient/3"] {
        let path = folder.path().join(erased.replace('/', "-"));
        let mut tree = KeyTree::create(&path, &root()).unwrap();
        let (_, shared) = root().new_vault_key_in(&tree, several).unwrap();
        let (_, own) = root().new_vault_key_in(&tree, "Patient/4").unwrap();
        tree.erase(&path, &root(), erased).unwrap();
        let opened = root().open_vault_key_in(&tree, several, &shared);
        assert_eq!(opened.unwrap_err(), VaultError::Erased, "{erased}");
        assert!(tree.has_erased(several));
        assert!(root().new_vault_key_in(&tree, several).is_err());
        assert!(opens(&tree, "Patient/4", &own));
    }
}

#[test]
fn erasing_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.tree");
    let mut tree = KeyTree::create(&path, &root()).unwrap();
    tree.erase(&path, &root(), "Patient/1").unwrap();
    let file = std::fs::read(&path).unwrap();
    tree.erase(&path, &root(), "Patient/1").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), file);
    assert!(!path.with_extension("new").exists());
}

#[test]
fn the_bytes_of_the_former_file_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.tree");
    let mut tree = KeyTree::create(&path, &root()).unwrap();
    // A second name for the former file's bytes: what a snapshot of the disk would see of it.
    let former = folder.path().join("former");
    std::fs::hard_link(&path, &former).unwrap();
    tree.erase(&path, &root(), "Patient/1").unwrap();
    assert!(
        std::fs::read(&former)
            .unwrap()
            .iter()
            .all(|byte| *byte == 0)
    );
    assert!(KeyTree::open(&former, &root()).is_err());
}

#[test]
fn both_the_root_key_and_the_tree_are_needed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.tree");
    let tree = KeyTree::create(&path, &root()).unwrap();
    let other = KeyTree::create(&folder.path().join("other"), &root()).unwrap();
    let (_, wrapped) = root().new_vault_key_in(&tree, "Patient/1").unwrap();
    assert!(opens(&tree, "Patient/1", &wrapped));
    assert!(!opens(&other, "Patient/1", &wrapped));
    assert!(!opens(&tree, "Patient/2", &wrapped));
    let thief = RootKey::from_bytes(&[8; 32]);
    assert!(
        thief
            .open_vault_key_in(&tree, "Patient/1", &wrapped)
            .is_err()
    );
    assert!(root().open_vault_key("Patient/1", &wrapped).is_err());
    let refused = KeyTree::open(&path, &thief).unwrap_err();
    assert_eq!(refused, VaultError::Sealed("key tree"));
}

#[test]
fn every_changed_byte_of_the_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.tree");
    KeyTree::create(&path, &root()).unwrap();
    let good = std::fs::read(&path).unwrap();
    for place in 0..good.len() {
        let mut changed = good.clone();
        changed[place] ^= 1;
        std::fs::write(&path, &changed).unwrap();
        assert!(KeyTree::open(&path, &root()).is_err(), "byte {place}");
    }
    std::fs::write(&path, &good[..good.len() - 1]).unwrap();
    assert!(KeyTree::open(&path, &root()).is_err());
}
