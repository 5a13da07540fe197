//! Strangers, other users, other browsers and forged tokens: what is not theirs stays closed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
mod smart_support;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::PASSWORD;
use hospital::{Caller, Role};
use serde_json::{Value, json};
use smart_support::{APP_SCOPE, Browser, CALLBACK, Desk, Keys, basic, hidden, refused, sent_to};

#[test]
fn registration_is_for_administrators_and_exact() {
    let desk = Desk::new();
    let good = json!({ "client_name": "a", "redirect_uris": [CALLBACK], "scope": "openid",
        "token_endpoint_auth_method": "none" });
    for client in [
        desk.world.clinician(),
        desk.world.client(Role::System, None),
        desk.world.client(Role::Patient, Some("p1")),
    ] {
        client.post("/auth/register", &good).expect(403);
        client.get("/auth/register").expect(403);
        client
            .delete(&format!("/auth/register/{}", desk.public))
            .expect(403);
    }
    desk.world
        .stranger()
        .post("/auth/register", &good)
        .expect(401);
    let keys = Keys::new();
    let mut private = keys.jwks();
    private["keys"][0]["d"] = json!("secret");
    for (what, name, value, error) in [
        (
            "open redirect",
            "redirect_uris",
            json!(["http://evil.example/"]),
            "invalid_redirect_uri",
        ),
        (
            "script",
            "redirect_uris",
            json!(["javascript:alert(1)"]),
            "invalid_redirect_uri",
        ),
        (
            "no redirect",
            "redirect_uris",
            json!([]),
            "invalid_redirect_uri",
        ),
        (
            "password grant",
            "grant_types",
            json!(["password"]),
            "invalid_client_metadata",
        ),
        (
            "public system",
            "grant_types",
            json!(["client_credentials"]),
            "invalid_client_metadata",
        ),
        (
            "keys by address",
            "jwks_uri",
            json!("https://a.example/jwks"),
            "invalid_client_metadata",
        ),
        (
            "keys for a public client",
            "jwks",
            keys.jwks(),
            "invalid_client_metadata",
        ),
        (
            "implicit",
            "response_types",
            json!(["token"]),
            "invalid_client_metadata",
        ),
        (
            "unknown method",
            "token_endpoint_auth_method",
            json!("tls"),
            "invalid_client_metadata",
        ),
        ("no scope", "scope", json!(""), "invalid_client_metadata"),
        (
            "wrong scope",
            "scope",
            json!("patient/*.sr"),
            "invalid_client_metadata",
        ),
        (
            "no name",
            "client_name",
            json!(" "),
            "invalid_client_metadata",
        ),
    ] {
        let mut told = good.clone();
        told[name] = value;
        refused(
            what,
            &desk.admin().post("/auth/register", &told),
            400,
            error,
        );
    }
    let mut told = good.clone();
    told["token_endpoint_auth_method"] = json!("private_key_jwt");
    told["jwks"] = private;
    let answer = desk.admin().post("/auth/register", &told);
    refused("a private key", &answer, 400, "invalid_client_metadata");
    desk.admin().delete("/auth/register/nobody").expect(404);
    let gone = format!("/auth/register/{}", desk.other);
    desk.admin().get(&gone).expect(200);
    desk.admin().delete(&gone).expect(200);
    desk.admin().get(&gone).expect(404);
}

