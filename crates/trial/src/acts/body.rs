//! Kind 48: the body of an act of a trial.

use proof::Digest;
use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::tree::PATH_MAX;

use super::minimise::Minimise;
use super::seal::Amendment;
use super::state::{Decision, Keep, PARTIES_MAX, Party, read_numbers, read_slug, write_numbers};

/// The kind of a transaction that carries a [`TrialBody`].
pub const TRIAL_KIND: u8 = 48;
/// The most participants that one act enrols.
pub const LISTED_MAX: usize = 500;
/// The most leaves that one act opens.
pub const OPENED_MAX: usize = 500;

/// An act, and the trial that it is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrialBody {
    /// Random.
    pub trial: Digest,
    /// What is done.
    pub act: Act,
}

/// Somebody who takes part, in a slot of the site's list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Enrolment {
    /// Of the site's list.
    pub stratum: u16,
    /// The next one of it, from 0.
    pub slot: u32,
    /// A pseudonym: a commitment whose key the site keeps.
    pub participant: Digest,
    /// Commitment to the consent.
    pub consent: Digest,
}

/// A leaf of the sponsor's half.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opened {
    /// Of the site's list.
    pub stratum: u16,
    /// From 0.
    pub slot: u32,
    /// What the leaf says.
    pub value: u16,
    /// What it was salted with.
    pub nonce: [u8; 32],
    /// From the leaf to the root.
    pub path: Vec<Digest>,
}

/// What is done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Act {
    /// The sender becomes the sponsor of a trial with this protocol.
    Seal {
        /// Commitment to protocol, analysis plan and endpoints.
        protocol: Digest,
        /// The others, in order.
        parties: Vec<Party>,
        /// How many of all decide to lock and unlock.
        quorum: u16,
    },
    /// The sponsor adds a version.
    Amend {
        /// The next one.
        version: u32,
        /// Commitment to the whole of it.
        protocol: Digest,
        /// Commitment to why.
        reason: Digest,
        /// Whether everybody enrolled must consent again.
        reconsent: bool,
        /// All parties from now on.
        parties: Vec<Party>,
    },
    /// A site accepts the version in force.
    Accept {
        /// Which.
        version: u32,
    },
    /// Sponsor or site is bound to its secret.
    Contribute {
        /// Of whose list.
        site: String,
        /// [`crate::allocation::commitment`].
        commitment: Digest,
    },
    /// Sponsor or site seals its half of the list.
    List {
        /// Of whose list.
        site: String,
        /// Of the tree over its leaves.
        root: Digest,
        /// The slots of each stratum.
        strata: Vec<u32>,
    },
    /// A site enrols participants.
    Enrol {
        /// The version that they consented to: the one in force.
        version: u32,
        /// Who, in the order of the slots.
        participants: Vec<Enrolment>,
    },
    /// The sponsor opens its leaves of used slots.
    Open {
        /// Of whose list.
        site: String,
        /// Which.
        leaves: Vec<Opened>,
    },
    /// A participant consents to the version in force.
    Consent {
        /// Who.
        participant: Digest,
        /// Which.
        version: u32,
        /// Commitment to the consent.
        consent: Digest,
    },
    /// A participant withdraws.
    Withdraw {
        /// Who.
        participant: Digest,
        /// What may be kept.
        keep: Keep,
    },
    /// A site opens an arm in an emergency.
    Unblind {
        /// Whose.
        participant: Digest,
        /// Commitment to why.
        reason: Digest,
    },
    /// The sponsor proposes to lock or to unlock.
    Propose {
        /// The next one.
        number: u32,
        /// What.
        decision: Decision,
    },
    /// A party adds its voice.
    Confirm {
        /// To which.
        number: u32,
    },
    /// Sponsor or site gives its secret.
    Reveal {
        /// Of whose list.
        site: String,
        /// The secret.
        secret: Digest,
    },
    /// The sponsor reports.
    Report {
        /// Commitment to the results.
        results: Digest,
    },
    /// An act of a trial that minimises.
    Minimise(Minimise),
}

impl Act {
    /// The amendment, if it is one.
    pub fn amendment(&self) -> Option<Amendment<'_>> {
        match self {
            Self::Amend {
                version,
                protocol,
                reason,
                reconsent,
                parties,
            } => Some(Amendment {
                version: *version,
                protocol: *protocol,
                reason: *reason,
                reconsent: *reconsent,
                parties,
            }),
            _ => None,
        }
    }
}

impl Canonical for Enrolment {
    fn write(&self, writer: &mut Writer) {
        writer.u16(self.stratum);
        writer.u32(self.slot);
        self.participant.write(writer);
        self.consent.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            stratum: reader.u16()?,
            slot: reader.u32()?,
            participant: Digest::read(reader)?,
            consent: Digest::read(reader)?,
        })
    }
}

