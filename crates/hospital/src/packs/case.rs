//! Cases and pallets that this organisation holds, held or awaits: sealed rows, by their names on
//! the ledger, each with what is inside.
//!
//! What is inside is where its case is: its own row is written when it goes in and comes out, and
//! not when the case moves.

use std::collections::{BTreeMap, BTreeSet};

use ledger::State;
use serde::{Deserialize, Serialize};
use store::{Drawer, Sealed};
use supply::acts::{Custody, ITEMS_MAX};
use supply::ids::{ContainerId, PackId};

use super::held::{Pack, Where};
use super::looks;
use super::order::{Marking, opening, refused};
use super::scanned::case_of;
use crate::access_log::{Access, AccessAgent, AccessDeed};
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::setup::Hospital;

/// A pack in a box in a case on a pallet, in a container.
pub(super) const DEPTH_MAX: usize = 5;
/// Cases within one.
const CASES_MAX: usize = 1_000;

/// A case or a pallet as this organisation knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its SSCC.
    pub sscc: String,
    /// Where it is.
    pub place: Where,
    /// Who handed it over; none: it was packed here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// To whom it was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Opens the lock of the holder, hexadecimal. Inside of another, that of the other does.
    pub(crate) opening: String,
    /// The name on the ledger of the one that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) inside: Option<String>,
    /// The names of the packs in it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) packs: BTreeSet<String>,
    /// The names of the cases in it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) cases: BTreeSet<String>,
}

/// A case that was scanned.
#[derive(Debug, Clone)]
pub struct CaseSeen {
    /// Its SSCC.
    pub sscc: String,
    /// Whether the ledger has it here, or on its way here.
    pub is_ours: bool,
    /// Whether the ledger knows it.
    pub is_known: bool,
    /// Where it is, seen from here; `None`: it was never here.
    pub place: Option<Where>,
    /// Who handed it over, or to whom it was handed.
    pub other: Option<String>,
    /// The packs in it, and in the cases in it.
    pub packs: Vec<Pack>,
    /// The SSCCs of the cases in it.
    pub cases: Vec<String>,
    /// The acts that can be done here now.
    pub acts: Vec<&'static str>,
}

/// All that is inside of something, each with the SSCC of its case.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) packs: Vec<(String, Pack)>,
    pub(super) cases: Vec<(String, Case)>,
}

/// The custody that holds for something: that of the outermost case.
pub(super) fn outermost(state: &State, custody: Custody) -> Option<Custody> {
    let mut custody = custody;
    for _ in 0..=DEPTH_MAX {
        let Custody::Inside(container) = custody else {
            return Some(custody);
        };
        custody = state.container(&container)?.custody;
    }
    None
}

pub(super) fn name(text: &str) -> ContainerId {
    ContainerId(opening(text).0)
}

impl Hospital {
    /// The cases of these names that are known here.
    pub(super) async fn kept_cases(
        &self,
        names: impl IntoIterator<Item = ContainerId>,
    ) -> Result<Vec<(ContainerId, Case)>, HospitalError> {
        let ids = names.into_iter().map(|name| name.0.to_vec()).collect();
        let rows = self.0.store.sealed(Drawer::Containers, ids).await?;
        let damaged = |_| HospitalError::Damaged {
            item: "a case".to_owned(),
            reason: "its name has another length".to_owned(),
        };
        let opened = rows.into_iter().map(|row| {
            let name = <[u8; 16]>::try_from(row.id.as_slice()).map_err(damaged)?;
            Ok((
                ContainerId(name),
                self.opened_row(Drawer::Containers, &row)?,
            ))
        });
        opened.collect()
    }

    /// The row of a case.
    pub(super) fn case_row(
        &self,
        name: &ContainerId,
        case: &Case,
    ) -> Result<Sealed, HospitalError> {
        self.sealed_row(Drawer::Containers, (&name.0, self.now_us()), case)
    }

