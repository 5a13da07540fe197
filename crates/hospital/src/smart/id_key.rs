//! The key of the id tokens: made at its first use, kept sealed.

use std::sync::Arc;

use store::Setting;
use vault::IdKey;

use super::tickets::damaged;
use crate::error::HospitalError;
use crate::keyring::failed;
use crate::setup::Hospital;

const NAME: &str = "id-key";

impl Hospital {
    /// The key that signs id tokens.
    pub async fn id_key(&self) -> Result<Arc<IdKey>, HospitalError> {
        let made = self.0.id_key.get_or_try_init(|| self.open_id_key()).await?;
        Ok(Arc::clone(made))
    }

    async fn open_id_key(&self) -> Result<Arc<IdKey>, HospitalError> {
        let root = self.0.keyring.root();
        if let Some(setting) = self.0.store.setting(NAME).await? {
            let sealed = root.open_secret(NAME, &setting.value);
            let bytes = sealed.map_err(|_| damaged("setting id-key"))?;
            return Ok(Arc::new(IdKey::from_bytes(&bytes).map_err(failed)?));
        }
        let key = self.0.cpu.run(IdKey::generate).await?.map_err(failed)?;
        let value = root
            .seal_secret(NAME, &key.to_bytes().map_err(failed)?)
            .map_err(failed)?;
        let setting = Setting {
            integrity: root.mark("settings", &[NAME.as_bytes(), &value]).to_vec(),
            name: NAME.to_owned(),
            value,
        };
        self.0.store.put_setting(setting).await?;
        Ok(Arc::new(key))
    }
}
