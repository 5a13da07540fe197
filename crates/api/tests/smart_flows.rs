//! Apps and systems that do everything right.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
mod smart_support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{PASSWORD, ids};
use hospital::Role;
use serde_json::{Value, json};
use smart_support::{APP_SCOPE, Browser, CALLBACK, Desk, Keys, VERIFIER, basic, hidden, sent_to};

fn observation(id: &str, patient: &str, category: &str) -> Value {
    json!({ "resourceType": "Observation", "id": id, "status": "final",
        "category": [{ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": category }] }],
        "code": { "coding": [{ "system": "http://loinc.org", "code": "8480-6" }] },
        "subject": { "reference": format!("Patient/{patient}") } })
}

fn fill(desk: &Desk) {
    let clinician = desk.world.clinician();
    for (id, patient, category) in [
        ("o1", "p1", "vital-signs"),
        ("o2", "p1", "laboratory"),
        ("o3", "p2", "vital-signs"),
    ] {
        let body = observation(id, patient, category);
        clinician
            .put(&format!("/fhir/Observation/{id}"), &body)
            .expect(201);
    }
}

fn claims(token: &Value) -> Value {
    let payload = token
        .as_str()
        .unwrap()
        .split('.')
        .nth(1)
        .unwrap()
        .to_owned();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_standalone_launch_reaches_the_chosen_patient_only() {
    let desk = Desk::new();
    fill(&desk);
    let told = desk
        .redeem(&desk.code(&[("nonce", "n-1")]))
        .expect(200)
        .json();
    assert_eq!(told["patient"], "p1");
    assert_eq!(told["need_patient_banner"], true);
    assert_eq!(told["token_type"], "Bearer");
    assert_eq!(
        told["scope"],
        "launch/patient patient/*.rs offline_access openid"
    );
    let id = claims(&told["id_token"]);
    assert_eq!(id["aud"], desk.public.as_str());
    assert_eq!(id["iss"], desk.world.base.as_str());
    assert_eq!(id["nonce"], "n-1");
    let app = desk.holder(&told["access_token"]);
    app.get("/fhir/Patient/p1").expect(200);
    app.get("/fhir/Patient/p2").expect(404);
    app.get("/fhir/Observation/o3").expect(404);
    app.get("/fhir/Observation/o3/_history").expect(404);
    app.get("/fhir/Observation/o3/_history/1/$receipt")
        .expect(404);
    let found = app
        .get("/fhir/Observation?_total=accurate")
        .expect(200)
        .json();
    assert_eq!(found["total"], 2);
    assert_eq!(ids(&found), ["o1", "o2"]);
    let body = observation("o1", "p1", "laboratory");
    app.put("/fhir/Observation/o1", &body).expect(403);
    app.delete("/fhir/Observation/o1").expect(403);
    app.get("/auth/users").expect(403);
    // The key of the id token is published, and fits.
    let keys = app.get("/auth/jwks").expect(200).json();
    let header = told["id_token"]
        .as_str()
        .unwrap()
        .split('.')
        .next()
        .unwrap()
        .to_owned();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    let key = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == header["kid"]);
    let key: jsonwebtoken::jwk::Jwk = serde_json::from_value(key.unwrap().clone()).unwrap();
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    rules.set_audience(&[&desk.public]);
    let key = jsonwebtoken::DecodingKey::from_jwk(&key).unwrap();
    jsonwebtoken::decode::<Value>(told["id_token"].as_str().unwrap(), &key, &rules).unwrap();
}

#[test]
fn a_scope_s_search_parameters_hide_the_rest_everywhere() {
    let desk = Desk::new();
    fill(&desk);
    let scope = "launch/patient patient/Patient.r patient/Observation.crus?category=\
                 http://terminology.hl7.org/CodeSystem/observation-category|vital-signs";
    let told = desk
        .redeem(&desk.code(&[("scope", scope)]))
        .expect(200)
        .json();
    let app = desk.holder(&told["access_token"]);
    app.get("/fhir/Observation/o1").expect(200);
    app.get("/fhir/Observation/o1/_history/1").expect(200);
    app.get("/fhir/Observation/o2").expect(404);
    app.get("/fhir/Observation/o2/_history/1").expect(404);
    app.get("/fhir/Observation/o2/_history").expect(404);
    app.get("/fhir/Observation/o2/_history/1/$receipt")
        .expect(404);
    let found = app
        .get("/fhir/Observation?_total=accurate&_count=1")
        .expect(200)
        .json();
    assert_eq!(
        (ids(&found), &found["total"]),
        (vec!["o1".to_owned()], &json!(1))
    );
    assert_eq!(common::link(&found, "next"), None);
    let included = app
        .get("/fhir/Observation?_include=Observation:subject")
        .expect(200)
        .json();
    assert_eq!(
        included["entry"].as_array().unwrap().len(),
        1,
        "Patient has no search scope"
    );
    let history = app
        .get("/fhir/Observation/_history?_count=1")
        .expect(200)
        .json();
    assert_eq!(history["entry"].as_array().unwrap().len(), 1);
    assert_eq!(common::link(&history, "next"), None);
    // Writes: neither a hidden record nor one that would be hidden, by no detour.
    let hidden_one = observation("o2", "p1", "vital-signs");
    app.put("/fhir/Observation/o2", &hidden_one).expect(404);
    let becomes = observation("o1", "p1", "laboratory");
    app.put("/fhir/Observation/o1", &becomes).expect(403);
    app.post("/fhir/Observation", &observation("x", "p2", "vital-signs"))
        .expect(403);
    app.post("/fhir/Observation", &observation("x", "p1", "vital-signs"))
        .expect(201);
    app.put(
        "/fhir/Observation/o1",
        &observation("o1", "p1", "vital-signs"),
    )
    .expect(200);
    let patch = br#"[{"op":"replace","path":"/status","value":"amended"}]"#;
    let kind = [("content-type", "application/json-patch+json")];
    app.send("PATCH", "/fhir/Observation/o1", &kind, Some(patch))
        .expect(403);
    let condition = [("if-none-exist", "code=8480-6")];
    let body = observation("x", "p1", "vital-signs").to_string();
    app.send(
        "POST",
        "/fhir/Observation",
        &condition,
        Some(body.as_bytes()),
    )
    .expect(403);
    let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": [{
        "resource": observation("x", "p2", "vital-signs"),
        "request": { "method": "POST", "url": "Observation" } }] });
    app.post("/fhir", &bundle).expect(403);
}

