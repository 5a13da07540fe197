//! The peer-to-peer network: who may connect, on which channels, how much at a time.

use super::handshake::Hybrid;
use commonware_codec::DecodeExt as _;
use commonware_cryptography::{ChaCha20Poly1305, ed25519};
use commonware_p2p::{
    Address, AddressableManager as _, AddressableTrackedPeers, Ingress, authenticated::lookup,
};
use commonware_runtime::{Quota, Supervisor as _, tokio::Context};
use commonware_stream::{
    cups::{self, Cups},
    sake::{self, Sake},
};
use commonware_utils::{Hostname, NZU32, NZUsize, TryCollect as _, ordered::Map};
use ledger::Organisation;
use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    time::Duration,
};
use tracing::warn;

pub(crate) type Key = ed25519::PublicKey;
pub(crate) type Sender = lookup::Sender<Key, Context>;
type Receiver = lookup::Receiver<Key>;
pub(crate) use lookup::Oracle;
pub(crate) type Network =
    lookup::Network<Context, Cups<Hybrid<Sake<ed25519::PrivateKey>>, ChaCha20Poly1305>>;

/// One registered channel.
pub(crate) type Channel = (Sender, Receiver);

/// The least number of members that a node is ready to connect to.
const PEERS_MIN: usize = 16;

/// How many members a node connects to until it starts again. The network allocates its
/// mailboxes for all of them, some hundred kilobytes each, so there is room for twice as many as
/// there are, and no more.
pub(crate) fn peers_max(members: usize) -> NonZeroUsize {
    NonZeroUsize::new(members * 2)
        .unwrap_or(NonZeroUsize::MIN)
        .max(NZUsize!(PEERS_MIN))
}

/// The channels of a node. The numbers are part of the protocol.
pub(crate) struct Channels {
    pub(crate) votes: Channel,
    pub(crate) certificates: Channel,
    pub(crate) resolver: Channel,
    pub(crate) blocks: Channel,
    pub(crate) backfill: Channel,
    pub(crate) pool: Channel,
    pub(crate) pulses: Channel,
}

/// Creates the network; it runs once `Network::start` is called.
pub(crate) fn create(
    context: &Context,
    key: &ed25519::PrivateKey,
    namespace: &[u8],
    listen: SocketAddr,
    message_bytes_max: u32,
    peers_max: NonZeroUsize,
) -> (Network, Channels, Oracle<Key>) {
    let handshake = Cups::<_, ChaCha20Poly1305>::new(
        Hybrid(Sake {
            signer: key.clone(),
            synchrony_bound: Duration::from_secs(10),
            max_handshake_age: Duration::from_secs(20),
            version: sake::Version::V1,
        }),
        cups::Version::V1,
    );
    let mut config = lookup::Config::recommended(
        handshake,
        namespace,
        listen,
        peers_max,
        message_bytes_max,
        NZUsize!(256),
    );
    // Hospitals live behind private addresses and address translation; the handshake pins keys.
    config.allow_private_ips = true;
    config.bypass_ip_check = true;
    config.peer_connection_cooldown = Duration::from_secs(1);
    config.allowed_handshake_rate_per_ip = Quota::per_second(NZU32!(16));
    config.dial_frequency = Duration::from_millis(500);
    config.dial_timeout = Duration::from_secs(5);
    // A blocked peer comes back: a bug must not cut an organisation off for hours.
    config.block_duration = Duration::from_mins(1);
    // One set: every update carries all who may connect, so leavers are cut off at once.
    config.tracked_peer_sets = NZUsize!(1);
    let (mut network, oracle) = lookup::Network::new(context.child("network"), config);
    let quota = |per_second| Quota::per_second(per_second);
    let channels = Channels {
        votes: network.register(0, quota(NZU32!(256))),
        certificates: network.register(1, quota(NZU32!(256))),
        resolver: network.register(2, quota(NZU32!(128))),
        blocks: network.register(3, quota(NZU32!(64))),
        backfill: network.register(4, quota(NZU32!(512))),
        pool: network.register(5, quota(NZU32!(128))),
        pulses: network.register(6, quota(NZU32!(64))),
    };
    (network, channels, oracle)
}

/// The engine's form of a ledger key.
pub(crate) fn engine_key(key: &proof::sign::PublicKey) -> Option<Key> {
    Key::decode(key.0.to_vec()).ok()
}

/// Tells the network who may connect from now on.
///
/// `index` must grow with every call of a process; the height of the block that made the change
/// does. Validators are dialled; other members connect to them.
pub(crate) fn track<'a>(
    oracle: &mut Oracle<Key>,
    index: u64,
    validators: &[Key],
    organisations: impl Iterator<Item = &'a Organisation>,
    peers_max: NonZeroUsize,
) {
    let (mut primary, mut secondary) = (BTreeMap::new(), BTreeMap::new());
    for organisation in organisations {
        let Some(key) = engine_key(&organisation.node_key) else {
            continue;
        };
        let Some(address) = parse_address(&organisation.address) else {
            continue;
        };
        if organisation.validator || validators.contains(&key) {
            primary.insert(key, address);
        } else {
            secondary.insert(key, address);
        }
    }
    // One place is this node's own. Validators come first.
    let room = peers_max.get() - 1;
    if primary.len() + secondary.len() > room {
        warn!(
            room,
            "more members than this node has room for: start it again"
        );
    }
    let rest = room.saturating_sub(primary.len());
    let primary = primary.into_iter().take(room);
    let secondary = secondary.into_iter().take(rest);
    let (Ok(primary), Ok(secondary)) = (
        primary.try_collect::<Map<Key, Address>>(),
        secondary.try_collect::<Map<Key, Address>>(),
    ) else {
        return;
    };
    let _ = oracle.track(index, AddressableTrackedPeers::new(primary, secondary));
}

/// `ip:port` or `host.name:port`.
fn parse_address(address: &str) -> Option<Address> {
    if let Ok(socket) = address.parse::<SocketAddr>() {
        return Some(Address::Symmetric(socket));
    }
    let (host, port) = address.rsplit_once(':')?;
    let ingress = Ingress::Dns {
        host: Hostname::new(host).ok()?,
        port: port.parse().ok()?,
    };
    // Not used: `bypass_ip_check` is set, the handshake authenticates the peer.
    let egress = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
    Some(Address::Asymmetric { ingress, egress })
}
