//! The classes of USDM 4 as a table.
//!
//! `classes.txt` has a line per class of the published API: its name, then its properties as
//! `name:type` and marks. A type is `string`, `text` (not empty), `boolean`, `number`, `integer`,
//! `date`, `uuid`, `=` (the name of the class) or classes joined by `+`. Marks: `!` required, `*` a
//! list (with the most it may hold), `?` may be null. A test compares the table with the API.

use std::collections::BTreeMap;
use std::sync::LazyLock;

static TABLE: &str = include_str!("classes.txt");

/// A class.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) properties: BTreeMap<&'static str, Property>,
}

/// A property of a class.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) kind: Kind,
    pub(super) is_required: bool,
    pub(super) is_nullable: bool,
    /// A list, and the most that it may hold.
    pub(super) list: Option<usize>,
}

/// What a property holds.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Word(&'static str),
    Classes(Vec<&'static str>),
}

static CLASSES: LazyLock<BTreeMap<&'static str, Class>> = LazyLock::new(|| {
    let lines = TABLE.lines();
    lines
        .filter_map(|line| {
            let mut parts = line.split(' ');
            let name = parts.next()?;
            let properties = parts.filter_map(property).collect();
            Some((name, Class { properties }))
        })
        .collect()
});

/// The class of a name.
pub(super) fn class(name: &str) -> Option<&'static Class> {
    CLASSES.get(name)
}

fn property(text: &'static str) -> Option<(&'static str, Property)> {
    let (name, rest) = text.split_once(':')?;
    let end = rest.find(['!', '*', '?']).unwrap_or(rest.len());
    let (kind, marks) = rest.split_at(end);
    let list = marks.split_once('*').map(|(_, most)| {
        let digits = most.trim_end_matches('?');
        digits.parse().unwrap_or(usize::MAX)
    });
    let is_class = kind.starts_with(|first: char| first.is_ascii_uppercase());
    let property = Property {
        kind: if is_class {
            Kind::Classes(kind.split('+').collect())
        } else {
            Kind::Word(kind)
        },
        is_required: marks.contains('!'),
        is_nullable: marks.contains('?'),
        list,
    };
    Some((name, property))
}
