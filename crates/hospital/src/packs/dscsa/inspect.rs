//! The inspector's view: a regulator asks every partner what it knows of a pack, and for the papers
//! of each change of hands back to the maker.

use epcis::{Event, Limits};
use futures::future::join_all;
use ledger::State;
use supply::acts::Roles;

use super::message::{PAPERS, PapersAsk};
use super::papers::Paper;
use super::unusable;
use crate::access_log::AccessAgent;
use crate::caller::Caller;
use crate::error::HospitalError;
use crate::packs::message::{TRACE, TraceAnswer, TraceAsk, TraceStep};
use crate::packs::order::Marking;
use crate::packs::scanned::scanned;
use crate::packs::{looks, plan};
use crate::setup::Hospital;
use crate::sharing::message as link;

/// Papers that one inspection asks for.
const PAPERS_MAX: usize = 64;

/// What an inspector sees of a pack.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// What was scanned.
    pub marking: Marking,
    /// Who has something to say of it, in the order of the times.
    pub steps: Vec<InspectionStep>,
    /// Who did not answer, and why.
    pub silent: Vec<(String, String)>,
    /// Whether the way reaches back to the commissioning.
    pub is_whole: bool,
}

/// What one organisation says.
#[derive(Debug, Clone)]
pub struct InspectionStep {
    /// Its id.
    pub organisation: String,
    /// What it may do in the trade.
    pub roles: Vec<&'static str>,
    /// EPCIS events, JSON, each with its receipt once there is one.
    pub events: Vec<(String, Option<String>)>,
    /// The papers of what it shipped: eventID, and they or why not.
    pub papers: Vec<(String, Result<Box<Paper>, String>)>,
}

impl Hospital {
    /// Asks the partners of the trade, or one of them, about a pack. For a regulator.
    pub async fn inspect_pack(
        &self,
        caller: &Caller,
        agent: AccessAgent,
        (scan, at): (&str, Option<&str>),
    ) -> Result<Inspection, HospitalError> {
        looks(caller)?;
        let state = self.fresh_state().await?;
        if !self.partner_here(&state)?.has_any_of(Roles::REGULATOR) {
            return Err(HospitalError::Forbidden(
                "only a regulator inspects: members vote on that".into(),
            ));
        }
        let marking = scanned(scan)?.marking;
        self.log_dscsa(agent, "inspect-pack").await?;
        let asked = self.inspected(&state, at)?;
        let answers = asked.iter().map(|member| self.ask_about(member, &marking));
        let mut steps = Vec::new();
        let mut silent = Vec::new();
        for (member, answer) in asked.iter().zip(join_all(answers).await) {
            match answer {
                Ok(Some(step)) => steps.push(step),
                Ok(None) => {}
                Err(error) => silent.push((member.clone(), error.to_string())),
            }
        }
        let mut seen = Vec::with_capacity(steps.len());
        let mut left = PAPERS_MAX;
        for step in steps {
            let shipped: Vec<String> = step
                .events
                .iter()
                .filter_map(|it| shipping(&it.0))
                .collect();
            let asked = shipped.iter().take(left).map(|event| async {
                let paper = self.ask_papers(&step.organisation, event).await;
                (
                    event.clone(),
                    paper.map(Box::new).map_err(|it| it.to_string()),
                )
            });
            let papers = join_all(asked).await;
            left = left.saturating_sub(papers.len());
            let id: Option<ledger::OrgId> = step.organisation.parse().ok();
            seen.push(InspectionStep {
                roles: id
                    .map(|id| state.partner(&id).words().collect())
                    .unwrap_or_default(),
                organisation: step.organisation,
                events: step.events,
                papers,
            });
        }
        seen.sort_by_key(|step| step.events.iter().filter_map(|it| time(&it.0)).min());
        let is_whole = seen
            .iter()
            .flat_map(|step| &step.events)
            .any(|it| step_of(&it.0).as_deref() == Some("commissioning"));
        Ok(Inspection {
            marking,
            steps: seen,
            silent,
            is_whole,
        })
    }

    /// Whom an inspection asks.
    fn inspected(&self, state: &State, at: Option<&str>) -> Result<Vec<String>, HospitalError> {
        let partners = state.organisations().into_iter();
        let partners = partners.filter(|it| state.partner(&it.id).has_any_of(Roles::TRADE));
        let partners = partners.map(|it| it.id.to_string());
        let partners = partners.filter(|it| !self.is_this(it));
        let asked: Vec<String> = partners.filter(|it| at.is_none_or(|at| at == it)).collect();
        if asked.is_empty() {
            return Err(unusable(
                "`at` is the id of another member that has a part in the trade",
            ));
        }
        Ok(asked)
    }

    /// What one partner knows; nothing: the pack was never there.
    async fn ask_about(
        &self,
        member: &str,
        marking: &Marking,
    ) -> Result<Option<TraceStep>, HospitalError> {
        let ask = TraceAsk {
            gtin: marking.gtin.clone(),
            serial: marking.serial.clone(),
            // Everybody is asked: nobody need ask on.
            hops: 0,
        };
        match self.call(member, TRACE, &ask).await {
            Ok(reply) => {
                let answer: TraceAnswer = link::read(&reply)?;
                let own = answer
                    .steps
                    .into_iter()
                    .find(|it| it.organisation == member);
                Ok(own)
            }
            Err(HospitalError::Elsewhere { code, .. }) if code == "not-found" => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn ask_papers(&self, member: &str, event: &str) -> Result<Paper, HospitalError> {
        let ask = PapersAsk {
            event: event.to_owned(),
        };
        link::read(&self.call(member, PAPERS, &ask).await?)
    }
}

fn read(text: &str) -> Option<Event> {
    Event::read(text.as_bytes(), &Limits::default()).ok()
}

/// The eventID of an event that hands packs to a member.
fn shipping(text: &str) -> Option<String> {
    let event = read(text)?;
    let order = plan::order_of(&event)?;
    matches!(order.act, crate::packs::PackAct::Hand { .. })
        .then(|| event.event_id().map(str::to_owned))?
}

fn step_of(text: &str) -> Option<String> {
    let step = epcis::index(&read(text)?).biz_step?;
    step.rsplit("BizStep-").next().map(str::to_owned)
}

fn time(text: &str) -> Option<i64> {
    Some(epcis::index(&read(text)?).event_time_us)
}
