//! Signing in at a provider elsewhere: another organisation's server, and one that lies.

use hospital::Role;
use serde_json::{Value, json};

use crate::common::{PASSWORD, World};
use crate::elsewhere::Elsewhere;
use crate::log::told;
use crate::smart_support::{Browser, Desk, Keys, hidden, sent_to};

fn with_provider(issuer: &str, id: &str, secret: &str) -> World {
    let provider = api::Provider {
        name: "St Mary & Co".into(),
        issuer: issuer.into(),
        client_id: id.into(),
        client_secret: secret.into(),
    };
    World::with(|config| {
        config.outgoing = api::Reach::Loopback;
        config.provider = Some(provider);
    })
}

/// The path and query of an address, for a browser of that server.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").unwrap().1;
    &rest[rest.find('/').unwrap()..]
}

fn link(world: &World, subject: &str, username: &str) {
    let body = json!({ "subject": subject, "username": username });
    let admin = world.client(Role::Admin, None);
    admin.post("/auth/logins", &body).expect(201);
}

/// Registers a server at its provider.
fn register(provider: &Desk, back: &str) -> (String, String) {
    let told = json!({ "client_name": "South Clinic", "redirect_uris": [back],
        "grant_types": ["authorization_code"], "scope": "openid",
        "token_endpoint_auth_method": "client_secret_basic" });
    let told = provider
        .admin()
        .post("/auth/register", &told)
        .expect(201)
        .json();
    let text = |name: &str| told[name].as_str().unwrap().to_owned();
    (text("client_id"), text("client_secret"))
}

#[test]
fn one_organisation_signs_people_in_for_another() {
    let provider = Desk::new();
    let issuer = provider.world.base.clone();
    let world = World::with(|config| {
        let back = format!("{}/auth/elsewhere/callback", config.base);
        let (id, secret) = register(&provider, &back);
        config.outgoing = api::Reach::Loopback;
        config.provider = Some(api::Provider {
            name: "St Mary & Co".into(),
            issuer: issuer.clone(),
            client_id: id,
            client_secret: secret,
        });
    });
    let here = Desk::in_world(world);
    let world = &here.world;
    let query = here.query(&[]);
    let (mut ours, mut theirs) = (Browser::new(world), Browser::new(&provider.world));
    let page = ours
        .get(&format!("/auth/authorize?{query}"))
        .expect(200)
        .text();
    assert!(page.contains("Sign in at St Mary &amp; Co"), "{page}");
    let start = page.split_once("href=\"/auth/elsewhere").unwrap().1;
    let start = format!(
        "/auth/elsewhere{}",
        start.split_once('"').unwrap().0.replace("&amp;", "&")
    );
    let mut round = |username: &str| {
        let (to, fields) = sent_to(&ours.get(&start));
        assert_eq!(to, format!("{issuer}/auth/authorize"));
        assert_eq!(fields["scope"], "openid");
        assert_eq!(fields["code_challenge_method"], "S256");
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (&**a, &**b)).collect();
        let asked = crate::smart_support::encode(&pairs);
        theirs.cookies.clear();
        theirs.sign_in(&asked, username, PASSWORD).expect(303);
        let allowed = theirs.press(&asked, "allow", &[]).expect(303);
        ours.get(path(allowed.header("location")))
    };
    // Nobody becomes a user by signing in.
    let stranger = round("ada").expect(400);
    assert!(stranger.text().contains("ada there"), "{}", stranger.text());
    link(world, "ada", "ann");
    link(world, "ann", "ada");
    let back = round("ann").expect(303);
    assert_eq!(back.header("location"), format!("/auth/authorize?{query}"));
    let answer = ours.press(&query, "allow", &[("patient", "p1")]);
    let code = sent_to(&answer).1["code"].clone();
    let tokens = here.redeem(&code).expect(200).json();
    assert_eq!(tokens["patient"], "p1");
    let all = told(&world.client(Role::Auditor, None));
    for line in [
        "110122 8 unknown - login-unknown",
        "login-linked 0 ada -",
        "110122 0 ada -",
    ] {
        assert!(all.iter().any(|it| it == line), "{line}: {all:?}");
    }
    // A link that is ended signs nobody in, nor does one of a user who is replaced.
    let admin = world.client(Role::Admin, None);
    admin.delete("/auth/logins/ada").expect(200);
    admin.delete("/auth/logins/ada").expect(404);
    world.add_user("ann", Role::Admin, None);
    assert_eq!(
        admin.get("/auth/logins").expect(200).json(),
        json!({ "logins": [] })
    );
}