#[test]
fn a_refresh_token_is_good_once_and_narrows_only() {
    let desk = Desk::new();
    let first = desk.redeem(&desk.code(&[])).expect(200).json();
    let token = first["refresh_token"].as_str().unwrap();
    let narrow = [("scope", "patient/Observation.rs")];
    let second = desk.refresh(token, &narrow).expect(200).json();
    assert_eq!(second["scope"], "patient/Observation.rs");
    assert_eq!(second["patient"], "p1");
    let app = desk.holder(&second["access_token"]);
    app.get("/fhir/Observation").expect(200);
    app.get("/fhir/Patient/p1").expect(403);
    // RFC 6749 6: the next refresh token is good for all that was granted.
    let third = desk.refresh(second["refresh_token"].as_str().unwrap(), &[]);
    let third = third.expect(200).json();
    assert_eq!(third["scope"], first["scope"]);
    // A public app need not name itself: the token does.
    let unnamed = [
        ("grant_type", "refresh_token"),
        ("refresh_token", third["refresh_token"].as_str().unwrap()),
    ];
    desk.token(&unnamed).expect(200);
}

#[test]
fn a_confidential_client_and_an_online_session() {
    let desk = Desk::new();
    let (id, secret) = desk.confidential.clone();
    let changes = [
        ("client_id", id.as_str()),
        ("scope", "user/*.rs online_access"),
    ];
    let code = desk.code(&changes);
    let header = basic(&id, &secret);
    let headers = [("authorization", header.as_str())];
    let told = desk
        .token_with(
            &headers,
            &[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ],
        )
        .expect(200)
        .json();
    let token = told["refresh_token"].as_str().unwrap();
    let again = |token: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let nobody = desk.token(&fields).expect(401);
        assert_eq!(nobody.json()["error"], "invalid_client");
        desk.token_with(&headers, &fields)
    };
    let next = again(token).expect(200).json();
    // The session falls silent, and with it the refresh token ends.
    desk.world.later(16 * 60);
    let ended = again(next["refresh_token"].as_str().unwrap()).expect(400);
    assert_eq!(ended.json()["error"], "invalid_grant");
}

