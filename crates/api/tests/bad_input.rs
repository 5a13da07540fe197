//! The table of what bad input gets: status, code, place; nothing stored, the node alive.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Client, World};
use serde_json::{Value, json};

struct Case {
    name: &'static str,
    request: &'static str,
    header: Option<(&'static str, &'static str)>,
    body: String,
    status: u16,
    failure: &'static str,
    expression: &'static str,
}

/// What is sent, and `status failure expression` of what must come back.
fn case(
    name: &'static str,
    request: &'static str,
    body: impl Into<String>,
    expected: &'static str,
) -> Case {
    let mut words = expected.split(' ');
    let status = words.next().unwrap_or("").parse().unwrap_or(0);
    let failure = words.next().unwrap_or("");
    let expression = words.next().unwrap_or("");
    Case {
        name,
        request,
        header: None,
        body: body.into(),
        status,
        failure,
        expression,
    }
}

impl Case {
    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
    }

    fn patch(self) -> Self {
        self.with("content-type", "application/json-patch+json")
    }
}

fn nested(depth: usize) -> String {
    let mut body = String::from(r#"{"resourceType":"Patient","extension":"#);
    body.push_str(&"[".repeat(depth));
    body.push_str(&"]".repeat(depth));
    body.push('}');
    body
}

fn bodies() -> Vec<Case> {
    let post = "POST /fhir/Patient";
    let put = "PUT /fhir/Patient/a";
    let date = r#"{"resourceType":"Patient","birthDate":"tomorrow"}"#;
    let unknown = r#"{"resourceType":"Patient","colour":"red"}"#;
    let double = r#"{"resourceType":"Patient","id":"a","id":"b"}"#;
    let other = r#"{"resourceType":"Patient","id":"b"}"#;
    vec![
        case(
            "broken JSON",
            post,
            r#"{"resourceType":"Patient""#,
            "400 malformed",
        ),
        case("two documents", post, "{} {}", "400 malformed"),
        case("no body", post, "", "400 malformed"),
        case("a key twice", post, double, "400 malformed"),
        case("nested past 64", post, nested(200), "422 too-complex"),
        case("nested very deep", post, nested(100_000), "422 too-complex"),
        case("an array", post, "[]", "422 invalid"),
        case("a bad date", post, date, "422 invalid Patient.birthDate"),
        case(
            "an unknown element",
            post,
            unknown,
            "422 invalid Patient.colour",
        ),
        case(
            "another type",
            post,
            r#"{"resourceType":"Device"}"#,
            "400 request",
        ),
        case(
            "no id in an update",
            put,
            r#"{"resourceType":"Patient"}"#,
            "400 request",
        ),
        case("another id than the url", put, other, "400 request"),
        case("XML", post, "<Patient/>", "415 media-type")
            .with("content-type", "application/fhir+xml"),
        case("no bundle", "POST /fhir", other, "422 invalid Bundle"),
        case(
            "a bundle of another type",
            "POST /fhir",
            r#"{"resourceType":"Bundle","type":"searchset"}"#,
            "422 invalid Bundle.type",
        ),
    ]
}

#[rustfmt::skip]
fn paths() -> Vec<Case> {
    vec![
        case("an unknown type", "POST /fhir/Unicorn", "{}", "404 unknown-type"),
        case("an unknown type read", "GET /fhir/Unicorn/1", "", "404 unknown-type"),
        case("an id that is none", "GET /fhir/Patient/a_b", "", "404 absent"),
        case("a version that is none", "GET /fhir/Patient/a/_history/x", "", "404 absent"),
        case("a wrong verb", "PUT /fhir/Patient/a/_history/1", "{}", "405 method"),
        case("a verb nobody knows", "BREW /fhir/Patient", "", "405 method"),
        case("an operation nobody knows", "POST /fhir/Patient/$dance", "{}", "404 operation"),
        case("an operation of the system", "GET /fhir/$export", "", "404 operation"),
        case("a path nobody knows", "GET /fhir/Patient/1/2/3/4", "", "404 absent"),
        case("a search over all types", "GET /fhir", "", "405 method"),
        case("a bad search value", "GET /fhir/Patient?birthdate=soon", "", "400 request"),
        case("a bad modifier", "GET /fhir/Patient?birthdate:exact=2020", "", "400 request"),
        case("a bad page", "GET /fhir/Patient?_page=zzz", "", "400 request"),
        case("a bad escape", "GET /fhir/Patient?name=%zz", "", "400 request"),
        case("a bad since", "GET /fhir/_history?_since=noon", "", "400 request"),
        case("XML by _format", "GET /fhir/Patient?_format=xml", "", "406 not-acceptable"),
        case("XML wanted", "GET /fhir/Patient", "", "406 not-acceptable")
            .with("accept", "application/fhir+xml"),
    ]
}

fn changes() -> Vec<Case> {
    let patch = "PATCH /fhir/Patient/p";
    let test = r#"[{"op":"test","path":"/active","value":false}]"#;
    let wrong = r#"[{"op":"add","path":"/colour","value":"red"}]"#;
    let rename = r#"[{"op":"replace","path":"/id","value":"q"}]"#;
    let nowhere = r#"[{"op":"remove","path":"/name/7"}]"#;
    vec![
        case("a patch of another kind", patch, "[]", "415 media-type")
            .with("content-type", "application/fhir+json"),
        case("a patch that is none", patch, "{}", "400 request").patch(),
        case("a patch whose test fails", patch, test, "422 request").patch(),
        case(
            "a patch of what is not there",
            patch,
            nowhere,
            "400 request",
        )
        .patch(),
        case("a patch of the id", patch, rename, "422 request").patch(),
        case(
            "a patch to something invalid",
            patch,
            wrong,
            "422 invalid Patient.colour",
        )
        .patch(),
        case(
            "a stale If-Match",
            "PUT /fhir/Patient/p",
            r#"{"resourceType":"Patient","id":"p"}"#,
            "412 stale",
        )
        .with("if-match", "W/\"99\""),
    ]
}

#[test]
fn each_wrong_input_gets_its_answer() {
    let world = World::new();
    let client = world.clinician();
    let patient = json!({ "resourceType": "Patient", "id": "p", "active": true });
    client.put("/fhir/Patient/p", &patient).expect(201);
    let mut wrong = Vec::new();
    for case in bodies().into_iter().chain(paths()).chain(changes()) {
        let (method, path) = case.request.split_once(' ').unwrap();
        let body = (method != "GET").then_some(case.body.as_bytes());
        let headers: Vec<_> = case.header.into_iter().collect();
        let answer = client.send(method, path, &headers, body);
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

/// The head alone is enough to refuse; the client sends its body all the same and goes on.
#[test]
fn a_refusal_by_the_head_leaves_the_connection_open() {
    use std::io::{Read as _, Write as _};
    let world = World::new();
    let address = world.base.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(std::time::Duration::from_secs(20)))
        .unwrap();
    let answer = |stream: &mut std::net::TcpStream, status: &str| {
        let mut read = Vec::new();
        let mut byte = [0; 1];
        while !read.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            read.extend_from_slice(&byte);
        }
        let head = String::from_utf8(read).unwrap().to_ascii_lowercase();
        assert!(head.starts_with(status), "{head}");
        let length = head
            .lines()
            .find_map(|it| it.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
    };
    let head = "POST /auth/users HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n\
         content-length: 2000\r\n\r\n";
    for _ in 0..3 {
        stream.write_all(head.as_bytes()).unwrap();
        answer(&mut stream, "http/1.1 401");
        stream.write_all(&[b' '; 2000]).unwrap();
    }
    let next = "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n";
    stream.write_all(next.as_bytes()).unwrap();
    answer(&mut stream, "http/1.1 200");
}
