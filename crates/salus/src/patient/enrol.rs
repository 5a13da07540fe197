//! The seed of a device: made and enrolled, split, and put back.

use super::device::{self, Device};
use crate::cli::{self, Target};
use crate::client::Client;
use crate::failure::{Explain, Failure, Outcome};
use hospital::key_change_digest;
use proof::SecretKey;
use serde_json::{Value, json};
use std::path::Path;
use vault::seed::recovery::Share;
use vault::{Seed, WrapKey};

const KEYS: &str = "/identity/keys";

/// `salus patient enrol`.
pub(crate) fn enrol(patient: &str, arguments: &cli::Device, target: &Target) -> Outcome {
    let client = client(target, patient)?;
    let keys = keys(&client)?;
    // A seed that is there was made by a call that did not reach the organisation.
    let device = if Device::is_in(arguments) {
        Device::open(arguments)?
    } else {
        refuse_other_device(&keys)?;
        let seed = Seed::random().explain(|| "no seed can be made".to_owned())?;
        Device::make(arguments, seed, device::facts_of(&client, patient)?)?
    };
    if device.facts.patient != patient {
        return Err(Failure::new("the folder holds the seed of another patient")
            .hint("choose a folder of its own for each patient"));
    }
    let own = consent_key(&device.seed).public().to_string();
    if keys["current"]["consent_key"] != own.as_str() {
        refuse_other_device(&keys)?;
        let number = keys["current"]["number"].as_u64().unwrap_or(0) + 1;
        let body = change(&device, number).to_string();
        client
            .post(KEYS, "application/json", body.as_bytes())?
            .expect_ok("the key was not taken")?;
    }
    println!("enrolled {own}");
    println!("make recovery shares now: salus patient shares --dir DIR");
    Ok(())
}

/// `salus patient shares`.
pub(crate) fn shares(arguments: &cli::Device) -> Outcome {
    let device = Device::open(arguments)?;
    let failed = || "no shares can be made".to_owned();
    for share in device.seed.split().explain(failed)? {
        let text = share.to_text().explain(failed)?;
        println!("share {} of set {}:", share.number(), share.set());
        println!("  {}", text.as_str());
    }
    println!("any two of the three give the seed back; one alone gives nothing");
    Ok(())
}

/// `salus patient recover`.
pub(crate) fn recover(
    patient: &str,
    shares: &Path,
    arguments: &cli::Device,
    target: &Target,
) -> Outcome {
    let bytes = device::read(shares)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut found: Vec<Share> = Vec::new();
    for (line, number) in lines.zip(1_u8..=4) {
        let share = line.parse();
        found.push(share.explain(|| format!("line {number} is no share"))?);
    }
    let seed = Seed::recover(&found).explain(|| "the shares give no seed".to_owned())?;
    let client = client(target, patient)?;
    let keys = keys(&client)?;
    let own = consent_key(&seed).public().to_string();
    if keys["current"]["consent_key"] != own.as_str() {
        return Err(
            Failure::new("the shares are of another seed than that of the patient's key")
                .cause("the organisation knows another consent key")
                .hint("are they of this patient, and of the newest device?"),
        );
    }
    let device = Device::make(arguments, seed, device::facts_of(&client, patient)?)?;
    if keys["current"]["mode"] != "device" {
        // The organisation kept the seed: the same key moves to the device.
        let number = keys["current"]["number"].as_u64().unwrap_or(0) + 1;
        let body = change(&device, number).to_string();
        client
            .post(KEYS, "application/json", body.as_bytes())?
            .expect_ok("the key was not taken")?;
    }
    println!("recovered {own}");
    Ok(())
}

/// A client that asks for this patient.
pub(super) fn client(target: &Target, patient: &str) -> Outcome<Client> {
    Ok(Client::new(&target.to, Some(&target.token))?.acting_for(patient))
}

/// The keys that the organisation knows; null if there are none.
fn keys(client: &Client) -> Outcome<Value> {
    let answer = client.get(KEYS)?;
    if answer.status == 404 {
        return Ok(Value::Null);
    }
    let answer = answer.expect_ok("the organisation does not tell the patient's keys")?;
    Ok(answer.json())
}

fn refuse_other_device(keys: &Value) -> Outcome {
    if keys["current"]["mode"] != "device" {
        return Ok(());
    }
    Err(Failure::new("another device holds this patient's keys")
        .hint("salus patient recover takes them over with two shares"))
}

fn consent_key(seed: &Seed) -> SecretKey {
    SecretKey::from_seed(&seed.consent_signing())
}

/// The change of key that brings this device in.
fn change(device: &Device, number: u64) -> Value {
    let key = consent_key(&device.seed);
    let x_wing = WrapKey::from_seed(&device.seed.x_wing()).public();
    let facts = &device.facts;
    let public = key.public();
    let digest = key_change_digest(
        &device.chain,
        &facts.organisation,
        &facts.patient,
        number,
        (&public, Some(x_wing.as_slice())),
    );
    json!({
        "mode": "device",
        "consent_key": public.to_string(),
        "x_wing_key": hex(x_wing.as_slice()),
        "possession": hex(&key.sign(&digest.0).0),
    })
}

/// Lower-case hexadecimal.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
