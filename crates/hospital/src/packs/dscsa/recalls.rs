//! How far a recall has come: the maker counts its packs on the ledger, tells whoever got some, and
//! they tell those to whom they handed them on.

use std::collections::BTreeMap;

use ::dscsa::recall::{Counts, Reach, Told};
use futures::future::join_all;
use serde::{Deserialize, Serialize};
use supply::acts::{ITEMS_MAX, Status};
use supply::ids::{LotId, PackId};

use super::message::{RECALL, RecallAnswer, RecallTold};
use super::{partner_there, refused, unusable};
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::instant;
use crate::packs::held::{Pack, Where};
use crate::packs::scanned::scanned;
use crate::packs::{handles, looks};
use crate::setup::Hospital;
use crate::sharing::message as link;

const KIND: &str = "recall";
/// Over so many organisations a recall is passed on.
const HOPS_MAX: u8 = 6;
/// Organisations of one answer.
const TOLD_MAX: usize = 1_000;

/// A recall as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecallNotice {
    /// GTIN-14.
    pub gtin: String,
    /// The lot.
    pub lot: String,
    /// Who told of it; none: this organisation made the lot.
    pub from: Option<String>,
    /// When it was told last, RFC 3339.
    pub told_at: String,
    /// The packs of it that are here: take them off the shelf.
    pub here: Vec<String>,
    /// Who was told from here.
    pub told: Vec<Told>,
}

/// The recalls that are known here, the latest first.
#[derive(Debug, Clone, Default)]
pub struct RecallPage {
    /// They.
    pub recalls: Vec<RecallNotice>,
    /// What to ask for the next page by.
    pub next: Option<String>,
}

/// Packs of a lot, by the member to whom they were handed.
type ByReceiver = BTreeMap<String, Vec<String>>;

impl Hospital {
    /// The reach of a recall of a lot that was made here; `tell` tells everybody anew.
    pub async fn recall_reach(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (scan, tell): (&str, bool),
    ) -> Result<Reach, HospitalError> {
        if tell {
            handles(caller)?;
        } else {
            looks(caller)?;
        }
        let (gtin, lot) = lot_of(scan)?;
        let key = self.trade_key().await?;
        let state = self.fresh_state().await?;
        let name = key.lot(&gtin, &lot);
        let known = state.lot(&name);
        let known = known.ok_or_else(|| HospitalError::Absent("a lot of this number".into()))?;
        if !self.is_this(&known.maker) {
            return Err(refused(format!(
                "only the maker of a lot knows all its packs, and that is {}",
                known.maker
            )));
        }
        let act = if tell { "tell-recall" } else { "read-recall" };
        self.log_dscsa(agent, act).await?;
        let serials = self.serials_of_lot(&gtin, &lot).await?;
        let mut counts = Counts::default();
        let mut receivers = ByReceiver::new();
        for serial in serials {
            let pack = key.pack(&gtin, &serial);
            let Some(on_ledger) = state.pack(&pack) else {
                continue;
            };
            let held = self.kept_packs(&[pack]).await?.pop().map(|(_, it)| it);
            count(&mut counts, on_ledger.status, held.as_ref());
            if let Some(to) = held.and_then(|it| it.to) {
                receivers.entry(to).or_default().push(serial);
            }
        }
        let told = if tell {
            if known.recalled.is_none() {
                return Err(refused(
                    "the ledger has no recall of this lot: POST /packs/acts with the act `recall` \
                     comes first",
                ));
            }
            let told = self.told_of(&gtin, &lot, receivers, HOPS_MAX).await;
            let told = merged(told, &self.0.organisation);
            self.keep_recall(&name, (&gtin, &lot), None, (Vec::new(), told.clone()))
                .await?;
            told
        } else {
            let kept = self.case::<RecallNotice>(KIND, &name.to_string()).await?;
            kept.map(|(_, it)| it.told).unwrap_or_default()
        };
        Ok(Reach::of(counts, told))
    }

    /// The recalls that are known here.
    pub async fn recalls(
        &self,
        caller: &Caller,
        after: Option<&str>,
    ) -> Result<RecallPage, HospitalError> {
        looks(caller)?;
        let (cases, next) = self.cases::<RecallNotice>(KIND, after).await?;
        let recalls = cases.into_iter().map(|(_, _, it)| it).collect();
        Ok(RecallPage { recalls, next })
    }

