//! What speaks against a pack beside the ledger: the rules of `supply::detect`, over the events of
//! whoever had it in hand.
//!
//! An organisation speaks for itself alone: what it tells of another one is left out, so that
//! nobody brings an honest partner under suspicion.

use std::collections::BTreeMap;

use epcis::{Event, Limits, Vocabulary, identifier, time};
use ledger::{OrgId, State};
use serde_json::Value;
use supply::acts::{Pack, Roles};
use supply::detect::{
    Act, Case, Identity, Known, Observation, Place, Printed, Reading, Rule, Suspicion, Tolerance,
    judge,
};

use super::compose::member_of;
use super::expiry;
use super::order::Marking;
use super::plan::{DISPOSITION, STEP, list, printed, receiver, standard};

/// An event of more bytes is about so many packs that it says little of one.
pub(super) const EVENT_BYTES_MAX: u32 = 64 << 10;
/// More of them are not read at once.
pub(super) const BYTES_MAX: usize = 1 << 20;

/// A pack as it is looked at, and what the ledger says.
pub(super) struct Looked<'a> {
    pub(super) marking: &'a Marking,
    pub(super) reading: Reading,
    pub(super) pack: Option<&'a Pack>,
    pub(super) recalled_minute: Option<u32>,
    pub(super) maker: Option<&'a str>,
    /// Whether lot and expiry are those of the maker; `None`: too little was read.
    pub(super) facts_match: Option<bool>,
    pub(super) is_ours: bool,
    pub(super) here: &'a str,
    pub(super) now_us: i64,
}

/// Asks the rules. `told` are events, JSON, each with the organisation that tells of it.
pub(super) fn suspicions<'a>(
    looked: &Looked<'_>,
    told: impl Iterator<Item = (&'a str, &'a [u8])>,
    state: &State,
) -> Vec<Suspicion> {
    let link = super::compose::link(&looked.marking.gtin, &looked.marking.serial);
    let history = observations(&link, told);
    let now = Observation {
        time_ms: u64::try_from(looked.now_us / 1_000).unwrap_or(0),
        act: Act::Verified,
        organisation: looked.here.to_owned(),
        place: None,
        printed: Printed {
            lot: some(&looked.marking.lot),
            expiry: some(&looked.marking.expiry),
        },
        reading: looked.reading,
    };
    let mut partners: BTreeMap<String, Roles> = BTreeMap::new();
    for one in history.iter().chain([&now]) {
        let sent_to = match &one.act {
            Act::Shipped { to: Some(to) } => Some(to),
            _ => None,
        };
        for name in std::iter::once(&one.organisation).chain(sent_to) {
            let id = name.parse::<OrgId>();
            let roles = id.map(|id| state.partner(&id)).unwrap_or_default();
            partners.insert(name.clone(), roles);
        }
    }
    let known = looked.pack.map(|pack| known(looked, pack));
    let year = expiry::year(looked.now_us);
    let date = gs1::ShortDate::parse(&looked.marking.expiry);
    let case = Case {
        now: &now,
        history: &history,
        ledger: known.as_ref(),
        partners: &partners,
        last_day: date.and_then(|date| date.last_day_since_1970(year)),
        identity: Identity {
            product: &looked.marking.gtin,
            serial: &looked.marking.serial,
        },
        fakes: &[],
    };
    judge(&case, &Tolerance::default())
}

/// Whether only a rule can tell; the ledger itself answers the others.
pub(super) fn is_beside_the_ledger(rule: Rule) -> bool {
    !matches!(
        rule,
        Rule::NeverCommissioned
            | Rule::PrintedOtherwise
            | Rule::AfterTheEnd
            | Rule::Marked
            | Rule::Expired
            | Rule::Recalled
    )
}

fn known(looked: &Looked<'_>, pack: &Pack) -> Known {
    let ms = |minute: u32| u64::from(minute) * 60_000;
    Known {
        status: pack.status,
        since_ms: ms(pack.since_minute),
        ended_by: None,
        finding: pack.finding,
        recalled_ms: looked.recalled_minute.map(ms),
        maker: looked.maker.unwrap_or_default().to_owned(),
        printed: None,
        facts_match: looked.facts_match,
        in_hand: Some(looked.is_ours),
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|it| !it.is_empty())
}

