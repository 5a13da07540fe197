//! What was registered against what was reported.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proof::sha256;
use proptest::prelude::*;
use trial::compare::{
    Change, CompareError, ENDPOINTS_MAX, Endpoint, Field, Kind, Line, Link, Made, Match,
    Milestones, Rank, Registered, ReportedEndpoint, What, When, compare, likeness_per_mille,
};

fn endpoint(id: &str, name: &str, rank: Rank) -> Endpoint {
    Endpoint {
        id: id.into(),
        name: name.into(),
        rank,
        measure: format!("measure of {name}"),
        timing: "week 24".into(),
        analysis: "ANCOVA".into(),
    }
}

fn version(label: &str, time_s: u64, reason: Option<&str>, endpoints: &[Endpoint]) -> Registered {
    Registered {
        version: label.into(),
        time_s,
        reason: reason.map(str::to_owned),
        endpoints: endpoints.to_vec(),
    }
}

fn report(endpoints: &[Endpoint]) -> Vec<ReportedEndpoint> {
    let reported = |endpoint: &Endpoint| ReportedEndpoint {
        endpoint: endpoint.clone(),
        result: Some(sha256(endpoint.id.as_bytes())),
    };
    endpoints.iter().map(reported).collect()
}

const DATA_FROM_100_UNBLINDED_AT_200: Milestones = Milestones {
    first_data_s: Some(100),
    unblinded_s: Some(200),
};

fn two() -> Vec<Endpoint> {
    vec![
        endpoint("E1", "ADAS-Cog total score", Rank::Primary),
        endpoint("E2", "Adverse events", Rank::Secondary),
    ]
}

fn against(first: &[Endpoint], told: &[Endpoint]) -> Vec<Line> {
    let history = [version("1", 10, None, first)];
    compare(&history, DATA_FROM_100_UNBLINDED_AT_200, &report(told)).unwrap()
}

fn line<'a>(lines: &'a [Line], id: &str) -> &'a Line {
    lines.iter().find(|line| line.id == id).unwrap()
}

#[test]
fn what_is_reported_as_registered_is_kept() {
    let lines = against(&two(), &two());
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert_eq!(line.kinds, [Kind::Kept]);
        assert_eq!(line.compared_with, "1");
        assert_eq!(line.first_registered.as_deref(), Some("1"));
        assert!(line.is_explained());
        assert_eq!(line.result, Some(sha256(line.id.as_bytes())));
    }
}

type Edit = fn(&mut Endpoint);

#[test]
fn every_kind_of_difference_is_named_with_from_and_to() {
    let edits: [(Kind, Field, Edit); 5] = [
        (Kind::RankSwitched, Field::Rank, |it| {
            it.rank = Rank::Secondary;
        }),
        (Kind::NameChanged, Field::Name, |it| {
            it.name = "Mortality".into();
        }),
        (Kind::MeasureChanged, Field::Measure, |it| {
            it.measure = "responders".into();
        }),
        (Kind::TimingChanged, Field::Timing, |it| {
            it.timing = "week 12".into();
        }),
        (Kind::AnalysisChanged, Field::Analysis, |it| {
            it.analysis = "t test".into();
        }),
    ];
    for (kind, field, edit) in edits {
        let mut told = two();
        edit(&mut told[0]);
        let lines = against(&two(), &told);
        let found = line(&lines, "E1");
        assert_eq!(found.kinds, [kind]);
        assert!(!found.is_explained());
        let [
            Change {
                what:
                    What::Field {
                        field: named,
                        from,
                        to,
                    },
                made,
            },
        ] = &found.changes[..]
        else {
            panic!("{:?}", found.changes)
        };
        assert_eq!((*named, made), (field, &Made::ReportAlone));
        assert_ne!(from, to);
        assert_eq!(line(&lines, "E2").kinds, [Kind::Kept]);
    }
}

