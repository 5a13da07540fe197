//! Who uses the demo: staff sign in, patients arrive with their histories.

use super::Wanted;
use super::plan::{self, MEMBERS};
use super::report::{PatientEntry, Report};
use crate::client::Client;
use crate::failure::{Failure, Outcome};
use crate::load::{self, Source};
use crate::progress::Progress;
use crate::{generate, organisation};
use serde_json::{Value, json};

/// Gets a token for every member of staff and every patient already there.
pub(crate) fn sign_in(report: &mut Report) -> Outcome {
    for organisation in &mut report.organisations {
        let client = Client::new(&organisation.base, None)?;
        for user in &mut organisation.users {
            user.token = token(&client, &user.username, &user.password)?;
        }
        for patient in report
            .patients
            .iter_mut()
            .filter(|it| it.home == organisation.id)
        {
            patient.token = token(&client, &patient.username, &patient.password)?;
        }
    }
    Ok(())
}

/// RFC 6749 4.3, the password grant: for the demo's own people only.
fn token(client: &Client, username: &str, password: &str) -> Outcome<String> {
    let form = format!("grant_type=password&username={username}&password={password}");
    let media_type = "application/x-www-form-urlencoded";
    let answer = client.post("/auth/token", media_type, form.as_bytes())?;
    let answer = answer.expect_ok(&format!("{username} cannot sign in"))?;
    match answer.json()["access_token"].as_str() {
        Some(token) => Ok(token.to_owned()),
        None => Err(Failure::new(format!("{username} got no token"))),
    }
}

/// Loads what was asked for, or makes synthetic patients up to the number wanted.
pub(crate) fn bring(wanted: &Wanted, report: &mut Report) -> Outcome {
    if !wanted.load.is_empty() {
        return bring_files(wanted, report);
    }
    let known = report.patients.len() as u64;
    let number = u64::from(wanted.patients);
    if number <= known {
        return Ok(());
    }
    let staff = [clinician(report, 0)?, clinician(report, 1)?];
    let mut progress = Progress::new("synthetic patients", "admitted", Some(number - known));
    for (index, client) in staff.iter().enumerate() {
        let facility = generate::facility(MEMBERS[index].id, MEMBERS[index].name);
        post(client, &facility)?;
    }
    for number in known..number {
        let home = plan::home(number);
        let generated = generate::patient(generate::SEED, number, MEMBERS[home].id);
        // An earlier run may have been stopped between the record and its user.
        let id = if let Some(id) = arrived(&staff[home], number)? {
            id
        } else {
            let answer = post(&staff[home], &generated.bundle)?;
            created(&answer, "Patient")
                .next()
                .ok_or_else(|| Failure::new("a generated patient has no id"))?
        };
        let patient = (id, generated.username);
        let admitted = admit(report, home, patient)?;
        report.patients.push(admitted);
        progress.by(1);
    }
    progress.finish();
    Ok(())
}

fn clinician(report: &Report, index: usize) -> Outcome<Client> {
    Client::new(
        &report.organisations[index].base,
        Some(report.token(index, "clinician")?),
    )
}

fn post(client: &Client, bundle: &Value) -> Outcome<Value> {
    let answer = client.post(
        "/fhir",
        "application/fhir+json",
        bundle.to_string().as_bytes(),
    )?;
    Ok(answer.expect_ok("a generated bundle was refused")?.json())
}

/// The id of the synthetic patient with this number, where it is there already.
fn arrived(client: &Client, number: u64) -> Outcome<Option<String>> {
    let wanted = generate::record_number(number);
    let answer = client.get(&format!("/fhir/Patient?identifier={wanted}"))?;
    let body = answer.expect_ok("patients cannot be searched")?.json();
    Ok(body["entry"][0]["resource"]["id"]
        .as_str()
        .map(str::to_owned))
}

/// The ids that a transaction gave to new resources of a type (FHIR R4 3.1.0.11.2).
fn created<'a>(answer: &'a Value, kind: &'a str) -> impl Iterator<Item = String> + 'a {
    let entries = answer["entry"].as_array().map_or(&[][..], Vec::as_slice);
    entries.iter().filter_map(move |entry| {
        let location = entry["response"]["location"].as_str()?;
        let path = location.split("/_history").next()?;
        let (rest, id) = path.rsplit_once('/')?;
        (rest.rsplit('/').next() == Some(kind)).then(|| id.to_owned())
    })
}

/// Makes a patient a user at home.
fn admit(report: &Report, home: usize, (id, username): (String, String)) -> Outcome<PatientEntry> {
    let admin = Client::new(
        &report.organisations[home].base,
        Some(report.token(home, "admin")?),
    )?;
    let password = organisation::password()?;
    let user = json!({
        "username": username, "password": password, "role": "patient", "patient": id
    });
    admin
        .post(
            "/auth/users",
            "application/json",
            user.to_string().as_bytes(),
        )?
        .expect_ok(&format!("{username} cannot be added as a user"))?;
    let token = token(&admin, &username, &password)?;
    Ok(PatientEntry {
        id,
        home: MEMBERS[home].id.to_owned(),
        username,
        password,
        token,
    })
}

/// `--load`: everything goes to the hospital; its patients become users there.
fn bring_files(wanted: &Wanted, report: &mut Report) -> Outcome {
    let client = clinician(report, 0)?;
    let source = Source::open(&wanted.load)?;
    let mut patients = Vec::new();
    load::send(&client, source, 2, &mut |_, answer| {
        patients.extend(created(answer, "Patient"));
        Ok(())
    })?;
    for id in patients {
        if report.patients.iter().any(|known| known.id == id) {
            continue;
        }
        let username = format!("patient.{}", report.patients.len() + 1);
        let admitted = admit(report, 0, (id, username))?;
        report.patients.push(admitted);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_read_from_relative_and_absolute_locations() {
        let answer = json!({ "entry": [
            { "response": { "location": "Patient/a/_history/1" } },
            { "response": { "location": "http://127.0.0.1:1/fhir/Patient/b/_history/1" } },
            { "response": { "location": "Encounter/c/_history/1" } },
            { "response": { "status": "200" } }
        ]});
        assert_eq!(created(&answer, "Patient").collect::<Vec<_>>(), ["a", "b"]);
    }
}
