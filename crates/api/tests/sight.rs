//! A decision holds in every interaction: ten thousand random requests under random decisions,
//! each against a filter over all resources in memory.

#![allow(unreachable_pub, reason = "modules of a test")]
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    clippy::print_stdout,
    reason = "a test may panic, print and copy"
)]

mod common;
mod sight {
    pub mod archive;
    pub mod ask;
    pub mod dice;
}

use std::sync::Arc;

use common::World;
use hospital::{Caller, Role, Sight};
use serde_json::json;
use sight::archive::Archive;
use sight::ask::Asker;
use sight::dice::{Dice, Random};

/// Requests in all, and decisions that they are spread over.
const REQUESTS: u64 = 10_000;
const DECISIONS: u64 = 25;

/// A world in which the user `sight-7` sees what the seventh decision shows.
fn world() -> World {
    World::with(|config| {
        config.sights = Some(Arc::new(|caller: &Caller| {
            let seed = caller.username.strip_prefix("sight-");
            match seed.and_then(|seed| seed.parse().ok()) {
                Some(seed) => Sight::of(Arc::new(Dice { seed })),
                None => Sight::default(),
            }
        }));
    })
}

fn filled() -> (World, Archive) {
    let world = world();
    let client = world.clinician();
    Archive::load(&client);
    let archive = Archive::read(&client);
    assert!(archive.versions().len() > 500);
    (world, archive)
}

fn asker<'a>(world: &World, archive: &'a Archive, seed: u64) -> Asker<'a> {
    Asker {
        client: world.client_named(&format!("sight-{seed}"), Role::Clinician),
        archive,
        dice: Dice { seed },
        random: Random(seed + 1),
    }
}

#[test]
fn ten_thousand_requests_answer_what_a_filter_over_everything_answers() {
    let (world, archive) = filled();
    for seed in 0..DECISIONS {
        let mut asker = asker(&world, &archive, seed);
        for number in 0..REQUESTS / DECISIONS {
            asker.ask(number);
        }
    }
}

/// Writes: a hidden record is not there, is not written over, and is not told of.
#[test]
fn a_hidden_record_is_as_absent_to_writes_as_to_reads() {
    let (world, archive) = filled();
    for seed in 0..4 {
        let asker = asker(&world, &archive, seed);
        let hidden = archive.live().filter(|it| asker.dice.hides(it));
        for it in hidden.filter(|it| it.type_ == "Observation").take(4) {
            let name = |id: &str| format!("/fhir/Observation/{id}");
            let nobody = "00000000-0000-4000-8000-000000000000";
            let mut bodies = [it.body.clone(), it.body.clone()];
            bodies[1]["id"] = nobody.into();
            let patch = json!([{ "op": "test", "path": "/status", "value": "final" }]);
            let patch = patch.to_string();
            let patched = [("content-type", "application/json-patch+json")];
            let mut answers = Vec::new();
            for (id, body) in [(it.id.as_str(), &bodies[0]), (nobody, &bodies[1])] {
                let put = body.to_string();
                for (verb, headers, body) in [
                    ("PUT", &[][..], Some(put.as_bytes())),
                    ("PUT", &[("if-match", "W/\"1\"")], Some(put.as_bytes())),
                    ("PATCH", &patched, Some(patch.as_bytes())),
                    ("DELETE", &[], None),
                    ("DELETE", &[("if-match", "W/\"1\"")], None),
                ] {
                    let answer = asker.client.send(verb, &name(id), headers, body);
                    let text = answer.text().replace(id, "ID");
                    answers.push((answer.status, answer.header("etag").to_owned(), text));
                }
                let entry = |verb: &str| {
                    json!({ "resourceType": "Bundle", "type": "transaction", "entry": [{
                        "resource": body, "request": { "method": verb,
                            "url": format!("Observation/{id}") } }] })
                };
                let answer = asker.client.post("/fhir", &entry("PUT"));
                answers.push((
                    answer.status,
                    String::new(),
                    answer.text().replace(id, "ID"),
                ));
            }
            let (of_hidden, of_absent) = answers.split_at(answers.len() / 2);
            assert_eq!(of_hidden, of_absent);
            assert!(
                of_hidden
                    .iter()
                    .all(|answer| answer.0 != 200 && answer.0 != 201)
            );
            // Conditions do not find it either; nothing was changed.
            let gone = format!("/fhir/Observation?_id={}", it.id);
            asker.client.delete(&gone).expect(204);
            let there = world.clinician().get(&name(&it.id)).expect(200).json();
            assert_eq!(there, it.body);
        }
    }
    // A conditional create that would fit a hidden record makes a record of its own.
    let asker = asker(&world, &archive, 1);
    let hidden = archive
        .live()
        .find(|it| it.type_ == "Patient" && asker.dice.hides(it))
        .unwrap();
    let unseen = json!({ "resourceType": "Patient", "active": true });
    let query = format!("_id={}", hidden.id);
    let headers = [("if-none-exist", query.as_str())];
    let body = unseen.to_string();
    let made = asker
        .client
        .send("POST", "/fhir/Patient", &headers, Some(body.as_bytes()));
    assert_ne!(made.expect(201).id(), hidden.id);
}

/// What is shown in part cannot be written, and its receipt is not shown.
#[test]
fn a_record_that_is_shown_in_part_is_not_changed() {
    let (world, archive) = filled();
    let asker = asker(&world, &archive, 2);
    let mut parts = archive.live().filter(|it| asker.dice.redacts(it).is_some());
    let it = parts.find(|it| it.type_ == "Observation").unwrap();
    let path = format!("/fhir/Observation/{}", it.id);
    let shown = asker.client.get(&path).expect(200).json();
    assert_ne!(shown, it.body);
    asker.client.put(&path, &shown).expect(422);
    asker.client.delete(&path).expect(422);
    let receipt = format!("{path}/_history/{}/$receipt", it.version);
    asker.client.get(&receipt).expect(404);
    assert_eq!(world.clinician().get(&path).expect(200).json(), it.body);
}
