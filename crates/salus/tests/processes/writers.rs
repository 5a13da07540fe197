//! Constant writes at all four, with a list of what was acknowledged.

use crate::consortium::{Consortium, observation};
use crate::http::Http;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A version that a node acknowledged: where, and the url of the version.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    pub(crate) index: usize,
    pub(crate) number: u64,
    pub(crate) version: String,
}

/// One thread per organisation that writes until it is told to stop.
pub(crate) struct Writers {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<Acknowledged>>>,
    threads: Vec<JoinHandle<()>>,
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

impl Writers {
    pub(crate) fn start(consortium: &Consortium, pause: Duration) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let threads = (0..4)
            .map(|index| {
                let (stop, acknowledged) = (Arc::clone(&stop), Arc::clone(&acknowledged));
                let fhir = consortium.fhir(index);
                let token = consortium.token(index, "clinician");
                std::thread::spawn(move || write(index, &fhir, &token, pause, &stop, &acknowledged))
            })
            .collect();
        Self {
            stop,
            acknowledged,
            threads,
        }
    }

    /// How many writes were acknowledged by a node so far.
    pub(crate) fn count(&self, index: usize) -> usize {
        self.acknowledged
            .lock()
            .unwrap()
            .iter()
            .filter(|it| it.index == index)
            .count()
    }

    /// Everything that was acknowledged so far.
    pub(crate) fn so_far(&self) -> Vec<Acknowledged> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Ends the writing; returns everything that was acknowledged.
    pub(crate) fn finish(self) -> Vec<Acknowledged> {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            thread.join().unwrap();
        }
        let list = self.acknowledged.lock().unwrap();
        list.clone()
    }
}

fn write(
    index: usize,
    fhir: &str,
    token: &str,
    pause: Duration,
    stop: &AtomicBool,
    acknowledged: &Mutex<Vec<Acknowledged>>,
) {
    // A node that is killed answers nothing; one that is stopped neither, so waits are short.
    let http = Http::patient_for(Duration::from_secs(10));
    while !stop.load(Ordering::SeqCst) {
        let number = NUMBERS.fetch_add(1, Ordering::SeqCst);
        match http.post(&format!("{fhir}/Observation"), token, &observation(number)) {
            Ok(answer) if answer.status == 201 => {
                let id = answer.json()["id"].as_str().unwrap().to_owned();
                let version = format!("{fhir}/Observation/{id}/_history/1");
                acknowledged.lock().unwrap().push(Acknowledged {
                    index,
                    number,
                    version,
                });
            }
            // 503 says: not stored.
            Ok(answer) => assert_eq!(answer.status, 503, "{}", answer.text()),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
        std::thread::sleep(pause);
    }
}

/// Reads each acknowledged version back and compares what makes it its own.
pub(crate) fn nothing_is_lost(consortium: &Consortium, acknowledged: &[Acknowledged]) {
    let http = Http::new();
    for it in acknowledged {
        let token = consortium.token(it.index, "clinician");
        let answer = http.get(&it.version, &token).unwrap();
        assert_eq!(answer.status, 200, "lost: {it:?}: {}", answer.text());
        let value = &answer.json()["identifier"][0]["value"];
        assert_eq!(value, &serde_json::json!(it.number.to_string()), "{it:?}");
    }
}

/// The four have the same blocks with the same roots up to the height that all have.
pub(crate) fn all_agree(consortium: &Consortium) {
    let common = (0..4).map(|index| consortium.height(index)).min().unwrap();
    assert!(common > 0, "a node has no block");
    let http = Http::new();
    let step = usize::try_from(common / 50).unwrap().max(1);
    for height in (1..=common).step_by(step).chain([common]) {
        let blocks: Vec<_> = (0..4)
            .map(|index| {
                let url = format!("{}/ledger/blocks/{height}", consortium.base(index));
                let answer = http.get(&url, "").unwrap();
                assert_eq!(answer.status, 200, "{url}: {}", answer.text());
                answer.json()
            })
            .collect();
        for block in &blocks[1..] {
            assert_eq!(block, &blocks[0], "block {height} differs");
        }
    }
}
