//! Passkeys: registered, used, listed, removed; and everything that is no passkey is refused.

use hospital::Role;
use serde_json::{Value, json};

use crate::authenticator::{
    Authenticator, BACKED_UP, EXTENDED, HAS_KEY, PRESENT, Said, VERIFIED, text,
};
use crate::common::{Answer, Client, World};
use crate::log::told;
use crate::smart_support::{Browser, Desk, hidden, sent_to};

/// Where browsers open the pages of a world: an address is no relying party.
fn origin(world: &World) -> String {
    world.base.replace("127.0.0.1", "localhost")
}

fn options(client: &Client) -> Value {
    let told = client
        .post("/auth/passkeys/options", &json!({}))
        .expect(200);
    told.json()["publicKey"].clone()
}

fn add(client: &Client, name: &str, passkey: &Value) -> Answer {
    let body = json!({ "name": name, "passkey": passkey });
    client.post("/auth/passkeys", &body)
}

/// A registered passkey of a user.
fn registered(world: &World, client: &Client, id: &[u8], count: u32) -> Authenticator {
    let options = options(client);
    let mut made = Authenticator::new(id);
    options["user"]["id"]
        .as_str()
        .unwrap()
        .clone_into(&mut made.handle);
    let answer = made.creates(&made.good(&options, &origin(world), count));
    add(client, "my key", &answer).expect(201);
    made
}

/// What the sign-in page asks of a passkey.
fn asked(browser: &mut Browser, path: &str) -> (Value, String, String) {
    let page = browser.get(path).expect(200).text();
    let attribute = page.split_once("data-passkey=\"").expect("it asks").1;
    let attribute = attribute.split_once('"').unwrap().0.replace("&quot;", "\"");
    let request = if page.contains("name=\"request\"") {
        hidden(&page, "request")
    } else {
        String::new()
    };
    (
        serde_json::from_str(&attribute).unwrap(),
        hidden(&page, "token"),
        request,
    )
}

fn shown(browser: &mut Browser, path: &str, change: impl FnOnce(&Value) -> Value) -> Answer {
    let (options, token, request) = asked(browser, path);
    let answer = change(&options).to_string();
    let fields = [
        ("act", "passkey"),
        ("token", &*token),
        ("request", &*request),
        ("passkey", &*answer),
    ];
    browser.post(path.split('?').next().unwrap(), &fields)
}

#[test]
fn a_passkey_is_registered_signs_in_and_is_removed() {
    let desk = Desk::new();
    let world = &desk.world;
    let ada = world.client_named("ada", Role::Clinician);
    let key = registered(world, &ada, b"a key of ada", 1);
    let listed = ada.get("/auth/passkeys").expect(200).json();
    assert_eq!(listed["passkeys"][0]["name"], "my key");
    assert_eq!(listed["passkeys"][0]["id"], text(&key.id));
    assert!(!listed.to_string().contains("key\":["), "no key is told");
    // For an app's request, and again with a counter that grew.
    let query = desk.query(&[]);
    let path = format!("/auth/authorize?{query}");
    for count in [2, 9] {
        let mut browser = Browser::new(world);
        let sign = |options: &Value| key.shows(&key.good(options, &origin(world), count));
        let answer = shown(&mut browser, &path, sign).expect(303);
        assert_eq!(answer.header("location"), path);
        let answer = browser.press(&query, "allow", &[("patient", "p1")]);
        let code = sent_to(&answer).1["code"].clone();
        desk.redeem(&code).expect(200);
    }
    // For the page of the own passkeys, where one is removed.
    let mut browser = Browser::new(world);
    let sign = |options: &Value| key.shows(&key.good(options, &origin(world), 10));
    shown(&mut browser, "/auth/account", sign).expect(303);
    let page = browser.get("/auth/account").expect(200).text();
    assert!(page.contains("my key") && page.contains("Add a passkey"));
    let remove = [
        ("act", "remove"),
        ("token", &*hidden(&page, "token")),
        ("id", &*text(&key.id)),
    ];
    browser.post("/auth/account", &remove).expect(303);
    assert_eq!(ada.get("/auth/passkeys").json(), json!({ "passkeys": [] }));
    let mut browser = Browser::new(world);
    let sign = |options: &Value| key.shows(&key.good(options, &origin(world), 11));
    shown(&mut browser, "/auth/account", sign).expect(401);
    let all = told(&world.client(Role::Auditor, None));
    let app = &desk.public;
    let has = |line: &str| assert!(all.iter().any(|it| it == line), "{line}: {all:?}");
    has("passkey-added 0 ada -");
    has(&format!("110122 0 ada {app}"));
    has("110122 0 ada -");
    has("passkey-removed 0 ada -");
    has("110122 8 unknown - passkey-unknown");
}

