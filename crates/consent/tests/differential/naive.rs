//! The oracle: the documented semantics read as a person would, slowly.
//!
//! Whatever is not known is decided in every way that is possible; the record is permitted only if
//! all ways permit it. Nothing here uses the evaluator.

use super::model::{Consent, Day, GARBLED, Record, Request, Rule};

/// Yes, no, or `None`: nobody knows.
type Maybe = Option<bool>;

fn either(list: impl IntoIterator<Item = Maybe>) -> Maybe {
    let list: Vec<Maybe> = list.into_iter().collect();
    match () {
        () if list.contains(&Some(true)) => Some(true),
        () if list.contains(&None) => None,
        () => Some(false),
    }
}

fn both(list: impl IntoIterator<Item = Maybe>) -> Maybe {
    either(list.into_iter().map(|one| one.map(|yes| !yes))).map(|no| !no)
}

/// What a rule does, in one way of deciding what is not known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Says {
    Yes,
    No,
    Nothing,
}

/// Whether the record is permitted.
pub(crate) fn permits(all: &[Consent], implied: bool, asks: &Request, record: &Record) -> bool {
    let newest = all.iter().filter(|one| {
        let later = |other: &&Consent| other.id == one.id && other.version > one.version;
        !all.iter().any(|other| later(&other))
    });
    let possible: Vec<Vec<Says>> = newest.map(|one| ways(one, asks, record)).collect();
    // Every combination of what each consent may say.
    let mut combined = vec![Says::Nothing];
    for ways in &possible {
        let mut next = Vec::new();
        for one in &combined {
            for other in ways {
                let said = together(*one, *other);
                if !next.contains(&said) {
                    next.push(said);
                }
            }
        }
        combined = next;
    }
    combined.iter().all(|said| match said {
        Says::Yes => true,
        Says::No => false,
        Says::Nothing => implied,
    })
}

fn together(one: Says, other: Says) -> Says {
    if one == Says::No || other == Says::No {
        Says::No
    } else if one == Says::Yes || other == Says::Yes {
        Says::Yes
    } else {
        Says::Nothing
    }
}

const ANYTHING: [Says; 3] = [Says::Yes, Says::No, Says::Nothing];

/// All that a consent may say.
fn ways(consent: &Consent, asks: &Request, record: &Record) -> Vec<Says> {
    match (consent.status, consent.scope) {
        ("inactive" | "rejected", _) | (_, "research") => return vec![Says::Nothing],
        _ if consent.modified => return ANYTHING.to_vec(),
        _ => {}
    }
    let mut ways = inner(consent, asks, record);
    if consent.status == "odd" || consent.scope == "odd" {
        ways.push(Says::Nothing);
    }
    ways
}

fn inner(consent: &Consent, asks: &Request, record: &Record) -> Vec<Says> {
    let base = match consent.policy_rule {
        Some("OPTIN") => Some(vec![Says::Yes]),
        Some("OPTOUT") => Some(vec![Says::No]),
        Some("odd") => Some(ANYTHING.to_vec()),
        _ => None,
    };
    let nothing = Rule::default();
    let Some(root) = &consent.root else {
        return base.unwrap_or(vec![Says::Nothing]);
    };
    let open = named(root) == 0 && !root.odd_role;
    let types = |rule: &Rule| {
        rule.type_
            .map_or(ANYTHING.to_vec(), |permit| vec![yes_no(permit)])
    };
    let rule = |own: Vec<Says>| of_rule(root, &nothing, Some(own), asks, record);
    if root.modified {
        return ANYTHING.to_vec();
    }
    match (&base, root.type_) {
        // Both say yes: the root is the limit of the base.
        (Some(base), Some(true)) if *base == [Says::Yes] => rule(vec![Says::Yes]),
        (None, _) => rule(types(root)),
        (Some(base), Some(permit)) => then(rule(vec![yes_no(permit)]), base),
        // The root limits the base to a time and no more.
        (Some(base), None) if open && base.len() == 1 => {
            let narrowed = root
                .below
                .iter()
                .any(|one| one.type_ == Some(true) && !one.modified);
            match base[0] {
                Says::Yes if narrowed => rule(vec![Says::Yes, Says::Nothing]),
                said => rule(vec![said]),
            }
        }
        // The limit of the base, or the exception to it.
        (Some(base), None) if *base == [Says::Yes] => {
            let mut ways = rule(vec![Says::Yes]);
            ways.extend(then(rule(vec![Says::No]), base));
            ways
        }
        (Some(base), None) if *base == [Says::No] => {
            let mut ways = rule(vec![Says::No]);
            ways.extend(then(rule(vec![Says::Yes]), base));
            ways
        }
        (Some(base), None) => then(rule(ANYTHING.to_vec()), base),
    }
}

fn yes_no(permit: bool) -> Says {
    if permit { Says::Yes } else { Says::No }
}

