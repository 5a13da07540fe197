//! `salus propose` and `salus vote`: a member's voice in the consortium, through its own node.

use crate::cli::{self, Change, Target};
use crate::client::Client;
use crate::failure::{Failure, Hint, Outcome};
use crate::genesis_file::{self, OrganisationText};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const MEDIA_TYPE: &str = "application/json";

/// A proposal is in a block within this, or nothing is final at the moment.
const FINAL_MAX: Duration = Duration::from_secs(15);

/// `salus propose`.
pub(crate) fn propose(arguments: &cli::Propose) -> Outcome {
    let (target, proposal) = proposal(&arguments.change)?;
    let client = Client::new(&target.to, Some(&target.token))?;
    let body = proposal.to_string();
    let answer = client.post("/ledger/proposals", MEDIA_TYPE, body.as_bytes())?;
    let answer = answer.expect_ok("the proposal was not taken").hint(ADMIN)?;
    let id = answer.json()["transaction"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    println!("proposal {id}");
    match wait_until_open(&client, &id)? {
        Some(open) => {
            let approved = votes(&open, true);
            println!(
                "{approved} of {} votes needed; the others vote with",
                open["needed"]
            );
            println!("  salus vote {id} --to http://HOST:PORT --token TOKEN");
        }
        None => {
            println!("it is decided already, or waits for a quorum: /ledger/organisations tells");
        }
    }
    Ok(())
}

const ADMIN: &str = "the token must be an administrator's: POST /auth/token gives it";

fn proposal(change: &Change) -> Outcome<(&Target, Value)> {
    Ok(match change {
        Change::Add { request, target } => {
            let organisation = genesis_file::read_request(request)?;
            let facts = serde_json::to_value(OrganisationText::of(&organisation));
            (
                target,
                json!({ "add_organisation": facts.unwrap_or_default() }),
            )
        }
        Change::Remove {
            organisation,
            target,
        } => (
            target,
            json!({ "remove_organisation": slug(organisation)? }),
        ),
        Change::Validator {
            organisation,
            not,
            target,
        } => {
            let organisation = slug(organisation)?;
            let set = json!({ "organisation": organisation, "validator": !not });
            (target, json!({ "set_validator": set }))
        }
        Change::Partner {
            organisation,
            roles,
            target,
        } => {
            let organisation = slug(organisation)?;
            let words: Vec<_> = roles.iter().map(|it| it.word()).collect();
            let set = json!({ "organisation": organisation, "roles": words });
            (target, json!({ "set_partner": set }))
        }
        Change::Openers {
            holders,
            threshold,
            target,
        } => {
            let holders: Vec<_> = holders.iter().map(|it| slug(it)).collect::<Outcome<_>>()?;
            let set = json!({ "holders": holders, "threshold": threshold });
            (target, json!({ "set_openers": set }))
        }
    })
}

fn slug(text: &str) -> Outcome<&str> {
    if crate::config::is_slug(text) {
        return Ok(text);
    }
    Err(
        Failure::new(format!("`{text}` cannot name an organisation"))
            .hint("1 to 32 of a-z, 0-9 and hyphen"),
    )
}

/// The proposal once it is final and open; none when it was decided at once.
fn wait_until_open(client: &Client, id: &str) -> Outcome<Option<Value>> {
    let until = Instant::now() + FINAL_MAX;
    while Instant::now() < until {
        let answer = client.get("/ledger/proposals")?;
        let body = answer.expect_ok("the open proposals are not told")?.json();
        let open = body["proposals"].as_array().map_or(&[][..], Vec::as_slice);
        if let Some(found) = open.iter().find(|open| open["id"] == id) {
            return Ok(Some(found.clone()));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(None)
}

fn votes(open: &Value, approve: bool) -> usize {
    let votes = open["votes"].as_array().map_or(&[][..], Vec::as_slice);
    votes
        .iter()
        .filter(|vote| vote["approve"] == approve)
        .count()
}

/// `salus vote`.
pub(crate) fn vote(arguments: &cli::Vote) -> Outcome {
    let id = arguments.proposal.as_str();
    if id.parse::<proof::Digest>().is_err() {
        return Err(Failure::new(format!("`{id}` is not a proposal"))
            .hint("64 hexadecimal digits, as `salus propose` printed them"));
    }
    let client = Client::new(&arguments.target.to, Some(&arguments.target.token))?;
    let path = format!("/ledger/proposals/{id}/votes");
    let body = json!({ "approve": !arguments.against }).to_string();
    client
        .post(&path, MEDIA_TYPE, body.as_bytes())?
        .expect_ok("the vote was not taken")
        .hint(ADMIN)?;
    println!(
        "voted {}",
        if arguments.against { "against" } else { "for" }
    );
    Ok(())
}
