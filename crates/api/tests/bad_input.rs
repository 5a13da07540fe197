//! The table of what bad input gets: status, code, place; nothing stored, the node alive.

mod common;

use common::{Client, World};
use serde_json::{Value, json};

struct Case {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
    status: u16,
    failure: &'static str,
    expression: &'static str,
}

fn case(
    name: &'static str,
    request: (&'static str, &'static str),
    body: impl Into<String>,
    status: u16,
    failure: &'static str,
) -> Case {
    let (method, path) = request;
    let (headers, expression) = (Vec::new(), "");
    Case {
        name,
        method,
        path,
        headers,
        body: body.into(),
        status,
        failure,
        expression,
    }
}

fn nested(depth: usize) -> String {
    let mut body = String::from(r#"{"resourceType":"Patient","extension":"#);
    body.push_str(&"[".repeat(depth));
    body.push_str(&"]".repeat(depth));
    body.push('}');
    body
}

fn cases() -> Vec<Case> {
    let post = ("POST", "/fhir/Patient");
    vec![
        case(
            "broken JSON",
            post,
            r#"{"resourceType":"Patient""#,
            400,
            "malformed",
        ),
        case("two documents", post, "{} {}", 400, "malformed"),
        case("no body", post, "", 400, "malformed"),
        case(
            "a key twice",
            post,
            r#"{"resourceType":"Patient","id":"a","id":"b"}"#,
            400,
            "malformed",
        ),
        case("nested past 64", post, nested(200), 422, "too-complex"),
        case(
            "nested very deep",
            post,
            nested(100_000),
            422,
            "too-complex",
        ),
        case(
            "an unknown type",
            ("POST", "/fhir/Unicorn"),
            "{}",
            404,
            "unknown-type",
        ),
        case(
            "an unknown type read",
            ("GET", "/fhir/Unicorn/1"),
            "",
            404,
            "unknown-type",
        ),
        Case {
            expression: "Patient.birthDate",
            ..case(
                "a bad date",
                post,
                r#"{"resourceType":"Patient","birthDate":"tomorrow"}"#,
                422,
                "invalid",
            )
        },
        Case {
            expression: "Patient.colour",
            ..case(
                "an unknown element",
                post,
                r#"{"resourceType":"Patient","colour":"red"}"#,
                422,
                "invalid",
            )
        },
        case(
            "another type than the url",
            post,
            r#"{"resourceType":"Device"}"#,
            400,
            "request",
        ),
        case("an array", post, "[]", 422, "invalid"),
        case(
            "no id in an update",
            ("PUT", "/fhir/Patient/a"),
            r#"{"resourceType":"Patient"}"#,
            400,
            "request",
        ),
        case(
            "another id than the url",
            ("PUT", "/fhir/Patient/a"),
            r#"{"resourceType":"Patient","id":"b"}"#,
            400,
            "request",
        ),
        case(
            "an id that is none",
            ("GET", "/fhir/Patient/a_b"),
            "",
            404,
            "absent",
        ),
        case(
            "a version that is none",
            ("GET", "/fhir/Patient/a/_history/x"),
            "",
            404,
            "absent",
        ),
        case(
            "a wrong verb",
            ("PUT", "/fhir/Patient/a/_history/1"),
            "{}",
            405,
            "method",
        ),
        case(
            "a verb nobody knows",
            ("BREW", "/fhir/Patient"),
            "",
            405,
            "method",
        ),
        case(
            "an operation nobody knows",
            ("POST", "/fhir/Patient/$dance"),
            "{}",
            404,
            "operation",
        ),
        case(
            "an operation of the system",
            ("GET", "/fhir/$export"),
            "",
            404,
            "operation",
        ),
        case(
            "a path nobody knows",
            ("GET", "/fhir/Patient/1/2/3/4"),
            "",
            404,
            "absent",
        ),
        case(
            "a search over all types",
            ("GET", "/fhir"),
            "",
            405,
            "method",
        ),
        case(
            "a bad search value",
            ("GET", "/fhir/Patient?birthdate=soon"),
            "",
            400,
            "request",
        ),
        case(
            "a bad modifier",
            ("GET", "/fhir/Patient?birthdate:exact=2020"),
            "",
            400,
            "request",
        ),
        case(
            "a bad page",
            ("GET", "/fhir/Patient?_page=zzz"),
            "",
            400,
            "request",
        ),
        case(
            "a bad escape",
            ("GET", "/fhir/Patient?name=%zz"),
            "",
            400,
            "request",
        ),
        case(
            "a bad since",
            ("GET", "/fhir/_history?_since=noon"),
            "",
            400,
            "request",
        ),
        Case {
            headers: vec![("content-type", "application/fhir+xml")],
            ..case("XML", post, "<Patient/>", 415, "media-type")
        },
        Case {
            headers: vec![("accept", "application/fhir+xml")],
            ..case(
                "XML wanted",
                ("GET", "/fhir/Patient"),
                "",
                406,
                "not-acceptable",
            )
        },
        case(
            "XML by _format",
            ("GET", "/fhir/Patient?_format=xml"),
            "",
            406,
            "not-acceptable",
        ),
        Case {
            headers: vec![("content-type", "application/json")],
            ..case(
                "a patch of another kind",
                ("PATCH", "/fhir/Patient/p"),
                "[]",
                415,
                "media-type",
            )
        },
        Case {
            headers: vec![("content-type", "application/json-patch+json")],
            ..case(
                "a patch that is none",
                ("PATCH", "/fhir/Patient/p"),
                "{}",
                400,
                "request",
            )
        },
        Case {
            headers: vec![("content-type", "application/json-patch+json")],
            ..case(
                "a patch whose test fails",
                ("PATCH", "/fhir/Patient/p"),
                r#"[{"op":"test","path":"/active","value":false}]"#,
                422,
                "request",
            )
        },
        Case {
            headers: vec![("content-type", "application/json-patch+json")],
            expression: "Patient.colour",
            ..case(
                "a patch to something invalid",
                ("PATCH", "/fhir/Patient/p"),
                r#"[{"op":"add","path":"/colour","value":"red"}]"#,
                422,
                "invalid",
            )
        },
        Case {
            headers: vec![("if-match", "W/\"99\"")],
            ..case(
                "a stale If-Match",
                ("PUT", "/fhir/Patient/p"),
                r#"{"resourceType":"Patient","id":"p"}"#,
                412,
                "stale",
            )
        },
        Case {
            expression: "Bundle",
            ..case(
                "no bundle",
                ("POST", "/fhir"),
                r#"{"resourceType":"Patient"}"#,
                422,
                "invalid",
            )
        },
        Case {
            expression: "Bundle.type",
            ..case(
                "a bundle of another type",
                ("POST", "/fhir"),
                r#"{"resourceType":"Bundle","type":"searchset"}"#,
                422,
                "invalid",
            )
        },
    ]
}

#[test]
fn each_wrong_input_gets_its_answer() {
    let world = World::new();
    let client = world.clinician();
    let patient = json!({ "resourceType": "Patient", "id": "p", "active": true });
    client.put("/fhir/Patient/p", &patient).expect(201);
    let mut wrong = Vec::new();
    for case in cases() {
        let body = (case.method != "GET").then_some(case.body.as_bytes());
        let answer = client.send(case.method, case.path, &case.headers, body);
        let outcome = answer.json();
        let issue = &outcome["issue"][0];
        let hinted = issue["diagnostics"]
            .as_str()
            .is_some_and(|text| text.contains("hint:"));
        let told = outcome["resourceType"] == "OperationOutcome" && hinted;
        let found = (answer.status, answer.failure());
        let place = answer.expression();
        if !told || found != (case.status, case.failure.into()) || place != case.expression {
            wrong.push(format!(
                "{}: {found:?} at `{place}`: {}",
                case.name,
                answer.text()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    alive(&client, 1);
}

/// The node answers, and holds what it held.
fn alive(client: &Client, patients: u64) {
    client.get("/health/ready").expect(200);
    let found = client
        .get("/fhir/Patient?_total=accurate")
        .expect(200)
        .json();
    assert_eq!(found["total"], patients);
}

#[test]
fn what_is_past_a_bound_is_refused_and_the_node_lives() {
    let world = World::with(|config| {
        config.body_bytes_max = 1 << 20;
        config.entries_max = 10;
    });
    let client = world.clinician();
    let large = format!(
        r#"{{"resourceType":"Patient","language":"{}"}}"#,
        "x".repeat(2 << 20)
    );
    for path in ["/fhir/Patient", "/fhir"] {
        let answer = client
            .send("POST", path, &[], Some(large.as_bytes()))
            .expect(413);
        assert_eq!(answer.failure(), "too-large");
        assert!(answer.text().contains("1048576"), "the bound is named");
    }
    let entry = json!({ "resource": { "resourceType": "Patient" },
                        "request": { "method": "POST", "url": "Patient" } });
    let entries: Vec<Value> = vec![entry; 11];
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries });
    let answer = client.post("/fhir", &bundle).expect(422);
    assert!(answer.text().contains("at most 10"), "{}", answer.text());
    let operations = vec![json!({ "op": "test", "path": "/id", "value": "p" }); 1_001];
    client
        .put(
            "/fhir/Patient/p",
            &json!({ "resourceType": "Patient", "id": "p" }),
        )
        .expect(201);
    let kind = [("content-type", "application/json-patch+json")];
    let patch = Value::from(operations).to_string();
    client
        .send("PATCH", "/fhir/Patient/p", &kind, Some(patch.as_bytes()))
        .expect(422);
    let many = format!("/fhir/Patient?{}", "name=a&".repeat(300));
    client.get(&many).expect(400);
    alive(&client, 1);
}

#[test]
fn elsewhere_a_failure_is_a_problem() {
    let world = World::new();
    let stranger = world.stranger();
    for (method, path, status, code) in [
        ("GET", "/nothing", 404, "path"),
        ("GET", "/", 404, "path"),
        ("DELETE", "/ledger/status", 405, "method"),
        ("GET", "/ledger/blocks/123456789", 404, "absent"),
        ("POST", "/ledger/proposals", 401, "unauthorised"),
    ] {
        let answer = stranger.send(method, path, &[], None).expect(status);
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{path}"
        );
        assert_eq!(answer.json()["code"], code, "{path}");
        assert_eq!(answer.json()["status"], status, "{path}");
    }
}
