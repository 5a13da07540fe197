//! The audit sees a change of any value of any row. What it compares: docs/reference/database.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test"
)]

mod support;

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::types::Value as Cell;
use serde_json::Value;
use store::{
    Batch, ClientRow, DelegationStep, Drawer, EPCIS_EVENT, EpcisRow, Erasure, HealthLink,
    HealthLinkTicket, HoldStep, Identity, LoginRow, Method, NewVaultKey, Options, Pact, PactKind,
    PasskeyRow, PatientKey, Put, Sealed, SeedChange, Setting, Store, Stored, Ticket, TicketKind,
    User, Write,
};
use support::*;

/// Everything that `salus audit` compares with something outside this database: envelopes (sealed,
/// with an event that repeats the version's columns), leaves (recomputed from the envelopes),
/// batches (on the ledger), vault keys (sealed), users, settings, clients, passkeys, logins and
/// tickets (marked), health links with their files (sealed, and counted in the log) and addresses
/// (computed anew).
async fn compared_outside(store: &Store) -> String {
    let versions = store.scan_versions(0, 1000).await.unwrap_or_default();
    let (mut pacts, mut tickets, mut sealed) = (Vec::new(), Vec::new(), Vec::new());
    for drawer in Drawer::ALL {
        sealed.push(store.latest_sealed(drawer, None, 1000).await);
    }
    for kind in PactKind::ALL {
        pacts.push(store.pacts(kind).await);
    }
    for kind in TicketKind::ALL {
        tickets.push(store.tickets(kind).await);
    }
    let mut files = Vec::new();
    let mut place = (String::new(), -1);
    while let Ok(Some(file)) = store.scan_health_link_file((&place.0, place.1)).await {
        place = (file.link.clone(), file.place);
        files.push(file);
    }
    let links = (
        store.scan_health_links("", 1000).await,
        store.scan_health_link_tickets(&[], 1000).await,
    );
    let own = (pacts, tickets, sealed, files, links);
    format!(
        "{versions:?} {own:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        store.scan_leaves(0, 1000).await,
        store.scan_batches(0, 1000).await,
        store.scan_vault_keys("", 1000).await,
        store.erasures([0; 32], 1000).await,
        store.users().await,
        store.settings().await,
        store.scan_patient_keys(("", 0), 1000).await,
        store.scan_delegations(("", 0), 1000).await,
        store.scan_patient_seeds("", 1000).await,
        (
            store.scan_holds(("", 0), 1000).await,
            store.clients().await,
            store.passkeys(None).await,
            store.logins().await,
        ),
    )
}

/// The lines of the checks inside the database, with the index recomputed from the bodies.
async fn lines(store: &Store, expected: &[Stored]) -> Vec<String> {
    let mut lines = match store.integrity_check().await {
        Ok(lines) => lines,
        Err(error) => vec![error.to_string()],
    };
    for version in expected {
        let (type_, id) = (&version.type_, &version.id);
        let newest = expected.iter().rfind(|other| other.id == *id);
        if newest != Some(version) {
            continue;
        }
        let live = expected
            .iter()
            .rfind(|other| other.id == *id && !other.deleted())
            .unwrap();
        let body: Value = serde_json::from_slice(&live.envelope).unwrap();
        if *type_ == EPCIS_EVENT {
            match store.check_epcis(epcis_row()).await {
                Ok(found) => lines.extend(found),
                Err(error) => lines.push(error.to_string()),
            }
        }
        let patients = fhir::compartment::patients(&body);
        let index = if version.deleted() {
            Vec::new()
        } else {
            fhir::search::values(&body)
        };
        match store.check_index(type_, id, index, patients).await {
            Ok(found) => lines.extend(found),
            Err(error) => lines.push(error.to_string()),
        }
    }
    lines
}

