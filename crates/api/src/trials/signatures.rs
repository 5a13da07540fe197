//! `/trials/{id}/signatures`: what was signed, by whom, and whether it stands.

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use hospital::trials::{Meaning, RowVersion, Signature, Signing};
use serde::Deserialize;
use serde_json::{Value, json};

use super::data::After;
use super::{Asked, asked, looked};
use crate::outcome::answered;
use crate::state::Door;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignForm {
    rows: Vec<RowVersion>,
    meaning: Meaning,
    name: String,
    password: String,
}

pub(super) fn routes() -> Router<Door> {
    Router::new().route("/trials/{id}/signatures", get(list).post(sign))
}

/// `POST /trials/{id}/signatures`
async fn sign(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let signed = async {
        let expected = "the body takes rows (each id and version), meaning (approval, authorship, \
                        review or responsibility), name and password";
        let it: Asked<SignForm> = asked(&door, &id, request, expected).await?;
        let signing = Signing {
            rows: it.form.rows,
            meaning: it.form.meaning,
            name: it.form.name,
            password: it.form.password,
        };
        let hospital = door.hospital();
        let signature = hospital
            .sign_rows(&it.caller, it.agent, (&it.id, signing))
            .await?;
        Ok(told(&signature))
    };
    answered(StatusCode::CREATED, signed.await)
}

/// `GET /trials/{id}/signatures`
async fn list(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(query): Query<After>,
    parts: Parts,
) -> Response {
    let listed = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let hospital = door.hospital();
        let after = query.after.as_deref();
        let page = hospital
            .trial_signatures(&caller, agent, (&id, after))
            .await?;
        let signatures: Vec<Value> = page.signatures.iter().map(told).collect();
        Ok(json!({ "signatures": signatures, "next": page.next }))
    };
    answered(StatusCode::OK, listed.await)
}

fn told(it: &Signature) -> Value {
    let state = if it.later == 0 {
        "stands"
    } else {
        "superseded"
    };
    let later = it
        .later_shown
        .iter()
        .map(|one| json!({ "id": one.id, "signed": one.signed, "current": one.current }));
    json!({
        "id": it.id,
        "site": it.site,
        "user": it.user,
        "name": it.name,
        "meaning": it.meaning.word(),
        "signed": it.signed,
        "rows": it.rows,
        "root": it.root,
        "state": state,
        "later": it.later,
        "later_versions": later.collect::<Vec<_>>(),
    })
}
