//! Figures for operators, in the Prometheus text format.

use std::time::Duration;

use hospital::Hospital;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// A route and the status it answered. Routes are templates: no id of a record is a label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: &'static str,
}

/// What is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    latency: Family<Route, Histogram>,
    writes: Counter,
    pending: Gauge,
    anchored: Gauge,
    height: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("salus");
        let requests = Family::default();
        registry.register(
            "http_requests",
            "Requests by route and status",
            requests.clone(),
        );
        let latency = Family::<Route, Histogram>::new_with_constructor(|| {
            // 0.5 ms to 16 s.
            Histogram::new(exponential_buckets(0.0005, 2.0, 16))
        });
        registry.register("http_request_seconds", "Time to answer", latency.clone());
        let writes = Counter::default();
        registry.register(
            "record_versions_admitted",
            "Record versions stored",
            writes.clone(),
        );
        let pending = Gauge::default();
        registry.register(
            "receipts_pending",
            "Versions without a receipt",
            pending.clone(),
        );
        let anchored = Gauge::default();
        registry.register(
            "batch_anchored",
            "Last batch with a proof",
            anchored.clone(),
        );
        let height = Gauge::default();
        registry.register("ledger_height", "Height of the ledger", height.clone());
        Self {
            registry,
            requests,
            latency,
            writes,
            pending,
            anchored,
            height,
        }
    }

    pub(crate) fn answered(
        &self,
        route: &'static str,
        method: &'static str,
        status: u16,
        took: Duration,
    ) {
        self.requests
            .get_or_create(&Answered {
                route,
                method,
                status,
            })
            .inc();
        self.latency
            .get_or_create(&Route { route })
            .observe(took.as_secs_f64());
    }

    pub(crate) fn wrote(&self, versions: u64) {
        self.writes.inc_by(versions);
    }

    /// Record versions stored since the start.
    pub(crate) fn written(&self) -> u64 {
        self.writes.get()
    }

    /// The text of `/metrics`, the engine's own figures included.
    pub(crate) fn text(&self, hospital: &Hospital) -> String {
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let batches = hospital.batch_status();
        self.pending.set(signed(batches.receipts_pending));
        self.anchored.set(signed(batches.anchored_sequence));
        self.height.set(signed(hospital.chain().status().height));
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        // One exposition has one end.
        let mut text = text.trim_end().trim_end_matches("# EOF").to_owned();
        let engine = hospital.chain().metrics();
        text.push_str(engine.trim_end().trim_end_matches("# EOF"));
        text.push_str("\n# EOF\n");
        text
    }
}
