//! `/packs/master-data` and `/packs/partners`: who is who, what is what, and who is authorized.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use hospital::instant;
use hospital::packs::dscsa::{Partner, Party, Product};
use serde::Deserialize;
use serde_json::{Value, json};

use super::form;
use crate::outcome::answered;
use crate::state::Door;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientForm {
    client: String,
    organisation: String,
}

/// `GET /packs/master-data`
pub(super) async fn read(State(door): State<Door>, parts: Parts) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let found = door.hospital().master_data(&caller).await?;
        let partners = found
            .partners
            .iter()
            .map(|(id, card, learned)| json!({ "id": id, "card": card, "learned": learned }));
        let clients = found.clients.iter().map(
            |(client, organisation)| json!({ "client": client, "organisation": organisation }),
        );
        Ok(json!({
            "party": found.party,
            "partners": partners.collect::<Vec<Value>>(),
            "products": found.products,
            "clients": clients.collect::<Vec<Value>>(),
        }))
    };
    answered(StatusCode::OK, found.await)
}

/// `POST /packs/master-data/party`: the card of this organisation.
pub(super) async fn card(State(door): State<Door>, request: Request) -> Response {
    let written = async {
        let expected = "the body takes name, gln, street, street_two, city, state, postal_code, \
                        country, email and phone";
        let (caller, agent, card): (_, _, Party) =
            form(&door, request.into_parts(), expected).await?;
        Ok(json!(door.hospital().put_card(&caller, agent, card).await?))
    };
    answered(StatusCode::OK, written.await)
}

/// `POST /packs/master-data/products`: the sheet of a product.
pub(super) async fn product(State(door): State<Door>, request: Request) -> Response {
    let written = async {
        let expected = "the body takes gtin, name, strength, dosage_form, ndc, container_size, \
                        manufacturer and ingredients";
        let (caller, agent, sheet): (_, _, Product) =
            form(&door, request.into_parts(), expected).await?;
        let sheet = door.hospital().put_product(&caller, agent, sheet).await?;
        Ok(json!(sheet))
    };
    answered(StatusCode::OK, written.await)
}

/// `POST /packs/master-data/clients`: whose system a registered client is.
pub(super) async fn client(State(door): State<Door>, request: Request) -> Response {
    let written = async {
        let expected = "the body takes client and organisation";
        let (caller, agent, form): (_, _, ClientForm) =
            form(&door, request.into_parts(), expected).await?;
        let pair = (&*form.client, &*form.organisation);
        let hospital = door.hospital();
        hospital.put_partner_client(&caller, agent, pair).await?;
        Ok(json!({ "client": form.client, "organisation": form.organisation }))
    };
    answered(StatusCode::OK, written.await)
}

/// `GET /packs/partners`
pub(super) async fn partners(State(door): State<Door>, parts: Parts) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let found = door.hospital().partners(&caller, None).await?;
        // Proofs are some kilobytes each: they come with the one that is asked about.
        let partners = found.iter().map(|it| told(it, false));
        Ok(json!({ "partners": partners.collect::<Vec<Value>>() }))
    };
    answered(StatusCode::OK, found.await)
}

/// `GET /packs/partners/{id}`
pub(super) async fn partner(
    State(door): State<Door>,
    Path(id): Path<String>,
    parts: Parts,
) -> Response {
    let found = async {
        let caller = door.caller(&parts.headers)?;
        let found = door.hospital().partners(&caller, Some(&id)).await?;
        Ok(found.first().map_or(Value::Null, |it| told(it, true)))
    };
    answered(StatusCode::OK, found.await)
}

fn told(partner: &Partner, whole: bool) -> Value {
    let time_us = i64::try_from(partner.time_ms)
        .unwrap_or(0)
        .saturating_mul(1_000);
    let mut told = json!({
        "id": partner.id,
        "kind": partner.kind,
        "roles": partner.roles,
        "authorised": partner.is_authorised,
        "by": partner.by.word(),
        "ledger": { "height": partner.height, "time": instant::fhir(time_us) },
    });
    if whole {
        told["proof"] = json!(partner.proof);
        told["proof_of_kind"] = json!(partner.proof_of_kind);
    }
    told
}
