//! Sign-ins, tokens and sign-outs leave events, and a flood of refusals leaves few.

use hospital::Role;
use serde_json::Value;

use crate::common::{Client, PASSWORD, World};
use crate::smart_support::{Browser, Desk, basic};

/// Events of user authentication and of changed attributes that a client sees, oldest first:
/// subtype, outcome, person, app.
pub(crate) fn told(client: &Client) -> Vec<String> {
    let bundle = client
        .get("/fhir/AuditEvent?_sort=date&_count=1000&type=110114,110113")
        .expect(200)
        .json();
    let entries = bundle["entry"].as_array().cloned().unwrap_or_default();
    entries
        .iter()
        .map(|entry| line(&entry["resource"]))
        .collect()
}

fn line(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let codes = event["subtype"].as_array().unwrap();
    let code = text(&codes.last().unwrap()["code"]);
    let agents = event["agent"].as_array().unwrap();
    let address = text(&agents[0]["network"]["address"]);
    let app = text(&agents[0]["who"]["identifier"]["value"]);
    let person = agents.iter().find(|it| it["requestor"] == true).unwrap();
    let more = event["outcomeDesc"].as_str().unwrap_or("");
    assert!(address == "127.0.0.1" || more.contains("more"), "{event}");
    let line = format!(
        "{code} {} {} {app} {more}",
        text(&event["outcome"]),
        text(&person["name"])
    );
    line.trim().to_owned()
}

fn auditor(world: &World) -> Client {
    world.client(Role::Auditor, None)
}

#[test]
fn every_way_in_and_out_is_in_the_log_before_its_answer() {
    let desk = Desk::new();
    let auditor = auditor(&desk.world);
    let mut seen = 0;
    let mut new = |expected: &[&str]| {
        let all = told(&auditor);
        assert_eq!(all[seen..], *expected);
        seen = all.len();
    };
    let query = desk.query(&[]);
    let mut browser = Browser::new(&desk.world);
    let app = &desk.public;
    browser.sign_in(&query, "ada", "wrong horse").expect(401);
    new(&[&format!("110122 8 ada {app} sign-in")]);
    browser.sign_in(&query, "my own secret", "x").expect(401);
    new(&[&format!("110122 8 unknown {app} sign-in")]);
    browser.sign_in(&query, "ada", PASSWORD).expect(303);
    new(&[&format!("110122 0 ada {app}")]);
    let answer = browser.press(&query, "allow", &[("patient", "p1")]);
    let code = crate::smart_support::sent_to(&answer).1["code"].clone();
    new(&[]);
    let tokens = desk.redeem(&code).expect(200).json();
    new(&[&format!("ITI-71 0 ada {app}")]);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let renewed = desk.refresh(refresh, &[]).expect(200).json();
    new(&[&format!("token-refreshed 0 ada {app}")]);
    let access = renewed["access_token"].as_str().unwrap();
    let system = format!("Bearer {}", desk.world.token(Role::System, None));
    let asks = [("authorization", &*system)];
    desk.form("/auth/introspect", &asks, &[("token", access)])
        .expect(200);
    new(&["ITI-102 0 ada test-system"]);
    desk.form("/auth/introspect", &asks, &[("token", "unknown")])
        .expect(200);
    new(&[]);
    let ends = [("client_id", &**app), ("token", access)];
    desk.form("/auth/revoke", &[], &ends).expect(200);
    new(&[&format!("token-revoked 0 ada {app}")]);
    desk.redeem(&code).expect(400);
    new(&[&format!("ITI-71 8 unknown {app} invalid_grant")]);
    let (id, _) = &desk.confidential;
    let forged = basic(id, "not the secret");
    let fields = [
        ("grant_type", "client_credentials"),
        ("scope", "system/*.rs"),
    ];
    desk.token_with(&[("authorization", &forged)], &fields)
        .expect(401);
    new(&["ITI-71 8 unknown - invalid_client"]);
    browser.press(&query, "sign-out", &[]).expect(303);
    new(&[&format!("110123 0 ada {app}")]);
    let fields = [
        ("grant_type", "password"),
        ("username", "ada"),
        ("password", PASSWORD),
    ];
    desk.token(&fields).expect(200);
    new(&["110122 0 ada -", "ITI-71 0 ada -"]);
    assert!(!format!("{:?}", told(&auditor)).contains("my own secret"));
}

#[test]
fn patients_see_who_tried_to_sign_in_in_their_name() {
    let desk = Desk::new();
    let query = desk.query(&[]);
    let mut browser = Browser::new(&desk.world);
    browser.sign_in(&query, "pat", "wrong horse").expect(401);
    browser.sign_in(&query, "ada", "wrong horse").expect(401);
    browser.sign_in(&query, "pat", PASSWORD).expect(303);
    let app = &desk.public;
    let own = told(&desk.world.client(Role::Patient, Some("p1")));
    assert_eq!(
        own,
        [
            format!("110122 8 pat {app} sign-in"),
            format!("110122 0 pat {app}")
        ]
    );
    assert!(told(&desk.world.client(Role::Patient, Some("p2"))).is_empty());
}

#[test]
fn a_flood_of_refusals_is_counted_and_not_kept_one_by_one() {
    let world = World::new();
    world.add_user("ada", Role::Clinician, None);
    let stranger = world.stranger();
    let tries = |password: &str| {
        let body = format!("grant_type=password&username=ada&password={password}");
        let headers = [crate::smart_support::FORM];
        stranger.send("POST", "/auth/token", &headers, Some(body.as_bytes()))
    };
    for _ in 0..5 {
        tries("wrong-horse").expect(400);
    }
    for _ in 0..40 {
        tries("wrong-horse").expect(429);
    }
    let auditor = auditor(&world);
    assert_eq!(told(&auditor), ["110122 8 ada - sign-in"; 5]);
    world.later(120);
    tries("correct%20horse").expect(200);
    let all = told(&auditor);
    assert_eq!(all.len(), 8, "{all:?}");
    assert!(
        all.contains(&"110122 8 unknown - too-many 40-more".to_owned()),
        "{all:?}"
    );
}
