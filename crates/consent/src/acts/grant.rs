//! Kind 16: a patient allows. The custodian carries it, the patient's one-time key signs it.

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::{Digest, PublicKey, SecretKey, Signature, hash};

use super::{Refused, Scene, organisation};

/// The longest validity: ten years.
pub const GRANT_HOURS_MAX: u32 = 10 * 366 * 24;

/// The flag of a grant whose authority key is kept by the home organisation for the patient.
const CUSTODIAL: u8 = 1;

/// The body of a grant: 201 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Grant {
    /// Random.
    pub id: Digest,
    /// A key for this grant alone. Only it can revoke.
    pub authority: PublicKey,
    /// A keyed commitment to who may read.
    pub recipients: Digest,
    /// A keyed commitment to what may be read, for what and how.
    pub policy: Digest,
    /// The first hour of validity, counted since 1970.
    pub from: u32,
    /// The hour at whose beginning the validity ends.
    pub until: u32,
    /// Whether an organisation keeps the authority key for a patient without a device.
    pub custodial: bool,
    /// By the authority key over the [`Grant::message`].
    pub signature: Signature,
}

/// A grant in the state. It stays for ever, so that it cannot be given again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Granted {
    /// Whose records it is about: the sender.
    pub custodian: String,
    /// The key that can revoke.
    pub authority: PublicKey,
    /// A keyed commitment to who may read.
    pub recipients: Digest,
    /// A keyed commitment to what may be read.
    pub policy: Digest,
    /// The first hour of validity, counted since 1970.
    pub from: u32,
    /// The hour at whose beginning the validity ends.
    pub until: u32,
    /// Whether an organisation keeps the authority key.
    pub custodial: bool,
    /// The block that accepted it.
    pub height: u64,
    /// The block that revoked it, if one did.
    pub revoked: Option<u64>,
}

impl Grant {
    /// The grant with its authority key and that key's signature.
    #[must_use]
    pub fn sign(self, chain: &Digest, custodian: &str, key: &SecretKey) -> Self {
        let unsigned = Self {
            authority: key.public(),
            ..self
        };
        let signature = key.sign(&unsigned.message(chain, custodian).0);
        Self {
            signature,
            ..unsigned
        }
    }

    /// What the authority key signs: a digest of the ledger, the custodian and all other fields.
    pub fn message(&self, chain: &Digest, custodian: &str) -> Digest {
        let mut writer = Writer::new();
        self.write_unsigned(&mut writer);
        let parts: [&[u8]; 3] = [&chain.0, custodian.as_bytes(), &writer.into_bytes()];
        hash("salus/grant/v1", &parts)
    }

    fn write_unsigned(&self, writer: &mut Writer) {
        self.id.write(writer);
        self.authority.write(writer);
        self.recipients.write(writer);
        self.policy.write(writer);
        writer.u32(self.from);
        writer.u32(self.until);
        writer.u8(if self.custodial { CUSTODIAL } else { 0 });
    }
}

impl Granted {
    /// Whether the ledger lets it permit at a time, in milliseconds since 1970.
    pub fn is_valid_at(&self, time_ms: u64) -> bool {
        let begins_ms = u64::from(self.from) * super::HOUR_MS;
        let ends_ms = u64::from(self.until) * super::HOUR_MS;
        self.revoked.is_none() && (begins_ms..ends_ms).contains(&time_ms)
    }
}

/// Accepts a grant whose id is not `taken`.
pub fn grant(taken: bool, scene: &Scene<'_>, body: &Grant) -> Result<Granted, Refused> {
    if taken {
        return Err(Refused::Taken);
    }
    if body.from >= body.until || body.until - body.from > GRANT_HOURS_MAX {
        return Err(Refused::Span(GRANT_HOURS_MAX));
    }
    if scene.has_begun(body.until) {
        return Err(Refused::Past);
    }
    if !body.authority.is_sound() {
        return Err(Refused::Key);
    }
    let message = body.message(scene.chain, scene.sender);
    if !body.authority.verify(&message.0, &body.signature) {
        return Err(Refused::Unsigned);
    }
    Ok(Granted {
        custodian: scene.sender.to_owned(),
        authority: body.authority,
        recipients: body.recipients,
        policy: body.policy,
        from: body.from,
        until: body.until,
        custodial: body.custodial,
        height: scene.height,
        revoked: None,
    })
}

impl Canonical for Grant {
    fn write(&self, writer: &mut Writer) {
        self.write_unsigned(writer);
        self.signature.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            id: Digest::read(reader)?,
            authority: PublicKey::read(reader)?,
            recipients: Digest::read(reader)?,
            policy: Digest::read(reader)?,
            from: reader.u32()?,
            until: reader.u32()?,
            custodial: match reader.u8()? {
                0 => false,
                CUSTODIAL => true,
                _ => return Err(reader.malformed("known flags")),
            },
            signature: Signature::read(reader)?,
        })
    }
}

impl Canonical for Granted {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.custodian);
        self.authority.write(writer);
        self.recipients.write(writer);
        self.policy.write(writer);
        writer.u32(self.from);
        writer.u32(self.until);
        writer.bool(self.custodial);
        writer.u64(self.height);
        super::revoke::write_height(writer, self.revoked);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            custodian: organisation::read(reader)?,
            authority: PublicKey::read(reader)?,
            recipients: Digest::read(reader)?,
            policy: Digest::read(reader)?,
            from: reader.u32()?,
            until: reader.u32()?,
            custodial: reader.bool()?,
            height: reader.u64()?,
            revoked: super::revoke::read_height(reader)?,
        })
    }
}
