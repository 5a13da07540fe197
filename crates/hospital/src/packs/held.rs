//! Packs that this organisation holds, held or awaits: sealed rows, by their names on the ledger.

use serde::{Deserialize, Serialize};
use store::{Drawer, Sealed};
use supply::ids::PackId;

use super::order::Marking;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// Where a pack is, seen from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Where {
    /// Another organisation has handed it over; it was not taken yet.
    Awaited,
    /// It is here.
    Here,
    /// It was handed over and not taken yet.
    OnItsWay,
    /// It left, or its life has ended.
    Gone,
}

/// A pack as this organisation knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// GTIN-14.
    pub gtin: String,
    /// The serial number.
    pub serial: String,
    /// The batch or lot.
    pub lot: String,
    /// `YYMMDD`.
    pub expiry: String,
    /// Where it is.
    pub place: Where,
    /// Who handed it over; none: it was made here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// To whom it was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Opens the lock of the holder, hexadecimal. Inside of a case, that of the case does.
    pub(crate) opening: String,
    /// The name on the ledger of the case that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inside: Option<String>,
    /// The SSCC of that case, when the pack was read.
    #[serde(skip)]
    pub case: Option<String>,
}

impl Pack {
    /// What is printed on it.
    pub fn marking(&self) -> Marking {
        Marking {
            gtin: self.gtin.clone(),
            serial: self.serial.clone(),
            lot: self.lot.clone(),
            expiry: self.expiry.clone(),
        }
    }

    /// [`Marking::code`]
    pub fn code(&self) -> String {
        self.marking().code()
    }
}

impl Hospital {
    /// The packs of these names that are known here.
    pub(crate) async fn kept_packs(
        &self,
        names: &[PackId],
    ) -> Result<Vec<(PackId, Pack)>, HospitalError> {
        let ids = names.iter().map(|name| name.0.to_vec()).collect();
        let rows = self.0.store.sealed(Drawer::Packs, ids).await?;
        let opened = rows.into_iter().map(|row| self.opened_pack(&row));
        let mut packs: Vec<(PackId, Pack)> = opened.collect::<Result<_, _>>()?;
        let all = packs.iter_mut().map(|(_, pack)| pack);
        self.stand_where_their_cases_are(all.collect()).await?;
        Ok(packs)
    }

    /// The packs that changed last, before a time and a name.
    pub(crate) async fn latest_packs(
        &self,
        before: Option<(i64, Vec<u8>)>,
        limit: u32,
    ) -> Result<Vec<(PackId, Pack, i64)>, HospitalError> {
        let rows = self
            .0
            .store
            .latest_sealed(Drawer::Packs, before, limit)
            .await?;
        let opened = rows.into_iter().map(|row| {
            let (name, pack) = self.opened_pack(&row)?;
            Ok((name, pack, row.at_us))
        });
        let mut packs: Vec<_> = opened.collect::<Result<_, HospitalError>>()?;
        let all = packs.iter_mut().map(|(_, pack, _)| pack);
        self.stand_where_their_cases_are(all.collect()).await?;
        Ok(packs)
    }

    /// The row of a pack.
    pub(crate) fn pack_row(&self, name: &PackId, pack: &Pack) -> Result<Sealed, HospitalError> {
        self.sealed_row(Drawer::Packs, (&name.0, self.now_us()), pack)
    }

    fn opened_pack(&self, row: &Sealed) -> Result<(PackId, Pack), HospitalError> {
        let damaged = |_| HospitalError::Damaged {
            item: "a pack".to_owned(),
            reason: "its name has another length".to_owned(),
        };
        let name = <[u8; 16]>::try_from(row.id.as_slice()).map_err(damaged)?;
        Ok((PackId(name), self.opened_row(Drawer::Packs, row)?))
    }
}