#[expect(clippy::too_many_lines, reason = "a row of every table")]
async fn filled() -> Ward {
    let ward = ward_with(&Options {
        events_wait: Duration::from_hours(1),
        ..Options::default()
    })
    .await;
    let store = &ward.store;
    let mut third = observation("o1", "p1", "8480-6", "2024-03-05", "120");
    third["valueQuantity"]["value"] = 121.into();
    let value_set = serde_json::json!({"resourceType": "ValueSet", "id": "v1", "status": "draft",
        "url": "http://example.org/v1"});
    for item in [
        put(&patient("p1", "Byron", "1815-12-10"), None, 10),
        put(
            &observation("o1", "p1", "8480-6", "2024-03", "120"),
            None,
            20,
        ),
        put(&third, Some(1), 30),
        put(
            &observation("o2", "p1", "8480-6", "2024-03", "120"),
            None,
            40,
        ),
        tombstone("Observation", "o2", 1, 50),
        put(&value_set, None, 60),
    ] {
        store.commit(puts(vec![item])).await.unwrap();
    }
    supplied(store).await;
    erase_one(store).await;
    let batch = Batch {
        sequence: 1,
        first_leaf: 1,
        leaves: 3,
        blinding: [1; 32],
        root: [2; 32],
        previous: [0; 32],
        transaction: vec![3; 9],
        anchor: None,
    };
    store.seal_batch(batch).await.unwrap();
    store.anchor_batch(1, vec![4; 9]).await.unwrap();
    let user = User {
        username: "ada".into(),
        password_hash: "hash".into(),
        role: "patient".into(),
        patient: Some("p1".into()),
        integrity: vec![5; 32],
    };
    store.put_user(user).await.unwrap();
    let setting = Setting {
        name: "chain".into(),
        value: vec![6; 8],
        integrity: vec![7; 32],
    };
    store.put_setting(setting).await.unwrap();
    store.commit(identity()).await.unwrap();
    let pact = Pact {
        kind: PactKind::Link,
        id: b"north-clinic/1".to_vec(),
        organisation: "north-clinic".into(),
        patient: "p1".into(),
        until_us: 90,
        value: vec![6; 9],
        integrity: vec![8; 32],
    };
    store.put_pact(pact).await.unwrap();
    let client = ClientRow {
        id: "app".into(),
        body: b"{}".to_vec(),
        integrity: vec![8; 32],
    };
    store.put_client(client, 10).await.unwrap();
    let passkey = PasskeyRow {
        credential: vec![11; 16],
        username: "ada".into(),
        body: b"{}".to_vec(),
        integrity: vec![12; 32],
    };
    store.put_passkey(passkey, 10).await.unwrap();
    let login = LoginRow {
        issuer: "https://elsewhere.example".into(),
        subject: "248289761001".into(),
        username: "ada".into(),
        integrity: vec![13; 32],
    };
    store.put_login(login, 10).await.unwrap();
    let ticket = Ticket {
        kind: TicketKind::Code,
        digest: [9; 32],
        family: "f".into(),
        used: false,
        expires_us: 100,
        body: b"{}".to_vec(),
        integrity: vec![10; 32],
    };
    store.put_ticket(ticket, 1, 10).await.unwrap();
    health_link(store).await;
    // Its index rows wait.
    admit(store, &event("e1", "p1", "o1"), 80).await.unwrap();
    ward
}

fn epcis_row() -> EpcisRow {
    EpcisRow {
        id: "shipped".into(),
        event_id: "urn:uuid:1".into(),
        event_type: "ObjectEvent".into(),
        event_us: 60,
        recorded_us: 70,
        terms: vec![("epcList".into(), "https://id.gs1.org/01/9".into())],
    }
}

/// An EPCIS event and a sealed row of each kind.
async fn supplied(store: &Store) {
    let event = serde_json::json!({"resourceType": EPCIS_EVENT, "id": "shipped"});
    let write = Write {
        epcis: vec![epcis_row()],
        ..puts(vec![put(&event, None, 70)])
    };
    store.commit(write).await.unwrap();
    for drawer in Drawer::ALL {
        let id = match drawer {
            Drawer::Captures => b"capture-1".to_vec(),
            Drawer::Packs | Drawer::Containers => vec![1; 16],
            Drawer::Moves | Drawer::Queries => vec![1; 32],
            Drawer::Subscriptions => vec![1; 36],
            Drawer::MasterData => b"party/st-mary".to_vec(),
            Drawer::Papers => b"urn:uuid:1".to_vec(),
            Drawer::Cases => b"notice/urn:uuid:1".to_vec(),
            Drawer::Openings | Drawer::Research => vec![1; 33],
            Drawer::Trials => vec![1; 37],
            Drawer::Participants => vec![1; 64],
            Drawer::OfflineWaiting | Drawer::OfflineSettled => vec![b'a'; 36],
        };
        let row = Sealed {
            id,
            at_us: 80,
            body: vec![2; 30],
        };
        store.put_sealed(drawer, vec![row]).await.unwrap();
    }
}

