//! The canonical bytes of a statement.

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::event::{ORGANISATION_MAX, is_slug};
use proof::{CommitmentKey, Digest, PublicKey};

use super::{Act, Consenting, GRANTS_MAX, ID_MAX, RECIPIENTS_MAX, Statement};

/// The first byte: another form of statement has another.
const VERSION: u8 = 1;
const CONSENT: u8 = 1;
const WITHDRAW: u8 = 2;
const LINK: u8 = 3;
const ACCEPT: u8 = 4;

impl Canonical for Statement {
    fn write(&self, writer: &mut Writer) {
        writer.u8(VERSION);
        writer.u8(match &self.act {
            Act::Consent(_) => CONSENT,
            Act::Withdraw { .. } => WITHDRAW,
            Act::Link { .. } => LINK,
            Act::Accept { .. } => ACCEPT,
        });
        self.id.write(writer);
        self.chain.write(writer);
        writer.text(&self.home);
        writer.text(&self.patient);
        writer.u64(self.until_ms);
        writer.bool(self.delegation.is_some());
        if let Some(delegation) = &self.delegation {
            delegation.write(writer);
        }
        match &self.act {
            Act::Consent(of) => of.write(writer),
            Act::Withdraw { consent, grants } => {
                writer.text(consent);
                writer.list(grants);
            }
            Act::Link { organisation } => writer.text(organisation),
            Act::Accept { delegator, until } => {
                delegator.write(writer);
                writer.u32(*until);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        if reader.u8()? != VERSION {
            return Err(reader.malformed("known version of a statement"));
        }
        let act = reader.u8()?;
        Ok(Self {
            id: Digest::read(reader)?,
            chain: Digest::read(reader)?,
            home: organisation(reader)?,
            patient: id(reader)?,
            until_ms: reader.u64()?,
            delegation: if reader.bool()? {
                Some(Digest::read(reader)?)
            } else {
                None
            },
            act: match act {
                CONSENT => Act::Consent(Consenting::read(reader)?),
                WITHDRAW => Act::Withdraw {
                    consent: id(reader)?,
                    grants: reader.list(GRANTS_MAX)?,
                },
                LINK => Act::Link {
                    organisation: organisation(reader)?,
                },
                ACCEPT => Act::Accept {
                    delegator: PublicKey::read(reader)?,
                    until: reader.u32()?,
                },
                _ => return Err(reader.malformed("known act of a statement")),
            },
        })
    }
}

impl Canonical for Consenting {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.consent);
        self.body.write(writer);
        writer.length(self.recipients.len());
        for name in &self.recipients {
            writer.text(name);
        }
        self.recipients_key.write(writer);
        self.policy_key.write(writer);
        writer.u32(self.from);
        writer.u32(self.until);
        writer.bool(self.custodial);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            consent: id(reader)?,
            body: Digest::read(reader)?,
            recipients: recipients(reader)?,
            recipients_key: CommitmentKey::read(reader)?,
            policy_key: CommitmentKey::read(reader)?,
            from: reader.u32()?,
            until: reader.u32()?,
            custodial: reader.bool()?,
        })
    }
}

/// Names in order, each once: one list, one byte string.
fn recipients(reader: &mut Reader<'_>) -> Result<Vec<String>, CodecError> {
    let count = reader.length(RECIPIENTS_MAX)?;
    let mut names: Vec<String> = Vec::new();
    for _ in 0..count {
        let name = organisation(reader)?;
        if names.last().is_some_and(|before| *before >= name) {
            return Err(reader.malformed("name after the one before"));
        }
        names.push(name);
    }
    Ok(names)
}

fn organisation(reader: &mut Reader<'_>) -> Result<String, CodecError> {
    match reader.text(ORGANISATION_MAX)? {
        text if is_slug(text) => Ok(text.to_owned()),
        _ => Err(reader.malformed("organisation")),
    }
}

/// FHIR R4 2.24.0.1: 1 to 64 letters, digits, `-` and `.`.
fn id(reader: &mut Reader<'_>) -> Result<String, CodecError> {
    let text = reader.text(ID_MAX)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if !text.is_empty() && text.bytes().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(reader.malformed("id of a record"))
}
