//! What the authorization server remembers: registered clients, and tickets, which expire.

/// A registered app or system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// Its id, unique.
    pub id: String,
    /// What was registered; opaque here.
    pub body: Vec<u8>,
    /// The caller's keyed mark over the other columns; opaque here.
    pub integrity: Vec<u8>,
}

/// What a ticket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum TicketKind {
    /// A signed-in browser.
    Session = 1,
    /// An authorization code.
    Code = 2,
    /// A refresh token.
    Refresh = 3,
    /// An EHR launch.
    Launch = 4,
    /// The id of a client assertion that was used.
    Assertion = 5,
    /// A token, a family of tokens or a client whose tokens are no longer good.
    Revoked = 6,
}

impl TicketKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Session,
        Self::Code,
        Self::Refresh,
        Self::Launch,
        Self::Assertion,
        Self::Revoked,
    ];

    /// The number in the database.
    pub fn number(self) -> u8 {
        self as u8
    }

    pub(crate) fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// Something that is good for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What it is for.
    pub kind: TicketKind,
    /// SHA-256 of the secret or name that it is known by.
    pub digest: [u8; 32],
    /// The authorization that it belongs to; empty: none.
    pub family: String,
    /// Whether it was used.
    pub used: bool,
    /// When it may be forgotten.
    pub expires_us: i64,
    /// What it says; opaque here.
    pub body: Vec<u8>,
    /// The caller's keyed mark over the other columns; opaque here.
    pub integrity: Vec<u8>,
}

/// What became of a new ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is stored.
    Stored,
    /// There is one of this digest already: nothing was changed.
    Known,
    /// There are as many of its kind as there may be.
    Full,
}