#[test]
fn passkeys_are_a_user_s_own_and_bounded() {
    let desk = Desk::new();
    let world = &desk.world;
    let ada = world.client_named("ada", Role::Clinician);
    let ann = world.client_named("ann", Role::Admin);
    let key = registered(world, &ada, b"first", 0);
    world.stranger().get("/auth/passkeys").expect(401);
    assert_eq!(ann.get("/auth/passkeys").json(), json!({ "passkeys": [] }));
    let path = format!("/auth/passkeys/{}", text(&key.id));
    ann.delete(&path).expect(404);
    // Another user cannot take over an id that is known, and nobody registers one twice.
    for client in [&ann, &ada] {
        let again = Authenticator::new(b"first");
        let answer = again.creates(&again.good(&options(client), &origin(world), 0));
        let again = add(client, "again", &answer).expect(422);
        assert!(again.text().contains("registered already"));
    }
    assert_eq!(options(&ada)["excludeCredentials"][0]["id"], text(&key.id));
    for number in 1..10_u8 {
        registered(world, &ada, &[number; 20], 0);
    }
    let more = Authenticator::new(b"one too many");
    let answer = more.creates(&more.good(&options(&ada), &origin(world), 0));
    add(&ada, "more", &answer).expect(422);
    for name in ["", "  ", &"x".repeat(61)] {
        add(&ada, name, &answer).expect(400);
    }
    // An app's token adds none, and a user who is replaced begins without any.
    let tokens = desk.redeem(&desk.code(&[])).expect(200).json();
    desk.holder(&tokens["access_token"])
        .get("/auth/passkeys")
        .expect(403);
    world.add_user("ada", Role::Clinician, None);
    assert_eq!(ada.get("/auth/passkeys").json(), json!({ "passkeys": [] }));
}

type Change = Box<dyn Fn(&mut Said)>;

