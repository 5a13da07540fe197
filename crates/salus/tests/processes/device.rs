//! A patient with a device: `salus patient` against real nodes, and an administrator who has the
//! root key and still signs nothing in the patient's name.

use crate::consortium::{SALUS, salus};
use crate::sharing::{CLINIC, HOME, Visit};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a person has at hand: a folder, a passphrase, a token.
struct Phone<'a> {
    visit: &'a Visit<'a>,
    dir: PathBuf,
}

impl<'a> Phone<'a> {
    fn new(visit: &'a Visit<'a>, name: &str) -> Self {
        let dir = visit.consortium.folder.path().join(name);
        Self { visit, dir }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let online = arguments[0] != "shares";
        let base = self.visit.consortium.base(HOME);
        let mut command = Command::new(SALUS);
        command.arg("patient").args(arguments);
        command.arg("--dir").arg(&self.dir);
        if online {
            command.args(["--to", &base]);
        }
        command
            .env("SALUS_PASSPHRASE", "one two three")
            .env("SALUS_TOKEN", &self.visit.patient)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn does(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}{errors}");
        said
    }

    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.visit.consortium.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// The rest of the line that begins with this word.
fn after(said: &str, word: &str) -> String {
    let mut rests = said.lines().filter_map(|line| line.strip_prefix(word));
    let rest = rests
        .next()
        .unwrap_or_else(|| panic!("no {word} in {said}"));
    rest.trim().to_owned()
}

/// The whole life of a device, on the network of [`crate::sharing`].
pub(crate) fn a_patient_with_a_device_links_grants_and_withdraws(visit: &Visit<'_>) {
    let phone = Phone::new(visit, "phone");
    let patient = visit.home_id.as_str();
    let said = phone.does(&["enrol", "--patient", patient]);
    let key = after(&said, "enrolled");
    assert_eq!(
        phone.does(&["enrol", "--patient", patient]),
        said,
        "once more is the same"
    );
    let keys = visit.get_own(HOME, "/identity/keys").json();
    assert_eq!(keys["current"]["mode"], "device");
    assert_eq!(keys["current"]["consent_key"], key.as_str());
    nothing_of_the_seed_is_at_the_organisation(visit);

    // The code is for the clinic, and the clinic alone.
    let said = phone.does(&["link", visit.consortium.id(CLINIC), "--yes"]);
    assert!(
        said.contains("Nothing can be read with it before you consent."),
        "{said}"
    );
    let linked = visit.bring(&after(&said, "code"));
    assert_eq!(linked.status, 201, "{}", linked.text());
    assert!(visit.read("Observation?").ids().is_empty());

    let file = phone.write("consent.json", &visit.consent().to_string());
    assert!(
        phone.fails(&["grant", &file]).contains("--yes"),
        "it asks before it signs"
    );
    assert!(visit.read("Observation?").ids().is_empty());
    let said = phone.does(&["grant", &file, "--yes"]);
    assert!(said.contains("purpose: TREAT"), "{said}");
    let consent = said
        .split_whitespace()
        .find_map(|it| it.strip_prefix("Consent/"));
    let consent = consent.unwrap().to_owned();
    let own = visit.at_home(&format!("Observation?patient={patient}&"));
    assert!(!own.ids().is_empty());
    assert_eq!(
        visit.read("Observation?").ids(),
        own.ids(),
        "all and nothing else"
    );
    assert!(
        visit.read("Provenance?").ids().is_empty(),
        "a reader learns no key of the patient"
    );

    an_administrator_signs_nothing(visit, &consent);
    assert_eq!(
        visit.read("Observation?").ids(),
        own.ids(),
        "it was not withdrawn"
    );

    let phone = a_lost_phone_comes_back_from_two_shares(visit, &phone, &key);
    phone.fails(&["withdraw", "of-nobody", "--yes"]);
    phone.does(&["withdraw", &consent, "--yes"]);
    assert!(visit.read("Observation?").ids().is_empty());
    assert!(
        phone
            .fails(&["withdraw", &consent, "--yes"])
            .contains("404")
    );
}

/// The phone is lost; two shares and a new one.
fn a_lost_phone_comes_back_from_two_shares<'a>(
    visit: &'a Visit<'a>,
    phone: &Phone<'_>,
    key: &str,
) -> Phone<'a> {
    let patient = visit.home_id.as_str();
    let shares = phone.does(&["shares"]);
    let shares: Vec<&str> = shares
        .lines()
        .map(str::trim)
        .filter(|it| it.starts_with("salus1"))
        .collect();
    assert_eq!(shares.len(), 3, "{shares:?}");
    let one = phone.write("one.txt", shares[0]);
    let two = phone.write("two.txt", &format!("{}\n{}\n", shares[2], shares[0]));
    let other = Phone::new(visit, "new-phone");
    let recover =
        |shares: &str| ["recover", "--patient", patient, "--shares", shares].map(str::to_owned);
    let arguments = recover(&one);
    other.fails(&arguments.each_ref().map(String::as_str));
    let arguments = recover(&two);
    let said = other.does(&arguments.each_ref().map(String::as_str));
    assert_eq!(after(&said, "recovered"), key);
    other
}