    /// Gives packs that are inside of cases the place of the outermost one.
    pub(super) async fn stand_where_their_cases_are(
        &self,
        packs: Vec<&mut Pack>,
    ) -> Result<(), HospitalError> {
        let inside = packs.iter().filter_map(|pack| pack.inside.clone());
        let cases = self.with_outer_cases(inside.collect()).await?;
        for pack in packs {
            let Some(inside) = &pack.inside else { continue };
            let Some(case) = cases.get(inside) else {
                continue;
            };
            pack.case = Some(case.sscc.clone());
            let outer = outer(case, &cases);
            pack.place = outer.place;
            pack.from.clone_from(&outer.from);
            pack.to.clone_from(&outer.to);
            pack.opening.clone_from(&outer.opening);
        }
        Ok(())
    }

    /// These cases, those that they are in, and so on.
    async fn with_outer_cases(
        &self,
        names: BTreeSet<String>,
    ) -> Result<BTreeMap<String, Case>, HospitalError> {
        let mut all: BTreeMap<String, Case> = BTreeMap::new();
        let mut wanted = names;
        for _ in 0..DEPTH_MAX {
            if wanted.is_empty() {
                break;
            }
            let found = self.kept_cases(wanted.iter().map(|it| name(it))).await?;
            let found = found
                .into_iter()
                .map(|(name, case)| (name.to_string(), case));
            let found: BTreeMap<String, Case> = found.collect();
            wanted = found.values().filter_map(|it| it.inside.clone()).collect();
            all.extend(found);
            wanted.retain(|name| !all.contains_key(name));
        }
        Ok(all)
    }

    /// The packs in these cases, at every depth.
    pub(super) async fn inside_of(&self, cases: &[String]) -> Result<Vec<Marking>, HospitalError> {
        if cases.is_empty() {
            return Ok(Vec::new());
        }
        let key = self.trade_key().await?;
        let names = cases.iter().map(|sscc| key.container(sscc));
        let cases = self.kept_cases(names).await?;
        let inside = self.contents(&cases).await?.packs.into_iter();
        Ok(inside.map(|(_, pack)| pack.marking()).collect())
    }

    /// The cases that changed last and are in no other.
    pub(super) async fn latest_cases(&self, limit: u32) -> Result<Vec<Case>, HospitalError> {
        let rows = self.0.store.latest_sealed(Drawer::Containers, None, limit);
        let rows = rows.await?;
        let opened = rows
            .iter()
            .map(|row| self.opened_row(Drawer::Containers, row));
        let cases = opened.collect::<Result<Vec<Case>, _>>()?.into_iter();
        Ok(cases.filter(|case| case.inside.is_none()).collect())
    }

    /// What is in a case, itself and not in others: all packs, or all cases.
    pub(super) async fn all_inside(
        &self,
        sscc: &str,
    ) -> Result<(Vec<Marking>, Vec<String>), HospitalError> {
        let name = self.trade_key().await?.container(sscc);
        let known = self.kept_cases([name]).await?.pop();
        let (_, case) =
            known.ok_or_else(|| refused(format!("the case {sscc} is not known here")))?;
        if case.packs.is_empty() && case.cases.is_empty() {
            return Err(refused(format!("nothing is in the case {sscc}")));
        }
        if !case.packs.is_empty() && !case.cases.is_empty() {
            return Err(refused(format!(
                "there are packs and cases in {sscc}: say which come out"
            )));
        }
        let names = case.packs.iter().map(|it| PackId(opening(it).0));
        let packs = self.kept_packs(&names.collect::<Vec<_>>()).await?;
        let cases = self.kept_cases(case.cases.iter().map(|it| self::name(it)));
        let cases = cases.await?.into_iter().map(|(_, it)| it.sscc);
        let packs = packs.into_iter().map(|(_, it)| it.marking());
        Ok((packs.collect(), cases.collect()))
    }

