//! Each rule on its own, and what must not be an alarm.

use std::collections::BTreeMap;

use super::*;
use crate::acts::{Finding, Reason as Ending};

mod honest;
mod many;
mod pack;
mod way;

const START_MS: u64 = 1_700_000_000_000;
const BERLIN: Place = Place {
    latitude_e6: 52_520_000,
    longitude_e6: 13_405_000,
};
const SYDNEY: Place = Place {
    latitude_e6: -33_868_800,
    longitude_e6: 151_209_300,
};

fn partners() -> BTreeMap<String, Roles> {
    let all = [
        ("maker", Roles::MAKER.and(Roles::WHOLESALER)),
        ("whole", Roles::WHOLESALER),
        ("other", Roles::WHOLESALER),
        ("pharmacy", Roles::DISPENSER),
        ("agency", Roles::REGULATOR),
    ];
    all.into_iter()
        .map(|(name, roles)| (name.to_owned(), roles))
        .collect()
}

fn seen(day: u64, organisation: &str, act: Act) -> Observation {
    Observation {
        time_ms: START_MS + day * DAY_MS,
        act,
        organisation: organisation.to_owned(),
        place: None,
        printed: Printed {
            lot: Some("LOT7".to_owned()),
            expiry: Some("271231".to_owned()),
        },
        reading: Reading::Clean,
    }
}

fn shipped(to: &str) -> Act {
    Act::Shipped {
        to: Some(to.to_owned()),
    }
}

fn packed(container: &str) -> Act {
    Act::Packed {
        container: container.to_owned(),
    }
}

fn unpacked(container: &str) -> Act {
    Act::Unpacked {
        container: container.to_owned(),
    }
}

/// An honest life, up to and with its dispensing.
fn life() -> Vec<Observation> {
    vec![
        seen(0, "maker", Act::Commissioned),
        seen(0, "maker", packed("case-1")),
        seen(1, "maker", shipped("whole")),
        seen(2, "whole", Act::Received),
        seen(2, "whole", unpacked("case-1")),
        seen(3, "whole", shipped("pharmacy")),
        seen(4, "pharmacy", Act::Received),
        seen(9, "pharmacy", Act::Dispensed),
    ]
}

fn known() -> Known {
    Known {
        status: Status::Active,
        since_ms: START_MS,
        ended_by: None,
        finding: Finding::Clear,
        recalled_ms: None,
        maker: "maker".to_owned(),
        printed: Some(seen(0, "", Act::Verified).printed),
        facts_match: Some(true),
        in_hand: Some(true),
    }
}

/// The last of the observations is the one now.
fn judged(observations: &[Observation], ledger: Option<&Known>) -> Vec<Suspicion> {
    judged_near(observations, ledger, &[])
}

fn judged_near(seen: &[Observation], ledger: Option<&Known>, fakes: &[Fake]) -> Vec<Suspicion> {
    let (now, history) = seen.split_last().unwrap();
    let case = Case {
        now,
        history,
        ledger,
        partners: &partners(),
        last_day: Some(u32::try_from(START_MS / DAY_MS).unwrap() + 10),
        identity: Identity {
            product: "09506000134352",
            serial: "1000200030",
        },
        fakes,
    };
    judge(&case, &Tolerance::default())
}

fn of(rule: Rule, suspicions: &[Suspicion]) -> Option<Certainty> {
    let found = suspicions.iter().find(|suspicion| suspicion.rule == rule);
    found.map(|suspicion| suspicion.certainty)
}

fn alarms(suspicions: &[Suspicion]) -> Vec<&Suspicion> {
    suspicions
        .iter()
        .filter(|one| one.certainty.is_alarm())
        .collect()
}
