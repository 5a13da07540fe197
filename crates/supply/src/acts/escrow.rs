//! Kind 34: a partner says what the shares of its openings are compared with; and the openers, whom
//! the members vote for (`SetOpeners`). How it is opened: [`crate::escrow`].

use proof::Digest;
use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::event::{ORGANISATION_MAX, is_slug};

use super::{Refused, Roles, Scene};
use crate::escrow::subsets;

/// The most openers.
pub const OPENERS_MAX: usize = 5;
/// The most check values: the subsets of 2 or 3 among 5.
pub const CHECKS_MAX: usize = 10;

/// Who opens together to whom a pack was handed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Openers {
    holders: Vec<String>,
    threshold: u8,
}

impl Openers {
    /// Openers of whom any `threshold` open: 1 to 5 different organisations. None if it is not so.
    pub fn new(mut holders: Vec<String>, threshold: u8) -> Option<Self> {
        holders.sort_unstable();
        let openers = Self { holders, threshold };
        openers.is_sound().then_some(openers)
    }

    fn is_sound(&self) -> bool {
        let in_order = self.holders.windows(2).all(|pair| pair[0] < pair[1]);
        let named = self.holders.iter().all(|it| is_slug(it));
        let count = self.holders.len();
        let threshold = usize::from(self.threshold);
        in_order && named && count <= OPENERS_MAX && (1..=count).contains(&threshold)
    }

    /// The organisations, in order.
    pub fn holders(&self) -> &[String] {
        &self.holders
    }

    /// How many of them open.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// The sets of holders, as places in [`Openers::holders`]: each has a secret of its own, which
    /// its members know and nobody else but the partner.
    pub fn subsets(&self) -> Vec<Vec<usize>> {
        subsets(self.holders.len(), usize::from(self.threshold))
    }
}

/// The body of kind 34: one check value for each subset of the openers in force, in their order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Escrow {
    /// [`crate::escrow::Secret::check`] of each.
    pub checks: Vec<Digest>,
}

/// What the state keeps of it, for each partner and epoch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Escrowed {
    /// One more than that of the partner's last; the first is 1.
    pub epoch: u32,
    /// Moves of this block and later ones are opened by these secrets.
    pub height: u64,
    /// The openers in force then.
    pub openers: Openers,
    /// The check values.
    pub checks: Vec<Digest>,
}

/// Takes the check values of a partner.
pub fn escrow(
    (last, openers): (Option<u32>, Option<Openers>),
    scene: &Scene<'_>,
    (body, height): (&Escrow, u64),
) -> Result<Escrowed, Refused> {
    scene.need(Roles::ALL)?;
    let openers = openers.ok_or(Refused::Checks(0))?;
    let needed = openers.subsets().len();
    if body.checks.len() != needed {
        return Err(Refused::Checks(needed));
    }
    Ok(Escrowed {
        epoch: last.unwrap_or_default().saturating_add(1),
        height,
        openers,
        checks: body.checks.clone(),
    })
}

impl Canonical for Openers {
    fn write(&self, writer: &mut Writer) {
        writer.length(self.holders.len());
        for holder in &self.holders {
            writer.text(holder);
        }
        writer.u8(self.threshold);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let mut holders = Vec::new();
        for _ in 0..reader.length(OPENERS_MAX)? {
            holders.push(reader.text(ORGANISATION_MAX)?.to_owned());
        }
        let threshold = reader.u8()?;
        let openers = Self { holders, threshold };
        if openers.is_sound() {
            Ok(openers)
        } else {
            Err(reader.malformed("openers and their threshold"))
        }
    }
}

impl Canonical for Escrow {
    fn write(&self, writer: &mut Writer) {
        writer.list(&self.checks);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let checks = reader.list(CHECKS_MAX)?;
        Ok(Self { checks })
    }
}

impl Canonical for Escrowed {
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.epoch);
        writer.u64(self.height);
        self.openers.write(writer);
        writer.list(&self.checks);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            epoch: reader.u32()?,
            height: reader.u64()?,
            openers: Openers::read(reader)?,
            checks: reader.list(CHECKS_MAX)?,
        })
    }
}