impl Canonical for Opened {
    fn write(&self, writer: &mut Writer) {
        writer.u16(self.stratum);
        writer.u32(self.slot);
        writer.u16(self.value);
        writer.fixed(&self.nonce);
        writer.list(&self.path);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            stratum: reader.u16()?,
            slot: reader.u32()?,
            value: reader.u16()?,
            nonce: reader.fixed()?,
            path: reader.list(PATH_MAX)?,
        })
    }
}

impl Canonical for TrialBody {
    fn write(&self, writer: &mut Writer) {
        self.trial.write(writer);
        self.act.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            trial: Digest::read(reader)?,
            act: Act::read(reader)?,
        })
    }
}

impl Act {
    /// Which alternative.
    fn tag(&self) -> u8 {
        match self {
            Self::Seal { .. } => 1,
            Self::Amend { .. } => 2,
            Self::Accept { .. } => 3,
            Self::Contribute { .. } => 4,
            Self::List { .. } => 5,
            Self::Enrol { .. } => 6,
            Self::Open { .. } => 7,
            Self::Consent { .. } => 8,
            Self::Withdraw { .. } => 9,
            Self::Unblind { .. } => 10,
            Self::Propose { .. } => 11,
            Self::Confirm { .. } => 12,
            Self::Reveal { .. } => 13,
            Self::Report { .. } => 14,
            Self::Minimise(_) => 15,
        }
    }

    /// The fields of sealing and amending.
    fn write_protocol(&self, writer: &mut Writer) {
        if let Self::Seal {
            protocol,
            parties,
            quorum,
        } = self
        {
            protocol.write(writer);
            writer.list(parties);
            writer.u16(*quorum);
        }
        if let Some(amendment) = self.amendment() {
            writer.u32(amendment.version);
            amendment.protocol.write(writer);
            amendment.reason.write(writer);
            writer.bool(amendment.reconsent);
            writer.list(amendment.parties);
        }
    }
}

impl Canonical for Act {
    fn write(&self, writer: &mut Writer) {
        writer.u8(self.tag());
        match self {
            Self::Seal { .. } | Self::Amend { .. } => self.write_protocol(writer),
            Self::Accept { version: number } | Self::Confirm { number } => writer.u32(*number),
            Self::Contribute {
                site,
                commitment: value,
            }
            | Self::Reveal {
                site,
                secret: value,
            } => {
                writer.text(site);
                value.write(writer);
            }
            Self::List { site, root, strata } => {
                writer.text(site);
                root.write(writer);
                write_numbers(writer, strata);
            }
            Self::Enrol {
                version,
                participants,
            } => {
                writer.u32(*version);
                writer.list(participants);
            }
            Self::Open { site, leaves } => {
                writer.text(site);
                writer.list(leaves);
            }
            Self::Consent {
                participant,
                version,
                consent,
            } => {
                participant.write(writer);
                writer.u32(*version);
                consent.write(writer);
            }
            Self::Withdraw { participant, keep } => {
                participant.write(writer);
                keep.write(writer);
            }
            Self::Unblind {
                participant,
                reason,
            } => {
                participant.write(writer);
                reason.write(writer);
            }
            Self::Propose { number, decision } => {
                writer.u32(*number);
                decision.write(writer);
            }
            Self::Report { results } => results.write(writer),
            Self::Minimise(act) => act.write(writer),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(match reader.u8()? {
            1 => Self::Seal {
                protocol: Digest::read(reader)?,
                parties: reader.list(PARTIES_MAX)?,
                quorum: reader.u16()?,
            },
            2 => Self::Amend {
                version: reader.u32()?,
                protocol: Digest::read(reader)?,
                reason: Digest::read(reader)?,
                reconsent: reader.bool()?,
                parties: reader.list(PARTIES_MAX)?,
            },
            3 => Self::Accept {
                version: reader.u32()?,
            },
            4 => Self::Contribute {
                site: read_slug(reader)?,
                commitment: Digest::read(reader)?,
            },
            5 => Self::List {
                site: read_slug(reader)?,
                root: Digest::read(reader)?,
                strata: read_numbers(reader)?,
            },
            6 => Self::Enrol {
                version: reader.u32()?,
                participants: reader.list(LISTED_MAX)?,
            },
            7 => Self::Open {
                site: read_slug(reader)?,
                leaves: reader.list(OPENED_MAX)?,
            },
            8 => Self::Consent {
                participant: Digest::read(reader)?,
                version: reader.u32()?,
                consent: Digest::read(reader)?,
            },
            9 => Self::Withdraw {
                participant: Digest::read(reader)?,
                keep: Keep::read(reader)?,
            },
            10 => Self::Unblind {
                participant: Digest::read(reader)?,
                reason: Digest::read(reader)?,
            },
            11 => Self::Propose {
                number: reader.u32()?,
                decision: Decision::read(reader)?,
            },
            12 => Self::Confirm {
                number: reader.u32()?,
            },
            13 => Self::Reveal {
                site: read_slug(reader)?,
                secret: Digest::read(reader)?,
            },
            14 => Self::Report {
                results: Digest::read(reader)?,
            },
            15 => Self::Minimise(Minimise::read(reader)?),
            _ => return Err(reader.malformed("act of a trial")),
        })
    }
}
