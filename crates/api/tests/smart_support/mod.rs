//! Apps, browsers and systems that talk to an organisation's authorization server.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its own part"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RsaEncoding, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hospital::Role;
use hospital::pairs;
use serde_json::{Value, json};

use crate::common::{Answer, Client, PASSWORD, World};

pub const CALLBACK: &str = "http://127.0.0.1:4000/callback";
pub const VERIFIER: &str = "a-verifier-of-forty-three-characters-or-more-0";
pub const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(proof::sha256(VERIFIER.as_bytes()).0)
}

pub fn encode(fields: &[(&str, &str)]) -> String {
    let owned: Vec<(String, String)> = fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    pairs::encode(&owned)
}

/// A browser: cookies, and no redirect is followed.
pub struct Browser {
    base: String,
    agent: ureq::Agent,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(world: &World) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        Self {
            base: world.base.clone(),
            agent,
            cookies: BTreeMap::new(),
        }
    }

    pub fn get(&mut self, path: &str) -> Answer {
        let url = format!("{}{path}", self.base);
        let answer = self
            .agent
            .get(&url)
            .header("cookie", self.cookie())
            .call()
            .unwrap();
        self.take(answer)
    }

    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let url = format!("{}{path}", self.base);
        let answer = self
            .agent
            .post(&url)
            .header("cookie", self.cookie())
            .header(FORM.0, FORM.1)
            .send(encode(fields))
            .unwrap();
        self.take(answer)
    }

    fn cookie(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn take(&mut self, mut response: ureq::http::Response<ureq::Body>) -> Answer {
        for value in response.headers().get_all("set-cookie") {
            let pair = value.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            bytes: response.body_mut().read_to_vec().unwrap(),
        }
    }

    /// Opens the page of a request and signs in.
    pub fn sign_in(&mut self, query: &str, username: &str, password: &str) -> Answer {
        let page = self.get(&format!("/auth/authorize?{query}")).expect(200);
        let fields = [
            ("request", &*hidden(&page.text(), "request")),
            ("token", &*hidden(&page.text(), "token")),
            ("username", username),
            ("password", password),
            ("act", "sign-in"),
        ];
        self.post("/auth/authorize", &fields)
    }

    /// Presses a button of the consent page.
    pub fn press(&mut self, query: &str, act: &str, more: &[(&str, &str)]) -> Answer {
        let page = self.get(&format!("/auth/authorize?{query}")).expect(200);
        let (request, token) = (
            hidden(&page.text(), "request"),
            hidden(&page.text(), "token"),
        );
        let mut fields = vec![("request", &*request), ("token", &*token), ("act", act)];
        fields.extend_from_slice(more);
        self.post("/auth/authorize", &fields)
    }
}

/// The value of a hidden field.
pub fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let rest = page.split_once(&start).expect("the field is there").1;
    let value = rest.split_once('"').unwrap().0;
    value.replace("&amp;", "&").replace("&quot;", "\"")
}

/// The fields of the address that a browser is sent to.
pub fn sent_to(answer: &Answer) -> (String, BTreeMap<String, String>) {
    assert_eq!(answer.status, 303, "{}", answer.text());
    let location = answer.header("location");
    let (address, query) = location.split_once('?').unwrap_or((location, ""));
    (
        address.to_owned(),
        pairs::decode(query).unwrap().into_iter().collect(),
    )
}

/// An organisation with users, patients and registered apps.
pub struct Desk {
    pub world: World,
    pub public: String,
    pub confidential: (String, String),
    pub other: String,
}

pub const APP_SCOPE: &str = "openid fhirUser launch launch/patient offline_access online_access \
                             patient/*.cruds user/*.rs";

impl Desk {
    pub fn new() -> Self {
        Self::in_world(World::new())
    }

