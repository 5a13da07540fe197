//! EPCIS events by their index, and the sealed rows of captures, packs and moves.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use serde_json::json;
use store::{
    Drawer, EPCIS_EVENT, EpcisOrder, EpcisQuery, EpcisRow, Handover, HistoryScope, Page, Scope,
    Sealed, Short, Store, StoreError, Write,
};
use support::*;

fn row(number: i64) -> EpcisRow {
    EpcisRow {
        id: format!("e{number}"),
        event_id: format!("urn:uuid:{number}"),
        event_type: if number % 3 == 0 {
            "AggregationEvent".into()
        } else {
            "ObjectEvent".into()
        },
        // Two share a time.
        event_us: number / 2,
        recorded_us: 1_000 - number,
        terms: vec![
            ("bizStep".into(), format!("step{}", number % 2)),
            ("epcList".into(), format!("epc{number}")),
        ],
    }
}

async fn add(store: &Store, row: EpcisRow) -> Result<(), StoreError> {
    add_of(store, row, "").await
}

/// An event whose body has this text in it.
async fn add_of(store: &Store, row: EpcisRow, text: &str) -> Result<(), StoreError> {
    let event = json!({"resourceType": EPCIS_EVENT, "id": row.id, "text": text});
    let write = Write {
        epcis: vec![row],
        ..puts(vec![put(&event, None, 1)])
    };
    store.commit(write).await.map(|_| ())
}

fn all() -> EpcisQuery {
    EpcisQuery {
        order: EpcisOrder::Event,
        ..EpcisQuery::of(Vec::new(), Page::first(4))
    }
}

/// The ids of all pages, in order.
async fn found(store: &Store, query: EpcisQuery) -> Vec<String> {
    let (mut query, mut found) = (query, Vec::new());
    loop {
        let page = store.epcis_events(query.clone()).await.unwrap();
        found.extend(ids(&page.rows));
        if !page.more {
            return found;
        }
        query.page.after = page.after.last().cloned();
    }
}

#[tokio::test]
async fn a_feed_goes_by_commits_and_leaves_nothing_out() {
    let ward = ward().await;
    let (mut place, mut told) = (0, Vec::new());
    // recordTime falls from event to event here: the order of commits is what counts.
    for round in 0..5 {
        for number in round * 7..(round + 1) * 7 {
            add(&ward.store, row(number)).await.unwrap();
        }
        loop {
            let found = ward.store.epcis_feed(all(), place, 3).await.unwrap();
            assert!(found.rows.len() <= 3 && found.end >= place);
            told.extend(found.rows.into_iter().map(|(_, row)| row.id));
            place = found.end;
            if !found.more {
                break;
            }
        }
        assert_eq!(place, ward.store.epcis_end().await.unwrap());
    }
    let expected: Vec<String> = (0..35).map(|number| format!("e{number}")).collect();
    assert_eq!(told, expected);
    let narrow = EpcisQuery {
        types: vec!["AggregationEvent".into()],
        ..all()
    };
    let found = ward.store.epcis_feed(narrow, 0, 100).await.unwrap();
    assert_eq!(found.rows.len(), 12);
    assert_eq!((found.end, found.more), (place, false));
}

#[tokio::test]
async fn long_events_are_left_out_but_for_one_type() {
    let ward = ward().await;
    let long = "x".repeat(9_000);
    for number in 0..6 {
        let text = if number < 4 { &long } else { "" };
        add_of(&ward.store, row(number), text).await.unwrap();
    }
    let short = EpcisQuery {
        short: Some(Short {
            bytes_max: 8_000,
            but: "AggregationEvent",
        }),
        ..all()
    };
    // 0 and 3 are aggregations.
    let found = found(&ward.store, short).await;
    assert_eq!(found, ["e0", "e3", "e4", "e5"]);
}

