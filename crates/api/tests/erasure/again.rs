//! A node restored from before an erasure carries it out again before it answers anybody.

use super::*;

/// Two patients as they were, while the second is erased and others write on; then the disk fails,
/// and the database comes back from a copy.
fn restored(with_old_tree: bool) -> (World, String, tempfile::TempDir) {
    let world = ward();
    let copies = tempfile::tempdir().unwrap();
    let (old, old_tree) = (
        copies.path().join("store.db"),
        copies.path().join("keys.tree"),
    );
    let mut pages = 0;
    let at = &mut |done, _| pages = done;
    let extent = store::copy_database(&world.dir.join("store.db"), &old, at).unwrap();
    assert!(extent.versions > 6 && pages > 0, "{extent:?}");
    std::fs::copy(world.dir.join("keys.tree"), &old_tree).unwrap();
    let (_, certificate) = erase(&world);
    certified(&world, &certificate);
    let client = world.clinician();
    let note = json!({ "resourceType": "Basic", "code": { "text": "lost" } });
    let id = client.post("/fhir/Basic", &note).expect(201).id();
    client
        .receipt(&format!("/fhir/Basic/{id}/_history/1"))
        .expect(200);
    let (dir, temp) = world.stop();
    for file in ["store.db", "store.db-wal", "store.db-shm"] {
        let _ = std::fs::remove_file(dir.join(file));
    }
    std::fs::copy(&old, dir.join("store.db")).unwrap();
    if with_old_tree {
        std::fs::copy(&old_tree, dir.join("keys.tree")).unwrap();
    }
    assert_eq!(in_database(&dir), MARKERS, "the copy has the index of then");
    std::fs::write(dir.join("restored"), "").unwrap();
    let world = World::open(&dir, |_| {});
    let clinician = world.clinician();
    clinician.get(&format!("/fhir/Basic/{id}")).expect(404);
    (world, certificate, temp.unwrap())
}

/// The markers that the database or its log holds. The engine may still be closing its files.
fn in_database(dir: &Path) -> Vec<&'static str> {
    let files = ["store.db", "store.db-wal"].map(|file| std::fs::read(dir.join(file)));
    let mut bytes = files.map(Result::unwrap_or_default).concat();
    bytes.make_ascii_lowercase();
    let holds = |marker: &&str| {
        let mut windows = bytes.windows(marker.len());
        windows.any(|window| window == marker.as_bytes())
    };
    MARKERS.into_iter().filter(holds).collect()
}

#[test]
fn a_node_restored_from_before_an_erasure_erases_again() {
    for with_old_tree in [true, false] {
        let (world, certificate, _temp) = restored(with_old_tree);
        let clinician = world.clinician();
        clinician.get("/fhir/Patient/p7").expect(404);
        clinician.get("/fhir/Patient/p1").expect(200);
        clinician.receipt("/fhir/Patient/p1/_history/1").expect(200);
        let root = RootKey::from_bytes(&SEEDS.root);
        let tree = KeyTree::open(&world.dir.join("keys.tree"), &root).unwrap();
        assert!(tree.has_erased("Patient/p7") && !tree.has_erased("Patient/p1"));
        certified(&world, &certificate);
        let found = audited(world, |dir| {
            assert_eq!(in_database(dir), Vec::<&str>::new());
        });
        assert_eq!(found, Vec::<String>::new());
    }
}

#[test]
fn nobody_hides_a_deletion_behind_a_restore() {
    let (world, _, _temp) = restored(false);
    let found = audited(world, |dir| {
        change(
            dir,
            "UPDATE settings SET value = x'00000000000fffff' WHERE name LIKE 'lost-%'",
        );
    });
    let of_batches = found
        .iter()
        .filter(|it| it.contains("its leaves do not give its root"));
    assert!(of_batches.count() > 0, "{found:?}");
}
