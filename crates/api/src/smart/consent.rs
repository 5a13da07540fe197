//! What the user's consent becomes: the patient in context, the scopes, a code.

use hospital::scopes::{Scope, Scopes};
use hospital::smart::{Authorization, Grant, Session};
use hospital::{Caller, Hospital, HospitalError, Role};

use super::request::{Asked, Fault, Sent};
use crate::access::{self, Deed};
use crate::state::Door;

/// What the consent page offers.
pub(super) struct Offer {
    pub(super) scopes: Scopes,
    /// The patient in context, where there is no choice.
    pub(super) patient: Option<String>,
    /// The user must choose one.
    pub(super) chooses: bool,
}

fn sent(asked: &Asked, error: &'static str, text: &str) -> Fault {
    Fault::Sent(Box::new(Sent {
        redirect: asked.redirect.clone(),
        state: asked.state.clone(),
        error,
        text: text.to_owned(),
    }))
}

/// What this user can grant to this request.
pub(super) async fn offer(door: &Door, asked: &Asked, caller: &Caller) -> Result<Offer, Fault> {
    let mut scopes = asked.scopes.meet(&Scopes::of_role(caller.role));
    if access::allow_type(caller, Deed::Read, Some("Patient")).is_err() {
        scopes = scopes.without_patient();
    }
    let mut patient = caller
        .patient
        .clone()
        .filter(|_| caller.role == Role::Patient);
    if let Some(launch) = &asked.launch {
        let refused = || {
            sent(
                asked,
                "access_denied",
                "the launch is not known or was used",
            )
        };
        let launch = door.hospital().launch(launch).await?.ok_or_else(refused)?;
        if launch.username != caller.username {
            let text = "another user than the one signed in began the launch";
            return Err(sent(asked, "access_denied", text));
        }
        patient = Some(launch.patient);
    }
    if scopes.resources().next().is_none() && !scopes.has(&Scope::OpenId) {
        let text = "the role of the user allows none of these scopes";
        return Err(sent(asked, "invalid_scope", text));
    }
    let chooses = patient.is_none() && scopes.needs_patient();
    Ok(Offer {
        scopes,
        patient,
        chooses,
    })
}

/// Grants: makes the code. `Ok(None)`: a patient must be chosen first.
pub(super) async fn grant(
    door: &Door,
    asked: &Asked,
    (caller, session): (&Caller, &Session),
    secret: &str,
    chosen: Option<&str>,
) -> Result<Option<String>, Fault> {
    let offer = offer(door, asked, caller).await?;
    let hospital = door.hospital();
    let patient = if offer.chooses {
        match chosen {
            Some(id) if is_there(hospital, caller, id).await? => Some(id.to_owned()),
            _ => return Ok(None),
        }
    } else {
        offer.patient
    };
    if let Some(launch) = &asked.launch
        && !hospital.use_launch(launch).await?
    {
        return Err(sent(asked, "access_denied", "the launch was used"));
    }
    let grant = Grant {
        family: hospital::new_id()?,
        client: asked.client.id.clone(),
        username: caller.username.clone(),
        role: caller.role.name().to_owned(),
        patient,
        scope: offer.scopes.to_string(),
        signed_in_s: session.began_us.div_euclid(1_000_000),
        session: Some(Hospital::session_name(secret)),
        nonce: asked.nonce.clone(),
        until_us: hospital.grant_end_us(),
    };
    let code = hospital
        .issue_code(Authorization {
            grant,
            redirect_uri: asked.redirect.clone(),
            challenge: asked.challenge.clone(),
            good_until_us: 0,
        })
        .await?;
    Ok(Some(code))
}

async fn is_there(hospital: &Hospital, caller: &Caller, id: &str) -> Result<bool, HospitalError> {
    if !hospital::request::is_id(id) {
        return Ok(false);
    }
    match hospital.read(caller, "Patient", id).await {
        Ok(_) => Ok(true),
        Err(HospitalError::Absent(_) | HospitalError::Gone { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A patient as the picker shows one.
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) born: String,
}

/// Patients whose name begins with a text; the first ones without.
pub(super) async fn choices(
    door: &Door,
    caller: &Caller,
    name: &str,
) -> Result<Vec<Choice>, Fault> {
    const SHOWN: &str = "20";
    let mut query = vec![("_count".to_owned(), SHOWN.to_owned())];
    let name: String = name
        .chars()
        .filter(|it| !",$|\\".contains(*it))
        .take(100)
        .collect();
    if !name.trim().is_empty() {
        query.push(("name".to_owned(), name.trim().to_owned()));
    }
    let found = door
        .hospital()
        .search(caller, "Patient", query, false)
        .await?;
    Ok(found.matches.iter().filter_map(choice).collect())
}

fn choice(record: &hospital::Record) -> Option<Choice> {
    let value: serde_json::Value = serde_json::from_slice(&record.body).ok()?;
    let name = &value["name"][0];
    let mut words: Vec<&str> = name["given"]
        .as_array()
        .map(|given| given.iter().filter_map(|it| it.as_str()).collect())
        .unwrap_or_default();
    words.extend(name["family"].as_str());
    let text = name["text"].as_str().unwrap_or("").to_owned();
    let name = if words.is_empty() {
        text
    } else {
        words.join(" ")
    };
    Some(Choice {
        id: record.id.clone(),
        name,
        born: value["birthDate"].as_str().unwrap_or("").to_owned(),
    })
}
