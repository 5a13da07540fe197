//! Kind 22: somebody acts for a patient, a guardian or a proxy, until an hour.

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::{Digest, PublicKey, SecretKey, Signature, hash};

use super::{Refused, Scene, organisation, revoke};

/// The longest delegation: a childhood.
pub const DELEGATE_HOURS_MAX: u32 = 18 * 366 * 24;

/// The body of a delegation: 228 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Delegate {
    /// Random.
    pub id: Digest,
    /// The one-time key of the one who delegates. Only it can revoke.
    pub delegator: PublicKey,
    /// The one-time key of the one who may act.
    pub delegate: PublicKey,
    /// The hour at whose beginning it ends, counted since 1970.
    pub until: u32,
    /// By the delegator over the [`Delegate::message`].
    pub signature: Signature,
    /// By the delegate over the same: they accept.
    pub acceptance: Signature,
}

/// A delegation in the state.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delegation {
    /// The organisation that carried it: the sender.
    pub home: String,
    /// The key that can revoke.
    pub delegator: PublicKey,
    /// The key that may act.
    pub delegate: PublicKey,
    /// The hour at whose beginning it ends, counted since 1970.
    pub until: u32,
    /// The block that accepted it.
    pub height: u64,
    /// The block that revoked it, if one did.
    pub revoked: Option<u64>,
}

impl Delegate {
    /// A delegation with both signatures.
    pub fn sign(
        chain: &Digest,
        home: &str,
        (id, until): (Digest, u32),
        delegator: &SecretKey,
        delegate: &SecretKey,
    ) -> Self {
        let blank = Signature([0; 64]);
        let unsigned = Self {
            id,
            delegator: delegator.public(),
            delegate: delegate.public(),
            until,
            signature: blank,
            acceptance: blank,
        };
        let message = unsigned.message(chain, home);
        Self {
            signature: delegator.sign(&message.0),
            acceptance: delegate.sign(&message.0),
            ..unsigned
        }
    }

    /// What both keys sign: a digest of the ledger, the carrying organisation and the other fields.
    pub fn message(&self, chain: &Digest, home: &str) -> Digest {
        let mut writer = Writer::new();
        self.write_unsigned(&mut writer);
        let parts: [&[u8]; 3] = [&chain.0, home.as_bytes(), &writer.into_bytes()];
        hash("salus/delegate/v1", &parts)
    }

    fn write_unsigned(&self, writer: &mut Writer) {
        self.id.write(writer);
        self.delegator.write(writer);
        self.delegate.write(writer);
        writer.u32(self.until);
    }
}

impl Delegation {
    /// Whether the delegate may act at a time, in milliseconds since 1970.
    pub fn is_valid_at(&self, time_ms: u64) -> bool {
        self.revoked.is_none() && time_ms < u64::from(self.until) * super::HOUR_MS
    }
}

/// Accepts a delegation whose id is not `taken`.
pub fn delegate(taken: bool, scene: &Scene<'_>, body: &Delegate) -> Result<Delegation, Refused> {
    if taken {
        return Err(Refused::Taken);
    }
    if scene.has_begun(body.until) {
        return Err(Refused::Past);
    }
    if scene.has_begun(body.until.saturating_sub(DELEGATE_HOURS_MAX)) {
        check_keys(scene, body)?;
    } else {
        return Err(Refused::Span(DELEGATE_HOURS_MAX));
    }
    Ok(Delegation {
        home: scene.sender.to_owned(),
        delegator: body.delegator,
        delegate: body.delegate,
        until: body.until,
        height: scene.height,
        revoked: None,
    })
}

fn check_keys(scene: &Scene<'_>, body: &Delegate) -> Result<(), Refused> {
    let sound = body.delegator.is_sound() && body.delegate.is_sound();
    if !sound || body.delegator == body.delegate {
        return Err(Refused::Key);
    }
    let message = body.message(scene.chain, scene.sender);
    let signed = body.delegator.verify(&message.0, &body.signature)
        && body.delegate.verify(&message.0, &body.acceptance);
    if signed {
        Ok(())
    } else {
        Err(Refused::Unsigned)
    }
}

impl Canonical for Delegate {
    fn write(&self, writer: &mut Writer) {
        self.write_unsigned(writer);
        self.signature.write(writer);
        self.acceptance.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            id: Digest::read(reader)?,
            delegator: PublicKey::read(reader)?,
            delegate: PublicKey::read(reader)?,
            until: reader.u32()?,
            signature: Signature::read(reader)?,
            acceptance: Signature::read(reader)?,
        })
    }
}

impl Canonical for Delegation {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.home);
        self.delegator.write(writer);
        self.delegate.write(writer);
        writer.u32(self.until);
        writer.u64(self.height);
        revoke::write_height(writer, self.revoked);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            home: organisation::read(reader)?,
            delegator: PublicKey::read(reader)?,
            delegate: PublicKey::read(reader)?,
            until: reader.u32()?,
            height: reader.u64()?,
            revoked: revoke::read_height(reader)?,
        })
    }
}
