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
        roles: &["clinician", "researcher", "auditor", "admin"],
    },
    Member {
        id: "north-clinic",
        name: "North Clinic",
        kind: Kind::Clinic,
        roles: &["clinician", "auditor", "admin"],
    },
    Member {
        id: "city-lab",
        name: "City Laboratory",
        kind: Kind::Laboratory,
        roles: &["clinician", "auditor", "admin"],
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

/// Free ports for the links between nodes, held until all are known so that none is given twice.
pub(crate) fn free_addresses(count: usize) -> Outcome<Vec<SocketAddr>> {
    use crate::failure::Explain;
    let listeners: Vec<TcpListener> = (0..count)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<_, _>>()
        .explain(|| "there is no free port on this machine".into())?;
    listeners
        .iter()
        .map(|listener| {
            listener
                .local_addr()
                .explain(|| "a port has no address".into())
        })
        .collect()
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