    /// What is inside of these cases, at every depth. Bounded: more is refused.
    pub(super) async fn contents(
        &self,
        cases: &[(ContainerId, Case)],
    ) -> Result<Contents, HospitalError> {
        let mut contents = Contents::default();
        let mut level: Vec<(ContainerId, Case)> = cases.to_vec();
        let too_many = || {
            refused(format!(
                "there are over {ITEMS_MAX} packs or {CASES_MAX} cases inside, or cases in cases \
                 at over {DEPTH_MAX} levels"
            ))
        };
        for _ in 0..DEPTH_MAX {
            let mut next = Vec::new();
            for (_, case) in &level {
                if contents.packs.len() + case.packs.len() > ITEMS_MAX {
                    return Err(too_many());
                }
                let names = case.packs.iter().map(|it| PackId(opening(it).0));
                let packs = self.kept_packs(&names.collect::<Vec<_>>()).await?;
                let packs = packs.into_iter().map(|(_, it)| (case.sscc.clone(), it));
                contents.packs.extend(packs);
                let inner = self
                    .kept_cases(case.cases.iter().map(|it| name(it)))
                    .await?;
                for (name, it) in inner {
                    contents.cases.push((case.sscc.clone(), it.clone()));
                    next.push((name, it));
                }
            }
            if contents.cases.len() > CASES_MAX {
                return Err(too_many());
            }
            level = next;
            if level.is_empty() {
                return Ok(contents);
            }
        }
        Err(too_many())
    }

    /// Looks a case or a pallet up. `None`: what was scanned is none.
    pub async fn look_at_case(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        scan: &str,
    ) -> Result<Option<CaseSeen>, HospitalError> {
        looks(caller)?;
        let Some(sscc) = case_of(scan) else {
            return Ok(None);
        };
        let key = self.trade_key().await?;
        let state = self.fresh_state().await?;
        let name = key.container(&sscc);
        let deed = AccessDeed::Operation("look-at-case".into());
        self.record_access(Access::new(agent, deed, self.now_us()))
            .await?;
        let custody = state.container(&name).map(|it| it.custody);
        let Some((_, case)) = self.kept_cases([name]).await?.pop() else {
            return Ok(Some(CaseSeen {
                sscc,
                is_ours: false,
                is_known: custody.is_some(),
                place: None,
                other: None,
                packs: Vec::new(),
                cases: Vec::new(),
                acts: Vec::new(),
            }));
        };
        let contents = self.contents(&[(name, case.clone())]).await?;
        let around = self
            .with_outer_cases(case.inside.iter().cloned().collect())
            .await?;
        let outer = outer(&case, &around);
        let custody = custody.and_then(|it| outermost(&state, it));
        let lock = opening(&outer.opening).lock(&self.0.organisation);
        let is_ours = match custody {
            Some(Custody::Held(holder)) => holder == lock,
            Some(Custody::Transit { holder, next }) => holder == lock || next == lock,
            _ => false,
        };
        let acts = match (outer.place, is_ours, case.inside.is_some()) {
            (Where::Awaited, true, false) => vec!["receive"],
            (Where::OnItsWay, true, false) => vec!["take-back"],
            (Where::Here, true, false) => vec!["unpack", "ship"],
            _ => Vec::new(),
        };
        Ok(Some(CaseSeen {
            is_ours,
            is_known: custody.is_some(),
            place: Some(outer.place),
            other: outer.to.clone().or(outer.from.clone()),
            packs: contents.packs.into_iter().map(|(_, it)| it).collect(),
            cases: contents.cases.into_iter().map(|(_, it)| it.sscc).collect(),
            acts,
            sscc,
        }))
    }
}

/// The outermost of the cases that one is in.
fn outer<'a>(case: &'a Case, all: &'a BTreeMap<String, Case>) -> &'a Case {
    let mut case = case;
    for _ in 0..DEPTH_MAX {
        match case.inside.as_ref().and_then(|name| all.get(name)) {
            Some(outer) => case = outer,
            None => break,
        }
    }
    case
}