/// A link with two files, and an address of one.
async fn health_link(store: &Store) {
    let link = HealthLink {
        id: "l1".into(),
        lookup: [14; 32],
        patient: "p1".into(),
        until_us: 100,
        tries: 10,
        retrieved: 0,
        body: vec![15; 60],
    };
    let files = vec![vec![16; 60], vec![17; 60]];
    store.put_health_link(link, files, 20).await.unwrap();
    let address = HealthLinkTicket {
        digest: [18; 32],
        place: 1,
        until_us: 90,
    };
    assert!(
        store
            .health_link_retrieved("l1", vec![address])
            .await
            .unwrap()
    );
}

fn identity() -> Write {
    let key = PatientKey {
        patient: "p1".into(),
        number: 1,
        mode: "custodial".into(),
        reason: "enrolled".into(),
        consent_key: vec![1; 32],
        x_wing_key: None,
        since_us: 70,
        possession: vec![2; 64],
        approval: None,
        record: "r1".into(),
        integrity: vec![3; 32],
    };
    let step = DelegationStep {
        id: "d1".into(),
        number: 1,
        patient: "p1".into(),
        delegate: "ada".into(),
        kind: "guardian".into(),
        since_us: 70,
        until_us: 80,
        by: "eve".into(),
        record: "r2".into(),
        integrity: vec![4; 32],
    };
    Write {
        identity: vec![
            Identity::Key(key, SeedChange::Keep(vec![5; 60])),
            Identity::Delegation(step),
            Identity::Hold(HoldStep {
                patient: "p1".into(),
                number: 1,
                sealed: vec![6; 40],
                record: "r3".into(),
                integrity: vec![4; 32],
            }),
        ],
        ..Write::default()
    }
}

/// A patient comes and is erased; a record of theirs had gone over to another key before.
async fn erase_one(store: &Store) {
    let key = NewVaultKey {
        id: "Patient/p9".to_owned(),
        wrapped: vec![8; 60],
    };
    let under = |put: Put| Put {
        vault: "Patient/p9".to_owned(),
        ..put
    };
    let moved = observation("o9", "p1", "8480-6", "2024-03", "120");
    let write = Write {
        vault_keys: vec![key],
        puts: vec![
            under(put(&patient("p9", "Lovelace", "1815-12-10"), None, 70)),
            under(put(
                &observation("o9", "p9", "8480-6", "2024-03", "120"),
                None,
                71,
            )),
        ],
        ..Write::default()
    };
    store.commit(write).await.unwrap();
    store
        .commit(puts(vec![put(&moved, Some(1), 72)]))
        .await
        .unwrap();
    let erasure = Erasure {
        id: [9; 32],
        patient: "p9".to_owned(),
        vault: "Patient/p9".to_owned(),
        sealed: vec![1; 40],
        in_tickets: Vec::new(),
    };
    let erased = store.erase(erasure).await.unwrap();
    assert_eq!((erased.versions, erased.records), (2, 1));
}

/// What the audit does not compare: the page key seals page tokens only, and a change ends the open
/// pages; where hand-overs stand is compared with the ledger at each use, which also finds it anew.
/// The other two count how often a health link was opened in this hour.
const ASIDE: [&str; 2] = ["page_key", "handovers"];
const COLUMNS_ASIDE: [(&str, &str); 2] = [("health_links", "hour"), ("health_links", "hits")];

fn tables(database: &Connection) -> Vec<(String, Vec<String>)> {
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    let mut statement = database.prepare(names).unwrap();
    let names = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    names
        .map(Result::unwrap)
        .map(|table| {
            let mut columns = database
                .prepare("SELECT name FROM pragma_table_info(?1)")
                .unwrap();
            let columns = columns.query_map([&table], |row| row.get(0)).unwrap();
            let columns = columns.map(Result::unwrap).collect();
            (table, columns)
        })
        .collect()
}

/// The smallest change of a value that keeps its type.
fn changed(value: Cell) -> Cell {
    match value {
        Cell::Integer(number) => Cell::Integer(number ^ 1),
        Cell::Text(text) => {
            let mut text = text.into_bytes();
            match text.last_mut() {
                Some(last) => *last ^= 1,
                None => text.push(b'x'),
            }
            Cell::Text(String::from_utf8(text).unwrap())
        }
        Cell::Blob(mut bytes) => {
            match bytes.last_mut() {
                Some(last) => *last ^= 1,
                None => bytes.push(0),
            }
            Cell::Blob(bytes)
        }
        Cell::Null | Cell::Real(_) => Cell::Blob(vec![0]),
    }
}

