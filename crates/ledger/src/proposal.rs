//! What members can vote on, and the votes so far.

use proof::codec::{Canonical, CodecError, Reader, Writer};

use supply::acts::{Openers, Roles};

use crate::genesis::ORGANISATIONS_MAX;
use crate::{OrgId, Organisation, Parameters};

/// A change of the consortium.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Proposal {
    /// Admits an organisation.
    AddOrganisation(Organisation),
    /// Removes an organisation; its keys stay taken.
    RemoveOrganisation(OrgId),
    /// Lets an organisation take part in consensus, or no longer, from the next epoch on.
    SetValidator {
        /// The organisation.
        organisation: OrgId,
        /// Whether it takes part.
        validator: bool,
    },
    /// Replaces all parameters.
    SetParameters(Parameters),
    /// Says what an organisation may do in the trade in medicines.
    SetPartner {
        /// The organisation.
        organisation: OrgId,
        /// All its roles; none of them is that it is no partner.
        roles: Roles,
    },
    /// Says who opens to whom packs were handed, for secrets that partners make from then on.
    SetOpeners(Openers),
}

/// How many of `members` must approve: two thirds, rounded up.
pub fn two_thirds(members: usize) -> usize {
    (members * 2).div_ceil(3)
}

/// A proposal in the state, until it is executed, rejected or expired.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OpenProposal {
    /// The change.
    pub proposal: Proposal,
    /// Who proposed it.
    pub proposer: OrgId,
    /// The last height at which it can be voted on.
    pub expires: u64,
    /// The votes, in the order of the voters' ids.
    pub votes: Vec<(OrgId, bool)>,
}

impl OpenProposal {
    /// Sets the vote of an organisation; false if it is the one it had.
    pub(crate) fn vote(&mut self, voter: &OrgId, approve: bool) -> bool {
        match self.votes.binary_search_by(|(id, _)| id.cmp(voter)) {
            Ok(place) => std::mem::replace(&mut self.votes[place].1, approve) != approve,
            Err(place) => {
                self.votes.insert(place, (voter.clone(), approve));
                true
            }
        }
    }

    /// How many of the members voted so.
    pub(crate) fn count(&self, members: &[OrgId], approve: bool) -> usize {
        let counts = |(id, vote): &&(OrgId, bool)| *vote == approve && members.contains(id);
        self.votes.iter().filter(counts).count()
    }
}

impl Canonical for Proposal {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::AddOrganisation(organisation) => {
                writer.u8(1);
                organisation.write(writer);
            }
            Self::RemoveOrganisation(id) => {
                writer.u8(2);
                id.write(writer);
            }
            Self::SetValidator {
                organisation,
                validator,
            } => {
                writer.u8(3);
                organisation.write(writer);
                writer.bool(*validator);
            }
            Self::SetParameters(parameters) => {
                writer.u8(4);
                parameters.write(writer);
            }
            Self::SetPartner {
                organisation,
                roles,
            } => {
                writer.u8(5);
                organisation.write(writer);
                roles.write(writer);
            }
            Self::SetOpeners(openers) => {
                writer.u8(6);
                openers.write(writer);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(match reader.u8()? {
            1 => Self::AddOrganisation(Organisation::read(reader)?),
            2 => Self::RemoveOrganisation(OrgId::read(reader)?),
            3 => Self::SetValidator {
                organisation: OrgId::read(reader)?,
                validator: reader.bool()?,
            },
            4 => Self::SetParameters(Parameters::read(reader)?),
            5 => Self::SetPartner {
                organisation: OrgId::read(reader)?,
                roles: Roles::read(reader)?,
            },
            6 => Self::SetOpeners(Openers::read(reader)?),
            _ => return Err(reader.malformed("kind of proposal")),
        })
    }
}

impl Canonical for OpenProposal {
    fn write(&self, writer: &mut Writer) {
        self.proposal.write(writer);
        self.proposer.write(writer);
        writer.u64(self.expires);
        writer.length(self.votes.len());
        for (voter, approve) in &self.votes {
            voter.write(writer);
            writer.bool(*approve);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let proposal = Proposal::read(reader)?;
        let (proposer, expires) = (OrgId::read(reader)?, reader.u64()?);
        let mut votes: Vec<(OrgId, bool)> = Vec::new();
        for _ in 0..reader.length(ORGANISATIONS_MAX)? {
            let id = OrgId::read(reader)?;
            if votes.last().is_some_and(|(last, _)| *last >= id) {
                return Err(reader.malformed("voter in order"));
            }
            votes.push((id, reader.bool()?));
        }
        Ok(Self {
            proposal,
            proposer,
            expires,
            votes,
        })
    }
}
