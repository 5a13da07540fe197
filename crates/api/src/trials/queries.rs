//! `/trials/{id}/queries`: what is asked about values, and what is said to it.

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::{get, post};
use hospital::trials::{self, NewQuery, Saying};
use serde::Deserialize;
use serde_json::{Value, json};

use super::data::After;
use super::{Asked, asked, looked};
use crate::outcome::answered;
use crate::state::Door;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskForm {
    site: Option<String>,
    row: String,
    item: Option<String>,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerForm {
    site: Option<String>,
    text: String,
    #[serde(default)]
    closes: bool,
}

pub(super) fn routes() -> Router<Door> {
    Router::new()
        .route("/trials/{id}/queries", get(list).post(ask))
        .route("/trials/{id}/queries/{query}/answers", post(answer))
}

/// `POST /trials/{id}/queries`
async fn ask(State(door): State<Door>, Path(id): Path<String>, request: Request) -> Response {
    let done = async {
        let expected = "the body takes row, item, text, and site where you are none";
        let it: Asked<AskForm> = asked(&door, &id, request, expected).await?;
        let query = NewQuery {
            row: it.form.row,
            item: it.form.item,
            text: it.form.text,
        };
        let site = it.form.site.as_deref();
        let hospital = door.hospital();
        let query = hospital
            .ask_query(&it.caller, it.agent, (&it.id, site, query))
            .await?;
        Ok(told(&query))
    };
    answered(StatusCode::CREATED, done.await)
}

/// `POST /trials/{id}/queries/{query}/answers`
async fn answer(
    State(door): State<Door>,
    Path((id, query)): Path<(String, String)>,
    request: Request,
) -> Response {
    let done = async {
        let expected = "the body takes text, closes, and site where you are none";
        let it: Asked<AnswerForm> = asked(&door, &id, request, expected).await?;
        let saying = Saying {
            query,
            text: it.form.text,
            closes: it.form.closes,
        };
        let site = it.form.site.as_deref();
        let hospital = door.hospital();
        let query = hospital
            .answer_query(&it.caller, it.agent, (&it.id, site, saying))
            .await?;
        Ok(told(&query))
    };
    answered(StatusCode::CREATED, done.await)
}

/// `GET /trials/{id}/queries`
async fn list(
    State(door): State<Door>,
    Path(id): Path<String>,
    Query(query): Query<After>,
    parts: Parts,
) -> Response {
    let listed = async {
        let (caller, agent, id) = looked(&door, &id, &parts)?;
        let after = query.after.as_deref();
        let hospital = door.hospital();
        let page = hospital.trial_queries(&caller, agent, (&id, after)).await?;
        let queries: Vec<Value> = page.queries.iter().map(told).collect();
        Ok(json!({ "queries": queries, "next": page.next }))
    };
    answered(StatusCode::OK, listed.await)
}

fn told(it: &trials::Query) -> Value {
    let replies = it.replies.iter();
    let replies = replies.map(|it| json!({ "text": it.text, "said": it.said, "by": it.by }));
    json!({
        "id": it.id,
        "version": it.version,
        "site": it.site,
        "row": it.row,
        "row_version": it.row_version,
        "item": it.item,
        "text": it.text,
        "asked": it.asked,
        "by": it.by,
        "state": it.state.word(),
        "answers": replies.collect::<Vec<_>>(),
    })
}
