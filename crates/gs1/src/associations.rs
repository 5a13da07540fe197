//! Which identifiers may and must stand together (GS1 General Specifications 4.14).

use crate::elements::Element;
use crate::error::Error;
use crate::table::{Ai, matches};

/// The rules of the dictionary over a whole message.
pub(crate) fn check(elements: &[Element]) -> Result<(), Error> {
    let mut sorted: Vec<&Element> = elements.iter().collect();
    // By code, so that the same elements in another order break the same rule.
    sorted.sort_by_key(|element| element.ai.code);
    exclusive(&sorted)?;
    required(&sorted)?;
    repeated(&sorted)?;
    signed(&sorted)
}

/// An identifier never excludes itself, even where its pattern means it.
fn exclusive(elements: &[&Element]) -> Result<(), Error> {
    for Element { ai, .. } in elements {
        for pattern in &ai.excludes {
            if let Some(other) = other(elements, ai, pattern) {
                return Err(Error::Exclusive {
                    ai: ai.code,
                    other: other.ai.code,
                });
            }
        }
    }
    Ok(())
}

fn required(elements: &[&Element]) -> Result<(), Error> {
    for Element { ai, .. } in elements {
        for groups in &ai.requires {
            let there = |pattern: &&str| other(elements, ai, pattern).is_some();
            if !groups.iter().any(|group| group.iter().all(there)) {
                let groups: Vec<String> = groups.iter().map(|group| group.join("+")).collect();
                return Err(Error::Required {
                    ai: ai.code,
                    groups: groups.join(","),
                });
            }
        }
    }
    Ok(())
}

fn other<'a>(elements: &[&'a Element], ai: &Ai, pattern: &str) -> Option<&'a Element> {
    let is_other = |one: &&&Element| one.ai.code != ai.code && matches(pattern, one.ai.code);
    elements.iter().find(is_other).copied()
}

/// Two carriers on one pack may repeat each other, not contradict.
fn repeated(sorted: &[&Element]) -> Result<(), Error> {
    for pair in sorted.windows(2) {
        if let [one, other] = pair
            && one.ai.code == other.ai.code
            && one.value != other.value
        {
            return Err(Error::Different { ai: one.ai.code });
        }
    }
    Ok(())
}

/// A digital signature (8030) is of one thing: keys whose serial component may be left out have it.
fn signed(elements: &[&Element]) -> Result<(), Error> {
    if !elements.iter().any(|one| one.ai.code == "8030") {
        return Ok(());
    }
    let whole_class = |one: &&&Element| {
        ["253", "255", "8003"].contains(&one.ai.code) && one.value.len() == one.ai.min()
    };
    match elements.iter().find(whole_class) {
        Some(one) => Err(Error::Required {
            ai: "8030",
            groups: format!("({}) with its serial component", one.ai.code),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::brackets::parse;
    use crate::error::Error;

    #[test]
    fn what_excludes_each_other_is_refused() {
        let cases = [
            ("(01)09506000134352(37)12", Some(("01", "37"))),
            ("(00)095060001343521113(02)09506000134352(37)12", None),
            (
                "(01)09506000134352(3100)000012(3101)000012",
                Some(("3100", "3101")),
            ),
            ("(01)09506000134352(3100)000012", None),
            (
                "(8017)095060001343521113(8018)095060001343521113",
                Some(("8017", "8018")),
            ),
        ];
        for (text, expected) in cases {
            let pair = match parse(text) {
                Err(Error::Exclusive { ai, other }) => Some((ai, other)),
                Err(error) => panic!("{text}: {error}"),
                Ok(_) => None,
            };
            assert_eq!(pair, expected, "{text}");
        }
    }

    #[test]
    fn what_requires_another_does_not_stand_alone() {
        let cases = [
            ("(10)A", false),
            ("(10)A(01)09506000134352", true),
            ("(250)A(01)09506000134352", false),
            ("(250)A(01)09506000134352(21)1", true),
            ("(3920)10(01)09506000134352", false),
            ("(3920)10(01)09506000134352(3100)000012", true),
            ("(400)A", true),
        ];
        for (text, valid) in cases {
            let outcome = parse(text);
            assert_eq!(outcome.is_ok(), valid, "{text}: {outcome:?}");
            if !valid {
                assert!(
                    matches!(outcome, Err(Error::Required { .. })),
                    "{text}: {outcome:?}"
                );
            }
        }
    }

    #[test]
    fn a_repeated_value_must_be_the_same() {
        assert!(parse("(01)09506000134352(10)A(10)A").is_ok());
        let outcome = parse("(01)09506000134352(10)A(10)B");
        assert_eq!(outcome, Err(Error::Different { ai: "10" }));
    }

    #[test]
    fn a_signature_is_of_one_thing() {
        assert!(parse("(8003)03870585000552987(8030)abcd").is_ok());
        let outcome = parse("(8003)03870585000552(8030)abcd");
        assert!(
            matches!(outcome, Err(Error::Required { ai: "8030", .. })),
            "{outcome:?}"
        );
    }
}
