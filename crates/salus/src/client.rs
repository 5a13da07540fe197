//! Talks to a running node over HTTP, for the commands that need one.

use crate::failure::{Explain, Failure, Outcome};
use serde_json::Value;
use std::time::Duration;

/// An answer larger than this is not one of ours.
const ANSWER_BYTES_MAX: u64 = 256 << 20;

/// One node and who asks.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
    /// The patient for whom it is asked.
    acting_for: Option<String>,
}

/// What the node answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after_s: Option<u64>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// A client of the node at `base`.
    pub(crate) fn new(base: &str, token: Option<&str>) -> Outcome<Self> {
        if !base.starts_with("http://") {
            return Err(
                Failure::new(format!("`{base}` is not an address of a node"))
                    .hint("an address looks like http://127.0.0.1:8080"),
            );
        }
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_global(Some(Duration::from_mins(2)))
            .build()
            .into();
        let base = base
            .trim_end_matches('/')
            .trim_end_matches("/fhir")
            .to_owned();
        Ok(Self {
            agent,
            base,
            token: token.map(str::to_owned),
            acting_for: None,
        })
    }

    /// The same, for this patient: the own record, or by a delegation.
    pub(crate) fn acting_for(mut self, patient: &str) -> Self {
        self.acting_for = Some(patient.to_owned());
        self
    }

    /// The address of the node, without a slash or `/fhir` at the end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// GET of a path below the base.
    pub(crate) fn get(&self, path: &str) -> Outcome<Answer> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(patient) = &self.acting_for {
            request = request.header("Acting-For", patient);
        }
        self.answer(request.call())
    }

    /// POST of a body of the given media type.
    pub(crate) fn post(&self, path: &str, media_type: &str, body: &[u8]) -> Outcome<Answer> {
        self.send(
            self.agent.post(format!("{}{path}", self.base)),
            media_type,
            body,
        )
    }

    fn send(
        &self,
        request: ureq::RequestBuilder<ureq::typestate::WithBody>,
        media_type: &str,
        body: &[u8],
    ) -> Outcome<Answer> {
        let mut request = request.header("Content-Type", media_type);
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Some(patient) = &self.acting_for {
            request = request.header("Acting-For", patient);
        }
        self.answer(request.send(body))
    }

    fn answer(
        &self,
        got: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Outcome<Answer> {
        let mut response = got
            .explain(|| format!("{} does not answer", self.base))
            .map_err(|failure| failure.hint("is the node running? salus doctor looks"))?;
        let retry_after_s = response
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let body = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_vec()
            .explain(|| format!("the answer of {} broke off", self.base))?;
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after_s,
            body,
        })
    }
}

impl Answer {
    /// Whether the node did what was asked.
    pub(crate) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The answer, or the node's own words for why not.
    pub(crate) fn expect_ok(self, what: &str) -> Outcome<Self> {
        if self.is_ok() {
            return Ok(self);
        }
        let (words, hint) = self.words();
        let mut failure = Failure::new(what).cause(words);
        if let Some(hint) = hint {
            failure = failure.hint(hint);
        } else if self.status == 401 {
            failure = failure.hint("the token is missing, expired or of another node");
        }
        Err(failure)
    }

    /// What an OperationOutcome or a problem document says, and its hint.
    pub(crate) fn words(&self) -> (String, Option<String>) {
        let body = self.json();
        let issue = &body["issue"][0];
        let places = [
            &issue["diagnostics"],
            &issue["details"]["text"],
            &body["detail"],
            &body["title"],
        ];
        let text = places
            .into_iter()
            .find_map(Value::as_str)
            .unwrap_or("the node said nothing more");
        let (text, hint) = match text.split_once("; hint: ") {
            Some((text, hint)) => (text, Some(hint)),
            None => (text, body["hint"].as_str()),
        };
        let hint = hint.map(str::to_owned);
        match issue["expression"][0].as_str() {
            Some(place) => (format!("{} at {place}: {text}", self.status), hint),
            None => (format!("{} {text}", self.status), hint),
        }
    }
}
