//! What the ledger's state keeps of a trial.

use std::fmt;

use proof::Digest;
use proof::codec::{Canonical, CodecError, Reader, Writer};
use proof::event::{ORGANISATION_MAX, is_slug};

/// The most parties of a trial beside its sponsor.
pub const PARTIES_MAX: usize = 256;
/// The most strata of a list.
pub const STRATA_MAX: usize = 64;

/// What a party does in a trial.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Role {
    /// Takes responsibility for it (ICH E6(R3) glossary).
    Sponsor = 1,
    /// Where it is done: the investigator's institution.
    Site = 2,
    /// Oversees it for the sponsor.
    Monitor = 3,
    /// Inspects it.
    Regulator = 4,
}

impl Role {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sponsor => "sponsor",
            Self::Site => "site",
            Self::Monitor => "monitor",
            Self::Regulator => "regulator",
        }
    }

    /// The role of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        let all = [Self::Sponsor, Self::Site, Self::Monitor, Self::Regulator];
        all.into_iter().find(|role| role.word() == word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// An organisation with its part in a trial; the sponsor is not listed.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Party {
    /// A member.
    pub organisation: String,
    /// Its part.
    pub role: Role,
}

/// A trial.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Trial {
    /// Who sealed it.
    pub sponsor: String,
    /// The others, in order.
    pub parties: Vec<Party>,
    /// How many of sponsor and parties decide to lock and to unlock.
    pub quorum: u16,
    /// The version of the protocol in force, from 1.
    pub version: u32,
    /// The latest version in which everybody enrolled before must consent again; 0: none.
    pub reconsent: u32,
    /// How many are enrolled, at all sites.
    pub enrolled: u32,
    /// How many decisions were proposed.
    pub decisions: u32,
    /// How many reports there are.
    pub reports: u32,
    /// What is locked now.
    pub lock: Option<Lock>,
}

impl Trial {
    /// What an organisation is in this trial.
    pub fn role(&self, organisation: &str) -> Option<Role> {
        if self.sponsor == organisation {
            return Some(Role::Sponsor);
        }
        let party = self
            .parties
            .iter()
            .find(|it| it.organisation == organisation);
        party.map(|it| it.role)
    }
}

/// A version of the protocol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Version {
    /// Commitment to protocol, analysis plan and endpoints.
    pub protocol: Digest,
    /// Commitment to the reason of the amendment; zeroes for the first version.
    pub reason: Digest,
    /// The time of its block, milliseconds since 1970.
    pub time_ms: u64,
    /// How many were enrolled by then.
    pub enrolled: u32,
}

/// Data that were closed together.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lock {
    /// The decision by which.
    pub number: u32,
    /// The root of the tree over all rows.
    pub snapshot: Digest,
    /// How many rows.
    pub rows: u64,
    /// The programs that will analyse them.
    pub programs: Digest,
}

/// One of the two that draw the list of a site.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Hand {
    /// Of its secret.
    pub commitment: Option<Digest>,
    /// Of its half of the list.
    pub root: Option<Digest>,
    /// The secret, after the end.
    pub secret: Option<Digest>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Which {
    /// The sponsor's.
    Sponsor,
    /// The site's.
    Site,
}

/// A site of a trial.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Site {
    /// The version that it accepted last; 0: none.
    pub accepted: u32,
    /// What nobody could know when the later of both hands was bound.
    pub beacon: Option<Digest>,
    /// The sponsor's hand.
    pub sponsor: Hand,
    /// Its own.
    pub site: Hand,
    /// The slots of each stratum.
    pub strata: Vec<u32>,
    /// The next slot of each.
    pub next: Vec<u32>,
}

impl Site {
    /// One of its hands.
    pub fn hand(&self, which: Which) -> &Hand {
        match which {
            Which::Sponsor => &self.sponsor,
            Which::Site => &self.site,
        }
    }

    pub(super) fn hand_mut(&mut self, which: Which) -> &mut Hand {
        match which {
            Which::Sponsor => &mut self.sponsor,
            Which::Site => &mut self.site,
        }
    }

    /// Whether both halves are sealed.
    pub fn is_listed(&self) -> bool {
        self.sponsor.root.is_some() && self.site.root.is_some()
    }
}

/// A slot of a list that is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Slot {
    /// Who is in it, as a pseudonym.
    pub participant: Digest,
    /// What the sponsor's leaf says; none: not opened yet.
    pub position: Option<u16>,
}

/// What may be kept of a participant who withdrew (ICH E6(R3) 2.8.10(m)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Keep {
    /// What was collected so far.
    Collected = 1,
    /// Only what the law asks for.
    Lawful = 2,
}

