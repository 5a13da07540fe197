//! The load generator: threads with a connection of their own each.

use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Status, `Location` and body of an answer.
type Located = (u16, Option<String>, Vec<u8>);

/// One connection to one node.
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: String,
}

impl Client {
    pub(crate) fn new(base: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_mins(2)))
            .build();
        let authorization = format!("Bearer {token}");
        Self {
            agent: config.into(),
            base: base.to_owned(),
            authorization,
        }
    }

    /// GET; the status and the whole body.
    pub(crate) fn get(&self, path: &str) -> Result<(u16, Vec<u8>)> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let mut answer = request
            .header("Authorization", &self.authorization)
            .call()?;
        let body = answer
            .body_mut()
            .with_config()
            .limit(1 << 28)
            .read_to_vec()?;
        Ok((answer.status().as_u16(), body))
    }

    /// POST of FHIR; the status and the whole body.
    pub(crate) fn post(&self, path: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        self.post_as(path, "application/fhir+json", body)
    }

    /// POST of a media type; the status and the whole body.
    pub(crate) fn post_as(&self, path: &str, media: &str, body: &[u8]) -> Result<(u16, Vec<u8>)> {
        let (status, _, body) = self.post_located(path, media, body)?;
        Ok((status, body))
    }

    /// The same, with the path in `Location` if there is one.
    pub(crate) fn post_located(&self, path: &str, media: &str, body: &[u8]) -> Result<Located> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("Authorization", &self.authorization);
        let mut answer = request.header("Content-Type", media).send(body)?;
        let location = answer.headers().get("location");
        let location = location.and_then(|it| it.to_str().ok()).map(str::to_owned);
        let body = answer
            .body_mut()
            .with_config()
            .limit(1 << 28)
            .read_to_vec()?;
        Ok((answer.status().as_u16(), location, body))
    }

    /// GET of JSON that must be there.
    pub(crate) fn json(&self, path: &str) -> Result<Value> {
        let (status, body) = self.get(path)?;
        if status != 200 {
            bail!("{path}: {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(serde_json::from_slice(&body)?)
    }

    /// Creates one small Observation; its id.
    pub(crate) fn create(&self) -> Result<String> {
        let (status, body) = self.post("/fhir/Observation", observation().as_bytes())?;
        if status != 201 {
            bail!(
                "a write was answered {status}: {}",
                String::from_utf8_lossy(&body)
            );
        }
        let body: Value = serde_json::from_slice(&body)?;
        Ok(body["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits until no version waits for its receipt.
    pub(crate) fn wait_anchored(&self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        while self.json("/ledger/status")?["receipts_pending"] != 0 {
            if Instant::now() > until {
                bail!("receipts are still pending after {time:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// About 700 bytes, as a ward's monitor would send it.
fn observation() -> String {
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    json!({
        "resourceType": "Observation",
        "status": "final",
        "category": [{ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "vital-signs", "display": "Vital Signs"
        }]}],
        "identifier": [{ "system": "https://salus.example/bench", "value": number.to_string() }],
        "code": { "coding": [{
            "system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"
        }], "text": "Heart rate" },
        "subject": { "display": "measured without a patient" },
        "effectiveDateTime": "2026-11-02T09:00:00Z",
        "valueQuantity": {
            "value": 60 + number % 60, "unit": "beats/minute",
            "system": "http://unitsofmeasure.org", "code": "/min"
        }
    })
    .to_string()
}

/// Lets `clients` threads do the same until the time is over; all the single times.
pub(crate) fn together(
    clients: usize,
    time: Duration,
    base: &str,
    token: &str,
    act: impl Fn(&Client, usize) -> Result<()> + Sync,
) -> Result<Vec<Duration>> {
    let until = Instant::now() + time;
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|number| {
                let act = &act;
                scope.spawn(move || {
                    let client = Client::new(base, token);
                    let mut times = Vec::new();
                    while Instant::now() < until {
                        let start = Instant::now();
                        act(&client, number * 1_000_003 + times.len())?;
                        times.push(start.elapsed());
                    }
                    Ok::<_, anyhow::Error>(times)
                })
            })
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            match thread.join() {
                Ok(times) => all.extend(times?),
                Err(_) => bail!("a client broke"),
            }
        }
        Ok(all)
    })
}
