//! The second opinion: the same consents compiled to Cedar policies, judged by Cedar.
//!
//! Each rule becomes two conditions, that it surely matches and that it possibly matches; each
//! consent becomes a `permit` and a `forbid`. Cedar does the rest.
#![allow(
    clippy::disallowed_types,
    reason = "Cedar takes its attributes in hash maps"
)]

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request as Asked,
    RestrictedExpression as Value,
};

use super::model::{Consent, GARBLED, Record, Request, Rule};
use super::naive::{level, subjects};

/// Surely and possibly, as Cedar conditions.
#[derive(Clone)]
struct Both {
    must: String,
    may: String,
}

impl Both {
    fn sure(condition: String) -> Self {
        Self {
            must: condition.clone(),
            may: condition,
        }
    }

    fn unknown() -> Self {
        Self {
            must: "false".into(),
            may: "true".into(),
        }
    }

    fn and(self, other: &Self) -> Self {
        Self {
            must: format!("{} && {}", self.must, other.must),
            may: format!("{} && {}", self.may, other.may),
        }
    }
}

fn any<T>(list: &[T], one: impl Fn(&T) -> Both) -> Both {
    let mut all = Both {
        must: "(false".into(),
        may: "(false".into(),
    };
    for item in list {
        let Both { must, may } = one(item);
        let _ = write!(all.must, " || ({must})");
        let _ = write!(all.may, " || ({may})");
    }
    all.must.push(')');
    all.may.push(')');
    all
}