    /// Takes a recall from whoever handed packs of it over, and passes it on.
    pub(super) async fn answer_recall(
        &self,
        from: &str,
        told: &RecallTold,
    ) -> Result<RecallAnswer, HospitalError> {
        if told.serials.is_empty() || told.serials.len() > ITEMS_MAX {
            return Err(unusable(format!("1 to {ITEMS_MAX} packs are told at once")));
        }
        let state = self.fresh_state().await?;
        partner_there(&state, from)?;
        let key = self.trade_key().await?;
        let lot = key.lot(&told.gtin, &told.lot);
        if state.lot(&lot).is_none_or(|it| it.recalled.is_none()) {
            return Err(refused("the ledger has no recall of this lot"));
        }
        let names: Vec<PackId> = told
            .serials
            .iter()
            .map(|serial| key.pack(&told.gtin, serial))
            .collect();
        let mut own = Told {
            organisation: self.0.organisation.clone(),
            answered: true,
            ..Told::default()
        };
        let mut here = Vec::new();
        let mut receivers = ByReceiver::new();
        for (_, pack) in self.kept_packs(&names).await? {
            match (pack.place, pack.to.clone()) {
                (Where::Here, _) => {
                    own.here += 1;
                    here.push(pack.code());
                }
                (Where::Awaited, _) => own.awaited += 1,
                (_, Some(to)) => {
                    own.passed_on += 1;
                    receivers.entry(to).or_default().push(pack.serial);
                }
                _ => own.ended += 1,
            }
        }
        // Back to whoever tells it would be a circle.
        receivers.remove(from);
        let hops = told.hops.min(HOPS_MAX);
        let mut all = vec![own];
        all.extend(self.told_of(&told.gtin, &told.lot, receivers, hops).await);
        let others = all[1..].to_vec();
        let about = (&*told.gtin, &*told.lot);
        self.keep_recall(&lot, about, Some(from), (here, others))
            .await?;
        all.truncate(TOLD_MAX);
        Ok(RecallAnswer { told: all })
    }

    /// Tells everybody who got packs, at once; who does not answer is told of as such.
    async fn told_of(&self, gtin: &str, lot: &str, receivers: ByReceiver, hops: u8) -> Vec<Told> {
        let Some(hops) = hops.checked_sub(1) else {
            let far = |(organisation, _)| {
                let problem = "the recall is not passed on over so many organisations";
                silent(organisation, problem.to_owned())
            };
            return receivers.into_iter().map(far).collect();
        };
        let calls = receivers.into_iter().map(|(to, serials)| async move {
            let mut told = Vec::new();
            for serials in serials.chunks(ITEMS_MAX) {
                let ask = RecallTold {
                    gtin: gtin.to_owned(),
                    lot: lot.to_owned(),
                    serials: serials.to_vec(),
                    hops,
                };
                let answer = match self.call(&to, RECALL, &ask).await {
                    Ok(reply) => link::read::<RecallAnswer>(&reply),
                    Err(error) => Err(error),
                };
                match answer {
                    Ok(answer) => told.extend(answer.told.into_iter().take(TOLD_MAX)),
                    Err(error) => told.push(silent(to.clone(), error.to_string())),
                }
            }
            told
        });
        join_all(calls).await.into_iter().flatten().collect()
    }

    async fn keep_recall(
        &self,
        name: &LotId,
        (gtin, lot): (&str, &str),
        from: Option<&str>,
        (here, told): (Vec<String>, Vec<Told>),
    ) -> Result<(), HospitalError> {
        let now_us = self.now_us();
        let notice = RecallNotice {
            gtin: gtin.to_owned(),
            lot: lot.to_owned(),
            from: from.map(str::to_owned),
            told_at: instant::fhir(now_us),
            here,
            told,
        };
        self.keep_case((KIND, &name.to_string()), now_us, &notice)
            .await
    }
}

fn silent(organisation: String, problem: String) -> Told {
    Told {
        organisation,
        problem: Some(problem),
        ..Told::default()
    }
}

/// What the ledger and the own rows say of a pack.
fn count(counts: &mut Counts, status: Status, held: Option<&Pack>) {
    counts.made += 1;
    match status {
        Status::Dispensed => counts.dispensed += 1,
        Status::Decommissioned(_) => counts.decommissioned += 1,
        Status::Active if held.is_some_and(|it| it.place == Where::Here) => counts.here += 1,
        Status::Active => counts.out += 1,
    }
}

/// One line for each organisation, whichever ways lead there; none for the maker itself.
fn merged(told: Vec<Told>, maker: &str) -> Vec<Told> {
    let mut lines: BTreeMap<String, Told> = BTreeMap::new();
    for it in told.into_iter().filter(|it| it.organisation != maker) {
        let line = lines
            .entry(it.organisation.clone())
            .or_insert_with(|| Told {
                organisation: it.organisation.clone(),
                ..Told::default()
            });
        line.answered |= it.answered;
        line.here += it.here;
        line.ended += it.ended;
        line.passed_on += it.passed_on;
        line.awaited += it.awaited;
        line.problem = it.problem.or(line.problem.take());
    }
    lines.into_values().collect()
}

/// GTIN and lot of any pack of the lot, or of its class: `(01)...(10)...`.
fn lot_of(scan: &str) -> Result<(String, String), HospitalError> {
    let class = gs1::brackets::parse(scan.trim()).ok();
    let of_class = class.and_then(|it| Some((it.gtin()?.to_owned(), it.lot()?.to_owned())));
    if let Some(found) = of_class {
        return Ok(found);
    }
    let marking = scanned(scan)?.marking;
    if marking.lot.is_empty() {
        return Err(unusable("the code names no lot (10)"));
    }
    Ok((marking.gtin, marking.lot))
}
