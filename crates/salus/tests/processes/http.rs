//! A client that forgives nothing and follows nothing.

use serde_json::Value;
use std::time::Duration;

/// What a server answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A connection pool for one thread.
#[derive(Clone)]
pub(crate) struct Http(ureq::Agent);

impl Http {
    pub(crate) fn new() -> Self {
        Self::patient_for(Duration::from_secs(30))
    }

    /// Gives up on one answer after the given time.
    pub(crate) fn patient_for(time: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(time))
            .build();
        Self(config.into())
    }

    pub(crate) fn get(&self, url: &str, token: &str) -> Result<Answer, ureq::Error> {
        let request = self
            .0
            .get(url)
            .header("Authorization", format!("Bearer {token}"));
        answer(request.call()?)
    }

    pub(crate) fn post(&self, url: &str, token: &str, body: &Value) -> Result<Answer, ureq::Error> {
        self.post_as(url, token, "application/fhir+json", body)
    }

    pub(crate) fn post_as(
        &self,
        url: &str,
        token: &str,
        media: &str,
        body: &Value,
    ) -> Result<Answer, ureq::Error> {
        self.post_text(url, token, (media, &body.to_string()))
    }

    pub(crate) fn post_text(
        &self,
        url: &str,
        token: &str,
        (media, body): (&str, &str),
    ) -> Result<Answer, ureq::Error> {
        self.post_bytes(url, token, (media, body.as_bytes()))
    }

    pub(crate) fn post_bytes(
        &self,
        url: &str,
        token: &str,
        (media, body): (&str, &[u8]),
    ) -> Result<Answer, ureq::Error> {
        let request = self
            .0
            .post(url)
            .header("Authorization", format!("Bearer {token}"));
        let request = request.header("Content-Type", media);
        answer(request.send(body)?)
    }

    pub(crate) fn put(&self, url: &str, token: &str, body: &Value) -> Result<Answer, ureq::Error> {
        let request = self
            .0
            .put(url)
            .header("Authorization", format!("Bearer {token}"));
        let request = request.header("Content-Type", "application/fhir+json");
        answer(request.send(body.to_string().as_bytes())?)
    }

    pub(crate) fn delete(&self, url: &str, token: &str) -> Result<Answer, ureq::Error> {
        let request = self
            .0
            .delete(url)
            .header("Authorization", format!("Bearer {token}"));
        answer(request.call()?)
    }
}

fn answer(mut got: ureq::http::Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let body = got.body_mut().with_config().limit(1 << 28).read_to_vec()?;
    Ok(Answer {
        status: got.status().as_u16(),
        body,
    })
}
