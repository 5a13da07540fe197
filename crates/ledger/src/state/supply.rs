//! What the state says about the trade in medicines.

use proof::Digest;
use supply::acts::{Asked, Container, Escrowed, Lot, Openers, Pack, Roles, TradeKeyEpoch};
use supply::ids::{ContainerId, LotId, PackId};

use super::{State, draft, keys};
use crate::{OrgId, Organisation, OrganisationKind};

impl State {
    /// A pack.
    pub fn pack(&self, id: &PackId) -> Option<Pack> {
        self.get(&keys::pack(id))
    }

    /// A case or a pallet.
    pub fn container(&self, id: &ContainerId) -> Option<Container> {
        self.get(&keys::container(id))
    }

    /// A lot, recalled or not.
    pub fn lot(&self, id: &LotId) -> Option<Lot> {
        self.get(&keys::lot(id))
    }

    /// What an organisation may do in the trade: as was voted, or else as its kind says. None for
    /// one that is not a member.
    pub fn partner(&self, id: &OrgId) -> Roles {
        self.draft().roles(id)
    }

    /// The latest epoch of the trade key, once there is one.
    pub fn trade_key(&self) -> Option<TradeKeyEpoch> {
        self.get(&keys::trade_key())
    }

    /// An epoch of the trade key.
    pub fn trade_key_of(&self, epoch: u8) -> Option<TradeKeyEpoch> {
        self.get(&keys::trade_key_of(epoch))
    }

    /// Who opens to whom a pack was handed, once that was voted.
    pub fn openers(&self) -> Option<Openers> {
        self.get(&keys::openers())
    }

    /// What the shares of a partner's openings are compared with, at its latest.
    pub fn escrow(&self, id: &OrgId) -> Option<Escrowed> {
        let last: draft::Counter = self.get(&keys::escrow(id))?;
        self.escrow_of(id, u32::try_from(last.0).ok()?)
    }

    /// What they were compared with in an epoch of the partner's.
    pub fn escrow_of(&self, id: &OrgId, epoch: u32) -> Option<Escrowed> {
        self.get(&keys::escrow_of(id, epoch))
    }

    /// An inquiry of the openers.
    pub fn inquiry(&self, id: &Digest) -> Option<Asked> {
        self.get(&keys::inquiry(id))
    }

    /// The height at which an organisation said that it answers an inquiry, if it did.
    pub fn inquiry_answered(&self, id: &Digest, organisation: &OrgId) -> Option<u64> {
        let height: draft::Counter = self.get(&keys::inquiry_answer(id, organisation))?;
        Some(height.0)
    }
}

impl draft::Draft {
    /// What an organisation may do in the trade.
    pub(crate) fn roles(&self, id: &OrgId) -> Roles {
        let member: Option<Organisation> = self.get(&keys::organisation(id));
        let voted = self.get(&keys::partner(id));
        member.map_or(Roles::NONE, |member| {
            voted.unwrap_or_else(|| roles_of(member.kind))
        })
    }
}

/// What a kind of organisation may do in the trade, where nothing was voted.
fn roles_of(kind: OrganisationKind) -> Roles {
    match kind {
        OrganisationKind::Manufacturer => Roles::MAKER.and(Roles::WHOLESALER),
        OrganisationKind::Wholesaler => Roles::WHOLESALER,
        OrganisationKind::Hospital | OrganisationKind::Clinic | OrganisationKind::Pharmacy => {
            Roles::DISPENSER
        }
        OrganisationKind::Regulator => Roles::REGULATOR,
        OrganisationKind::Laboratory | OrganisationKind::Sponsor => Roles::NONE,
    }
}
