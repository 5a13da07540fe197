//! Kind 17: a patient ends a grant or a delegation. Any member carries it: the patient may be
//! anywhere.

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::{Digest, PublicKey, SecretKey, Signature, hash};

use super::{Delegation, Granted, Refused, Scene};

/// The body of a revocation: 96 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Revoke {
    /// Of the grant or the delegation.
    pub id: Digest,
    /// By its authority key over the [`Revoke::message`].
    pub signature: Signature,
}

impl Revoke {
    /// The revocation of a grant or a delegation by its authority key.
    pub fn sign(chain: &Digest, id: Digest, key: &SecretKey) -> Self {
        let signature = key.sign(&Self::message(chain, &id).0);
        Self { id, signature }
    }

    /// What the authority key signs: a digest of the ledger and the id.
    pub fn message(chain: &Digest, id: &Digest) -> Digest {
        hash("salus/revoke/v1", &[&chain.0, &id.0])
    }

    fn check(
        &self,
        authority: &PublicKey,
        revoked: Option<u64>,
        scene: &Scene<'_>,
    ) -> Result<(), Refused> {
        if let Some(height) = revoked {
            return Err(Refused::Revoked(height));
        }
        let message = Self::message(scene.chain, &self.id);
        if authority.verify(&message.0, &self.signature) {
            Ok(())
        } else {
            Err(Refused::Unsigned)
        }
    }
}

/// Revokes a grant; one that has ended or not begun too.
pub fn revoke(granted: Granted, scene: &Scene<'_>, body: &Revoke) -> Result<Granted, Refused> {
    body.check(&granted.authority, granted.revoked, scene)?;
    Ok(Granted {
        revoked: Some(scene.height),
        ..granted
    })
}

/// Revokes a delegation by the key of the one who delegated.
pub fn revoke_delegation(
    delegation: Delegation,
    scene: &Scene<'_>,
    body: &Revoke,
) -> Result<Delegation, Refused> {
    body.check(&delegation.delegator, delegation.revoked, scene)?;
    Ok(Delegation {
        revoked: Some(scene.height),
        ..delegation
    })
}

/// Writes the height of a revocation, or zeroes: the value keeps its size.
pub(super) fn write_height(writer: &mut Writer, height: Option<u64>) {
    writer.bool(height.is_some());
    writer.u64(height.unwrap_or_default());
}

/// Reads what [`write_height`] writes.
pub(super) fn read_height(reader: &mut Reader<'_>) -> Result<Option<u64>, CodecError> {
    match (reader.bool()?, reader.u64()?) {
        (true, height) => Ok(Some(height)),
        (false, 0) => Ok(None),
        (false, _) => Err(reader.malformed("zero where nothing is said")),
    }
}

impl Canonical for Revoke {
    fn write(&self, writer: &mut Writer) {
        self.id.write(writer);
        self.signature.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            id: Digest::read(reader)?,
            signature: Signature::read(reader)?,
        })
    }
}