/// A participant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Participant {
    /// Where.
    pub site: String,
    /// Of the site's list.
    pub stratum: u16,
    /// In the stratum, from 0.
    pub slot: u32,
    /// The version of the protocol that the participant consented to last.
    pub version: u32,
    /// Commitment to that consent.
    pub consent: Digest,
    /// When the participant was enrolled, milliseconds since 1970.
    pub enrolled_ms: u64,
    /// When the participant withdrew, and what may be kept.
    pub withdrawn: Option<(u64, Keep)>,
    /// When the arm was opened in an emergency, and the commitment to why.
    pub unblinded: Option<(u64, Digest)>,
}

/// What is decided by a quorum.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// To close the data.
    Lock {
        /// The root of the tree over all rows.
        snapshot: Digest,
        /// How many rows.
        rows: u64,
        /// The programs that will analyse them.
        programs: Digest,
    },
    /// To open them again, for a reason.
    Unlock {
        /// Commitment to it.
        reason: Digest,
    },
}

impl Decision {
    /// Whether it closes the data.
    pub fn locks(&self) -> bool {
        matches!(self, Self::Lock { .. })
    }
}

/// A decision with its votes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Decided {
    /// What.
    pub decision: Decision,
    /// Who said so, in their order.
    pub voices: Vec<String>,
    /// When it took effect, milliseconds since 1970; 0: it has not.
    pub effective_ms: u64,
}

/// A report on locked data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reported {
    /// The lock that it is about.
    pub lock: Lock,
    /// Commitment to the results.
    pub results: Digest,
    /// The version of the protocol in force.
    pub version: u32,
    /// When, milliseconds since 1970.
    pub time_ms: u64,
}

pub(super) fn read_slug(reader: &mut Reader<'_>) -> Result<String, CodecError> {
    match reader.text(ORGANISATION_MAX)? {
        text if is_slug(text) => Ok(text.to_owned()),
        _ => Err(reader.malformed("organisation")),
    }
}

/// One byte says whether there is a value.
pub(super) fn write_some<T: Canonical>(writer: &mut Writer, value: Option<&T>) {
    writer.bool(value.is_some());
    if let Some(value) = value {
        value.write(writer);
    }
}

pub(super) fn read_some<T: Canonical>(reader: &mut Reader<'_>) -> Result<Option<T>, CodecError> {
    reader.bool()?.then(|| T::read(reader)).transpose()
}

/// The same with a time before the value.
fn write_timed<T: Canonical>(writer: &mut Writer, value: Option<&(u64, T)>) {
    writer.bool(value.is_some());
    if let Some((time, value)) = value {
        writer.u64(*time);
        value.write(writer);
    }
}

fn read_timed<T: Canonical>(reader: &mut Reader<'_>) -> Result<Option<(u64, T)>, CodecError> {
    let read = |reader: &mut Reader<'_>| Ok((reader.u64()?, T::read(reader)?));
    reader.bool()?.then(|| read(reader)).transpose()
}

pub(super) fn write_numbers(writer: &mut Writer, numbers: &[u32]) {
    writer.length(numbers.len());
    for number in numbers {
        writer.u32(*number);
    }
}

pub(super) fn read_numbers(reader: &mut Reader<'_>) -> Result<Vec<u32>, CodecError> {
    let count = reader.length(STRATA_MAX)?;
    (0..count).map(|_| reader.u32()).collect()
}

impl Canonical for Role {
    fn write(&self, writer: &mut Writer) {
        writer.u8(*self as u8);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        match reader.u8()? {
            1 => Ok(Self::Sponsor),
            2 => Ok(Self::Site),
            3 => Ok(Self::Monitor),
            4 => Ok(Self::Regulator),
            _ => Err(reader.malformed("part in a trial")),
        }
    }
}

impl Canonical for Party {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.organisation);
        self.role.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            organisation: read_slug(reader)?,
            role: Role::read(reader)?,
        })
    }
}

impl Canonical for Trial {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.sponsor);
        writer.list(&self.parties);
        writer.u16(self.quorum);
        for number in [
            self.version,
            self.reconsent,
            self.enrolled,
            self.decisions,
            self.reports,
        ] {
            writer.u32(number);
        }
        write_some(writer, self.lock.as_ref());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            sponsor: read_slug(reader)?,
            parties: reader.list(PARTIES_MAX)?,
            quorum: reader.u16()?,
            version: reader.u32()?,
            reconsent: reader.u32()?,
            enrolled: reader.u32()?,
            decisions: reader.u32()?,
            reports: reader.u32()?,
            lock: read_some(reader)?,
        })
    }
}

