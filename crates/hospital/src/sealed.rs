//! What this organisation keeps under its root key: rows of drawers, and secrets among the
//! settings.

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Drawer, Sealed, Setting};

use crate::error::HospitalError;
use crate::identity::statement::hex;
use crate::keyring::failed;
use crate::setup::Hospital;

/// What the seal of a row is bound to: which drawer, its time and its id.
pub(crate) fn seal_label(drawer: Drawer, id: &[u8], at_us: i64) -> String {
    let drawer = match drawer {
        Drawer::Captures => "capture",
        Drawer::Packs => "pack",
        Drawer::Containers => "container",
        Drawer::Moves => "moves",
        Drawer::Queries => "query",
        Drawer::Subscriptions => "subscription",
        Drawer::MasterData => "master-data",
        Drawer::Papers => "paper",
        Drawer::Cases => "case",
        Drawer::Openings => "opening",
        Drawer::Trials => "trial",
        Drawer::Participants => "participant",
        Drawer::OfflineWaiting => "offline-waiting",
        Drawer::OfflineSettled => "offline-settled",
        Drawer::Research => "research",
    };
    format!("{drawer}/{at_us}/{}", hex(id))
}

impl Hospital {
    /// Seals a row of a drawer.
    pub(crate) fn sealed_row(
        &self,
        drawer: Drawer,
        (id, at_us): (&[u8], i64),
        content: &impl Serialize,
    ) -> Result<Sealed, HospitalError> {
        let bytes = serde_json::to_vec(content)
            .map_err(|error| HospitalError::Internal(format!("a row does not print: {error}")))?;
        let label = seal_label(drawer, id, at_us);
        let body = self.0.keyring.root().seal_row(&label, &bytes);
        Ok(Sealed {
            id: id.to_vec(),
            at_us,
            body: body.map_err(failed)?,
        })
    }

    /// Opens a row of a drawer.
    pub(crate) fn opened_row<T: DeserializeOwned>(
        &self,
        drawer: Drawer,
        row: &Sealed,
    ) -> Result<T, HospitalError> {
        let damaged = || HospitalError::Damaged {
            item: format!("{drawer:?}"),
            reason: "a row does not open".to_owned(),
        };
        let label = seal_label(drawer, &row.id, row.at_us);
        let opened = self.0.keyring.root().open_row(&label, &row.body);
        serde_json::from_slice(&opened.map_err(|_| damaged())?).map_err(|_| damaged())
    }

    /// A secret among the settings, under the root key.
    pub(crate) async fn kept_secret(
        &self,
        name: &str,
    ) -> Result<Option<vault::Zeroizing<Vec<u8>>>, HospitalError> {
        let Some(setting) = self.0.store.setting(name).await? else {
            return Ok(None);
        };
        let damaged = |_| HospitalError::Damaged {
            item: format!("setting {name}"),
            reason: "it does not open".to_owned(),
        };
        let opened = self.0.keyring.root().open_secret(name, &setting.value);
        Ok(Some(opened.map_err(damaged)?))
    }

    /// Keeps a secret among the settings.
    pub(crate) async fn keep_secret(
        &self,
        name: String,
        secret: &[u8],
    ) -> Result<(), HospitalError> {
        let root = self.0.keyring.root();
        let value = root.seal_secret(&name, secret).map_err(failed)?;
        self.keep_setting(name, value).await
    }

    /// Keeps a setting with its mark.
    pub(crate) async fn keep_setting(
        &self,
        name: String,
        value: Vec<u8>,
    ) -> Result<(), HospitalError> {
        let root = self.0.keyring.root();
        let setting = Setting {
            integrity: root.mark("settings", &[name.as_bytes(), &value]).to_vec(),
            name,
            value,
        };
        Ok(self.0.store.put_setting(setting).await?)
    }
}