#[test]
fn an_ehr_launch_hands_its_patient_over() {
    let desk = Desk::new();
    fill(&desk);
    let mut ada = desk.world.stranger();
    let signed_in = desk.token(&[
        ("grant_type", "password"),
        ("username", "ada"),
        ("password", PASSWORD),
    ]);
    ada.token = Some(
        signed_in.json()["access_token"]
            .as_str()
            .unwrap()
            .to_owned(),
    );
    let made = ada
        .post("/auth/launch", &json!({ "patient": "p2" }))
        .expect(201)
        .json();
    assert_eq!(made["iss"], format!("{}/fhir", desk.world.base));
    let launch = made["launch"].as_str().unwrap();
    let changes = [("launch", launch), ("scope", "launch patient/*.rs")];
    let told = desk.redeem(&desk.code(&changes)).expect(200).json();
    assert_eq!(told["patient"], "p2");
    let app = desk.holder(&told["access_token"]);
    let found = app.get("/fhir/Observation").expect(200).json();
    assert_eq!(ids(&found), ["o3"]);
    app.post("/auth/launch", &json!({ "patient": "p2" }))
        .expect(403);
    ada.post("/auth/launch", &json!({ "patient": "nobody" }))
        .expect(404);
}

#[test]
fn a_patient_grants_the_own_record() {
    let desk = Desk::new();
    fill(&desk);
    let query = desk.query(&[("scope", "launch/patient patient/*.cruds openid fhirUser")]);
    let mut browser = Browser::new(&desk.world);
    browser.sign_in(&query, "pat", PASSWORD).expect(303);
    let answer = browser.press(&query, "allow", &[("patient", "p2")]);
    let told = desk.redeem(&sent_to(&answer).1["code"]).expect(200).json();
    assert_eq!(told["patient"], "p1", "another patient cannot be chosen");
    assert_eq!(told["scope"], "launch/patient patient/*.rs openid fhirUser");
    let user = format!("{}/fhir/Patient/p1", desk.world.base);
    assert_eq!(claims(&told["id_token"])["fhirUser"], user);
    desk.holder(&told["access_token"])
        .get("/fhir/Observation/o3")
        .expect(404);
}

#[test]
fn pages_run_no_script_of_others_and_say_who_asks() {
    let desk = Desk::new();
    let query = desk.query(&[]);
    let mut browser = Browser::new(&desk.world);
    let page = browser.get(&format!("/auth/authorize?{query}")).expect(200);
    let policy = page.header("content-security-policy").to_owned();
    let (own, rest) = policy.split_once(" form-action 'self' ").unwrap();
    assert_eq!(
        own,
        "default-src 'none'; style-src 'self'; script-src 'self';"
    );
    assert!(rest.contains("http://127.0.0.1:4000;") && !rest.contains("src"));
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.text().contains("App &amp; &lt;b&gt;Co&lt;/b&gt;"));
    let text = page.text();
    assert_eq!(text.matches("<script").count(), 1);
    assert!(text.contains("<script src=\"/auth/passkey.js\" defer>") && !text.contains("<b>"));
    let cookie = page.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly; SameSite=Lax") && cookie.contains("Path=/;"));
    browser.sign_in(&query, "ada", PASSWORD).expect(303);
    let page = browser
        .get(&format!("/auth/authorize?{query}"))
        .expect(200)
        .text();
    assert!(!page.contains("<script"));
    assert!(page.contains("A&lt;b&gt; Byron") && page.contains("value=\"p2\""));
    let found = browser
        .press(&query, "search", &[("name", "cur")])
        .expect(200)
        .text();
    assert!(found.contains("Curie") && !found.contains("Byron"));
    assert!(!hidden(&found, "token").is_empty());
}

#[test]
fn a_backend_service_signs_in_with_either_of_its_keys() {
    let desk = Desk::new();
    fill(&desk);
    let keys = Keys::new();
    let told = json!({ "client_name": "Backend", "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": keys.jwks(),
        "scope": "system/Observation.rs system/Patient.r" });
    let told = desk
        .admin()
        .post("/auth/register", &told)
        .expect(201)
        .json();
    let id = told["client_id"].as_str().unwrap();
    let now_s = desk.world.hospital.now_us() / 1_000_000;
    for (alg, kid) in [("RS384", "rsa"), ("ES384", "ec")] {
        let claims = json!({ "iss": id, "sub": id, "jti": alg, "exp": now_s + 290,
            "aud": format!("{}/auth/token", desk.world.base) });
        let header = json!({ "alg": alg, "kid": kid, "typ": "JWT" });
        let assertion = keys.assertion(&header, &claims);
        let answer = desk.token(&[
            ("grant_type", "client_credentials"),
            ("scope", "system/*.rs patient/*.rs"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &assertion),
        ]);
        let told = answer.expect(200).json();
        assert_eq!(told["scope"], "system/Observation.rs system/Patient.r");
        assert_eq!(told["expires_in"], 300);
        let app = desk.holder(&told["access_token"]);
        app.get("/fhir/Observation/o3").expect(200);
        app.get("/fhir/Patient").expect(403);
        app.get("/fhir/Condition").expect(403);
    }
}

