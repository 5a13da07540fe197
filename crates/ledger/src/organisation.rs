//! The members of the consortium, as the ledger knows them: public facts and keys.

use std::fmt;
use std::str::FromStr;

use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::{PublicKey, event};
use thiserror::Error;

/// The longest address.
pub(crate) const ADDRESS_BYTES_MAX: usize = 255;

/// The name of an organisation: 1 to 32 of `a-z`, `0-9` and `-`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct OrgId(String);

/// A text that is no name of an organisation.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the id of an organisation is 1 to 32 of a-z, 0-9 and -")]
pub struct OrgIdError;

impl OrgId {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OrgId {
    type Err = OrgIdError;

    fn from_str(text: &str) -> Result<Self, OrgIdError> {
        if event::is_slug(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(OrgIdError)
        }
    }
}

impl Canonical for OrgId {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.0);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let text = reader.text(event::ORGANISATION_MAX)?;
        text.parse()
            .map_err(|_| reader.malformed("organisation id"))
    }
}

/// What an organisation does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrganisationKind {
    /// A hospital.
    Hospital,
    /// A clinic or a practice.
    Clinic,
    /// A laboratory.
    Laboratory,
    /// A pharmacy.
    Pharmacy,
    /// A manufacturer of medicines or devices.
    Manufacturer,
    /// A wholesaler.
    Wholesaler,
    /// A sponsor of trials.
    Sponsor,
    /// An authority.
    Regulator,
}

impl OrganisationKind {
    /// All kinds, in the order of their codes, which count from 1.
    pub const ALL: [Self; 8] = [
        Self::Hospital,
        Self::Clinic,
        Self::Laboratory,
        Self::Pharmacy,
        Self::Manufacturer,
        Self::Wholesaler,
        Self::Sponsor,
        Self::Regulator,
    ];

    /// The kind as a lowercase word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hospital => "hospital",
            Self::Clinic => "clinic",
            Self::Laboratory => "laboratory",
            Self::Pharmacy => "pharmacy",
            Self::Manufacturer => "manufacturer",
            Self::Wholesaler => "wholesaler",
            Self::Sponsor => "sponsor",
            Self::Regulator => "regulator",
        }
    }
}

impl fmt::Display for OrganisationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that is no kind of organisation.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "an organisation is a hospital, clinic, laboratory, pharmacy, manufacturer, wholesaler, \
     sponsor or regulator"
)]
pub struct OrganisationKindError;

impl FromStr for OrganisationKind {
    type Err = OrganisationKindError;

    fn from_str(text: &str) -> Result<Self, OrganisationKindError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(OrganisationKindError)
    }
}

impl Canonical for OrganisationKind {
    fn write(&self, writer: &mut Writer) {
        let place = Self::ALL
            .iter()
            .position(|it| it == self)
            .unwrap_or_default();
        writer.u8(u8::try_from(place + 1).unwrap_or_default());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let code = usize::from(reader.u8()?);
        let kind = code.checked_sub(1).and_then(|place| Self::ALL.get(place));
        kind.copied()
            .ok_or_else(|| reader.malformed("kind of organisation"))
    }
}

/// A member of the consortium.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Organisation {
    /// Its name.
    pub id: OrgId,
    /// What it does.
    pub kind: OrganisationKind,
    /// Signs its transactions.
    pub transaction_key: PublicKey,
    /// Identifies its node to the others: consensus and network.
    pub node_key: PublicKey,
    /// Signs and cosigns checkpoints of the history.
    pub checkpoint_key: PublicKey,
    /// Where the other nodes reach its node, as `host:port`.
    pub address: String,
    /// Whether its node takes part in consensus, from the next epoch on.
    pub validator: bool,
}

impl Organisation {
    /// Whether an address is 1 to 255 visible ASCII characters with a port at the end.
    pub fn is_address(text: &str) -> bool {
        let visible = text.bytes().all(|it| it.is_ascii_graphic());
        let Some((host, port)) = text.rsplit_once(':') else {
            return false;
        };
        let number = port.parse::<u16>().unwrap_or(0);
        let canonical = number > 0 && number.to_string() == port;
        visible && canonical && !host.is_empty() && text.len() <= ADDRESS_BYTES_MAX
    }
}

impl Canonical for Organisation {
    fn write(&self, writer: &mut Writer) {
        self.id.write(writer);
        self.kind.write(writer);
        self.transaction_key.write(writer);
        self.node_key.write(writer);
        self.checkpoint_key.write(writer);
        writer.text(&self.address);
        writer.bool(self.validator);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            id: OrgId::read(reader)?,
            kind: OrganisationKind::read(reader)?,
            transaction_key: PublicKey::read(reader)?,
            node_key: PublicKey::read(reader)?,
            checkpoint_key: PublicKey::read(reader)?,
            address: match reader.text(ADDRESS_BYTES_MAX)? {
                text if Self::is_address(text) => text.to_owned(),
                _ => return Err(reader.malformed("address")),
            },
            validator: reader.bool()?,
        })
    }
}
