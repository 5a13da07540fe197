use serde_json::json;

use super::*;

fn pulse(when: &str, value: f64) -> Value {
    json!({
        "resourceType": "Observation", "status": "final", "effectiveDateTime": when,
        "code": { "coding": [{ "system": "http://loinc.org", "code": "8867-4" }], "text": "Pulse" },
        "valueQuantity": { "value": value, "unit": "/min" },
        "referenceRange": [{ "low": { "value": 60 }, "high": { "value": 100 } }]
    })
}

#[test]
fn values_of_one_code_are_one_trend_in_the_order_of_time() {
    let mut wrong = pulse("2026-05-01", 500.0);
    wrong["status"] = json!("entered-in-error");
    let all = [
        pulse("2026-03-01T09:30:00Z", 72.0),
        pulse("2025", 64.0),
        wrong,
        json!({ "resourceType": "Condition" }),
        pulse("2026-04", 110.5),
    ];
    let trends = trends(all.iter());
    assert_eq!(trends.len(), 1);
    let when: Vec<&str> = trends[0].rows.iter().map(|row| row.when.as_str()).collect();
    assert_eq!(when, ["2025", "2026-03-01T09:30:00Z", "2026-04"]);
    assert_eq!(trends[0].last(Language::German), "110,5 /min");
    assert!(trends[0].is_unusual());
    assert_eq!(trends[0].lines[0].range(Language::English), "60 – 100 /min");
}

#[test]
fn what_was_measured_in_another_unit_stands_apart() {
    let mut other = pulse("2026-03-02", 1.2);
    other["valueQuantity"]["unit"] = json!("Hz");
    let all = [pulse("2026-03-01", 72.0), other];
    assert_eq!(trends(all.iter()).len(), 2);
}

#[test]
fn a_pressure_has_two_lines() {
    let part = |code: &str, value: u32| {
        json!({ "code": { "coding": [{ "code": code }], "text": code },
            "valueQuantity": { "value": value, "unit": "mm[Hg]" } })
    };
    let pressure = json!({
        "resourceType": "Observation", "status": "final", "effectiveDateTime": "2026-03-01",
        "code": { "text": "Blood pressure" },
        "component": [part("8480-6", 128), part("8462-4", 82)]
    });
    let trends = trends([pressure].iter());
    assert_eq!(trends[0].lines.len(), 2);
    assert_eq!(trends[0].last(Language::English), "128 / 82 mmHg");
    let table = table(Language::English, &trends[0]).into_string();
    assert!(table.contains("data-value=\"128\"") && table.contains("data-value=\"82\""));
}

#[test]
fn a_drawing_holds_numbers_only_and_no_style() {
    for values in [
        vec![72.0],
        vec![72.0, 72.0],
        vec![-9e14, 9e14],
        vec![0.0, 1e-300],
        vec![1.0, 1e300],
    ] {
        let all: Vec<Value> = values
            .iter()
            .enumerate()
            .map(|(day, value)| pulse(&format!("2026-03-{:02}", day + 1), *value))
            .collect();
        let trends = trends(all.iter());
        for markup in [
            spark(Language::English, &trends[0]),
            chart(Language::German, &trends[0]),
        ] {
            let drawn = markup.into_string();
            assert!(drawn.contains("<svg"), "{drawn}");
            assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{drawn}");
            assert!(!drawn.contains("style="), "{drawn}");
        }
    }
}
