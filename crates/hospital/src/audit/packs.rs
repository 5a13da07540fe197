//! Medicines: each sealed row opens. Events are looked at with all versions.
//!
//! A sealed row that was taken away whole is not found: what a pack's life is stands on the ledger,
//! and who holds it can be told again.

use store::{Drawer, Sealed};

use super::{Desk, Report};
use crate::error::HospitalError;
use crate::sealed;

/// Rows read at a time.
const ROWS: u32 = 512;

impl Desk {
    /// Every capture, pack and move under way is as this organisation wrote it.
    pub(super) async fn sealed_rows(&self, report: &mut Report<'_>) -> Result<(), HospitalError> {
        let root = self.keyring.root();
        for drawer in Drawer::ALL {
            let mut before = None;
            loop {
                let page = self.store.latest_sealed(drawer, before, ROWS).await?;
                let Some(Sealed { id, at_us, .. }) = page.last() else {
                    break;
                };
                before = Some((*at_us, id.clone()));
                for row in &page {
                    let label = sealed::seal_label(drawer, &row.id, row.at_us);
                    if root.open_row(&label, &row.body).is_err() {
                        report.find(label, "its row was changed outside Salus");
                    }
                }
            }
        }
        Ok(())
    }
}
