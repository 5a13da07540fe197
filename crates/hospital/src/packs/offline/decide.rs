//! What a person does about a scan that did not fit.

use store::Drawer;

use super::super::handles;
use super::super::order::{refused, unusable};
use super::{Offline, OfflineDecision, OfflineHandled, OfflineState};
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Bytes of a note.
const NOTE_MAX: usize = 500;
/// How often one scan is compared again.
const TRIES_MAX: u32 = 100;

impl Hospital {
    /// Compares a scan again, or writes down that it was dealt with.
    pub async fn decide_offline(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        id: &str,
        decision: &OfflineDecision,
    ) -> Result<Offline, HospitalError> {
        handles(caller)?;
        let absent = || HospitalError::Absent(format!("the scan {id}"));
        let mut scan = self.offline_scan(id).await?.ok_or_else(absent)?;
        if !matches!(
            scan.state(),
            OfflineState::Conflict | OfflineState::Repeated
        ) {
            let state = scan.state().word();
            return Err(refused(format!(
                "the scan is {state}: nothing is to be decided"
            )));
        }
        let deed = match decision {
            OfflineDecision::Again if scan.tries >= TRIES_MAX => {
                return Err(refused(format!(
                    "it was compared {TRIES_MAX} times: handle it"
                )));
            }
            OfflineDecision::Again => "compare-offline-scan",
            OfflineDecision::Handled { note } => {
                if note.trim().is_empty() || note.len() > NOTE_MAX {
                    return Err(unusable(format!("`note` has 1 to {NOTE_MAX} bytes")));
                }
                "handle-offline-scan"
            }
        };
        let deed = AccessDeed::Operation(deed.into());
        let access = Access::new(agent, deed, self.now_us());
        self.record_access(access).await?;
        match decision {
            OfflineDecision::Again => {
                scan.tries += 1;
                scan.outcome = None;
                let scans = [scan];
                self.keep_waiting(&scans).await?;
                self.drop_offline(Drawer::OfflineSettled, &scans).await?;
                let [scan] = scans;
                Ok(scan)
            }
            OfflineDecision::Handled { note } => {
                scan.handled = Some(OfflineHandled {
                    by: caller.username.clone(),
                    at_us: self.now_us(),
                    note: note.clone(),
                });
                let scans = [scan];
                self.keep_settled(&scans).await?;
                let [scan] = scans;
                Ok(scan)
            }
        }
    }
}