#[test]
fn what_is_dropped_or_added_by_the_report_alone_is_named() {
    let new = endpoint("E9", "Responders by a new cut-off", Rank::Primary);
    let lines = against(&two(), &[two()[1].clone(), new]);
    let dropped = line(&lines, "E1");
    assert_eq!(dropped.kinds, [Kind::Dropped]);
    assert_eq!((dropped.reported_id.as_ref(), dropped.result), (None, None));
    let added = line(&lines, "E9");
    assert_eq!(added.kinds, [Kind::Added]);
    assert_eq!(added.first_registered, None);
    assert_eq!(added.compared_with, "1");
    assert!(!added.is_explained() && !dropped.is_explained());
}

#[test]
fn an_amendment_is_told_with_version_reason_and_what_had_happened() {
    let mut later = two();
    later[0].timing = "week 12".into();
    for (time_s, when, reason, is_explained) in [
        (50, When::BeforeData, Some("regulator's advice"), true),
        (99, When::BeforeData, None, false),
        (99, When::BeforeData, Some("  "), false),
        (100, When::AfterData, Some("slow recruitment"), false),
        (200, When::AfterUnblinding, Some("slow recruitment"), false),
    ] {
        let history = [
            version("1", 10, None, &two()),
            version("2", time_s, reason, &later),
        ];
        let lines = compare(&history, DATA_FROM_100_UNBLINDED_AT_200, &report(&later)).unwrap();
        let found = line(&lines, "E1");
        assert_eq!(found.kinds, [Kind::TimingChanged]);
        assert_eq!(found.compared_with, "2");
        let Made::Amendment {
            version,
            time_s: at,
            reason: told,
            when: found_when,
        } = &found.changes[0].made
        else {
            panic!("{:?}", found.changes)
        };
        assert_eq!((version.as_str(), *at, *found_when), ("2", time_s, when));
        assert_eq!(
            told.is_some(),
            reason.is_some_and(|it| !it.trim().is_empty())
        );
        assert_eq!(found.is_explained(), is_explained, "{time_s} {reason:?}");
    }
}

#[test]
fn reporting_the_first_version_against_the_last_is_no_keeping() {
    let mut later = two();
    later[0].rank = Rank::Secondary;
    let history = [
        version("1", 10, None, &two()),
        version("2", 20, Some("advice"), &later),
    ];
    let lines = compare(&history, Milestones::default(), &report(&two())).unwrap();
    let found = line(&lines, "E1");
    assert_eq!(found.kinds, [Kind::RankSwitched]);
    assert_eq!(found.changes.len(), 2, "there and back");
    assert!(!found.is_explained());
}

#[test]
fn what_an_amendment_drops_or_adds_is_told_as_its_doing() {
    let new = endpoint("E3", "Time to institutionalisation", Rank::Secondary);
    let later = [two()[0].clone(), new];
    let history = [
        version("1", 10, None, &two()),
        version("2", 20, Some("advice"), &later),
    ];
    let lines = compare(&history, Milestones::default(), &report(&later)).unwrap();
    let dropped = line(&lines, "E2");
    assert_eq!(dropped.kinds, [Kind::Dropped]);
    assert_eq!(dropped.last_registered.as_deref(), Some("1"));
    assert!(dropped.is_explained());
    let added = line(&lines, "E3");
    assert_eq!(added.kinds, [Kind::Added]);
    assert_eq!(added.first_registered.as_deref(), Some("2"));
    assert!(added.is_explained());
    // Dropped by an amendment, and reported nevertheless.
    let lines = compare(&history, Milestones::default(), &report(&two())).unwrap();
    assert_eq!(line(&lines, "E2").kinds, [Kind::Added]);
    assert_eq!(line(&lines, "E3").kinds, [Kind::Dropped, Kind::Added]);
}

