//! Scans in: checked whole, each on disk before the answer leaves.

use std::collections::BTreeSet;

use gs1::fault;

use super::super::order::unusable;
use super::super::{Reason, handles, looks};
use super::{By, NewOffline, Offline, OfflinePage};
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::setup::Hospital;

/// Scans of one form.
const FORM_MAX: usize = 1_000;
/// Scans that may wait.
pub(super) const WAITING_MAX: usize = 10_000;
/// A device's clock may be ahead by so much.
const AHEAD_US: i64 = 5 * 60 * 1_000_000;
/// What is older was kept too long: who has the pack now, nobody would find out.
const AGE_DAYS: i64 = 31;
const DAY_US: i64 = 86_400 * 1_000_000;
/// Waiting scans that a list shows.
const SHOWN_MAX: usize = 200;

impl Hospital {
    /// Keeps scans that were made without a connection. One that came before under the same id is
    /// answered as it stands.
    pub async fn keep_offline(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        scans: Vec<NewOffline>,
    ) -> Result<Vec<Offline>, HospitalError> {
        handles(caller)?;
        let now_us = self.now_us();
        if scans.is_empty() || scans.len() > FORM_MAX {
            return Err(unusable(format!("a form has 1 to {FORM_MAX} scans")));
        }
        let mut seen = BTreeSet::new();
        for (place, scan) in scans.iter().enumerate() {
            let why = usable(scan, now_us).err();
            let twice = (!seen.insert(&scan.id)).then(|| "its id is there twice".to_owned());
            if let Some(why) = why.or(twice) {
                return Err(unusable(format!("scan {}: {why}", place + 1)));
            }
        }
        let (mut told, mut fresh) = (Vec::with_capacity(scans.len()), Vec::new());
        for scan in scans {
            if let Some(kept) = self.offline_scan(&scan.id).await? {
                if !is_same(&kept, &scan) {
                    let text = format!("the id {} is that of another scan", scan.id);
                    return Err(unusable(text));
                }
                told.push(kept);
                continue;
            }
            let offline = Offline {
                id: scan.id,
                scan: scan.scan,
                act: scan.act,
                reason: scan.reason,
                taken_us: scan.taken_us,
                came_us: now_us,
                by: By {
                    user: agent.user.clone(),
                    role: agent.role.clone(),
                    client: agent.client.clone(),
                    address: agent.address.clone(),
                },
                tries: 0,
                outcome: None,
                handled: None,
            };
            fresh.push(offline.clone());
            told.push(offline);
        }
        if fresh.is_empty() {
            return Ok(told);
        }
        if self.waiting_offline().await?.len() + fresh.len() > WAITING_MAX {
            return Err(HospitalError::Busy(format!(
                "{WAITING_MAX} scans wait for the ledger: keep these on the device"
            )));
        }
        let deed = AccessDeed::Operation("keep-offline-scans".into());
        let access = Access {
            query: Some(format!("scans={}", fresh.len())),
            ..Access::new(agent, deed, now_us)
        };
        self.record_access(access).await?;
        self.keep_waiting(&fresh).await?;
        Ok(told)
    }

    /// The scans that wait, and what came of the others, from where the page before ended.
    pub async fn offline_scans(
        &self,
        caller: &Caller,
        after: Option<&str>,
    ) -> Result<OfflinePage, HospitalError> {
        looks(caller)?;
        let (settled, next) = self.settled_offline(after).await?;
        let mut first = self.waiting_offline().await?;
        let waiting = first.len();
        first.truncate(if after.is_none() { SHOWN_MAX } else { 0 });
        Ok(OfflinePage {
            waiting,
            first,
            settled,
            next,
        })
    }
}

/// Whether what comes again is what came before.
fn is_same(kept: &Offline, scan: &NewOffline) -> bool {
    (&kept.scan, &kept.act, &kept.reason, kept.taken_us)
        == (&scan.scan, &scan.act, &scan.reason, scan.taken_us)
}

/// What a form can be refused for. What the scan itself says is looked at later: the pack may have
/// been given away, and a code that cannot be read must not be lost.
pub(super) fn usable(scan: &NewOffline, now_us: i64) -> Result<(), String> {
    if !is_uuid(&scan.id) {
        return Err("`id` is a UUID in small letters (RFC 9562)".into());
    }
    if scan.scan.trim().is_empty() || scan.scan.len() > fault::BYTES_MAX {
        return Err(format!("a scan has 1 to {} bytes", fault::BYTES_MAX));
    }
    let reason = scan.reason.as_deref();
    match (scan.act.as_str(), reason) {
        ("verify" | "receive" | "dispense", None) => {}
        ("decommission", Some(word)) if Reason::of_word(word).is_some() => {}
        ("decommission", _) => {
            let reasons = Reason::ALL.map(Reason::as_str).join(", ");
            return Err(format!("`reason` is one of {reasons}"));
        }
        ("verify" | "receive" | "dispense", Some(_)) => {
            return Err("`reason` goes with `decommission` only".into());
        }
        _ => return Err("`act` is verify, receive, dispense or decommission".into()),
    }
    if scan.taken_us > now_us + AHEAD_US {
        return Err(format!(
            "it was taken at {}, which is still to come: set the clock of the device",
            instant::fhir(scan.taken_us)
        ));
    }
    if scan.taken_us < now_us - AGE_DAYS * DAY_US {
        return Err(format!("it is older than {AGE_DAYS} days"));
    }
    Ok(())
}

/// RFC 9562, 4: 8-4-4-4-12 hexadecimal digits.
fn is_uuid(id: &str) -> bool {
    let parts = id.split('-').map(str::len);
    parts.eq([8, 4, 4, 4, 12])
        && id
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}
