//! Figures over time: a sample every minute, of the last day, in memory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Value, json};

use crate::state::Door;

/// Between two samples.
pub(crate) const EVERY: Duration = Duration::from_mins(1);
/// A day of samples.
const SAMPLES_MAX: usize = 24 * 60;
/// Steps in which times are counted: each a quarter longer than the one before, from half a
/// millisecond to half a minute.
const STEPS: usize = 50;
const FIRST_US: f64 = 500.0;
const RATIO: f64 = 1.25;

/// What one minute was like.
#[derive(Debug, Clone, Default, PartialEq)]
struct Sample {
    time_ms: i64,
    admitted: u64,
    pending: u64,
    height: u64,
    requests: u64,
    p99_ms: Option<f64>,
    database_bytes: u64,
}

/// What is counted between two samples, and the samples.
#[derive(Debug)]
pub(crate) struct Figures {
    times: [AtomicU64; STEPS],
    /// Versions that were admitted when the last sample was taken.
    admitted: AtomicU64,
    samples: Mutex<VecDeque<Sample>>,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            times: std::array::from_fn(|_| AtomicU64::new(0)),
            admitted: AtomicU64::new(0),
            samples: Mutex::default(),
        }
    }
}

impl Figures {
    fn count(&self, took: Duration) {
        self.times[step(took)].fetch_add(1, Ordering::Relaxed);
    }

    fn keep(&self, sample: Sample) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        while samples.len() >= SAMPLES_MAX {
            samples.pop_front();
        }
        samples.push_back(sample);
    }
}

/// Counts a request by how long its answer took; an answer that flows counts by its beginning.
pub(crate) async fn count(State(door): State<Door>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let response = next.run(request).await;
    door.0.figures.count(begun.elapsed());
    response
}

/// Takes a sample every minute, as long as the door is there. Outside of a runtime nobody does.
pub(crate) fn start(door: &Door) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return;
    };
    let shared = Arc::downgrade(&door.0);
    runtime.spawn(async move {
        loop {
            tokio::time::sleep(EVERY).await;
            let Some(shared) = shared.upgrade() else {
                return;
            };
            let door = Door(shared);
            let sample = take(&door, true).await;
            door.0.figures.keep(sample);
        }
    });
}

/// The minute that is not over yet; `close` begins the next one.
async fn take(door: &Door, close: bool) -> Sample {
    let hospital = door.hospital();
    let figures = &door.0.figures;
    let written = door.0.metrics.written();
    let count = |count: &AtomicU64, now: u64| {
        if close {
            count.swap(now, Ordering::Relaxed)
        } else {
            count.load(Ordering::Relaxed)
        }
    };
    let counts: Vec<u64> = figures.times.iter().map(|it| count(it, 0)).collect();
    let before = count(&figures.admitted, written);
    let extent = hospital.store().extent().await.unwrap_or_default();
    Sample {
        time_ms: hospital.now_us() / 1_000,
        admitted: written.saturating_sub(before),
        pending: hospital.batch_status().receipts_pending,
        height: hospital.chain().status().height,
        requests: counts.iter().sum(),
        p99_ms: p99_ms(&counts),
        database_bytes: extent.database_bytes + extent.log_bytes,
    }
}

/// All samples as one array for each figure, the last of them of the minute that is not over.
pub(crate) async fn arrays(door: &Door) -> Value {
    let now = take(door, false).await;
    let kept = door.0.figures.samples.lock();
    let mut samples: Vec<Sample> = kept
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
        .cloned()
        .collect();
    samples.push(now);
    let column = |of: fn(&Sample) -> Value| samples.iter().map(of).collect::<Vec<Value>>();
    json!({
        "every_s": EVERY.as_secs(),
        "time_ms": column(|it| it.time_ms.into()),
        "records_admitted": column(|it| it.admitted.into()),
        "receipts_pending": column(|it| it.pending.into()),
        "height": column(|it| it.height.into()),
        "requests": column(|it| it.requests.into()),
        "p99_ms": column(|it| it.p99_ms.into()),
        "database_bytes": column(|it| it.database_bytes.into()),
    })
}

/// The upper end of a step, in microseconds.
fn end_us(step: usize) -> f64 {
    FIRST_US * RATIO.powi(i32::try_from(step).unwrap_or(i32::MAX))
}

fn step(took: Duration) -> usize {
    let us = took.as_secs_f64() * 1e6;
    (0..STEPS - 1)
        .find(|step| us <= end_us(*step))
        .unwrap_or(STEPS - 1)
}

/// The end of the step that the slowest hundredth begins in; none without a request.
fn p99_ms(counts: &[u64]) -> Option<f64> {
    let all: u64 = counts.iter().sum();
    let slow = all.div_ceil(100);
    let mut seen = 0;
    let found = (0..counts.len()).rev().find(|step| {
        seen += counts[*step];
        seen >= slow && seen > 0
    });
    found.map(|step| (end_us(step) / 10.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_hundredth_is_told_by_the_step_that_it_begins_in() {
        let mut counts = vec![0; STEPS];
        assert_eq!(p99_ms(&counts), None);
        counts[step(Duration::from_millis(1))] = 99;
        counts[step(Duration::from_secs(1))] = 1;
        let slow = p99_ms(&counts).unwrap();
        assert!((1_000.0..1_250.0).contains(&slow), "{slow}");
        counts[step(Duration::from_millis(1))] = 198;
        counts[step(Duration::from_secs(1))] = 2;
        let slow = p99_ms(&counts).unwrap();
        assert!(
            (1_000.0..1_250.0).contains(&slow),
            "two of 200 are slow, {slow}"
        );
        counts[step(Duration::from_secs(1))] = 0;
        let fast = p99_ms(&counts).unwrap();
        assert!((1.0..1.25).contains(&fast), "{fast}");
        assert_eq!(step(Duration::from_hours(1)), STEPS - 1);
        assert_eq!(step(Duration::ZERO), 0);
    }

    #[test]
    fn no_more_than_a_day_is_kept() {
        let figures = Figures::default();
        for time_ms in 0..2_000 {
            figures.keep(Sample {
                time_ms,
                ..Sample::default()
            });
        }
        let samples = figures.samples.lock().unwrap();
        assert_eq!(samples.len(), SAMPLES_MAX);
        assert_eq!(samples.back().map(|it| it.time_ms), Some(1_999));
    }
}
