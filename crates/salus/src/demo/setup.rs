//! The folders of the four: made once, found again later.

use super::Wanted;
use super::plan::{self, MEMBERS};
use super::report::{self, Report, UserEntry};
use crate::config::Config;
use crate::failure::{Explain, Failure, Outcome};
use crate::init::{self, Plan};
use crate::{genesis_file, organisation};
use ledger::Parameters;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use vault::Cost;

/// Keys of a demo protect nothing: four nodes must start within a second or two.
const COST: Cost = Cost {
    memory_kib: 8 * 1024,
    passes: 1,
    lanes: 1,
};

/// Tokens of the demo live a day (contract).
const TOKEN_LIFETIME_S: u64 = 24 * 3600;

const TRUST: &str = "trust.policy";

/// Makes the folders, or takes up those of an earlier run.
pub(crate) fn prepare(wanted: &Wanted) -> Outcome<Report> {
    let folder = &wanted.folder;
    if let Some(report) = Report::read(folder)? {
        return resume(wanted, report);
    }
    let empty = std::fs::read_dir(folder).is_ok_and(|mut listed| listed.next().is_none());
    if !empty {
        return Err(
            Failure::new(format!("{} is not a demo's folder", folder.display()))
                .cause("it has files, but no demo.json")
                .hint("give a fresh folder with --dir"),
        );
    }
    make(wanted)
}

fn make(wanted: &Wanted) -> Outcome<Report> {
    let folder = &wanted.folder;
    // Two each: the ledger's and that of the other organisations.
    let http: Vec<_> = (0..MEMBERS.len())
        .map(|index| plan::http(wanted.port, index))
        .collect();
    let links = plan::free_addresses(2 * MEMBERS.len(), &http)?;
    let mut founders = Vec::new();
    let mut users = Vec::new();
    for (index, member) in MEMBERS.iter().enumerate() {
        let dir = folder.join(member.id);
        let plan = plan_of(
            &dir,
            index,
            wanted.port,
            [links[2 * index], links[2 * index + 1]],
        );
        let made = init::make(&plan)?;
        founders.push(init::facts(&plan, &made.keys, true)?);
        users.push(made.users);
    }
    let mut parameters = Parameters::default();
    parameters.epoch_blocks = wanted.epoch_blocks.unwrap_or(parameters.epoch_blocks);
    let genesis = init::genesis(founders, parameters)?;
    for member in &MEMBERS {
        genesis_file::write(
            &folder.join(member.id).join(organisation::GENESIS),
            &genesis,
        )?;
    }
    let chain_id = genesis.chain_id();
    let trust = folder.join(TRUST);
    let policy = hospital::trust_policy(&ledger::State::genesis(&genesis), &chain_id)
        .explain(|| "the trust file cannot be made".into())?;
    std::fs::write(&trust, policy).explain(|| format!("{} cannot be written", trust.display()))?;
    let mut report = report::empty(folder, chain_id.to_string(), trust, wanted.port);
    for (entry, users) in report.organisations.iter_mut().zip(users) {
        entry.users = users
            .into_iter()
            .map(|user| UserEntry {
                role: user.role,
                username: user.username,
                password: user.password,
                token: String::new(),
            })
            .collect();
    }
    // From here on the folder can be taken up again.
    report.write(folder)?;
    Ok(report)
}

fn plan_of(dir: &Path, index: usize, port: u16, links: [SocketAddr; 2]) -> Plan<'_> {
    let member = &MEMBERS[index];
    Plan {
        dir,
        id: member.id,
        name: member.name,
        kind: member.kind,
        http: plan::http(port, index),
        ledger: links[0],
        peers: links[1],
        roles: member.roles,
        cost: COST,
        token_lifetime_s: TOKEN_LIFETIME_S,
        // The organisations of a demonstration are on this machine, and so may be their apps.
        outgoing: "loopback",
    }
}

/// The same people and keys; the HTTP ports may be others, the links between nodes not.
fn resume(wanted: &Wanted, old: Report) -> Outcome<Report> {
    let folder = &wanted.folder;
    if old
        .organisations
        .iter()
        .map(|it| it.id.as_str())
        .ne(MEMBERS.iter().map(|it| it.id))
    {
        return Err(
            Failure::new(format!("{} is not a demo's folder", folder.display()))
                .cause("its organisations are others")
                .hint("give a fresh folder with --dir"),
        );
    }
    let trust = folder.join(TRUST);
    let mut report = report::empty(folder, old.chain_id, trust, wanted.port);
    report.patients = old.patients;
    for (index, was) in old.organisations.into_iter().enumerate() {
        let entry = &mut report.organisations[index];
        entry.users = was.users;
        let path: PathBuf = entry.dir.join(organisation::CONFIG);
        let mut config = Config::read(&path)?;
        plan::check_free(
            config.ledger.listen,
            "the demo of this folder may still be running; its links cannot move",
        )?;
        config.http.listen = plan::http(wanted.port, index);
        config.write(&path)?;
    }
    Ok(report)
}