/// What is said, and where nothing is said what the base says.
fn then(ways: Vec<Says>, base: &[Says]) -> Vec<Says> {
    let one = |said| {
        if said == Says::Nothing {
            base.to_vec()
        } else {
            vec![said]
        }
    };
    ways.into_iter().flat_map(one).collect()
}

/// How many dimensions a rule names, its period left out.
fn named(rule: &Rule) -> usize {
    [
        rule.recipient.is_some(),
        rule.custodian.is_some(),
        rule.author.is_some(),
        rule.purpose.is_some(),
        rule.action.is_some(),
        rule.class.is_some(),
        rule.code.is_some(),
        rule.label.is_some(),
        rule.data.is_some(),
        rule.data_period.is_some(),
    ]
    .into_iter()
    .filter(|there| *there)
    .count()
}

/// All that a rule with its exceptions may say; `own` overrides the type that it states.
fn of_rule(
    rule: &Rule,
    above: &Rule,
    own: Option<Vec<Says>>,
    asks: &Request,
    record: &Record,
) -> Vec<Says> {
    if rule.modified {
        return ANYTHING.to_vec();
    }
    let full = completed(rule, above);
    let mut exceptions = vec![Says::Nothing];
    for below in &rule.below {
        let said = of_rule(below, &full, None, asks, record);
        let pairs = exceptions
            .iter()
            .flat_map(|one| said.iter().map(|two| together(*one, *two)));
        let mut next: Vec<Says> = Vec::new();
        for said in pairs {
            if !next.contains(&said) {
                next.push(said);
            }
        }
        exceptions = next;
    }
    let typed = rule
        .type_
        .map_or(ANYTHING.to_vec(), |permit| vec![yes_no(permit)]);
    let effect = own.unwrap_or(typed);
    let itself = match matches(&full, asks, record) {
        Some(true) => effect,
        Some(false) => vec![Says::Nothing],
        None => effect.into_iter().chain([Says::Nothing]).collect(),
    };
    then(exceptions, &itself)
}

/// The rule, with what it leaves open taken from the rule above.
fn completed(rule: &Rule, above: &Rule) -> Rule {
    let (rule_, above) = (rule.clone(), above.clone());
    Rule {
        type_: None,
        modified: false,
        odd_role: rule.odd_role || above.odd_role,
        period: rule_.period.or(above.period),
        recipient: rule_.recipient.or(above.recipient),
        custodian: rule_.custodian.or(above.custodian),
        author: rule_.author.or(above.author),
        purpose: rule_.purpose.or(above.purpose),
        action: rule_.action.or(above.action),
        class: rule_.class.or(above.class),
        code: rule_.code.or(above.code),
        label: rule_.label.or(above.label),
        data: rule_.data.or(above.data),
        data_period: rule_.data_period.or(above.data_period),
        below: Vec::new(),
    }
}

fn matches(rule: &Rule, asks: &Request, record: &Record) -> Maybe {
    let yes = Some(true);
    both([
        if rule.odd_role { None } else { yes },
        rule.period.map_or(yes, |days| {
            days.map(|(a, b)| a <= asks.day && asks.day <= b)
        }),
        rule.recipient
            .as_ref()
            .map_or(yes, |any| either(any.iter().map(|p| receives(p, asks)))),
        rule.custodian.as_ref().map_or(yes, |any| {
            either(any.iter().map(|party| is_one_of(party, &asks.custodian)))
        }),
        rule.author
            .as_ref()
            .map_or(yes, |any| either(any.iter().map(|p| wrote(p, record)))),
        rule.purpose
            .as_ref()
            .map_or(yes, |any| either(any.iter().map(|p| purpose(p, asks)))),
        rule.action.as_ref().map_or(yes, |any| action(any, asks)),
        rule.class.as_ref().map_or(yes, |any| {
            either(any.iter().map(|class| match *class {
                "urn:mime|x" => None,
                class => Some(class == record.type_),
            }))
        }),
        rule.code.as_ref().map_or(yes, |any| {
            either(any.iter().map(|code| match *code {
                GARBLED => None,
                code => Some(record.codes.contains(&code)),
            }))
        }),
        rule.label.as_ref().map_or(yes, |any| labels(any, record)),
        rule.data
            .as_ref()
            .map_or(yes, |any| either(any.iter().map(|one| data(*one, record)))),
        rule.data_period
            .map_or(yes, |days| days.and_then(|days| dated(days, record))),
    ])
}

fn is_one_of(party: &str, names: &[&str]) -> Maybe {
    if names.is_empty() {
        None
    } else {
        Some(names.contains(&party))
    }
}

fn receives(party: &str, asks: &Request) -> Maybe {
    match party.split('/').next().unwrap() {
        "Organization" => is_one_of(party, &asks.organisation),
        "Practitioner" => is_one_of(party, &asks.practitioner),
        "PractitionerRole" => is_one_of(party, &asks.role),
        "Group" => asks.groups.as_ref().map(|groups| groups.contains(&party)),
        _ => None,
    }
}