/// A provider that says whatever a test wants.
struct Liar {
    there: Elsewhere,
    keys: Keys,
    world: World,
    browser: Browser,
}

const ID: &str = "south-clinic";

impl Liar {
    fn new() -> Self {
        let there = Elsewhere::new();
        let world = with_provider(&there.base, ID, "a secret: with & signs");
        world.add_user("ada", Role::Clinician, None);
        link(&world, "248289761001", "ada");
        let browser = Browser::new(&world);
        let liar = Self {
            there,
            keys: Keys::new(),
            world,
            browser,
        };
        liar.describes(&[]);
        liar.there.says_json("/jwks", "", &liar.keys.jwks());
        liar
    }

    fn describes(&self, changes: &[(&str, Value)]) {
        let base = &self.there.base;
        let mut told = json!({ "issuer": base,
            "authorization_endpoint": format!("{base}/authorize"),
            "token_endpoint": format!("{base}/token"), "jwks_uri": format!("{base}/jwks"),
            "authorization_response_iss_parameter_supported": true });
        for (name, value) in changes {
            told[*name] = value.clone();
        }
        self.there
            .says_json("/.well-known/openid-configuration", "", &told);
    }

    /// Begins a sign-in: state and nonce.
    fn begins(&mut self) -> (String, String) {
        let (_, fields) = sent_to(&self.browser.get("/auth/elsewhere?request="));
        (fields["state"].clone(), fields["nonce"].clone())
    }

    fn claims(&self, nonce: &str) -> Value {
        let now_s = self.world.hospital.now_us() / 1_000_000;
        json!({ "iss": self.there.base, "sub": "248289761001", "aud": ID, "nonce": nonce,
            "iat": now_s, "exp": now_s + 300 })
    }

    /// The answer of the token endpoint.
    fn gives(&self, header: &Value, claims: &Value) {
        let token = self.keys.assertion(header, claims);
        let told = json!({ "access_token": "x", "token_type": "Bearer", "id_token": token });
        self.there.says_json("/token", "", &told);
    }

    /// Back at this server; the code of the refusal, empty for none.
    fn back(&mut self, fields: &[(&str, &str)]) -> String {
        let query = crate::smart_support::encode(fields);
        let answer = self
            .browser
            .get(&format!("/auth/elsewhere/callback?{query}"));
        if answer.status == 303 {
            assert_eq!(answer.header("location"), "/auth/account");
            return String::new();
        }
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(!self.browser.cookies.contains_key("salus_session_st-mary"));
        let text = answer.text();
        let code = text.rsplit_once('(').expect("a code").1;
        code.split_once(')').unwrap().0.to_owned()
    }
}