#[test]
fn forms_and_sessions_cannot_be_forged() {
    let desk = Desk::new();
    let query = desk.query(&[]);
    let allow = |browser: &mut Browser, token: &str| {
        let fields = [
            ("request", &*query),
            ("token", token),
            ("act", "allow"),
            ("patient", "p1"),
        ];
        browser.post("/auth/authorize", &fields)
    };
    // Without a cookie, without a token, with that of another browser.
    let mut eve = Browser::new(&desk.world);
    allow(&mut eve, "").expect(400);
    let mut ada = Browser::new(&desk.world);
    ada.sign_in(&query, "ada", PASSWORD).expect(303);
    allow(&mut ada, "").expect(400);
    let page = eve
        .get(&format!("/auth/authorize?{query}"))
        .expect(200)
        .text();
    allow(&mut ada, &hidden(&page, "token")).expect(400);
    // A sign-in of another's choosing needs a page of this browser too.
    let sign_in = [
        ("request", &*query),
        ("act", "sign-in"),
        ("username", "ada"),
        ("password", PASSWORD),
        ("token", "x"),
    ];
    eve.post("/auth/authorize", &sign_in).expect(400);
    // Session fixation: a planted secret is never taken over.
    let mut planted = Browser::new(&desk.world);
    planted
        .cookies
        .insert("salus_session_st-mary".into(), "planted".into());
    planted.sign_in(&query, "ada", PASSWORD).expect(303);
    assert_ne!(planted.cookies["salus_session_st-mary"], "planted");
    let before = ada.cookies["salus_session_st-mary"].clone();
    let mut thief = Browser::new(&desk.world);
    thief
        .cookies
        .insert("salus_session_st-mary".into(), before.clone());
    ada.press(&query, "sign-out", &[]).expect(303);
    let page = thief
        .get(&format!("/auth/authorize?{query}"))
        .expect(200)
        .text();
    assert!(
        page.contains("Sign in"),
        "a session that was signed out is over"
    );
    // Sessions end by silence, and after a while in any case.
    planted.get(&format!("/auth/authorize?{query}")).expect(200);
    desk.world.later(16 * 60);
    let page = planted
        .get(&format!("/auth/authorize?{query}"))
        .expect(200)
        .text();
    assert!(page.contains("Sign in"), "a silent session is over");
    planted.cookies.clear();
    planted.sign_in(&query, "ada", PASSWORD).expect(303);
    for _ in 0..34 {
        desk.world.later(14 * 60);
        planted.get(&format!("/auth/authorize?{query}")).expect(200);
    }
    desk.world.later(14 * 60);
    let page = planted
        .get(&format!("/auth/authorize?{query}"))
        .expect(200)
        .text();
    assert!(page.contains("Sign in"), "a session has an absolute end");
}

#[test]
fn users_grant_what_is_theirs_only() {
    let desk = Desk::new();
    let query = desk.query(&[]);
    let mut browser = Browser::new(&desk.world);
    let wrong = browser.sign_in(&query, "ada", "wrong").expect(401);
    assert!(wrong.text().contains("do not fit"));
    desk.world.add_user("lab", Role::System, None);
    browser.sign_in(&query, "lab", PASSWORD).expect(401);
    // An administrator has no records to grant.
    let records = desk.query(&[("scope", "launch/patient patient/*.rs user/*.rs")]);
    browser.sign_in(&records, "ann", PASSWORD).expect(303);
    let (_, fields) = sent_to(&browser.get(&format!("/auth/authorize?{records}")));
    assert_eq!(fields["error"], "invalid_scope");
    // A clinician must choose a patient who is there.
    let mut browser = Browser::new(&desk.world);
    browser.sign_in(&query, "ada", PASSWORD).expect(303);
    for patient in ["", "nobody", "../p1"] {
        let page = browser
            .press(&query, "allow", &[("patient", patient)])
            .expect(200);
        assert!(page.text().contains("Choose a patient first"));
    }
    let (_, fields) = sent_to(&browser.press(&query, "deny", &[]));
    assert_eq!(fields["error"], "access_denied");
    assert_eq!(fields["iss"], desk.world.base);
    // A launch is for the user who began it, and good once.
    let caller = Caller::new("ada", Role::Clinician, None);
    let hospital = &desk.world.hospital;
    let launch = desk
        .world
        .wait(hospital.start_launch(&caller, "p1"))
        .unwrap();
    let launched = desk.query(&[("launch", &launch), ("scope", "launch patient/*.rs")]);
    let mut pat = Browser::new(&desk.world);
    pat.sign_in(&launched, "pat", PASSWORD).expect(303);
    let (_, fields) = sent_to(&pat.get(&format!("/auth/authorize?{launched}")));
    assert_eq!(fields["error"], "access_denied");
    let (_, fields) = sent_to(&browser.press(&launched, "allow", &[]));
    assert!(fields.contains_key("code"));
    let (_, fields) = sent_to(&browser.get(&format!("/auth/authorize?{launched}")));
    assert_eq!(fields["error"], "access_denied", "a launch that was used");
}