impl Canonical for Version {
    fn write(&self, writer: &mut Writer) {
        self.protocol.write(writer);
        self.reason.write(writer);
        writer.u64(self.time_ms);
        writer.u32(self.enrolled);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            protocol: Digest::read(reader)?,
            reason: Digest::read(reader)?,
            time_ms: reader.u64()?,
            enrolled: reader.u32()?,
        })
    }
}

impl Canonical for Lock {
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.number);
        self.snapshot.write(writer);
        writer.u64(self.rows);
        self.programs.write(writer);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            number: reader.u32()?,
            snapshot: Digest::read(reader)?,
            rows: reader.u64()?,
            programs: Digest::read(reader)?,
        })
    }
}

impl Canonical for Hand {
    fn write(&self, writer: &mut Writer) {
        for value in [&self.commitment, &self.root, &self.secret] {
            write_some(writer, value.as_ref());
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            commitment: read_some(reader)?,
            root: read_some(reader)?,
            secret: read_some(reader)?,
        })
    }
}

impl Canonical for Site {
    fn write(&self, writer: &mut Writer) {
        writer.u32(self.accepted);
        write_some(writer, self.beacon.as_ref());
        self.sponsor.write(writer);
        self.site.write(writer);
        write_numbers(writer, &self.strata);
        write_numbers(writer, &self.next);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            accepted: reader.u32()?,
            beacon: read_some(reader)?,
            sponsor: Hand::read(reader)?,
            site: Hand::read(reader)?,
            strata: read_numbers(reader)?,
            next: read_numbers(reader)?,
        })
    }
}

impl Canonical for Slot {
    fn write(&self, writer: &mut Writer) {
        self.participant.write(writer);
        writer.bool(self.position.is_some());
        if let Some(position) = self.position {
            writer.u16(position);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            participant: Digest::read(reader)?,
            position: reader.bool()?.then(|| reader.u16()).transpose()?,
        })
    }
}

impl Canonical for Keep {
    fn write(&self, writer: &mut Writer) {
        writer.u8(*self as u8);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        match reader.u8()? {
            1 => Ok(Self::Collected),
            2 => Ok(Self::Lawful),
            _ => Err(reader.malformed("what is kept")),
        }
    }
}

impl Canonical for Participant {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.site);
        writer.u16(self.stratum);
        writer.u32(self.slot);
        writer.u32(self.version);
        self.consent.write(writer);
        writer.u64(self.enrolled_ms);
        write_timed(writer, self.withdrawn.as_ref());
        write_timed(writer, self.unblinded.as_ref());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            site: read_slug(reader)?,
            stratum: reader.u16()?,
            slot: reader.u32()?,
            version: reader.u32()?,
            consent: Digest::read(reader)?,
            enrolled_ms: reader.u64()?,
            withdrawn: read_timed(reader)?,
            unblinded: read_timed(reader)?,
        })
    }
}

impl Canonical for Decision {
    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Lock {
                snapshot,
                rows,
                programs,
            } => {
                writer.u8(1);
                snapshot.write(writer);
                writer.u64(*rows);
                programs.write(writer);
            }
            Self::Unlock { reason } => {
                writer.u8(2);
                reason.write(writer);
            }
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        match reader.u8()? {
            1 => Ok(Self::Lock {
                snapshot: Digest::read(reader)?,
                rows: reader.u64()?,
                programs: Digest::read(reader)?,
            }),
            2 => Ok(Self::Unlock {
                reason: Digest::read(reader)?,
            }),
            _ => Err(reader.malformed("decision")),
        }
    }
}

impl Canonical for Decided {
    fn write(&self, writer: &mut Writer) {
        self.decision.write(writer);
        writer.length(self.voices.len());
        for voice in &self.voices {
            writer.text(voice);
        }
        writer.u64(self.effective_ms);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let decision = Decision::read(reader)?;
        let count = reader.length(PARTIES_MAX + 1)?;
        let voices = (0..count).map(|_| read_slug(reader));
        Ok(Self {
            decision,
            voices: voices.collect::<Result<_, _>>()?,
            effective_ms: reader.u64()?,
        })
    }
}

impl Canonical for Reported {
    fn write(&self, writer: &mut Writer) {
        self.lock.write(writer);
        self.results.write(writer);
        writer.u32(self.version);
        writer.u64(self.time_ms);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        Ok(Self {
            lock: Lock::read(reader)?,
            results: Digest::read(reader)?,
            version: reader.u32()?,
            time_ms: reader.u64()?,
        })
    }
}