#[test]
fn a_match_by_name_or_by_likeness_says_so() {
    let cases = [
        (
            "Total score of the ADAS-Cog",
            Some(Match::Name),
            &[Kind::NameChanged][..],
        ),
        ("adas-cog  TOTAL score", Some(Match::Name), &[Kind::Kept]),
        (
            "ADAS-Cog total score, subscale",
            Some(Match::Likeness { per_mille: 888 }),
            &[Kind::NameChanged],
        ),
        ("CIBIC+", None, &[Kind::Dropped]),
    ];
    for (name, by, kinds) in cases {
        let mut told = two();
        told[0].id = "other-id".into();
        told[0].name = name.into();
        let lines = against(&two(), &told);
        let found = line(&lines, "E1");
        assert_eq!(found.kinds, kinds, "{name}");
        let steps: Vec<Link> = by
            .map(|by| Link { version: None, by })
            .into_iter()
            .collect();
        assert_eq!(found.links, steps, "{name}");
        assert_eq!(found.reported_id.is_some(), by.is_some());
        assert_eq!(found.is_explained(), kinds == [Kind::Kept], "{name}");
    }
}

#[test]
fn endpoints_that_changed_places_under_their_ids_are_found() {
    let mut told = two();
    let (first, second) = (told[0].clone(), told[1].clone());
    told[0] = Endpoint {
        id: first.id.clone(),
        rank: first.rank,
        ..second.clone()
    };
    told[1] = Endpoint {
        id: second.id,
        rank: second.rank,
        ..first
    };
    let lines = against(&two(), &told);
    for (id, other) in [("E1", "E2"), ("E2", "E1")] {
        let found = line(&lines, id);
        assert_eq!(found.reads_as.as_deref(), Some(other));
        assert!(
            found.kinds.contains(&Kind::RankSwitched),
            "{:?}",
            found.kinds
        );
        assert!(found.kinds.contains(&Kind::NameChanged));
    }
}

#[test]
fn likeness_is_in_integers_and_documented() {
    for (left, right, per_mille) in [
        ("Overall survival", "overall SURVIVAL", 1000),
        ("Survival, overall", "overall survival", 1000),
        (
            "Overall survival at week 24",
            "Overall survival at week 12",
            750,
        ),
        ("Overall survival", "Progression-free survival", 400),
        ("", "", 0),
        ("of the", "of the", 0),
    ] {
        assert_eq!(
            likeness_per_mille(left, right),
            per_mille,
            "{left} / {right}"
        );
    }
}

#[test]
fn what_cannot_be_compared_is_refused_with_its_reason() {
    let none = compare(&[], Milestones::default(), &[]);
    assert_eq!(none, Err(CompareError::NothingRegistered));
    let twice = [two()[0].clone(), two()[0].clone()];
    let lines = compare(&[version("1", 1, None, &twice)], Milestones::default(), &[]);
    assert_eq!(
        lines,
        Err(CompareError::Twice {
            place: "1".into(),
            id: "E1".into()
        })
    );
    let same = [version("1", 1, None, &two()), version("1", 2, None, &two())];
    assert!(compare(&same, Milestones::default(), &[]).is_err());
    let many: Vec<Endpoint> = (0..=ENDPOINTS_MAX)
        .map(|at| endpoint(&at.to_string(), "x", Rank::Primary))
        .collect();
    let lines = compare(
        &[version("1", 1, None, &two())],
        Milestones::default(),
        &report(&many),
    );
    assert!(matches!(lines, Err(CompareError::TooLarge(_))));
    let long = endpoint("E1", &"x".repeat(5000), Rank::Primary);
    let lines = compare(
        &[version("1", 1, None, &[long])],
        Milestones::default(),
        &[],
    );
    assert!(matches!(lines, Err(CompareError::TooLarge(_))));
}

fn a_rank() -> impl Strategy<Value = Rank> {
    prop_oneof![
        Just(Rank::Primary),
        Just(Rank::Secondary),
        Just(Rank::Exploratory)
    ]
}

