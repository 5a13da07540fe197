//! Apps and systems that do something wrong: each is refused, with the error that its standard
//! names.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
mod smart_support;

use hospital::Role;
use serde_json::{Value, json};
use smart_support::{Browser, CALLBACK, Desk, Keys, VERIFIER, refused, sent_to};

/// RFC 6749 4.1.2.1: what is wrong with the client or its address is shown to the user and sent
/// nowhere; everything else is sent to the client, with `iss` and `state`.
#[test]
fn a_wrong_authorization_request_is_answered_where_it_is_safe() {
    let desk = Desk::new();
    let mut browser = Browser::new(&desk.world);
    let code_only = desk.admin().post(
        "/auth/register",
        &json!({ "client_name": "system", "grant_types": ["client_credentials"],
            "scope": "system/*.rs" }),
    );
    let system = code_only.expect(201).json()["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    for (what, change) in [
        ("unknown client", ("client_id", "nobody")),
        ("no client", ("client_id", "")),
        ("client without addresses", ("client_id", system.as_str())),
        ("open redirect", ("redirect_uri", "https://evil.example/")),
        ("no redirect", ("redirect_uri", "")),
        (
            "redirect with a suffix",
            ("redirect_uri", "http://127.0.0.1:4000/callback/x"),
        ),
        (
            "redirect with a query",
            ("redirect_uri", "http://127.0.0.1:4000/callback?x=1"),
        ),
        (
            "redirect of another port",
            ("redirect_uri", "http://127.0.0.1:4001/callback"),
        ),
        (
            "redirect with a user",
            (
                "redirect_uri",
                "http://127.0.0.1:4000@evil.example/callback",
            ),
        ),
        (
            "redirect by dots",
            ("redirect_uri", "http://127.0.0.1:4000/x/../callback"),
        ),
        (
            "redirect in capitals",
            ("redirect_uri", "HTTP://127.0.0.1:4000/callback"),
        ),
    ] {
        let query = desk.query(&[change]);
        let answer = browser.get(&format!("/auth/authorize?{query}"));
        assert_eq!(answer.status, 400, "{what}");
        assert_eq!(answer.header("location"), "", "{what}");
    }
    let twice = format!("{}&redirect_uri=https://evil.example/", desk.query(&[]));
    let answer = browser.get(&format!("/auth/authorize?{twice}")).expect(400);
    assert_eq!(answer.header("location"), "");
    for (what, change, error) in [
        ("no state", ("state", ""), "invalid_request"),
        ("no PKCE", ("code_challenge", ""), "invalid_request"),
        (
            "PKCE plain",
            ("code_challenge_method", "plain"),
            "invalid_request",
        ),
        (
            "PKCE without method",
            ("code_challenge_method", ""),
            "invalid_request",
        ),
        (
            "short challenge",
            ("code_challenge", "abc"),
            "invalid_request",
        ),
        ("no audience", ("aud", ""), "invalid_request"),
        (
            "wrong audience",
            ("aud", "https://evil.example/fhir"),
            "invalid_request",
        ),
        (
            "implicit grant",
            ("response_type", "token"),
            "unsupported_response_type",
        ),
        ("no response type", ("response_type", ""), "invalid_request"),
        (
            "answer in a form",
            ("response_mode", "form_post"),
            "invalid_request",
        ),
        (
            "unknown scope",
            ("scope", "patient/Unicorn.rs"),
            "invalid_scope",
        ),
        (
            "scope past the client's",
            ("scope", "system/*.cruds"),
            "invalid_scope",
        ),
        ("no scope", ("scope", ""), "invalid_scope"),
        (
            "launch without its scope",
            ("launch", "x"),
            "invalid_request",
        ),
        (
            "launch without its value",
            ("scope", "launch patient/*.rs"),
            "invalid_request",
        ),
        ("nobody signed in", ("prompt", "none"), "login_required"),
    ] {
        let query = desk.query(&[change]);
        let (address, fields) = sent_to(&browser.get(&format!("/auth/authorize?{query}")));
        assert_eq!(address, CALLBACK, "{what}");
        assert_eq!(fields["error"], error, "{what}: {fields:?}");
        assert_eq!(fields["iss"], desk.world.base, "{what}");
        let state = if change.0 == "state" {
            None
        } else {
            Some("st&te=1")
        };
        assert_eq!(fields.get("state").map(String::as_str), state, "{what}");
        assert!(!fields.contains_key("code"), "{what}");
    }
    let state_twice = format!("{}&state=2", desk.query(&[]));
    let (_, fields) = sent_to(&browser.get(&format!("/auth/authorize?{state_twice}")));
    assert_eq!(fields["error"], "invalid_request");
}

