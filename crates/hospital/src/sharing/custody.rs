//! The keys by which an organisation shares, and how it announces them.

use ledger::{Announce, Kind, Service};
use proof::{Canonical, PublicKey, SecretKey};
use vault::grant::WrapKey;

use crate::error::HospitalError;
use crate::setup::Hospital;

/// The keys by which an organisation shares.
pub struct Custody {
    /// Opens what others seal to this organisation.
    pub wrap: WrapKey,
    /// Signs the credentials of the practitioners.
    pub credential_key: SecretKey,
    /// The key of its links; `peers` holds the secret.
    pub tls_key: PublicKey,
    /// Where other nodes ask, as `host:port`; none: nothing is shared.
    pub address: Option<String>,
}

impl std::fmt::Debug for Custody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Custody")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Hospital {
    /// Puts the service record on the ledger, unless it stands there already. Answers whether it
    /// stands there; tried again by the node until it does.
    pub async fn announce(&self) -> Result<bool, HospitalError> {
        let status = self.0.chain.status();
        if !self.is_member() || !status.ready() {
            return Ok(false);
        }
        let Some(id) = &self.0.id else {
            return Ok(false);
        };
        let custody = &self.0.custody;
        let Some(address) = &custody.address else {
            return Ok(true);
        };
        let there = self.0.chain.state().service(id);
        let service = Service {
            address: address.clone(),
            tls_key: custody.tls_key,
            xwing_key: custody.wrap.public(),
            credential_key: custody.credential_key.public(),
            credential_epoch: there.as_ref().map_or(1, |it| it.credential_epoch),
        };
        if there.as_ref() == Some(&service) {
            return Ok(true);
        }
        self.put_service(service).await?;
        Ok(true)
    }

    /// Ends every credential of this organisation's practitioners at once.
    pub async fn end_credentials(&self) -> Result<u64, HospitalError> {
        let missing = || HospitalError::Busy("this organisation is not announced yet".into());
        let id = self.0.id.as_ref().ok_or_else(missing)?;
        let mut service = self.0.chain.state().service(id).ok_or_else(missing)?;
        service.credential_epoch += 1;
        let epoch = service.credential_epoch;
        self.put_service(service).await?;
        Ok(epoch)
    }

    async fn put_service(&self, service: Service) -> Result<(), HospitalError> {
        let body = Announce { service }.to_bytes();
        let id = self
            .sign_and_submit(Kind::Announce as u8, body, |_| async { Ok(()) })
            .await?;
        self.enacted(&id).await?;
        Ok(())
    }
}