fn endpoints() -> impl Strategy<Value = Vec<Endpoint>> {
    let word = prop_oneof![
        Just("score"),
        Just("pain"),
        Just("death"),
        Just("week"),
        Just("24")
    ];
    let name = prop::collection::vec(word, 1..4).prop_map(|words| words.join(" "));
    let id = "[a-e][0-9]";
    let one = (id, name, a_rank(), "[xy]{0,2}", "[xy]{0,2}", "[xy]{0,2}").prop_map(
        |(id, name, rank, measure, timing, analysis)| Endpoint {
            id,
            name,
            rank,
            measure,
            timing,
            analysis,
        },
    );
    prop::collection::btree_map("[a-e][0-9]", one, 0..8).prop_map(|map| {
        let named = |(id, endpoint): (String, Endpoint)| Endpoint { id, ..endpoint };
        map.into_iter().map(named).collect()
    })
}

fn history() -> impl Strategy<Value = Vec<Registered>> {
    let versions = prop::collection::vec((endpoints(), 0_u64..300, any::<bool>()), 1..5);
    versions.prop_map(|versions| {
        let one = |(at, (endpoints, time_s, has_reason)): (usize, (Vec<Endpoint>, u64, bool))| {
            version(
                &at.to_string(),
                time_s,
                has_reason.then_some("why"),
                &endpoints,
            )
        };
        versions.into_iter().enumerate().map(one).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_protocol_compared_with_itself_gives_only_kept(endpoints in endpoints()) {
        let lines = against(&endpoints, &endpoints);
        prop_assert_eq!(lines.len(), endpoints.len());
        prop_assert!(lines.iter().all(|line| line.kinds == [Kind::Kept]));
        prop_assert!(lines.iter().all(|line| line.changes.is_empty() && line.links.is_empty()));
    }

    #[test]
    fn the_order_of_versions_and_endpoints_says_nothing(
        history in history(), told in endpoints(), by in 0_usize..8
    ) {
        let told = report(&told);
        let lines = compare(&history, DATA_FROM_100_UNBLINDED_AT_200, &told).unwrap();
        let mut history = history;
        let mut told = told;
        for version in &mut history {
            let most = version.endpoints.len().max(1);
            version.endpoints.rotate_left(by % most);
        }
        history.reverse();
        told.reverse();
        let other = compare(&history, DATA_FROM_100_UNBLINDED_AT_200, &told).unwrap();
        prop_assert_eq!(other, lines);
    }

    #[test]
    fn a_swap_of_primary_and_secondary_is_always_named(
        mut endpoints in endpoints(), of_text in any::<bool>()
    ) {
        prop_assume!(endpoints.len() >= 2);
        endpoints[0].rank = Rank::Primary;
        endpoints[1].rank = Rank::Secondary;
        endpoints[0].name = "overall survival of everybody".into();
        endpoints[1].name = "quality of life".into();
        let mut told = endpoints.clone();
        if of_text {
            let (first, second) = told.split_at_mut(1);
            std::mem::swap(&mut first[0].name, &mut second[0].name);
            std::mem::swap(&mut first[0].measure, &mut second[0].measure);
        } else {
            told[0].rank = Rank::Secondary;
            told[1].rank = Rank::Primary;
        }
        let lines = against(&endpoints, &told);
        for endpoint in &endpoints[..2] {
            prop_assert!(line(&lines, &endpoint.id).kinds.contains(&Kind::RankSwitched));
        }
    }

    #[test]
    fn nothing_that_was_registered_or_reported_is_left_out(
        history in history(), told in endpoints()
    ) {
        let lines = compare(&history, Milestones::default(), &report(&told)).unwrap();
        for endpoint in &told {
            let count = lines
                .iter()
                .filter(|line| line.reported_id.as_ref() == Some(&endpoint.id))
                .count();
            prop_assert_eq!(count, 1);
        }
        for line in &lines {
            prop_assert!(!line.kinds.is_empty());
            prop_assert_eq!(line.kinds == [Kind::Kept], line.changes.is_empty());
            prop_assert!(line.first_registered.is_some() || line.reported_id.is_some());
        }
    }
}
