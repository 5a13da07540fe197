//! What is written a line at a time: arms, endpoints, values. Parts of a line stand between bars.

use serde_json::{Map, Value, json};

use crate::record::text;

/// The parts of an endpoint, in their order.
const ENDPOINT: [&str; 6] = ["id", "name", "rank", "measure", "timing", "analysis"];
const RANKS: [&str; 3] = ["primary", "secondary", "exploratory"];

/// Lines with something on them, each with its number.
fn lines(given: &str) -> impl Iterator<Item = (usize, &str)> {
    let all = given.lines().enumerate();
    let all = all.map(|(place, line)| (place + 1, line.trim()));
    all.filter(|(_, line)| !line.is_empty())
}

/// Names, one a line.
pub(super) fn names(given: &str) -> Vec<&str> {
    lines(given).map(|(_, line)| line).collect()
}

/// `name | ratio`; without a ratio it is 1. The number of the line that is none.
pub(super) fn arms(given: &str) -> Result<Vec<Value>, usize> {
    let arm = |(place, line): (usize, &str)| {
        let (name, ratio) = line.rsplit_once('|').unwrap_or((line, "1"));
        let ratio: u16 = ratio.trim().parse().map_err(|_| place)?;
        Ok(json!({ "name": name.trim(), "ratio": ratio }))
    };
    lines(given).map(arm).collect()
}

/// `id | name | rank | measure | timing | analysis`, and of a report the result after them.
pub(super) fn endpoints(given: &str, has_result: bool) -> Result<Vec<Value>, usize> {
    let endpoint = |(place, line): (usize, &str)| {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let named = ENDPOINT.iter().chain(has_result.then_some(&"result"));
        let named: Vec<&&str> = named.collect();
        let is_whole = parts.len() == named.len() || (!has_result && parts.len() == 5);
        if !is_whole || !RANKS.contains(&parts[2]) || parts[..3].contains(&"") {
            return Err(place);
        }
        let pairs = named.into_iter().zip(parts);
        let pairs = pairs.map(|(name, part)| ((*name).to_owned(), part.into()));
        Ok(Value::Object(pairs.collect::<Map<String, Value>>()))
    };
    lines(given).map(endpoint).collect()
}

/// Endpoints as such lines; of a report with the place of the result at the end.
pub(super) fn written(endpoints: &[Value], has_result: bool) -> String {
    let line = |endpoint: &Value| {
        let parts = ENDPOINT
            .iter()
            .map(|name| text(endpoint, &format!("/{name}")));
        // A bar within a part would make two of it.
        let parts: Vec<String> = parts.map(|it| it.replace('|', "/")).collect();
        let end = if has_result { " | " } else { "" };
        format!("{}{end}", parts.join(" | "))
    };
    endpoints.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// `item = value`; without a value it is known to be missing.
pub(super) fn items(given: &str) -> Result<Vec<Value>, usize> {
    let item = |(place, line): (usize, &str)| {
        let (oid, value) = line.split_once('=').ok_or(place)?;
        let value = Some(value.trim()).filter(|it| !it.is_empty());
        Ok(json!({ "oid": oid.trim(), "value": value }))
    };
    lines(given).map(item).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn endpoints_come_back_as_they_were_written() {
        let all = endpoints(
            "\n PAIN | pain | primary | scale | week 12 | ANCOVA\n\nS | s | secondary | h | w 4",
            false,
        )
        .unwrap();
        assert_eq!(all[0]["timing"], "week 12");
        assert_eq!(all[1]["measure"], "h");
        let written = written(&all[..1], false);
        assert_eq!(endpoints(&written, false).unwrap(), all[..1]);
        let report = super::written(&all[..1], true) + "-1.2";
        assert_eq!(endpoints(&report, true).unwrap()[0]["result"], "-1.2");
    }

    #[test]
    fn a_line_that_is_none_is_named_by_its_number() {
        assert_eq!(endpoints("PAIN | pain | main | s | w", false), Err(1));
        assert_eq!(endpoints("\nPAIN | pain | primary", false), Err(2));
        assert_eq!(endpoints("| pain | primary | s | w", false), Err(1));
        assert_eq!(arms("high | 1\nlow | two"), Err(2));
        assert_eq!(items("IT.A = 4\nIT.B 5"), Err(2));
        assert_eq!(items("IT.A =").unwrap()[0]["value"], Value::Null);
        assert_eq!(arms("high").unwrap()[0]["ratio"], 1);
    }
}
