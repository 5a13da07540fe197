//! Keys at an address: fetched, kept, fetched again once, and never more often.

use serde_json::{Value, json};

use crate::common::{Answer, World};
use crate::elsewhere::Elsewhere;
use crate::smart_support::{Desk, Keys, refused};

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A system whose keys are at an address.
struct System {
    id: String,
    keys: Keys,
    number: std::cell::Cell<u32>,
}

impl System {
    fn new(desk: &Desk, uri: &str) -> Self {
        let told = register(desk, uri).expect(201).json();
        assert_eq!(told["jwks_uri"], uri);
        assert!(told.get("jwks").is_none());
        Self {
            id: told["client_id"].as_str().unwrap().to_owned(),
            keys: Keys::new(),
            number: std::cell::Cell::default(),
        }
    }

    /// Asks for a token by the key of this name.
    fn asks(&self, desk: &Desk, header: &Value) -> Answer {
        self.number.set(self.number.get() + 1);
        let world = &desk.world;
        let now_s = world.hospital.now_us() / 1_000_000;
        let claims = json!({ "iss": self.id, "sub": self.id, "exp": now_s + 200,
            "aud": format!("{}/auth/token", world.base), "jti": self.number.get().to_string() });
        let assertion = self.keys.assertion(header, &claims);
        desk.token(&[
            ("grant_type", "client_credentials"),
            ("scope", "system/*.rs"),
            ("client_assertion_type", KIND),
            ("client_assertion", &assertion),
        ])
    }
}

fn register(desk: &Desk, uri: &str) -> Answer {
    let told = json!({ "client_name": "by address", "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt", "scope": "system/*.rs",
        "jwks_uri": uri });
    desk.admin().post("/auth/register", &told)
}

fn header(kid: &str) -> Value {
    json!({ "alg": "ES384", "kid": kid })
}

fn desk() -> Desk {
    Desk::in_world(World::with(|config| config.outgoing = api::Reach::Loopback))
}

#[test]
fn keys_at_an_address_are_fetched_kept_and_fetched_again_once() {
    let (desk, there) = (desk(), Elsewhere::new());
    let uri = format!("{}/jwks", there.base);
    let system = System::new(&desk, &uri);
    assert_eq!(there.asked(), 0, "a registration asks nobody");
    there.says_json(
        "/jwks",
        "cache-control: max-age=600\r\n",
        &system.keys.jwks(),
    );
    let with_address = json!({ "alg": "ES384", "kid": "ec", "jku": uri });
    for header in [
        header("ec"),
        json!({ "alg": "RS384", "kid": "rsa" }),
        with_address,
    ] {
        system.asks(&desk, &header).expect(200);
    }
    assert_eq!(there.asked(), 1, "a fresh set is kept");
    // A name that is not in the set: within the pause nobody is asked, after it once.
    for _ in 0..5 {
        refused(
            "unknown",
            &system.asks(&desk, &header("new")),
            401,
            "invalid_client",
        );
    }
    assert_eq!(there.asked(), 1);
    desk.world.later(61);
    for _ in 0..5 {
        refused(
            "unknown",
            &system.asks(&desk, &header("new")),
            401,
            "invalid_client",
        );
    }
    assert_eq!(there.asked(), 2, "nobody makes this server knock");
    // The client takes another key: it is found at once, after the pause.
    let mut rotated = system.keys.jwks();
    rotated["keys"][1]["kid"] = "new".into();
    there.says_json("/jwks", "cache-control: max-age=600\r\n", &rotated);
    desk.world.later(61);
    system.asks(&desk, &header("new")).expect(200);
    assert_eq!(there.asked(), 3);
    refused(
        "the old key",
        &system.asks(&desk, &header("ec")),
        401,
        "invalid_client",
    );
    // What is not fresh any more is fetched before it is used.
    desk.world.later(601);
    there.says("/jwks", 503, "", b"");
    refused(
        "not there",
        &system.asks(&desk, &header("new")),
        401,
        "invalid_client",
    );
    there.says_json("/jwks", "", &rotated);
    let soon = system.asks(&desk, &header("new"));
    refused("a moment later", &soon, 401, "invalid_client");
    assert_eq!(there.asked(), 4);
    desk.world.later(61);
    system.asks(&desk, &header("new")).expect(200);
    // The wrong kind of key under a right name.
    let kind = json!({ "alg": "RS384", "kid": "new" });
    refused(
        "another kind",
        &system.asks(&desk, &kind),
        401,
        "invalid_client",
    );
    let jku = json!({ "alg": "ES384", "kid": "new", "jku": "https://evil.example/jwks" });
    refused(
        "another address",
        &system.asks(&desk, &jku),
        401,
        "invalid_client",
    );
}

