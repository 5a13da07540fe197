//! Who may be at the other end of a link.

/// Where an organisation's node listens, and the key it has to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// `host:port`.
    pub address: String,
    /// Ed25519 public key of its links.
    pub key: [u8; 32],
}

/// The pinned keys. It is asked at each handshake and at each call, so that a removed member or a
/// replaced key is refused at once: answer from memory.
pub trait Registry: Send + Sync + 'static {
    /// The organisation that this key is pinned to, if any.
    fn organisation_of(&self, key: &[u8; 32]) -> Option<String>;
    /// Address and key of an organisation, if it has announced them.
    fn find(&self, organisation: &str) -> Option<Peer>;
}