fn change(change: impl Fn(&mut Said) + 'static) -> Change {
    Box::new(change)
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_false_registration_is_refused() {
    let world = World::new();
    world.add_user("ada", Role::Clinician, None);
    world.add_user("eve", Role::Clinician, None);
    let ada = world.client_named("ada", Role::Clinician);
    let eve = world.client_named("eve", Role::Clinician);
    let foreign = options(&eve)["challenge"].as_str().unwrap().to_owned();
    let base = world.base.clone();
    let table: Vec<(&str, &str, Change)> = vec![
        (
            "an assertion",
            "passkey-type",
            change(|it| it.type_ = "webauthn.get"),
        ),
        (
            "the address for its name",
            "passkey-origin",
            change(move |it| it.origin.clone_from(&base)),
        ),
        (
            "another port",
            "passkey-origin",
            change(|it| it.origin.push('0')),
        ),
        (
            "https",
            "passkey-origin",
            change(|it| it.origin = it.origin.replace("http:", "https:")),
        ),
        (
            "a frame",
            "passkey-framed",
            change(|it| it.cross_origin = true),
        ),
        (
            "another party",
            "passkey-party",
            change(|it| it.party = "evil.example".into()),
        ),
        (
            "nobody there",
            "passkey-presence",
            change(|it| it.flags &= !PRESENT),
        ),
        (
            "not verified",
            "passkey-verification",
            change(|it| it.flags &= !VERIFIED),
        ),
        (
            "backed up, not eligible",
            "passkey-flags",
            change(|it| it.flags |= BACKED_UP),
        ),
        ("no key", "passkey-form", change(|it| it.flags &= !HAS_KEY)),
        (
            "no extensions",
            "passkey-form",
            change(|it| it.flags |= EXTENDED),
        ),
        (
            "more bytes",
            "passkey-form",
            change(|it| it.more = vec![0xa0]),
        ),
        (
            "another id",
            "passkey-form",
            change(|it| it.id = b"another".to_vec()),
        ),
        ("ES512", "passkey-algorithm", change(|it| it.kind.1 = -36)),
        ("ES256K", "passkey-algorithm", change(|it| it.kind.1 = -47)),
        ("P-384", "passkey-key", change(|it| it.kind.2 = 2)),
        (
            "a kind that does not fit",
            "passkey-key",
            change(|it| it.kind.0 = 1),
        ),
        (
            "RSA without numbers",
            "passkey-key",
            change(|it| it.kind.1 = -257),
        ),
        (
            "an attestation",
            "passkey-attestation",
            change(|it| it.format = "fido-u2f"),
        ),
        (
            "packed of a maker",
            "passkey-attestation",
            change(|it| it.format = "packed"),
        ),
        (
            "no challenge",
            "passkey-challenge",
            change(|it| it.challenge.clear()),
        ),
        (
            "a challenge of one's own",
            "passkey-challenge",
            change(|it| it.challenge = text(&[7; 56])),
        ),
        (
            "another user's challenge",
            "passkey-challenge",
            change(move |it| it.challenge.clone_from(&foreign)),
        ),
    ];
    let origin = origin(&world);
    for (what, code, change) in &table {
        let key = Authenticator::new(b"a key");
        let mut said = key.good(&options(&ada), &origin, 0);
        change(&mut said);
        let answer = add(&ada, "a key", &key.creates(&said)).expect(400);
        assert!(answer.text().contains(code), "{what}: {}", answer.text());
    }
    // Whatever is cut off.
    let key = Authenticator::new(b"a key");
    let mut said = key.good(&options(&ada), &origin, 0);
    let whole = key.creates(&said)["response"]["attestationObject"]
        .as_str()
        .unwrap()
        .len()
        * 3
        / 4;
    for cut in 0..whole {
        said.cut = Some(cut);
        add(&ada, "a key", &key.creates(&said)).expect(400);
    }
    // Too late, and twice.
    let mut late = key.good(&options(&ada), &origin, 0);
    world.later(301);
    assert!(
        add(&ada, "late", &key.creates(&late))
            .expect(400)
            .text()
            .contains("challenge")
    );
    late = key.good(&options(&ada), &origin, 0);
    add(&ada, "a key", &key.creates(&late)).expect(201);
    let path = format!("/auth/passkeys/{}", text(&key.id));
    ada.delete(&path).expect(200);
    let again = add(&ada, "again", &key.creates(&late)).expect(400);
    assert!(
        again.text().contains("passkey-challenge"),
        "{}",
        again.text()
    );
    assert_eq!(ada.get("/auth/passkeys").json(), json!({ "passkeys": [] }));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_false_sign_in_is_refused() {
    let world = World::new();
    world.add_user("ada", Role::Clinician, None);
    world.add_user("eve", Role::Clinician, None);
    let key = registered(
        &world,
        &world.client_named("ada", Role::Clinician),
        b"ada's",
        5,
    );
    let own = registered(
        &world,
        &world.client_named("eve", Role::Clinician),
        b"eve's",
        0,
    );
    let (mut browser, mut other) = (Browser::new(&world), Browser::new(&world));
    let stolen = asked(&mut other, "/auth/account").0["challenge"]
        .as_str()
        .unwrap()
        .to_owned();
    let registers = options(&world.client_named("ada", Role::Clinician))["challenge"]
        .as_str()
        .unwrap()
        .to_owned();
    let eve = own.handle.clone();
    let table: Vec<(&str, &str, Change)> = vec![
        (
            "a registration",
            "passkey-type",
            change(|it| it.type_ = "webauthn.create"),
        ),
        (
            "another origin",
            "passkey-origin",
            change(|it| it.origin = "https://evil.example".into()),
        ),
        (
            "a frame",
            "passkey-framed",
            change(|it| it.cross_origin = true),
        ),
        (
            "another party",
            "passkey-party",
            change(|it| it.party = "evil.example".into()),
        ),
        (
            "nobody there",
            "passkey-presence",
            change(|it| it.flags &= !PRESENT),
        ),
        (
            "not verified",
            "passkey-verification",
            change(|it| it.flags &= !VERIFIED),
        ),
        (
            "backed up, not eligible",
            "passkey-flags",
            change(|it| it.flags |= BACKED_UP),
        ),
        ("more bytes", "passkey-form", change(|it| it.more = vec![1])),
        (
            "an unknown passkey",
            "passkey-unknown",
            change(|it| it.id = b"nobody's".to_vec()),
        ),
        (
            "another's passkey",
            "passkey-signature",
            change(|it| {
                it.id = b"eve's".to_vec();
                it.handle = None;
            }),
        ),
        (
            "another's name",
            "passkey-unknown",
            change(move |it| it.handle = Some(eve.clone())),
        ),
        (
            "a signature over something else",
            "passkey-signature",
            change(|it| it.forged = true),
        ),
        (
            "another browser's challenge",
            "passkey-challenge",
            change(move |it| it.challenge.clone_from(&stolen)),
        ),
        (
            "a challenge to register",
            "passkey-challenge",
            change(move |it| it.challenge.clone_from(&registers)),
        ),
        (
            "a challenge of one's own",
            "passkey-challenge",
            change(|it| it.challenge = text(&[0; 56])),
        ),
    ];
    let origin = origin(&world);
    for (what, code, change) in &table {
        let sign = |options: &Value| {
            let mut said = key.good(options, &origin, 100);
            change(&mut said);
            key.shows(&said)
        };
        let answer = shown(&mut browser, "/auth/account", sign).expect(401);
        assert!(answer.text().contains(code), "{what}: {}", answer.text());
        assert!(
            !browser.cookies.contains_key("salus_session_st-mary"),
            "{what}"
        );
    }
    for wild in [
        "",
        "{}",
        "[]",
        "null",
        "{\"id\":\"\",\"type\":\"public-key\",\"response\":{}}",
    ] {
        let wild = |_: &Value| serde_json::from_str(wild).unwrap_or(json!(wild));
        let answer = shown(&mut browser, "/auth/account", wild).expect(401);
        assert!(answer.text().contains("passkey-form"));
    }
    // The same answer twice: the second time it says what is known.
    let mut kept = Value::Null;
    let sign = |options: &Value| {
        kept = key.shows(&key.good(options, &origin, 6));
        kept.clone()
    };
    shown(&mut browser, "/auth/account", sign).expect(303);
    browser.cookies.remove("salus_session_st-mary");
    let answer = shown(&mut browser, "/auth/account", |_| kept).expect(401);
    assert!(
        answer.text().contains("passkey-challenge"),
        "{}",
        answer.text()
    );
}

#[test]
fn a_counter_that_goes_back_ends_the_passkey() {
    let world = World::new();
    world.add_user("ada", Role::Clinician, None);
    let ada = world.client_named("ada", Role::Clinician);
    let key = registered(&world, &ada, b"ada's", 5);
    let mut browser = Browser::new(&world);
    let origin = origin(&world);
    for (count, status) in [(6, 303), (6, 401), (7, 401)] {
        browser.cookies.remove("salus_session_st-mary");
        let sign = |options: &Value| key.shows(&key.good(options, &origin, count));
        let answer = shown(&mut browser, "/auth/account", sign).expect(status);
        assert_eq!(answer.text().contains("passkey-copied"), status == 401);
    }
    let listed = ada.get("/auth/passkeys").json();
    assert_eq!(listed["passkeys"][0]["copied"], true);
    let all = told(&world.client(Role::Auditor, None));
    assert_eq!(all[2..], ["110122 8 ada - passkey-copied"; 2]);
    // A passkey that counts nothing is none that went back.
    let plain = registered(&world, &ada, b"synchronised", 0);
    for _ in 0..2 {
        let mut browser = Browser::new(&world);
        let sign = |options: &Value| plain.shows(&plain.good(options, &origin, 0));
        shown(&mut browser, "/auth/account", sign).expect(303);
    }
}

#[test]
fn the_pages_of_passkeys_run_one_script_of_this_server() {
    let world = World::new();
    let mut browser = Browser::new(&world);
    let page = browser.get("/auth/account").expect(200);
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
    assert!(
        !policy.contains("unsafe") && !policy.contains("connect-src"),
        "{policy}"
    );
    let text = page.text();
    assert_eq!(text.matches("<script").count(), 1);
    assert!(
        text.contains("<script src=\"/auth/passkey.js\" defer></script>"),
        "{text}"
    );
    // Without the script there is the form for passwords and no button that does nothing.
    assert!(text.contains("name=\"password\""));
    let form = text
        .split("<form")
        .find(|form| form.contains("data-passkey"))
        .unwrap();
    assert!(
        form.split_once('>').unwrap().0.contains(" hidden"),
        "{form}"
    );
    let script = browser.get("/auth/passkey.js").expect(200);
    assert!(script.header("content-type").starts_with("text/javascript"));
    // Under an address that is no domain there are no passkeys, and no script.
    let without = World::with(|config| config.relying_party = None);
    let page = Browser::new(&without).get("/auth/account").expect(200);
    assert!(!page.text().contains("<script"));
    assert!(
        !page
            .header("content-security-policy")
            .contains("script-src")
    );
    without
        .client_named("ada", Role::Clinician)
        .post("/auth/passkeys/options", &json!({}))
        .expect(400);
}