/// The consents of a patient as policies.
pub(crate) fn compile(all: &[Consent], implied: bool) -> PolicySet {
    let mut text = String::new();
    if implied {
        text.push_str("permit(principal, action, resource);\n");
    }
    for consent in all {
        let newer = |other: &Consent| other.id == consent.id && other.version > consent.version;
        let ended = matches!(consent.status, "inactive" | "rejected");
        if all.iter().any(newer) || ended || consent.scope == "research" {
            continue;
        }
        let (permits, refuses) = conditions(consent);
        if consent.status == "active" && consent.scope == "patient-privacy" {
            let _ = writeln!(
                text,
                "permit(principal, action, resource) when {{ {permits} }};"
            );
        }
        let _ = writeln!(
            text,
            "forbid(principal, action, resource) when {{ {refuses} }};"
        );
    }
    text.parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// When a consent permits, and when it refuses.
fn conditions(consent: &Consent) -> (String, String) {
    let no = "false".to_owned();
    let base = match consent.policy_rule {
        _ if consent.modified => return (no, "true".into()),
        Some("OPTIN") => Some(true),
        Some("OPTOUT" | "odd") => Some(false),
        _ => None,
    };
    let Some(root) = &consent.root else {
        let yes = |wanted| {
            if base == Some(wanted) {
                "true".to_owned()
            } else {
                no.clone()
            }
        };
        return (yes(true), yes(false));
    };
    let odd = consent.policy_rule == Some("odd");
    let open = Rule {
        period: None,
        type_: None,
        below: Vec::new(),
        ..root.clone()
    };
    let open = format!("{open:?}") == format!("{:?}", Rule::default());
    let narrowed = root
        .below
        .iter()
        .any(|one| one.type_ == Some(true) && !one.modified);
    // What the root does, and what remains beside it.
    let (effect, beside) = match (base, root.type_) {
        _ if root.modified => (Some(false), base),
        (None, typed) => (Some(typed == Some(true)), None),
        (Some(true), Some(true)) => (Some(true), None),
        (Some(base), Some(permit)) => (Some(permit), Some(base)),
        (Some(true), None) if open && narrowed => (None, None),
        (Some(base), None) if open && !odd => (Some(base), None),
        (Some(true), None) => (Some(false), None),
        (Some(false), None) => (Some(false), Some(false)),
    };
    let (permits, refuses) = rule(root, &Rule::default(), effect);
    match beside {
        None => (permits, refuses),
        Some(true) => (format!("({permits}) || !({refuses})"), refuses),
        Some(false) => (permits.clone(), format!("({refuses}) || !({permits})")),
    }
}

/// When a rule with its exceptions permits and refuses; it cannot do both.
fn rule(one: &Rule, above: &Rule, effect: Option<bool>) -> (String, String) {
    if one.modified {
        return ("false".into(), "true".into());
    }
    let full = inherit(one, above);
    let below: Vec<_> = one
        .below
        .iter()
        .map(|it| rule(it, &full, Some(it.type_ == Some(true))))
        .collect();
    let list = |pick: fn(&(String, String)) -> &String| {
        let conditions = below.iter().map(|pair| format!("({})", pick(pair)));
        conditions.fold("false".to_owned(), |all, one| format!("{all} || {one}"))
    };
    let (some_permits, some_refuses) = (list(|pair| &pair.0), list(|pair| &pair.1));
    let matched = matched(&full);
    let own = |wanted: bool, condition: &str| {
        if effect == Some(wanted) {
            condition.to_owned()
        } else {
            "false".into()
        }
    };
    let (yes, no) = (own(true, &matched.must), own(false, &matched.may));
    (
        format!("!({some_refuses}) && (({some_permits}) || ({yes}))"),
        format!("({some_refuses}) || (!({some_permits}) && ({no}))"),
    )
}

fn inherit(one: &Rule, above: &Rule) -> Rule {
    let mut full = one.clone();
    full.odd_role |= above.odd_role;
    macro_rules! inherit {
        ($($field:ident),*) => {$(
            if full.$field.is_none() {
                full.$field.clone_from(&above.$field);
            }
        )*};
    }
    inherit!(period, recipient, custodian, author, purpose, action);
    inherit!(class, code, label, data, data_period);
    full
}

fn matched(rule: &Rule) -> Both {
    let mut parts = vec![Both::sure("true".into())];
    if rule.odd_role {
        parts.push(Both::unknown());
    }
    parts.extend(rule.period.map(|days| match days {
        Some((a, b)) => Both::sure(format!("{a} <= principal.day && principal.day <= {b}")),
        None => Both::unknown(),
    }));
    parts.extend(
        rule.recipient
            .as_ref()
            .map(|list| any(list, |party| recipient(party))),
    );
    parts.extend(
        rule.custodian
            .as_ref()
            .map(|list| any(list, |p| named(p, "custodian"))),
    );
    parts.extend(
        rule.author
            .as_ref()
            .map(|list| any(list, |party| wrote(party))),
    );
    parts.extend(
        rule.purpose
            .as_ref()
            .map(|list| any(list, |one| purpose(one))),
    );
    parts.extend(rule.action.as_ref().map(|list| action(list)));
    parts.extend(rule.class.as_ref().map(|list| {
        any(list, |class| match *class {
            "urn:mime|x" => Both::unknown(),
            class => Both::sure(format!("resource.type == \"{class}\"")),
        })
    }));
    parts.extend(rule.code.as_ref().map(|list| {
        any(list, |code| match *code {
            GARBLED => Both::unknown(),
            code => Both::sure(format!("resource.codes.contains(\"{code}\")")),
        })
    }));
    parts.extend(rule.label.as_ref().map(|list| labels(list)));
    parts.extend(rule.data.as_ref().map(|list| any(list, |one| data(*one))));
    parts.extend(rule.data_period.map(|days| {
        days.map_or_else(Both::unknown, |(a, b)| Both {
            must: format!("resource.dated && {a} <= resource.first && resource.last <= {b}"),
            may: format!("(!resource.dated || ({a} <= resource.last && resource.first <= {b}))"),
        })
    }));
    let first = parts.remove(0);
    parts.iter().fold(first, Both::and)
}

/// In a set of names, or the set is empty.
fn named(party: &str, set: &str) -> Both {
    let inside = format!("principal.{set}.contains(\"{party}\")");
    Both {
        may: format!("{inside} || principal.{set}.isEmpty()"),
        must: inside,
    }
}

fn recipient(party: &str) -> Both {
    match party.split('/').next() {
        Some("Organization") => named(party, "organisation"),
        Some("Practitioner") => named(party, "practitioner"),
        Some("PractitionerRole") => named(party, "role"),
        Some("Group") => Both {
            must: format!("principal.groups.contains(\"{party}\")"),
            may: format!("!principal.grouped || principal.groups.contains(\"{party}\")"),
        },
        _ => Both::unknown(),
    }
}

fn wrote(party: &str) -> Both {
    let kind = party.split('/').next().unwrap();
    let inside = format!("resource.authors.contains(\"{party}\")");
    let known = format!("resource.authorKinds == [\"{kind}\"]");
    Both {
        may: format!("{inside} || !({known})"),
        must: inside,
    }
}

const ORDER: &[(&str, &[&str])] = &[
    ("TREAT", &["TREAT", "ETREAT", "ERTREAT"]),
    ("ETREAT", &["ETREAT", "ERTREAT"]),
    ("ERTREAT", &["ERTREAT"]),
    ("HRESCH", &["HRESCH", "BIORCH"]),
    ("BIORCH", &["BIORCH"]),
    ("HPAYMT", &["HPAYMT"]),
    ("BTG", &["BTG"]),
];

fn set<'a>(list: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = list.into_iter().map(|one| format!("\"{one}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

fn purpose(one: &str) -> Both {
    let Some((_, below)) = ORDER.iter().find(|(name, _)| *name == one) else {
        // Only itself is surely it; of everything else nobody knows.
        let must = if one == GARBLED {
            "false".into()
        } else {
            format!("principal.purpose == \"{one}\"")
        };
        return Both {
            must,
            may: "true".into(),
        };
    };
    let above = ORDER
        .iter()
        .filter(|(_, below)| below.contains(&one))
        .map(|(name, _)| *name);
    let not_sure = set(below.iter().copied().chain(above).chain(["", "urn:own|x"]));
    Both {
        must: format!("{}.contains(principal.purpose)", set(below.iter().copied())),
        may: format!("{not_sure}.contains(principal.purpose)"),
    }
}

fn action(list: &[&str]) -> Both {
    let named = set(list.iter().copied());
    let may = match list.contains(&GARBLED) {
        true => "true".to_owned(),
        false => format!("(principal.actions.isEmpty() || {named}.containsAny(principal.actions))"),
    };
    let must = format!("!principal.actions.isEmpty() && {named}.containsAll(principal.actions)");
    Both { must, may }
}

const BELOW: &[(&str, &[&str])] = &[
    ("PSY", &["PSY"]),
    ("MH", &["MH", "PSY"]),
    ("HIV", &["HIV"]),
    ("ETH", &["ETH", "SUD", "ETHUD"]),
    ("SUD", &["SUD", "ETHUD"]),
    ("ETHUD", &["ETHUD"]),
];

fn labels(list: &[&str]) -> Both {
    let levels = any(list, |label| match *label {
        "N" | "R" | "V" => {
            let level = match *label {
                "N" => 3,
                "R" => 4,
                _ => 5,
            };
            Both {
                must: format!("resource.level == {level}"),
                may: format!("resource.level >= {level}"),
            }
        }
        "NORDSCLCD" => Both {
            must: "resource.labels.contains(\"NORDSCLCD\")".into(),
            may: "true".into(),
        },
        _ => Both::sure("false".into()),
    });
    let covered: HashSet<&str> = BELOW
        .iter()
        .filter(|(name, _)| list.contains(name))
        .flat_map(|(_, below)| below.iter().copied())
        .collect();
    let touched: HashSet<&str> = BELOW
        .iter()
        .filter(|(_, below)| below.iter().any(|one| list.contains(one)))
        .map(|(name, _)| *name)
        .chain(covered.iter().copied())
        .collect();
    let (covered, touched) = (set(covered), set(touched));
    Both {
        must: format!(
            "({} || (!resource.subjects.isEmpty() && {covered}.containsAll(resource.subjects)))",
            levels.must
        ),
        may: format!(
            "({} || {touched}.containsAny(resource.subjects))",
            levels.may
        ),
    }
}

fn data((meaning, target): (&str, &str)) -> Both {
    match meaning {
        "instance" => Both::sure(format!("resource.own == \"{target}\"")),
        "related" | "dependents" => Both::sure(format!(
            "(resource.own == \"{target}\" || resource.links.contains(\"{target}\"))"
        )),
        "authoredby" => wrote(target),
        _ => Both::unknown(),
    }
}

fn texts<'a>(list: impl IntoIterator<Item = &'a str>) -> Value {
    Value::new_set(
        list.into_iter()
            .map(|one| Value::new_string(one.to_owned())),
    )
}