#[test]
fn an_address_that_answers_anything_else_is_no_set_of_keys() {
    let (desk, there, other) = (desk(), Elsewhere::new(), Elsewhere::new());
    let uri = format!("{}/jwks", there.base);
    let system = System::new(&desk, &uri);
    let good = system.keys.jwks().to_string();
    other.says_json("/jwks", "", &system.keys.jwks());
    let away = format!("location: {}/jwks\r\n", other.base);
    let many = json!({ "keys": vec![json!({ "kid": "ec", "kty": "EC" }); 101] }).to_string();
    let padded = format!("{good}{}", " ".repeat(70_000));
    let small =
        json!({ "keys": [{ "kid": "ec", "kty": "EC", "crv": "P-256", "x": "x", "y": "y" }] });
    for (what, status, headers, body) in [
        ("a redirect", 302, &*away, &*good),
        ("a failure", 500, "", &good),
        ("nothing", 200, "", ""),
        ("no JSON", 200, "", "<html>"),
        ("no set", 200, "", "[]"),
        ("too many keys", 200, "", &many),
        ("too large", 200, "", &padded),
        ("another curve", 200, "", &small.to_string()),
    ] {
        there.says("/jwks", status, headers, body.as_bytes());
        refused(
            what,
            &system.asks(&desk, &header("ec")),
            401,
            "invalid_client",
        );
        desk.world.later(86_401);
    }
    assert_eq!(other.asked(), 0, "no redirect is followed");
    there.says("/jwks", 200, "", good.as_bytes());
    system.asks(&desk, &header("ec")).expect(200);
}

#[test]
fn a_registration_cannot_point_this_server_inside() {
    let desk = Desk::new();
    for uri in [
        "http://keys.example.org/jwks",
        "https://127.0.0.1/jwks",
        "https://[::1]/jwks",
        "https://10.0.0.1/jwks",
        "https://169.254.169.254/latest",
        "https://user:word@keys.example.org/jwks",
        "https://keys.example.org/jwks#x",
        "file:///etc/passwd",
        "jwks",
    ] {
        refused(uri, &register(&desk, uri), 400, "invalid_client_metadata");
    }
    register(&desk, "https://keys.example.org/jwks").expect(201);
    let mut both = json!({ "client_name": "both", "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt", "scope": "system/*.rs",
        "jwks_uri": "https://keys.example.org/jwks", "jwks": Keys::new().jwks() });
    let admin = desk.admin();
    let answer = admin.post("/auth/register", &both);
    refused("both", &answer, 400, "invalid_client_metadata");
    both.as_object_mut().unwrap().remove("jwks");
    both["token_endpoint_auth_method"] = "client_secret_basic".into();
    let answer = admin.post("/auth/register", &both);
    refused("a secret", &answer, 400, "invalid_client_metadata");
    // A name is looked at where it leads: `localhost` is not public.
    let there = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    there.set_nonblocking(true).unwrap();
    let port = there.local_addr().unwrap().port();
    let system = System::new(&desk, &format!("https://localhost:{port}/jwks"));
    refused(
        "inside",
        &system.asks(&desk, &header("ec")),
        401,
        "invalid_client",
    );
    assert!(there.accept().is_err(), "nobody knocked");
}
