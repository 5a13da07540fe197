//! How much and how long.

use std::time::Duration;

/// Bounds of the links of one node. Each holds for one peer, so that none takes the others' share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Largest body of a call or a reply.
    pub body_bytes_max: usize,
    /// Calls under way with one peer, in each direction; more wait.
    pub calls_max: usize,
    /// Bodies held at once for one peer, in each direction; at least one of the largest fits.
    pub held_bytes_max: usize,
    /// Links that one organisation may have open to us.
    pub links_max: usize,
    /// Handshakes under way, of anybody; more wait in the queue of the system.
    pub handshakes_max: usize,
    /// Time for connecting, the handshake included.
    pub connect_max: Duration,
    /// Silence after which a peer is asked for a sign of life, and time it has to give one.
    pub silence_max: Duration,
    /// Time for reading and answering one call.
    pub answer_max: Duration,
    /// Time for the calls under way when a link or the node ends.
    pub drain_max: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body_bytes_max: 64 * 1024 * 1024,
            calls_max: 32,
            held_bytes_max: 128 * 1024 * 1024,
            links_max: 4,
            handshakes_max: 64,
            connect_max: Duration::from_secs(10),
            silence_max: Duration::from_secs(20),
            answer_max: Duration::from_mins(2),
            drain_max: Duration::from_secs(10),
        }
    }
}

/// Longest path of a call.
pub(crate) const PATH_BYTES_MAX: usize = 256;
/// Largest list of header fields: a call has five short ones.
pub(crate) const HEADERS_BYTES_MAX: u32 = 4096;
/// Bytes of one stream that may wait unread (RFC 9113 5.2).
pub(crate) const WINDOW_BYTES: u32 = 256 * 1024;

impl Bounds {
    /// Window of a link. Streams that wait for room fill their own windows and leave this one open
    /// for those that have room; else the two would wait for each other.
    pub(crate) fn link_window_bytes(&self) -> u32 {
        self.streams_max().saturating_mul(WINDOW_BYTES)
    }

    /// Streams of one link (RFC 9113 5.1.2).
    pub(crate) fn streams_max(&self) -> u32 {
        // 2^31 - 1 is the largest window (RFC 9113 6.9.1).
        u32::try_from(self.calls_max).map_or(4096, |calls| calls.clamp(1, 4096))
    }
}
