//! Whatever text another organisation presents, only what was signed is accepted.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_refused(text in any::<String>(), bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(judged(&text).is_err());
        prop_assert!(judged(&String::from_utf8_lossy(&bytes)).is_err());
    }

    /// Parts of honest presentations put together anew: the reader gets deep, and accepts only
    /// what was presented.
    #[test]
    fn parts_of_honest_presentations_are_accepted_whole_only(
        order in vec((any::<Index>(), any::<bool>()), 1..8),
    ) {
        let honest = [presented(&[]), presented(&["name"]), presented(&["name", "identifier"])];
        let parts: Vec<&str> = honest.iter().flat_map(|text| text.split('~')).collect();
        let mut text = String::new();
        for (place, joined) in order {
            text.push_str(parts[place.index(parts.len())]);
            text.push_str(if joined { "~" } else { "." });
        }
        let text = text.trim_end_matches(['~', '.']);
        prop_assert_eq!(judged(text).is_ok(), honest.iter().any(|one| one == text));
    }

    /// Claims and headers that are not JSON, or JSON of another shape, under a good signature.
    #[test]
    fn signed_nonsense_is_refused(
        claim in 0..10_usize,
        value in prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            vec(any::<String>(), 0..4).prop_map(Value::from),
        ],
    ) {
        let name = ["iss", "sub", "role", "epoch", "iat", "exp", "jti", "cnf", "_sd_alg", "_sd"]
            [claim];
        let text = forged(|parts| parts.claims[name] = value.clone());
        if let Ok(found) = judged(&text) {
            // What a claim may say freely.
            let free = matches!(name, "sub" | "jti" | "epoch" | "exp" | "iat");
            prop_assert!(free, "{} {:?}", name, value);
            prop_assert!(found.epoch >= 4);
        }
    }
}