/// The table of the token endpoint: codes and refresh tokens.
#[test]
fn every_misuse_is_refused_with_its_error() {
    let desk = Desk::new();
    let code = desk.code(&[]);
    let base = [
        ("grant_type", "authorization_code"),
        ("client_id", desk.public.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let wrong_verifier = "x".repeat(43);
    for (what, change, status, error) in [
        (
            "code of another client",
            ("client_id", desk.other.as_str()),
            400,
            "invalid_grant",
        ),
        (
            "unknown client",
            ("client_id", "nobody"),
            401,
            "invalid_client",
        ),
        ("no client", ("client_id", ""), 401, "invalid_client"),
        (
            "confidential as public",
            ("client_id", desk.confidential.0.as_str()),
            401,
            "invalid_client",
        ),
        (
            "another verifier",
            ("code_verifier", wrong_verifier.as_str()),
            400,
            "invalid_grant",
        ),
        ("no verifier", ("code_verifier", ""), 400, "invalid_request"),
        (
            "short verifier",
            ("code_verifier", "abc"),
            400,
            "invalid_request",
        ),
        (
            "redirect mismatch",
            ("redirect_uri", "http://127.0.0.1:4000/callback2"),
            400,
            "invalid_grant",
        ),
        ("no redirect", ("redirect_uri", ""), 400, "invalid_request"),
        ("unknown code", ("code", "abc"), 400, "invalid_grant"),
        ("no code", ("code", ""), 400, "invalid_request"),
        (
            "a system's grant",
            ("grant_type", "client_credentials"),
            400,
            "unauthorized_client",
        ),
        (
            "unknown grant",
            ("grant_type", "magic"),
            400,
            "unsupported_grant_type",
        ),
        ("no grant", ("grant_type", ""), 400, "invalid_request"),
        (
            "two ways at once",
            ("client_secret", "x"),
            401,
            "invalid_client",
        ),
    ] {
        let mut fields = base.to_vec();
        fields.retain(|(name, _)| *name != change.0);
        fields.push(change);
        refused(what, &desk.token(&fields), status, error);
    }
    let mut twice = base.to_vec();
    twice.push(("code", "x"));
    refused("a field twice", &desk.token(&twice), 400, "invalid_request");
    // None of it used the code up.
    let told = desk.redeem(&code).expect(200).json();
    let app = desk.holder(&told["access_token"]);
    app.get("/fhir/Patient/p1").expect(200);
    refused("replayed code", &desk.redeem(&code), 400, "invalid_grant");
    app.get("/fhir/Patient/p1").expect(401);
    let first = told["refresh_token"].as_str().unwrap();
    refused(
        "refresh after a replay",
        &desk.refresh(first, &[]),
        400,
        "invalid_grant",
    );

    let late = desk.code(&[]);
    desk.world.later(61);
    refused("expired code", &desk.redeem(&late), 400, "invalid_grant");
    refresh_tokens(&desk);
}

fn refresh_tokens(desk: &Desk) {
    let told = desk.redeem(&desk.code(&[])).expect(200).json();
    let first = told["refresh_token"].as_str().unwrap();
    for (what, scope) in [
        ("wider verbs", "patient/*.cruds"),
        ("another context", "user/*.rs"),
        ("not granted", "online_access"),
        ("not a scope", "everything"),
    ] {
        let answer = desk.refresh(first, &[("scope", scope)]);
        refused(what, &answer, 400, "invalid_scope");
    }
    let stolen = desk.token(&[
        ("grant_type", "refresh_token"),
        ("client_id", &desk.other),
        ("refresh_token", first),
    ]);
    refused(
        "refresh token of another client",
        &stolen,
        400,
        "invalid_grant",
    );
    refused(
        "unknown refresh token",
        &desk.refresh("x", &[]),
        400,
        "invalid_grant",
    );
    let as_refresh = told["access_token"].as_str().unwrap();
    refused(
        "access token as refresh token",
        &desk.refresh(as_refresh, &[]),
        400,
        "invalid_grant",
    );
    let next = desk.refresh(first, &[]).expect(200).json();
    let app = desk.holder(&next["access_token"]);
    app.get("/fhir/Patient/p1").expect(200);
    refused(
        "reused refresh token",
        &desk.refresh(first, &[]),
        400,
        "invalid_grant",
    );
    let second = next["refresh_token"].as_str().unwrap();
    refused(
        "its successor",
        &desk.refresh(second, &[]),
        400,
        "invalid_grant",
    );
    app.get("/fhir/Patient/p1").expect(401);
    desk.holder(&next["refresh_token"])
        .get("/fhir/Patient/p1")
        .expect(401);
    desk.holder(&next["id_token"])
        .get("/fhir/Patient/p1")
        .expect(401);

    // A role that changes ends the authorization.
    let told = desk.redeem(&desk.code(&[])).expect(200).json();
    desk.world.add_user("ada", Role::Auditor, None);
    let token = told["refresh_token"].as_str().unwrap();
    refused(
        "another role",
        &desk.refresh(token, &[]),
        400,
        "invalid_grant",
    );
    desk.world.add_user("ada", Role::Clinician, None);
    // A deleted client takes everything with it.
    let told = desk.redeem(&desk.code(&[])).expect(200).json();
    let app = desk.holder(&told["access_token"]);
    app.get("/fhir/Patient/p1").expect(200);
    desk.admin()
        .delete(&format!("/auth/register/{}", desk.public))
        .expect(200);
    app.get("/fhir/Patient/p1").expect(401);
    let token = told["refresh_token"].as_str().unwrap();
    refused(
        "deleted client",
        &desk.refresh(token, &[]),
        401,
        "invalid_client",
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_wrong_assertion_is_refused() {
    let desk = Desk::new();
    let (keys, others) = (Keys::new(), Keys::new());
    let told = json!({ "client_name": "Backend", "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": keys.jwks(),
        "scope": "system/Observation.rs" });
    let told = desk
        .admin()
        .post("/auth/register", &told)
        .expect(201)
        .json();
    let id = told["client_id"].as_str().unwrap();
    let now_s = desk.world.hospital.now_us() / 1_000_000;
    let aud = format!("{}/auth/token", desk.world.base);
    let good = json!({ "iss": id, "sub": id, "jti": "j", "exp": now_s + 60, "aud": aud });
    let header = json!({ "alg": "RS384", "kid": "rsa" });
    let send = |assertion: &str, scope: &str| {
        desk.token(&[
            ("grant_type", "client_credentials"),
            ("scope", scope),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ])
    };
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    for (what, header, claims) in [
        (
            "alg none",
            json!({ "alg": "none", "kid": "rsa" }),
            good.clone(),
        ),
        (
            "HS256",
            json!({ "alg": "HS256", "kid": "rsa" }),
            good.clone(),
        ),
        (
            "RS256",
            json!({ "alg": "RS256", "kid": "rsa" }),
            good.clone(),
        ),
        (
            "wrong kid",
            json!({ "alg": "RS384", "kid": "x" }),
            good.clone(),
        ),
        ("no kid", json!({ "alg": "RS384" }), good.clone()),
        (
            "kid of the other kind",
            json!({ "alg": "RS384", "kid": "ec" }),
            good.clone(),
        ),
        (
            "jku",
            json!({ "alg": "RS384", "kid": "rsa", "jku": "https://evil.example" }),
            good.clone(),
        ),
        (
            "wrong audience",
            header.clone(),
            with("aud", json!("https://evil.example/token")),
        ),
        (
            "FHIR base as audience",
            header.clone(),
            with("aud", json!(format!("{}/fhir", desk.world.base))),
        ),
        (
            "ten minutes",
            header.clone(),
            with("exp", json!(now_s + 600)),
        ),
        ("expired", header.clone(), with("exp", json!(now_s - 60))),
        (
            "from the future",
            header.clone(),
            with("nbf", json!(now_s + 60)),
        ),
        ("no jti", header.clone(), with("jti", json!(""))),
        (
            "iss of nobody",
            header.clone(),
            with("iss", json!("nobody")),
        ),
        (
            "sub of another",
            header.clone(),
            with("sub", json!("nobody")),
        ),
        (
            "public client",
            header.clone(),
            with("iss", json!(desk.public)),
        ),
    ] {
        let assertion = keys.assertion(&header, &claims);
        refused(
            what,
            &send(&assertion, "system/*.rs"),
            401,
            "invalid_client",
        );
    }
    let forged = others.assertion(&header, &good);
    refused(
        "another key",
        &send(&forged, "system/*.rs"),
        401,
        "invalid_client",
    );
    refused("no JWT", &send("x.y", "system/*.rs"), 401, "invalid_client");
    let right = keys.assertion(&header, &good);
    refused(
        "patient/ without a patient",
        &send(&right, "patient/*.rs"),
        400,
        "invalid_scope",
    );
    refused(
        "replayed jti",
        &send(&right, "system/*.rs"),
        401,
        "invalid_client",
    );
    let fresh = keys.assertion(&header, &with("jti", json!("j2")));
    refused(
        "not registered for it",
        &send(&fresh, "system/Patient.rs"),
        400,
        "invalid_scope",
    );
    let fresh = keys.assertion(&header, &with("jti", json!("j3")));
    send(&fresh, "system/*.rs").expect(200);
}