fn uid(kind: &str, at: usize) -> EntityUid {
    format!("{kind}::\"{at}\"").parse().unwrap()
}

/// The askers and records of one round, as entities.
pub(crate) fn entities(asks: &[Request], records: &[Record]) -> Entities {
    let askers = asks.iter().enumerate().map(|(at, ask)| {
        let attributes = HashMap::from([
            (
                "organisation".to_owned(),
                texts(ask.organisation.iter().copied()),
            ),
            (
                "practitioner".to_owned(),
                texts(ask.practitioner.iter().copied()),
            ),
            ("role".to_owned(), texts(ask.role.iter().copied())),
            ("grouped".to_owned(), Value::new_bool(ask.groups.is_some())),
            (
                "groups".to_owned(),
                texts(ask.groups.iter().flatten().copied()),
            ),
            ("custodian".to_owned(), texts(ask.custodian.iter().copied())),
            (
                "purpose".to_owned(),
                Value::new_string(ask.purpose.unwrap_or("").to_owned()),
            ),
            ("actions".to_owned(), texts(ask.actions.iter().copied())),
            ("day".to_owned(), Value::new_long(ask.day)),
        ]);
        Entity::new(uid("Asker", at), attributes, HashSet::new()).unwrap()
    });
    let records = records.iter().enumerate().map(|(at, record)| {
        let kinds: HashSet<&str> = record
            .authors
            .iter()
            .map(|author| author.split('/').next().unwrap())
            .collect();
        let (first, last) = record.days.unwrap_or((0, 0));
        let links = record.links.iter().chain(&record.authors).copied();
        let attributes = HashMap::from([
            (
                "type".to_owned(),
                Value::new_string(record.type_.to_owned()),
            ),
            (
                "own".to_owned(),
                Value::new_string(format!("{}/{}", record.type_, record.id)),
            ),
            ("codes".to_owned(), texts(record.codes.iter().copied())),
            ("labels".to_owned(), texts(record.labels.iter().copied())),
            ("level".to_owned(), Value::new_long(level(record))),
            ("subjects".to_owned(), texts(subjects(record))),
            ("dated".to_owned(), Value::new_bool(record.days.is_some())),
            ("first".to_owned(), Value::new_long(first)),
            ("last".to_owned(), Value::new_long(last)),
            ("authors".to_owned(), texts(record.authors.iter().copied())),
            ("authorKinds".to_owned(), texts(kinds)),
            ("links".to_owned(), texts(links)),
        ]);
        Entity::new(uid("Record", at), attributes, HashSet::new()).unwrap()
    });
    Entities::from_entities(askers.chain(records), None).unwrap()
}

/// What Cedar says of a request; an error in a policy fails the test.
pub(crate) fn permits(
    policies: &PolicySet,
    entities: &Entities,
    ask: usize,
    record: usize,
) -> bool {
    let action = "Action::\"read\"".parse().unwrap();
    let (asker, record) = (uid("Asker", ask), uid("Record", record));
    let asked = Asked::new(asker, action, record, Context::empty(), None).unwrap();
    let answer = Authorizer::new().is_authorized(&asked, policies, entities);
    assert_eq!(answer.diagnostics().errors().count(), 0, "{policies}");
    answer.decision() == Decision::Allow
}