/// What the events say of a pack, the earliest first.
fn observations<'a>(
    link: &str,
    told: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Vec<Observation> {
    let mut left = BYTES_MAX;
    let mut seen = Vec::new();
    for (teller, body) in told {
        if body.len() > EVENT_BYTES_MAX as usize || body.len() > left {
            continue;
        }
        left -= body.len();
        let Ok(event) = Event::read(body, &Limits::default()) else {
            continue;
        };
        seen.extend(observation(&event, teller, link));
    }
    seen.sort_by_key(|one| one.time_ms);
    seen
}

/// What an event says of a pack. `None`: nothing, or nothing about the organisation itself.
fn observation(event: &Event, teller: &str, link: &str) -> Option<Observation> {
    let members = event.members();
    if members.contains_key("errorDeclaration") {
        return None;
    }
    let place = |name: &str| members.get(name)?.get("id")?.as_str();
    let own = |name: &str| place(name).and_then(member_of) == Some(teller);
    if !own("readPoint") && !own("bizLocation") {
        return None;
    }
    let time = members.get("eventTime")?.as_str().and_then(time::micros)?;
    let (lot, expiry) = printed(members.get("ilmd"));
    Some(Observation {
        time_ms: u64::try_from(time / 1_000).ok()?,
        act: act(event, link)?,
        organisation: teller.to_owned(),
        place: place("readPoint").and_then(on_earth),
        printed: Printed {
            lot: some(&lot),
            expiry: some(&expiry),
        },
        reading: Reading::Clean,
    })
}

fn act(event: &Event, link: &str) -> Option<Act> {
    let members = event.members();
    let action = members.get("action").and_then(Value::as_str)?;
    if event.event_type() == "AggregationEvent" {
        let is_inside = list(members.get("childEPCs")).iter().any(|epc| {
            let canonical = epc.as_str().and_then(identifier::canonical);
            canonical.as_deref() == Some(link)
        });
        let container = members.get("parentID").and_then(Value::as_str)?;
        let container = identifier::canonical_or_same(container);
        return match action {
            "ADD" if is_inside => Some(Act::Packed { container }),
            "DELETE" if is_inside => Some(Act::Unpacked { container }),
            _ => None,
        };
    }
    let step = standard(event, "bizStep", Vocabulary::BizStep, STEP)?;
    let disposition = standard(event, "disposition", Vocabulary::Disposition, DISPOSITION);
    // Marks and recalls are made from afar: who makes one has not the pack in hand.
    Some(match (step.as_str(), disposition.as_deref()) {
        ("commissioning", _) if action == "ADD" => Act::Commissioned,
        ("shipping", _) => Act::Shipped {
            to: receiver(members.get("destinationList")).map(|it| it.to_string()),
        },
        ("receiving" | "void_shipping", _) => Act::Received,
        ("dispensing", Some("dispensed")) => Act::Dispensed,
        ("decommissioning" | "destroying", _) => Act::Decommissioned,
        ("stocking", Some("sellable_accessible")) => Act::Undone,
        _ => return None,
    })
}

/// A place that is a `geo` URI (RFC 5870): latitude and longitude, in degrees.
fn on_earth(uri: &str) -> Option<Place> {
    let plain = uri.strip_prefix("geo:")?.split(';').next()?;
    let mut parts = plain.split(',');
    let (latitude, longitude) = (degrees_e6(parts.next()?)?, degrees_e6(parts.next()?)?);
    let is_there = latitude.abs() <= 90_000_000 && longitude.abs() <= 180_000_000;
    is_there.then_some(Place {
        latitude_e6: latitude,
        longitude_e6: longitude,
    })
}

/// A decimal number in millionths; what is finer is cut off.
fn degrees_e6(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    if whole.is_empty() || whole.len() > 3 || !fraction.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let whole: i32 = whole.parse().ok().filter(|it| *it >= 0)?;
    Some(sign * (whole * 1_000_000 + fraction.parse::<i32>().ok()?))
}

#[cfg(test)]
mod tests;
