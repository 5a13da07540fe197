//! Events of writes: in the same commit as the versions that they tell of.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::Method;

use super::seen::{Seen, events};
use super::{Access, AccessDeed};
use crate::draft::Draft;
use crate::error::HospitalError;
use crate::setup::Hospital;

tokio::task_local! {
    /// The access whose writes the running task does.
    static WRITING: Arc<Writing>;
}

/// An access that writes, and whether its event is stored.
struct Writing {
    access: Access,
    stored: AtomicBool,
}

/// Does `work`. What it stores is stored together with the events of `access`; the second value
/// says whether anything was.
pub async fn logged<T>(access: Access, work: impl Future<Output = T>) -> (T, bool) {
    let stored = AtomicBool::new(false);
    let writing = Arc::new(Writing { access, stored });
    let done = WRITING.scope(Arc::clone(&writing), work).await;
    (done, writing.stored.load(Ordering::SeqCst))
}

impl Hospital {
    /// The events of the access that the running task does, for these drafts.
    pub(crate) fn drafted_events(&self, drafts: &[Draft]) -> Result<Vec<Draft>, HospitalError> {
        let Ok(writing) = WRITING.try_with(Arc::clone) else {
            return Ok(Vec::new());
        };
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        let seen: Vec<Seen> = drafts.iter().map(seen_of).collect();
        let mut access = writing.access.clone();
        if let ([one], true) = (drafts, super::seen::is_single(&access.deed)) {
            access.deed = deed_of(one);
        }
        let mut made = Vec::new();
        for event in events(&access, &seen, None) {
            made.push(self.drafted_event(&event)?.0);
        }
        Ok(made)
    }
}

/// Notes that the events of the running access are on disk.
pub(crate) fn events_stored() {
    // Outside of an access there is nothing to note.
    let _ = WRITING.try_with(|writing| writing.stored.store(true, Ordering::SeqCst));
}

fn seen_of(draft: &Draft) -> Seen {
    let stamp = &draft.stamp;
    Seen::new(
        stamp.type_,
        &stamp.id,
        stamp.version,
        draft.compartments.clone(),
    )
}

/// A PUT that makes a record is a create (FHIR R4 3.1.0.4.1).
fn deed_of(draft: &Draft) -> AccessDeed {
    match draft.stamp.method {
        Method::Delete => AccessDeed::Delete,
        Method::Patch => AccessDeed::Patch,
        _ if draft.stamp.version == 1 || draft.stamp.revives => AccessDeed::Create,
        _ => AccessDeed::Update,
    }
}
