//! When an endpoint is measured, as far as its text says so: USDM 4 has no property for it.

const UNITS: &[&str] = &["hour", "day", "week", "month", "year", "visit", "cycle"];

/// The times that a text names, in their order: `week 24`, `28 day`, `baseline`. A unit counts when
/// a number stands beside it; plural and case do not count.
pub fn timing_of(text: &str) -> String {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !(c.is_alphanumeric() || c == '.'))
        .map(|word| word.trim_matches('.'))
        .filter(|word| !word.is_empty())
        .collect();
    let mut times: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let unit = UNITS.iter().find(|unit| {
            word.strip_prefix(**unit)
                .is_some_and(|rest| rest.is_empty() || rest == "s")
        });
        let number = |at: Option<usize>| {
            let near = at.and_then(|at| words.get(at))?;
            near.bytes().next()?.is_ascii_digit().then_some(*near)
        };
        let time = match unit {
            // "24 weeks" before "week 24": in "24 weeks 3 times" the first number counts.
            Some(unit) if word.ends_with('s') => number(at.checked_sub(1))
                .map(|before| format!("{before} {unit}"))
                .or_else(|| number(Some(at + 1)).map(|after| format!("{unit} {after}"))),
            Some(unit) => number(Some(at + 1))
                .map(|after| format!("{unit} {after}"))
                .or_else(|| number(at.checked_sub(1)).map(|before| format!("{before} {unit}"))),
            None if *word == "baseline" => Some("baseline".to_owned()),
            None => None,
        };
        if let Some(time) = time
            && !times.contains(&time)
        {
            times.push(time);
        }
    }
    times.join(", ")
}

#[cfg(test)]
mod tests {
    use super::timing_of;

    #[test]
    fn times_are_found_where_a_number_stands_beside_a_unit() {
        for (text, timing) in [
            ("Total of 11 items [ADAS-Cog (11)] at Week 24", "week 24"),
            ("Mean NPI-X from Week 4 to Week 24", "week 4, week 24"),
            ("Status at 28 days after the first dose", "28 day"),
            ("Change from Baseline to 2.5 years", "baseline, 2.5 year"),
            ("Day-15 status", "day 15"),
            ("Time to death", ""),
            ("Weekly score", ""),
            ("Weeks 8, 16", "week 8"),
        ] {
            assert_eq!(timing_of(text), timing, "{text}");
        }
    }
}
