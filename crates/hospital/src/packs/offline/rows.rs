//! Rows of scans: those that wait in one drawer, the others in a second one.

use store::{Drawer, Sealed};

use super::super::order::unusable;
use super::Offline;
use super::keep::WAITING_MAX;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Rows read at a time.
const ROWS: u32 = 1_000;
/// Settled scans of a page.
const PAGE_MAX: u32 = 100;

impl Hospital {
    /// A scan by its id, wherever it stands.
    pub(super) async fn offline_scan(&self, id: &str) -> Result<Option<Offline>, HospitalError> {
        // A row may be in both while it goes from one to the other: the one that goes on counts.
        let settled = self.offline_in(Drawer::OfflineSettled, id).await?;
        let waiting = self.offline_in(Drawer::OfflineWaiting, id).await?;
        Ok(match (settled, waiting) {
            (Some(settled), Some(waiting)) if waiting.tries > settled.tries => Some(waiting),
            (None, waiting) => waiting,
            (settled, _) => settled,
        })
    }

    async fn offline_in(&self, drawer: Drawer, id: &str) -> Result<Option<Offline>, HospitalError> {
        let ids = vec![id.as_bytes().to_vec()];
        let row = self.0.store.sealed(drawer, ids).await?.pop();
        row.map(|row| self.opened_row(drawer, &row)).transpose()
    }

    /// What came of a scan, if it is through.
    pub(super) async fn settled_scan(&self, id: &str) -> Result<Option<Offline>, HospitalError> {
        self.offline_in(Drawer::OfflineSettled, id).await
    }

    /// All that wait, the earliest first.
    pub(super) async fn waiting_offline(&self) -> Result<Vec<Offline>, HospitalError> {
        let drawer = Drawer::OfflineWaiting;
        let (mut found, mut before) = (Vec::new(), None);
        while found.len() < WAITING_MAX {
            let rows = self.0.store.latest_sealed(drawer, before, ROWS).await?;
            before = rows.last().map(|row| (row.at_us, row.id.clone()));
            for row in &rows {
                found.push(self.opened_row(drawer, row)?);
            }
            if rows.len() < ROWS as usize {
                break;
            }
        }
        found.reverse();
        Ok(found)
    }

    /// A page of those that are through, the latest first.
    pub(super) async fn settled_offline(
        &self,
        after: Option<&str>,
    ) -> Result<(Vec<Offline>, Option<String>), HospitalError> {
        let drawer = Drawer::OfflineSettled;
        let before = after.map(cursor).transpose()?;
        let rows = self.0.store.latest_sealed(drawer, before, PAGE_MAX).await?;
        let last = rows.last().filter(|_| rows.len() == PAGE_MAX as usize);
        let next = last.map(|row| format!("{}.{}", row.at_us, String::from_utf8_lossy(&row.id)));
        let found = rows.iter().map(|row| self.opened_row(drawer, row));
        Ok((found.collect::<Result<_, _>>()?, next))
    }

    pub(super) async fn keep_waiting(&self, scans: &[Offline]) -> Result<(), HospitalError> {
        self.keep_offline_in(Drawer::OfflineWaiting, scans, |it| it.taken_us)
            .await
    }

    /// Keeps what came of a scan, and then takes it from those that wait.
    pub(super) async fn keep_settled(&self, scans: &[Offline]) -> Result<(), HospitalError> {
        let settled = |it: &Offline| it.outcome.as_ref().map_or(0, |it| it.settled_us);
        self.keep_offline_in(Drawer::OfflineSettled, scans, settled)
            .await?;
        self.drop_offline(Drawer::OfflineWaiting, scans).await
    }

    pub(super) async fn drop_offline(
        &self,
        drawer: Drawer,
        scans: &[Offline],
    ) -> Result<(), HospitalError> {
        let ids = scans.iter().map(|it| it.id.clone().into_bytes()).collect();
        Ok(self.0.store.drop_sealed(drawer, ids).await?)
    }

    async fn keep_offline_in(
        &self,
        drawer: Drawer,
        scans: &[Offline],
        at_us: impl Fn(&Offline) -> i64,
    ) -> Result<(), HospitalError> {
        let rows = scans
            .iter()
            .map(|it| self.sealed_row(drawer, (it.id.as_bytes(), at_us(it)), it));
        let rows: Vec<Sealed> = rows.collect::<Result<_, _>>()?;
        Ok(self.0.store.put_sealed(drawer, rows).await?)
    }
}

/// Time and id of the row that a page ended with.
fn cursor(text: &str) -> Result<(i64, Vec<u8>), HospitalError> {
    let read = || {
        let (at_us, id) = text.split_once('.')?;
        Some((at_us.parse().ok()?, id.as_bytes().to_vec()))
    };
    read().ok_or_else(|| unusable("the page does not follow any other".to_owned()))
}
