//! Rows of cases: notices, exceptions and recalls, by kind and name.

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Drawer, Sealed};

use super::{PAGE_MAX, unusable};
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Rows that one list looks at.
const LOOKED_MAX: usize = 5_000;

/// A row with its id after the kind, its time, and what is in it.
pub(super) type Case<T> = (String, i64, T);

impl Hospital {
    pub(super) async fn case<T: DeserializeOwned>(
        &self,
        kind: &str,
        name: &str,
    ) -> Result<Option<(i64, T)>, HospitalError> {
        let ids = vec![format!("{kind}/{name}").into_bytes()];
        let row = self.0.store.sealed(Drawer::Cases, ids).await?.pop();
        row.map(|row| Ok((row.at_us, self.opened_row(Drawer::Cases, &row)?)))
            .transpose()
    }

    pub(super) async fn keep_case<T: Serialize>(
        &self,
        (kind, name): (&str, &str),
        at_us: i64,
        case: &T,
    ) -> Result<(), HospitalError> {
        let id = format!("{kind}/{name}");
        let row = self.sealed_row(Drawer::Cases, (id.as_bytes(), at_us), case)?;
        Ok(self.0.store.put_sealed(Drawer::Cases, vec![row]).await?)
    }

    /// Cases of a kind, the latest first, from where the page before ended.
    pub(super) async fn cases<T: DeserializeOwned>(
        &self,
        kind: &str,
        after: Option<&str>,
    ) -> Result<(Vec<Case<T>>, Option<String>), HospitalError> {
        let mut before = after.map(cursor).transpose()?;
        let mut found = Vec::new();
        let mut looked = 0;
        loop {
            let rows = self.0.store.latest_sealed(Drawer::Cases, before, PAGE_MAX);
            let rows = rows.await?;
            for row in &rows {
                looked += 1;
                let id = String::from_utf8_lossy(&row.id).into_owned();
                let Some((of, name)) = id.split_once('/') else {
                    continue;
                };
                if of == kind {
                    let case = self.opened_row(Drawer::Cases, row)?;
                    found.push((name.to_owned(), row.at_us, case));
                }
                if found.len() == PAGE_MAX as usize || looked == LOOKED_MAX {
                    return Ok((found, Some(token(row))));
                }
            }
            if rows.len() < PAGE_MAX as usize {
                return Ok((found, None));
            }
            before = rows.last().map(|row| (row.at_us, row.id.clone()));
        }
    }
}

/// The place of a row, for the page after it.
pub(super) fn token(row: &Sealed) -> String {
    format!("{}.{}", row.at_us, String::from_utf8_lossy(&row.id))
}

/// Time and id of a [`token`].
pub(super) fn cursor(text: &str) -> Result<(i64, Vec<u8>), HospitalError> {
    let read = || {
        let (at_us, id) = text.split_once('.')?;
        Some((at_us.parse().ok()?, id.as_bytes().to_vec()))
    };
    read().ok_or_else(|| unusable("the page does not follow any other"))
}