#[tokio::test]
async fn pages_in_either_order_leave_nothing_out() {
    let ward = ward().await;
    for number in 0..30 {
        add(&ward.store, row(number)).await.unwrap();
    }
    let numbered = |numbers: Vec<i64>| -> Vec<String> {
        numbers.iter().map(|number| format!("e{number}")).collect()
    };
    let forth = found(&ward.store, all()).await;
    assert_eq!(forth, numbered((0..30).collect()));
    let back = EpcisQuery {
        descending: true,
        ..all()
    };
    assert_eq!(
        found(&ward.store, back).await,
        numbered((0..30).rev().collect())
    );
    let entered = EpcisQuery {
        order: EpcisOrder::Record,
        event_us: (5, 10),
        ..all()
    };
    assert_eq!(
        found(&ward.store, entered).await,
        numbered((10..20).rev().collect())
    );
    let narrow = EpcisQuery {
        terms: vec![
            vec![("bizStep".into(), "step1".into())],
            vec![
                ("epcList".into(), "epc3".into()),
                ("epcList".into(), "epc4".into()),
                ("epcList".into(), "epc9".into()),
            ],
        ],
        ..all()
    };
    assert_eq!(found(&ward.store, narrow).await, numbered(vec![3, 9]));
    let of_type = EpcisQuery {
        types: vec!["AggregationEvent".into()],
        ..all()
    };
    assert_eq!(found(&ward.store, of_type).await.len(), 10);
    let values = ward.store.epcis_values(&["bizStep"], "", 10).await.unwrap();
    assert_eq!(values, ["step0", "step1"]);
}

#[tokio::test]
async fn an_event_of_a_known_id_stores_nothing() {
    let ward = ward().await;
    add(&ward.store, row(1)).await.unwrap();
    let again = EpcisRow {
        id: "other".into(),
        ..row(1)
    };
    assert_eq!(
        add(&ward.store, again).await,
        Err(StoreError::EventExists("urn:uuid:1".into()))
    );
    let there = ward.store.current(EPCIS_EVENT, "other").await.unwrap();
    assert!(there.is_none(), "its version was stored");
    let known = ward.store.epcis_event("urn:uuid:1").await.unwrap();
    assert_eq!(known.as_deref(), Some("e1"));
}

#[tokio::test]
async fn an_event_is_in_no_history_of_everything() {
    let ward = ward().await;
    add(&ward.store, row(1)).await.unwrap();
    admit(&ward.store, &patient("p1", "Byron", "1815-12-10"), 2)
        .await
        .unwrap();
    let history = store::History {
        of: HistoryScope::System,
        scope: Scope::all(),
        since_us: None,
        page: Page::first(10),
    };
    let page = ward.store.history(history).await.unwrap();
    assert_eq!(ids(&page.rows), ["p1"]);
}

#[tokio::test]
async fn hand_overs_of_one_pack_come_the_latest_first_and_once() {
    let ward = ward().await;
    let place = |unit: u8, height, item| Handover {
        unit: [unit; 16],
        height,
        position: 1,
        item,
    };
    let places = vec![place(1, 5, 0), place(2, 5, 1), place(1, 9, 65_535)];
    ward.store.put_handovers(places.clone()).await.unwrap();
    ward.store.put_handovers(places).await.unwrap();
    let found = ward.store.handovers([1; 16], 10).await.unwrap();
    assert_eq!(found, [place(1, 9, 65_535), place(1, 5, 0)]);
    assert_eq!(ward.store.handovers([1; 16], 1).await.unwrap().len(), 1);
    let beyond = vec![place(1, u64::MAX, 0)];
    assert!(ward.store.put_handovers(beyond).await.is_err());
}

#[tokio::test]
async fn sealed_rows_are_replaced_and_dropped() {
    let ward = ward().await;
    let packed = |id: u8, at_us| Sealed {
        id: vec![id; 16],
        at_us,
        body: vec![id, 1],
    };
    let put = |rows| ward.store.put_sealed(Drawer::Packs, rows);
    put(vec![packed(1, 10), packed(2, 20), packed(3, 30)])
        .await
        .unwrap();
    put(vec![packed(1, 40)]).await.unwrap();
    let latest = |before| ward.store.latest_sealed(Drawer::Packs, before, 2);
    let first = latest(None).await.unwrap();
    assert_eq!(first, [packed(1, 40), packed(3, 30)]);
    let next = latest(Some((30, vec![3; 16]))).await.unwrap();
    assert_eq!(next, [packed(2, 20)]);
    let drop = vec![vec![2; 16], vec![9; 16]];
    ward.store.drop_sealed(Drawer::Packs, drop).await.unwrap();
    let asked = vec![vec![3; 16], vec![2; 16]];
    let left = ward.store.sealed(Drawer::Packs, asked).await.unwrap();
    assert_eq!(left, [packed(3, 30)]);
}
