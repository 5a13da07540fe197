//! `POST /auth/launch`: the EHR side of an EHR launch.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use hospital::HospitalError;
use hospital::smart::LAUNCH_LIFE_S;
use serde::Deserialize;
use serde_json::json;

use crate::access::{self, Deed};
use crate::error::ApiError;
use crate::negotiate::{self, Media};
use crate::outcome::{problem, respond};
use crate::state::Door;

const BYTES_MAX: usize = 4 << 10;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    patient: String,
}

/// Makes a `launch` value for a patient, for the user of the token alone, good once.
pub(crate) async fn launch(State(door): State<Door>, request: Request) -> Response {
    let made = async {
        let (parts, body) = request.into_parts();
        let caller = door.caller(&parts.headers)?;
        access::allow_type(&caller, Deed::Read, Some("Patient"))?;
        if caller.sight.reach.is_some() {
            let text = "an app does not launch others: use a token of the user's own";
            return Err(ApiError::Denied(text.into()));
        }
        negotiate::media(&parts.headers, Media::Fhir)?;
        let (bytes, _room) = door.body(&parts.headers, body, BYTES_MAX).await?;
        let asked: Asked = serde_json::from_slice(&bytes).map_err(|_| {
            let hint = "send {\"patient\": \"<id>\"}";
            HospitalError::request("structure", "the body is not a launch", hint)
        })?;
        Ok::<_, ApiError>(
            door.hospital()
                .start_launch(&caller, &asked.patient)
                .await?,
        )
    };
    match made.await {
        Ok(launch) => {
            let body = json!({ "launch": launch, "iss": door.0.config.fhir_base(),
                "expires_in": LAUNCH_LIFE_S });
            respond(StatusCode::CREATED, "application/json", body.to_string())
        }
        Err(error) => problem(&error),
    }
}