    pub fn in_world(world: World) -> Self {
        world.add_user("ada", Role::Clinician, None);
        world.add_user("pat", Role::Patient, Some("p1"));
        world.add_user("ann", Role::Admin, None);
        let clinician = world.clinician();
        for (id, family) in [("p1", "Byron"), ("p2", "Curie")] {
            let patient = json!({ "resourceType": "Patient", "id": id,
                "name": [{ "family": family, "given": ["A<b>"] }], "birthDate": "1815-12-10" });
            clinician
                .put(&format!("/fhir/Patient/{id}"), &patient)
                .expect(201);
        }
        let registered = |method: &str, grants: Value| {
            let told = json!({ "client_name": "App & <b>Co</b>", "redirect_uris": [CALLBACK],
                "grant_types": grants, "token_endpoint_auth_method": method,
                "scope": APP_SCOPE });
            let admin = world.client(Role::Admin, None);
            admin.post("/auth/register", &told).expect(201).json()
        };
        let both = json!(["authorization_code", "refresh_token"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let public = text(&registered("none", both.clone())["client_id"]);
        let other = text(&registered("none", both.clone())["client_id"]);
        let told = registered("client_secret_basic", both);
        Self {
            public,
            other,
            confidential: (text(&told["client_id"]), text(&told["client_secret"])),
            world,
        }
    }

    pub fn admin(&self) -> Client {
        self.world.client(Role::Admin, None)
    }

    /// A request for authorization, with some fields changed; an empty value leaves one out.
    pub fn query(&self, changes: &[(&str, &str)]) -> String {
        let aud = format!("{}/fhir", self.world.base);
        let challenge = challenge();
        let mut fields = vec![
            ("response_type", "code"),
            ("client_id", &*self.public),
            ("redirect_uri", CALLBACK),
            ("scope", "launch/patient patient/*.rs offline_access openid"),
            ("state", "st&te=1"),
            ("aud", &*aud),
            ("code_challenge", &*challenge),
            ("code_challenge_method", "S256"),
        ];
        for change in changes {
            fields.retain(|(name, _)| *name != change.0);
            if !change.1.is_empty() {
                fields.push(*change);
            }
        }
        encode(&fields)
    }

    /// Signs `ada` in, allows, and takes the code from the address.
    pub fn code(&self, changes: &[(&str, &str)]) -> String {
        let query = self.query(changes);
        let mut browser = Browser::new(&self.world);
        browser.sign_in(&query, "ada", PASSWORD).expect(303);
        let answer = browser.press(&query, "allow", &[("patient", "p1")]);
        let (address, fields) = sent_to(&answer);
        assert_eq!(address, CALLBACK);
        assert_eq!(fields["iss"], self.world.base);
        fields["code"].clone()
    }

    pub fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.token_with(&[], fields)
    }

    pub fn token_with(&self, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        self.form("/auth/token", headers, fields)
    }

    pub fn form(&self, path: &str, more: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let mut headers = vec![FORM];
        headers.extend_from_slice(more);
        let body = encode(fields);
        let stranger = self.world.stranger();
        stranger.send("POST", path, &headers, Some(body.as_bytes()))
    }

    /// Redeems a code as the public app does.
    pub fn redeem(&self, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", &self.public),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
    }

    pub fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("grant_type", "refresh_token"),
            ("client_id", &*self.public),
            ("refresh_token", token),
        ];
        fields.extend_from_slice(more);
        self.token(&fields)
    }

    /// A client that shows this access token.
    pub fn holder(&self, token: &Value) -> Client {
        let mut client = self.world.stranger();
        client.token = Some(token.as_str().expect("a token").to_owned());
        client
    }
}

pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// The keys of a system.
pub struct Keys {
    pub rsa: RsaKeyPair,
    pub ec: EcdsaKeyPair,
}

impl Keys {
    pub fn new() -> Self {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &SystemRandom::new())
                .unwrap();
        Self {
            rsa: RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap(),
            ec: EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, document.as_ref())
                .unwrap(),
        }
    }

    pub fn jwks(&self) -> Value {
        let public = self.rsa.public_key();
        let point = self.ec.public_key().as_ref();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "keys": [
            { "kty": "RSA", "kid": "rsa", "alg": "RS384",
              "n": text(public.modulus().big_endian_without_leading_zero()),
              "e": text(public.exponent().big_endian_without_leading_zero()) },
            { "kty": "EC", "kid": "ec", "crv": "P-384", "alg": "ES384",
              "x": text(&point[1..49]), "y": text(&point[49..]) }
        ] })
    }

    /// Signs an assertion by the algorithm of its header.
    pub fn assertion(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let bytes = message.as_bytes();
        let signature = match header["alg"].as_str().unwrap() {
            "RS384" => self.rsa_signature(&RSA_PKCS1_SHA384, bytes),
            "RS256" => self.rsa_signature(&RSA_PKCS1_SHA256, bytes),
            "ES384" => self
                .ec
                .sign(&SystemRandom::new(), bytes)
                .unwrap()
                .as_ref()
                .to_vec(),
            "HS256" => proof::sha256(bytes).0.to_vec(),
            _ => Vec::new(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn rsa_signature(&self, kind: &'static dyn RsaEncoding, bytes: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        self.rsa
            .sign(kind, &SystemRandom::new(), bytes, &mut signature)
            .unwrap();
        signature
    }
}

/// Fails unless the answer is this refusal.
pub fn refused(what: &str, answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text());
    assert_eq!(answer.json()["error"], error, "{what}: {}", answer.text());
    assert!(answer.json().get("access_token").is_none(), "{what}");
}