fn open_raw(path: &Path) -> Connection {
    let database = Connection::open(path).unwrap();
    database.pragma_update(None, "foreign_keys", false).unwrap();
    database
        .pragma_update(None, "ignore_check_constraints", true)
        .unwrap();
    database
}

/// Whether the audit of this file sees that it is not what was written.
async fn seen(path: &Path, outside: &str, versions: &[Stored]) -> bool {
    let Ok(store) = Store::open_read_only(path, &Options::default()) else {
        return true;
    };
    compared_outside(&store).await != outside || !lines(&store, versions).await.is_empty()
}

#[tokio::test]
async fn a_change_of_any_value_of_any_row_is_seen() {
    let ward = filled().await;
    let outside = compared_outside(&ward.store).await;
    let versions = ward.store.scan_versions(0, 1000).await.unwrap();
    assert!(lines(&ward.store, &versions).await.is_empty());
    assert!(
        versions
            .iter()
            .any(|version| version.method == Method::Delete)
    );
    let path = ward.folder.path().join("salus.db");
    drop(ward.store);
    let copy = ward.folder.path().join("copy.db");
    let mut tried = 0;
    let original = open_raw(&path);
    for (table, columns) in tables(&original) {
        if ASIDE.contains(&table.as_str()) {
            continue;
        }
        let read = format!("SELECT * FROM {table}");
        let rows: Vec<Vec<Cell>> = {
            let mut statement = original.prepare(&read).unwrap();
            let width = columns.len();
            let cells = move |row: &rusqlite::Row<'_>| (0..width).map(|at| row.get(at)).collect();
            let rows = statement.query_map([], cells).unwrap();
            rows.map(Result::unwrap).collect()
        };
        assert!(!rows.is_empty(), "{table} is not tried");
        for (row, at) in rows
            .iter()
            .flat_map(|row| (0..columns.len()).map(move |at| (row, at)))
        {
            if COLUMNS_ASIDE.contains(&(&table, &columns[at])) {
                continue;
            }
            std::fs::copy(&path, &copy).unwrap();
            let database = open_raw(&copy);
            let place: Vec<String> = columns
                .iter()
                .map(|column| format!("{column} IS ?"))
                .collect();
            let sql = format!(
                "UPDATE {table} SET {} = ? WHERE {}",
                columns[at],
                place.join(" AND ")
            );
            let values = std::iter::once(changed(row[at].clone())).chain(row.iter().cloned());
            // A change that breaks a unique key cannot be made in the file either.
            let Ok(1) = database.execute(&sql, rusqlite::params_from_iter(values)) else {
                continue;
            };
            drop(database);
            tried += 1;
            assert!(
                seen(&copy, &outside, &versions).await,
                "{table}.{} of {row:?} changed unseen",
                columns[at]
            );
        }
    }
    assert!(tried > 200, "{tried} changes say little");
}

#[tokio::test]
async fn a_row_taken_away_is_seen() {
    let ward = filled().await;
    let outside = compared_outside(&ward.store).await;
    let versions = ward.store.scan_versions(0, 1000).await.unwrap();
    let path = ward.folder.path().join("salus.db");
    drop(ward.store);
    let copy = ward.folder.path().join("copy.db");
    for (table, columns) in tables(&open_raw(&path)) {
        if ASIDE.contains(&table.as_str()) {
            continue;
        }
        std::fs::copy(&path, &copy).unwrap();
        let first = &columns[0];
        let sql = format!("DELETE FROM {table} WHERE {first} = (SELECT max({first}) FROM {table})");
        assert!(open_raw(&copy).execute(&sql, []).unwrap() > 0, "{table}");
        assert!(
            seen(&copy, &outside, &versions).await,
            "a row of {table} is gone unseen"
        );
    }
}

#[tokio::test]
async fn a_row_slipped_into_the_index_is_seen() {
    let ward = filled().await;
    let versions = ward.store.scan_versions(0, 1000).await.unwrap();
    let outside = compared_outside(&ward.store).await;
    let path = ward.folder.path().join("salus.db");
    drop(ward.store);
    let copy = ward.folder.path().join("copy.db");
    for table in ["tokens", "refs"] {
        for record in [1, 2, 99] {
            std::fs::copy(&path, &copy).unwrap();
            let sql = format!("INSERT INTO {table} VALUES ({record}, 17, 1, 2)");
            open_raw(&copy).execute(&sql, []).unwrap();
            assert!(
                seen(&copy, &outside, &versions).await,
                "a row in {table} for {record}"
            );
        }
    }
}