#[test]
fn strangers_learn_nothing_of_tokens_and_guessing_waits() {
    let desk = Desk::new();
    let told = desk.redeem(&desk.code(&[])).expect(200).json();
    let access = told["access_token"].as_str().unwrap();
    let look = |headers: &[(&str, &str)], more: &[(&str, &str)]| {
        let mut fields = vec![("token", access)];
        fields.extend_from_slice(more);
        desk.form("/auth/introspect", headers, &fields)
    };
    refused("nobody", &look(&[], &[]), 401, "invalid_client");
    let public = [("client_id", desk.public.as_str())];
    refused(
        "a public client",
        &look(&[], &public),
        401,
        "invalid_client",
    );
    let own = format!("Bearer {access}");
    let bearer = [("authorization", own.as_str())];
    refused(
        "the token itself",
        &look(&bearer, &[]),
        401,
        "invalid_client",
    );
    let other = [("client_id", desk.other.as_str()), ("token", access)];
    let answer = desk.form("/auth/revoke", &[], &other);
    refused("revoking another's", &answer, 400, "invalid_grant");
    desk.holder(&told["access_token"])
        .get("/fhir/Patient/p1")
        .expect(200);
    // Guessing.
    let wrong = basic(&desk.confidential.0, "guess");
    let headers = [("authorization", wrong.as_str())];
    for _ in 0..5 {
        refused(
            "a wrong secret",
            &look(&headers, &[]),
            401,
            "invalid_client",
        );
    }
    let waiting = look(&headers, &[]).expect(429);
    assert!(waiting.header("retry-after").parse::<u64>().unwrap() >= 1);
    let right = basic(&desk.confidential.0, &desk.confidential.1);
    look(&[("authorization", right.as_str())], &[]).expect(200);
    for _ in 0..5 {
        refused("a wrong code", &desk.redeem("guess"), 400, "invalid_grant");
    }
    desk.redeem("guess").expect(429);
    desk.refresh("guess", &[]).expect(429);
}

#[test]
fn forged_access_tokens_open_nothing() {
    let desk = Desk::new();
    let told = desk.redeem(&desk.code(&[])).expect(200).json();
    let access = told["access_token"].as_str().unwrap();
    let parts: Vec<&str> = access.split('.').collect();
    let payload = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let mut claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["scope"] = json!("user/*.cruds");
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let keys = desk.world.stranger().get("/auth/jwks").expect(200).json();
    let public = keys["keys"][0]["x"].as_str().unwrap();
    let secret = jsonwebtoken::EncodingKey::from_secret(public.as_bytes());
    let by_public_key =
        jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &secret).unwrap();
    let other = {
        let mut config = desk.world.config.clone();
        config.base = "http://north-clinic.example".into();
        let caller = Caller::new("ada", Role::Clinician, None);
        api::issue_token(&config, &caller, desk.world.hospital.now_us()).unwrap()
    };
    for (what, token) in [
        (
            "alg none",
            format!("{}.{}.", part(&json!({ "alg": "none" })), parts[1]),
        ),
        (
            "wider scope",
            format!("{}.{}.{}", parts[0], part(&claims), parts[2]),
        ),
        ("HS256 with the public key", by_public_key),
        ("another organisation", other),
        ("no signature", format!("{}.{}", parts[0], parts[1])),
    ] {
        let answer = desk.holder(&json!(token)).get("/fhir/Patient/p1");
        assert_eq!(answer.status, 401, "{what}");
        assert_eq!(answer.failure(), "unauthorised", "{what}");
    }
    let app = desk.holder(&told["access_token"]);
    app.get("/fhir/Patient/p1").expect(200);
    desk.world.later(3_700);
    app.get("/fhir/Patient/p1").expect(401);
    assert!(APP_SCOPE.contains("patient/*.cruds"));
}

/// An administrator of the database who widens a client or brings a session back is found.
#[test]
fn an_edit_of_the_database_that_widens_access_is_found() {
    let desk = Desk::new();
    let code = desk.code(&[]);
    let dir = desk.world.dir.clone();
    let database = rusqlite::Connection::open(dir.join("store.db")).unwrap();
    let wider = "UPDATE tickets SET body = CAST(replace(CAST(body AS TEXT), 'patient/*.rs', \
                 'user/*.cruds') AS BLOB)";
    assert!(database.execute(wider, []).unwrap() > 0);
    desk.redeem(&code).expect(503);
    let wider = "UPDATE clients SET body = CAST(replace(CAST(body AS TEXT), 'user/*.rs', \
                 'system/*.cruds') AS BLOB)";
    assert_eq!(database.execute(wider, []).unwrap(), 3);
    let answer = desk.admin().get("/auth/register");
    assert_eq!(answer.status, 500, "{}", answer.text());
}