/// The seed is sealed on the phone; what the organisation has of it are public keys.
fn nothing_of_the_seed_is_at_the_organisation(visit: &Visit<'_>) {
    let database = visit.consortium.org_dir(HOME).join("records.db");
    let database =
        rusqlite::Connection::open_with_flags(database, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)
            .unwrap();
    let sql = "SELECT count(*) FROM patient_seeds WHERE patient = ?1";
    let seeds: i64 = database
        .query_row(sql, [&visit.home_id], |row| row.get(0))
        .unwrap();
    assert_eq!(seeds, 0);
}

/// An administrator of the home organisation holds its root key, its passphrase and every token
/// that it can issue. It neither grants nor withdraws in the name of a patient with a device: one
/// step has no seed to sign with, and two steps take the device's signatures only.
fn an_administrator_signs_nothing(visit: &Visit<'_>, consent: &str) {
    let reference = json!({ "name": "consent",
        "valueReference": { "reference": format!("Consent/{consent}") } });
    let prepare = json!({ "name": "prepare", "valueBoolean": true });
    let parameters = |list: Vec<Value>| json!({ "resourceType": "Parameters", "parameter": list });
    // With the patient's own token, which an administrator can make.
    for (path, body) in [
        ("/fhir/Consent/$fileConsent", visit.consent()),
        (
            "/fhir/Consent/$revokeConsent",
            parameters(vec![reference.clone()]),
        ),
        ("/sharing/codes", json!({ "patient": visit.home_id })),
    ] {
        let refused = visit.post(HOME, path, &visit.patient, &body);
        assert_eq!(refused.status, 422, "{path}: {}", refused.text());
    }
    let path = "/fhir/Consent/$revokeConsent";
    let list = vec![reference.clone(), prepare];
    let prepared = visit
        .post(HOME, path, &visit.patient, &parameters(list))
        .json();
    let list = prepared["parameter"].as_array().unwrap();
    let of = |name: &str| list.iter().find(|it| it["name"] == name).unwrap();
    let statement =
        crate::sharing::from_base64(of("statement")["valueBase64Binary"].as_str().unwrap());
    let statement: consent::statement::Statement =
        proof::Canonical::from_bytes(&statement).unwrap();
    // Every key that the organisation has: the seed that its root key gives for the patient is one
    // that it made up.
    let root = root_key(&visit.consortium.org_dir(HOME));
    let made_up = vault::Seed::from_bytes(root.mark("patient-seed", &[visit.home_id.as_bytes()]));
    let signed = hospital::sign_statement(&made_up, &statement, &Value::Null);
    let signature = |name: &str, it: &proof::Signature| {
        use base64::Engine;
        let data = base64::engine::general_purpose::STANDARD.encode(it.0);
        json!({ "name": name, "valueSignature": { "data": data } })
    };
    let mut list = vec![reference, of("preparation").clone()];
    list.push(signature("signature", &signed.signature));
    list.extend(signed.ledger.iter().map(|it| signature("revocation", it)));
    let refused = visit.post(HOME, path, &visit.patient, &parameters(list));
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(
        refused.text().contains("did not sign"),
        "{}",
        refused.text()
    );
    // Nor does it bring another key in: the device's must approve it.
    let path = "/identity/keys";
    let custodial = visit.post(HOME, path, &visit.patient, &json!({ "mode": "custodial" }));
    assert_eq!(custodial.json()["current"]["mode"], "device");
    let thief = Phone::new(visit, "thief");
    let said = thief.fails(&["enrol", "--patient", &visit.home_id]);
    assert!(said.contains("another device holds"), "{said}");
}

pub(crate) fn root_key(dir: &Path) -> vault::RootKey {
    let passphrase = std::fs::read_to_string(dir.join("passphrase")).unwrap();
    vault::RootKey::open(&dir.join("root.key"), passphrase.trim().as_bytes()).unwrap()
}

#[test]
fn a_device_says_what_it_lacks() {
    for (arguments, expected) in [
        (
            vec!["patient", "shares", "--dir", "nowhere"],
            "salus patient enrol",
        ),
        (
            vec!["patient", "grant", "none.json", "--dir", "nowhere"],
            "--to",
        ),
        (vec!["patient", "link", "--dir", "nowhere"], "ORGANISATION"),
    ] {
        let output = salus(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && said.contains(expected),
            "{said}"
        );
    }
    let help = salus(&["patient", "--help"]);
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(
        help.contains("Examples:") && help.contains("The seed never leaves"),
        "{help}"
    );
}