fn good_header() -> Value {
    json!({ "alg": "ES384", "kid": "ec" })
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_false_id_token_is_refused() {
    let mut liar = Liar::new();
    let now_s = liar.world.hospital.now_us() / 1_000_000;
    let base = liar.there.base.clone();
    let rs = json!({ "alg": "RS256", "kid": "rsa" });
    let table: Vec<(&str, &str, Value, &str, Value)> = vec![
        (
            "another issuer",
            "login-issuer",
            good_header(),
            "iss",
            json!("https://evil.example"),
        ),
        (
            "issuer with a slash",
            "login-issuer",
            good_header(),
            "iss",
            json!(format!("{base}/")),
        ),
        (
            "another audience",
            "login-audience",
            good_header(),
            "aud",
            json!("another"),
        ),
        (
            "no audience of ours",
            "login-audience",
            good_header(),
            "aud",
            json!(["a", "b"]),
        ),
        (
            "several without a party",
            "login-audience",
            good_header(),
            "aud",
            json!([ID, "b"]),
        ),
        (
            "another party",
            "login-audience",
            good_header(),
            "azp",
            json!("another"),
        ),
        (
            "expired",
            "login-expired",
            good_header(),
            "exp",
            json!(now_s - 60),
        ),
        (
            "old",
            "login-time",
            good_header(),
            "iat",
            json!(now_s - 3_600),
        ),
        (
            "of the future",
            "login-time",
            good_header(),
            "iat",
            json!(now_s + 3_600),
        ),
        (
            "another nonce",
            "login-nonce",
            good_header(),
            "nonce",
            json!("another"),
        ),
        (
            "no nonce",
            "login-nonce",
            good_header(),
            "nonce",
            Value::Null,
        ),
        (
            "no subject",
            "login-subject",
            good_header(),
            "sub",
            json!(""),
        ),
        (
            "a long subject",
            "login-subject",
            good_header(),
            "sub",
            json!("x".repeat(256)),
        ),
        (
            "a subject of numbers",
            "login-token",
            good_header(),
            "sub",
            json!(1),
        ),
        ("no end", "login-token", good_header(), "exp", Value::Null),
        (
            "no algorithm",
            "login-token",
            json!({ "alg": "none", "kid": "ec" }),
            "sub",
            json!("a"),
        ),
        (
            "a shared secret",
            "login-algorithm",
            json!({ "alg": "HS256", "kid": "ec" }),
            "sub",
            json!("a"),
        ),
        (
            "RS384",
            "login-algorithm",
            json!({ "alg": "RS384", "kid": "rsa" }),
            "sub",
            json!("a"),
        ),
        (
            "no kid",
            "login-key",
            json!({ "alg": "ES384" }),
            "sub",
            json!("a"),
        ),
        (
            "an unknown kid",
            "login-key",
            json!({ "alg": "ES384", "kid": "x" }),
            "sub",
            json!("a"),
        ),
        (
            "a key of another kind",
            "login-key",
            json!({ "alg": "ES384", "kid": "rsa" }),
            "sub",
            json!("a"),
        ),
        (
            "nobody of ours",
            "login-unknown",
            good_header(),
            "sub",
            json!("somebody else"),
        ),
        (
            "nobody of ours, RS256",
            "login-unknown",
            rs.clone(),
            "sub",
            json!("somebody else"),
        ),
    ];
    for (what, code, header, name, value) in &table {
        let (state, nonce) = liar.begins();
        let mut claims = liar.claims(&nonce);
        claims[*name] = value.clone();
        liar.gives(header, &claims);
        let got = liar.back(&[("code", "c"), ("state", &state), ("iss", &base)]);
        assert_eq!(got, *code, "{what}");
    }
    // A signature by another key of the same name.
    let (state, nonce) = liar.begins();
    let own = std::mem::replace(&mut liar.keys, Keys::new());
    liar.gives(&good_header(), &liar.claims(&nonce));
    let got = liar.back(&[("code", "c"), ("state", &state), ("iss", &base)]);
    assert_eq!(got, "login-signature");
    liar.keys = own;
    // What is no table of lies signs in.
    for header in [good_header(), rs] {
        let (state, nonce) = liar.begins();
        let mut claims = liar.claims(&nonce);
        claims["aud"] = json!([ID, "another"]);
        claims["azp"] = ID.into();
        liar.gives(&header, &claims);
        let got = liar.back(&[("code", "a&b"), ("state", &state), ("iss", &base)]);
        assert_eq!(got, "");
        let form = liar.there.form();
        assert!(
            form.contains("code=a%26b") && form.contains("code_verifier="),
            "{form}"
        );
        liar.browser.cookies.remove("salus_session_st-mary");
    }
}

#[test]
fn every_false_return_is_refused() {
    let mut liar = Liar::new();
    let base = liar.there.base.clone();
    let (state, nonce) = liar.begins();
    liar.gives(&good_header(), &liar.claims(&nonce));
    let stolen = {
        let mut other = Browser::new(&liar.world);
        sent_to(&other.get("/auth/elsewhere?request=")).1["state"].clone()
    };
    let asked = liar.there.asked();
    for (what, code, fields) in [
        (
            "no state",
            "login-state",
            vec![("code", "c"), ("iss", &*base)],
        ),
        (
            "two states",
            "login-state",
            vec![("state", &*state), ("state", "x"), ("code", "c")],
        ),
        (
            "a state of one's own",
            "login-state",
            vec![("state", "x"), ("code", "c")],
        ),
        (
            "another browser's",
            "login-state",
            vec![("state", &*stolen), ("code", "c")],
        ),
        (
            "no issuer",
            "login-issuer",
            vec![("state", &*state), ("code", "c")],
        ),
        (
            "another issuer",
            "login-issuer",
            vec![
                ("state", &*state),
                ("code", "c"),
                ("iss", "https://evil.example"),
            ],
        ),
        (
            "an error",
            "login-refused",
            vec![
                ("state", &*state),
                ("error", "access_denied"),
                ("iss", &*base),
            ],
        ),
        (
            "no code",
            "login-code",
            vec![("state", &*state), ("iss", &*base)],
        ),
    ] {
        assert_eq!(liar.back(&fields), code, "{what}");
    }
    assert_eq!(
        liar.there.asked(),
        asked,
        "nobody is asked about an answer that is none"
    );
    let fields = [("state", &*state), ("code", "c"), ("iss", &*base)];
    let kept = liar.browser.cookies["salus_return_st-mary"].clone();
    for (what, status, body) in [
        ("a failure", 400, "{\"error\":\"invalid_grant\"}"),
        ("a redirect", 302, "{}"),
        ("no id token", 200, "{\"access_token\":\"x\"}"),
        ("no JSON", 200, "<html>"),
    ] {
        liar.there
            .says("/token", status, "location: /other\r\n", body.as_bytes());
        assert_eq!(liar.back(&fields), "login-provider", "{what}");
    }
    // Once, and in time.
    liar.gives(&good_header(), &liar.claims(&nonce));
    assert_eq!(liar.back(&fields), "");
    liar.browser.cookies.remove("salus_session_st-mary");
    assert_eq!(liar.back(&fields), "login-state", "the cookie is gone");
    liar.browser
        .cookies
        .insert("salus_return_st-mary".into(), kept);
    assert_eq!(liar.back(&fields), "login-state", "the state was used");
    let (late, _) = liar.begins();
    liar.world.later(301);
    assert_eq!(
        liar.back(&[("state", &late), ("code", "c"), ("iss", &base)]),
        "login-state"
    );
}

#[test]
fn a_provider_that_describes_another_is_not_asked() {
    let mut liar = Liar::new();
    for (name, value) in [
        ("issuer", json!("https://evil.example")),
        ("token_endpoint", json!("http://evil.example/token")),
        ("jwks_uri", json!("file:///etc/passwd")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("token_endpoint", Value::Null),
    ] {
        liar.describes(&[(name, value)]);
        let page = liar.browser.get("/auth/elsewhere?request=").expect(400);
        assert!(page.text().contains("cannot be reached"), "{name}");
        let asked = liar.there.asked();
        liar.browser.get("/auth/elsewhere?request=").expect(400);
        assert_eq!(liar.there.asked(), asked, "nobody knocks again at once");
        liar.world.later(11);
    }
    liar.describes(&[]);
    liar.begins();
    // Where there is no provider, there is no button, and nothing behind it.
    let plain = World::new();
    let mut browser = Browser::new(&plain);
    assert!(
        !browser
            .get("/auth/account")
            .expect(200)
            .text()
            .contains("elsewhere")
    );
    browser.get("/auth/elsewhere?request=").expect(400);
    browser
        .get("/auth/elsewhere/callback?state=x&code=c")
        .expect(400);
    let admin = plain.client(Role::Admin, None);
    let body = json!({ "subject": "s", "username": "ada" });
    admin.post("/auth/logins", &body).expect(400);
    plain
        .client(Role::Clinician, None)
        .get("/auth/logins")
        .expect(403);
    let page = browser.get("/auth/account").expect(200).text();
    assert!(!hidden(&page, "token").is_empty());
}