fn wrote(party: &str, record: &Record) -> Maybe {
    let kind = |name: &str| name.split('/').next().unwrap().to_owned();
    if record.authors.contains(&party) {
        return Some(true);
    }
    let alike = record
        .authors
        .iter()
        .all(|author| kind(author) == kind(party));
    (alike && !record.authors.is_empty()).then_some(false)
}

/// Each purpose with all that stand above it.
fn upwards(purpose: &str) -> &'static [&'static str] {
    match purpose {
        "TREAT" => &["TREAT"],
        "ETREAT" => &["ETREAT", "TREAT"],
        "ERTREAT" => &["ERTREAT", "ETREAT", "TREAT"],
        "HRESCH" => &["HRESCH"],
        "BIORCH" => &["BIORCH", "HRESCH"],
        "HPAYMT" => &["HPAYMT"],
        "BTG" => &["BTG"],
        _ => &[],
    }
}

fn purpose(named: &str, asks: &Request) -> Maybe {
    let asked = asks.purpose?;
    match () {
        () if asked == named || upwards(asked).contains(&named) => Some(true),
        () if upwards(asked).is_empty() || upwards(named).is_empty() => None,
        () if upwards(named).contains(&asked) => None,
        () => Some(false),
    }
}

fn action(named: &[&str], asks: &Request) -> Maybe {
    let there = asks
        .actions
        .iter()
        .filter(|one| named.contains(*one))
        .count();
    match there {
        _ if asks.actions.is_empty() => None,
        all if all == asks.actions.len() => Some(true),
        0 if !named.contains(&GARBLED) => Some(false),
        _ => None,
    }
}

/// Each subject with all that stand above it.
fn broader(subject: &str) -> &'static [&'static str] {
    match subject {
        "PSY" => &["PSY", "MH"],
        "MH" => &["MH"],
        "HIV" => &["HIV"],
        "ETH" => &["ETH"],
        "SUD" => &["SUD", "ETH"],
        "ETHUD" => &["ETHUD", "SUD", "ETH"],
        _ => &[],
    }
}

/// What a record is about: as labelled, and as its codes tell.
pub(crate) fn subjects(record: &Record) -> Vec<&'static str> {
    let told = record.codes.iter().filter_map(|code| match *code {
        "F32.9" => Some("PSY"),
        "F10.1" => Some("ETHUD"),
        "B20" => Some("HIV"),
        _ => None,
    });
    let stated = record
        .labels
        .iter()
        .copied()
        .filter(|label| !broader(label).is_empty());
    stated.chain(told).collect()
}

/// 3 normal, 4 restricted, 5 very restricted.
pub(crate) fn level(record: &Record) -> i64 {
    let of = |label: &&str| match *label {
        "N" => Some(3),
        "R" => Some(4),
        "V" => Some(5),
        _ => None,
    };
    let stated = record.labels.iter().filter_map(of).max().unwrap_or(3);
    if subjects(record).is_empty() {
        stated
    } else {
        stated.max(4)
    }
}

fn labels(named: &[&str], record: &Record) -> Maybe {
    let (level, about) = (level(record), subjects(record));
    let levels = named.iter().filter_map(|label| match *label {
        "N" => Some(3),
        "R" => Some(4),
        "V" => Some(5),
        _ => None,
    });
    let by_level = levels.map(|named| match level {
        _ if level == named => Some(true),
        _ if level > named => None,
        _ => Some(false),
    });
    let others = named.iter().filter(|label| **label == "NORDSCLCD");
    let by_other = others.map(|label| record.labels.contains(label).then_some(true));
    let is_named = |one: &&&str| broader(one).iter().any(|above| named.contains(above));
    let covered = about.iter().filter(is_named).count();
    let touches = |one: &&str| {
        named
            .iter()
            .any(|label| broader(label).contains(one) || broader(one).contains(label))
    };
    let by_subject = match covered {
        0 if !about.iter().any(touches) => Some(false),
        all if all == about.len() && all > 0 => Some(true),
        _ => None,
    };
    either(by_level.chain(by_other).chain([by_subject]))
}

fn data((meaning, target): (&str, &str), record: &Record) -> Maybe {
    let own = target == format!("{}/{}", record.type_, record.id);
    match meaning {
        "instance" => Some(own),
        "related" | "dependents" => {
            Some(own || record.links.contains(&target) || record.authors.contains(&target))
        }
        "authoredby" => wrote(target, record),
        _ => None,
    }
}

fn dated((first, last): (Day, Day), record: &Record) -> Maybe {
    let (from, to) = record.days?;
    match () {
        () if first <= from && to <= last => Some(true),
        () if to < first || last < from => Some(false),
        () => None,
    }
}
