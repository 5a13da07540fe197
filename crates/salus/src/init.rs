//! `salus init` and `salus join`: a new organisation on disk, ready to run.

use crate::cli;
use crate::config::{
    Access, Config, Http, Keys as KeysConfig, Ledger, Limits, Organisation, Peers,
};
use crate::failure::{Explain, Failure, Outcome};
use crate::genesis_file;
use crate::organisation::{self, FirstUser, Keys, Purpose};
use ledger::{Genesis, Parameters};
use std::path::{Path, PathBuf};
use vault::Cost;

/// What an organisation is made from.
pub(crate) struct Plan<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) kind: ledger::OrganisationKind,
    pub(crate) http: std::net::SocketAddr,
    pub(crate) ledger: std::net::SocketAddr,
    pub(crate) peers: std::net::SocketAddr,
    pub(crate) roles: &'a [&'a str],
    /// What guessing the passphrase costs.
    pub(crate) cost: Cost,
    pub(crate) token_lifetime_s: u64,
    /// To where the node makes requests of its own.
    pub(crate) outgoing: &'a str,
}

/// What was made.
pub(crate) struct Made {
    pub(crate) keys: Keys,
    pub(crate) users: Vec<FirstUser>,
}

/// Makes the folder, the keys, the configuration and the first users; not the genesis.
pub(crate) fn make(plan: &Plan<'_>) -> Outcome<Made> {
    if !crate::config::is_slug(plan.id) {
        return Err(
            Failure::new(format!("`{}` cannot name an organisation", plan.id))
                .hint("1 to 32 of a-z, 0-9 and hyphen"),
        );
    }
    organisation::make_folder(plan.dir)?;
    let passphrase = organisation::password()?;
    let file = plan.dir.join(organisation::PASSPHRASE);
    organisation::write_private(&file, format!("{passphrase}\n").as_bytes(), false)?;
    let keys = Keys::create(plan.dir, &passphrase, plan.cost)?;
    let mut users = Vec::new();
    for role in plan.roles {
        users.push(FirstUser {
            role: (*role).to_owned(),
            username: (*role).to_owned(),
            password: organisation::password()?,
        });
    }
    keys.write_first_users(plan.dir, &users)?;
    let config = Config {
        organisation: Organisation {
            id: plan.id.to_owned(),
            name: plan.name.to_owned(),
            kind: plan.kind.to_string(),
        },
        http: Http {
            listen: plan.http,
            base: None,
        },
        ledger: Ledger {
            listen: plan.ledger,
            genesis: PathBuf::from(organisation::GENESIS),
        },
        keys: KeysConfig {
            passphrase_file: Some(PathBuf::from(organisation::PASSPHRASE)),
            passphrase_env: None,
        },
        peers: Some(Peers {
            listen: plan.peers,
            address: None,
            policy: None,
        }),
        access: Access {
            token_lifetime_s: plan.token_lifetime_s,
            outgoing: plan.outgoing.to_owned(),
            passkeys: None,
            provider: None,
        },
        limits: Limits::default(),
        folder: plan.dir.to_path_buf(),
    };
    config.write(&plan.dir.join(organisation::CONFIG))?;
    Ok(Made { keys, users })
}

/// The public facts about the organisation of a plan.
pub(crate) fn facts(
    plan: &Plan<'_>,
    keys: &Keys,
    validator: bool,
) -> Outcome<ledger::Organisation> {
    Ok(ledger::Organisation {
        id: plan
            .id
            .parse()
            .explain(|| format!("`{}` is no name", plan.id))?,
        kind: plan.kind,
        transaction_key: keys.signing(Purpose::Transaction).public(),
        node_key: keys.signing(Purpose::Node).public(),
        checkpoint_key: keys.signing(Purpose::Checkpoint).public(),
        address: plan.ledger.to_string(),
        validator,
    })
}

/// A genesis of these founders, from now on.
pub(crate) fn genesis(
    mut founders: Vec<ledger::Organisation>,
    parameters: Parameters,
) -> Outcome<Genesis> {
    founders.sort_by(|one, next| one.id.cmp(&next.id));
    let genesis = Genesis {
        time_ms: now_ms(),
        parameters,
        organisations: founders,
    };
    genesis
        .check()
        .explain(|| "these founders make no ledger".into())?;
    Ok(genesis)
}

fn now_ms() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

const FIRST_ROLES: &[&str] = &["clinician", "auditor", "admin"];

fn plan<'a>(identity: &'a cli::Identity, name: &'a str) -> Plan<'a> {
    Plan {
        dir: &identity.dir,
        id: &identity.id,
        name,
        kind: identity.kind,
        http: identity.http,
        ledger: identity.ledger,
        peers: identity.peers,
        roles: FIRST_ROLES,
        cost: Cost::default(),
        token_lifetime_s: Access::default().token_lifetime_s,
        outgoing: "public",
    }
}

/// `salus init`.
pub(crate) fn init(arguments: &cli::Init) -> Outcome {
    let identity = &arguments.identity;
    let name = name(identity);
    let plan = plan(identity, &name);
    let made = make(&plan)?;
    let genesis = genesis(vec![facts(&plan, &made.keys, true)?], Parameters::default())?;
    genesis_file::write(&identity.dir.join(organisation::GENESIS), &genesis)?;
    println!(
        "{name} is ready, as the only member of the ledger {}.\n",
        genesis.chain_id()
    );
    say_users(&made.users);
    say_start(identity);
    Ok(())
}

/// `salus join`.
pub(crate) fn join(arguments: &cli::Join) -> Outcome {
    let identity = &arguments.identity;
    let genesis = genesis_file::read(&arguments.genesis)?;
    if genesis
        .organisations
        .iter()
        .any(|member| member.id.as_str() == identity.id)
    {
        return Err(
            Failure::new(format!("{} is a founder of that ledger", identity.id))
                .hint("choose another --id"),
        );
    }
    let name = name(identity);
    let plan = plan(identity, &name);
    let made = make(&plan)?;
    genesis_file::write(&identity.dir.join(organisation::GENESIS), &genesis)?;
    let request = identity.dir.join(organisation::REQUEST);
    genesis_file::write_request(&request, &facts(&plan, &made.keys, arguments.validator)?)?;
    println!(
        "{name} can join the ledger {} when two thirds of its members agree.\n",
        genesis.chain_id()
    );
    println!(
        "Give {} to a member; its administrator runs",
        request.display()
    );
    println!("  salus propose add --request request.toml --to http://HOST:PORT --token TOKEN\n");
    say_users(&made.users);
    say_start(identity);
    Ok(())
}

fn name(identity: &cli::Identity) -> String {
    identity.name.clone().unwrap_or_else(|| {
        let words = identity.id.split('-').map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(letters).collect()
            })
        });
        words.collect::<Vec<String>>().join(" ")
    })
}

fn say_users(users: &[FirstUser]) {
    println!("These passwords are shown once:");
    for user in users {
        println!("  {:<12} {}", user.username, user.password);
    }
}

fn say_start(identity: &cli::Identity) {
    let config = identity.dir.join(organisation::CONFIG);
    println!("\nStart it:\n  salus run --config {}", config.display());
}