#[test]
fn what_was_issued_can_be_looked_into_and_ended() {
    let desk = Desk::new();
    let told = desk.redeem(&desk.code(&[])).expect(200).json();
    let (access, refresh) = (
        told["access_token"].as_str().unwrap(),
        told["refresh_token"].as_str().unwrap(),
    );
    let system = desk.world.token(Role::System, None);
    let header = format!("Bearer {system}");
    let look = |token: &str| {
        let headers = [("authorization", header.as_str())];
        desk.form("/auth/introspect", &headers, &[("token", token)])
            .expect(200)
            .json()
    };
    let seen = look(access);
    assert_eq!(seen["active"], true);
    assert_eq!(seen["client_id"], desk.public.as_str());
    assert_eq!(seen["patient"], "p1");
    assert_eq!(look(refresh)["active"], true);
    assert_eq!(look("nothing"), json!({ "active": false }));
    // A confidential client learns nothing of the tokens of another.
    let other = basic(&desk.confidential.0, &desk.confidential.1);
    let headers = [("authorization", other.as_str())];
    let seen = desk.form("/auth/introspect", &headers, &[("token", access)]);
    assert_eq!(seen.expect(200).json(), json!({ "active": false }));
    let app = desk.holder(&told["access_token"]);
    app.get("/fhir/Patient/p1").expect(200);
    let own = ("client_id", desk.public.as_str());
    desk.form("/auth/revoke", &[], &[own, ("token", access)])
        .expect(200);
    app.get("/fhir/Patient/p1").expect(401);
    assert_eq!(look(access), json!({ "active": false }));
    desk.form("/auth/revoke", &[], &[own, ("token", refresh)])
        .expect(200);
    assert_eq!(look(refresh), json!({ "active": false }));
    desk.form("/auth/revoke", &[], &[own, ("token", "unknown")])
        .expect(200);
}

#[test]
fn a_revocation_and_a_client_outlive_a_restart() {
    let desk = Desk::new();
    let told = desk.redeem(&desk.code(&[])).expect(200).json();
    let (id, secret) = desk.confidential.clone();
    let own = ("client_id", desk.public.as_str());
    let access = told["access_token"].as_str().unwrap().to_owned();
    desk.form("/auth/revoke", &[], &[own, ("token", &access)])
        .expect(200);
    let clients = desk.admin().get("/auth/register").expect(200).json();
    assert_eq!(clients["clients"].as_array().unwrap().len(), 3);
    let (dir, temp) = desk.world.stop();
    let world = common::World::open(&dir, |_| {});
    assert!(
        world
            .wait(world.hospital.client(&id))
            .unwrap()
            .unwrap()
            .is_secret(&secret)
    );
    let checked =
        world
            .hospital
            .is_revoked(claims(&json!(access))["jti"].as_str().unwrap(), "", "");
    assert!(checked);
    drop(world);
    drop(temp);
}

#[test]
fn what_is_said_of_the_server_is_so() {
    let desk = Desk::new();
    let open = desk.world.stranger();
    let smart = open
        .get("/fhir/.well-known/smart-configuration")
        .expect(200)
        .json();
    let openid = open
        .get("/.well-known/openid-configuration")
        .expect(200)
        .json();
    for told in [&smart, &openid] {
        assert_eq!(told["issuer"], desk.world.base.as_str());
        assert_eq!(told["code_challenge_methods_supported"], json!(["S256"]));
        for name in [
            "authorization",
            "token",
            "introspection",
            "revocation",
            "registration",
        ] {
            let url = told[format!("{name}_endpoint")]
                .as_str()
                .unwrap()
                .to_owned();
            let path = url.strip_prefix(&desk.world.base).unwrap().to_owned();
            let answer = open.send("OPTIONS", &path, &[], None);
            assert_ne!(answer.status, 404, "{name}");
        }
    }
    let statement = open.get("/fhir/metadata").expect(200).json();
    let extensions = statement["rest"][0]["security"]["extension"]
        .as_array()
        .unwrap()
        .clone();
    let codes: Vec<&Value> = extensions
        .iter()
        .filter_map(|it| it.get("valueCode"))
        .collect();
    let listed = smart["capabilities"].as_array().unwrap();
    assert_eq!(codes, listed.iter().collect::<Vec<_>>());
    // Another origin may ask for tokens and records, and never sends a cookie along.
    let origin = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
    ];
    let answer = open
        .send("OPTIONS", "/auth/token", &origin, None)
        .expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let answer = open.send("OPTIONS", "/auth/authorize", &origin, None);
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert!(APP_SCOPE.contains("launch"));
}
