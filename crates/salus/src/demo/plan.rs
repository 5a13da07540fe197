//! Who takes part in the demo, and on which ports.

use crate::failure::{Failure, Outcome};
use ledger::OrganisationKind as Kind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// One organisation of the demo.
pub(crate) struct Member {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Who can sign in there, beside patients.
    pub(crate) roles: &'static [&'static str],
}

/// The four, in the order of their ports (contract).
pub(crate) const MEMBERS: [Member; 4] = [
    Member {
        id: "st-mary",
        name: "St Mary Hospital",
        kind: Kind::Hospital,
        roles: &["clinician", "pharmacist", "researcher", "auditor", "admin"],
    },
    Member {
        id: "north-clinic",
        name: "North Clinic",
        kind: Kind::Clinic,
        roles: &["clinician", "pharmacist", "auditor", "admin"],
    },
    Member {
        id: "city-lab",
        name: "City Laboratory",
        kind: Kind::Laboratory,
        roles: &["clinician", "pharmacist", "auditor", "admin"],
    },
    Member {
        id: "harbour-pharmacy",
        name: "Harbour Pharmacy",
        kind: Kind::Pharmacy,
        roles: &["pharmacist", "clinician", "auditor", "admin"],
    },
];

/// Synthetic patients are at home at the first two, in turn.
pub(crate) fn home(number: u64) -> usize {
    usize::try_from(number % 2).unwrap_or(0)
}

/// The HTTP address of the member at `index`.
pub(crate) fn http(port: u16, index: usize) -> SocketAddr {
    let offset = u16::try_from(index).unwrap_or(u16::MAX);
    SocketAddr::from((Ipv4Addr::LOCALHOST, port.saturating_add(offset)))
}

/// Free ports for the links between nodes, none of those that are taken for HTTP. They are held
/// until all are known, so that none is given twice.
pub(crate) fn free_addresses(count: usize, taken: &[SocketAddr]) -> Outcome<Vec<SocketAddr>> {
    let mut listeners = Vec::with_capacity(count);
    let mut addresses = Vec::with_capacity(count);
    for port in lasting_ports() {
        if addresses.len() == count {
            return Ok(addresses);
        }
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if taken.contains(&address) {
            continue;
        }
        if let Ok(listener) = TcpListener::bind(address) {
            listeners.push(listener);
            addresses.push(address);
        }
    }
    Err(Failure::new("there is no free port on this machine"))
}

/// Ports that the system gives to no connection by itself (Linux begins at 32,768, others higher):
/// a node that was stopped finds its own free when it comes back. Each process begins elsewhere.
fn lasting_ports() -> impl Iterator<Item = u16> {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 22_000;
    let begin = u16::try_from(std::process::id().wrapping_mul(37) % u32::from(COUNT)).unwrap_or(0);
    (0..COUNT).map(move |step| FIRST + (begin + step) % COUNT)
}

/// Fails when something listens there already, before anything is started.
pub(crate) fn check_free(address: SocketAddr, hint: &str) -> Outcome {
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(format!("the demo cannot use {address}"))
            .cause(error)
            .hint(hint)),
    }
}
