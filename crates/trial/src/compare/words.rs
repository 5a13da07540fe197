//! Words of a name, and how alike two names are: in integers.

/// Words that say nothing about what is measured.
const EMPTY: &[&str] = &[
    "a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with",
];

/// The words of a text in lower case, sorted, without those that say nothing; numbers are words.
pub(super) fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let split = lower.split(|c: char| !c.is_alphanumeric());
    let mut words: Vec<String> = split
        .filter(|word| !word.is_empty() && !EMPTY.contains(word))
        .map(str::to_owned)
        .collect();
    words.sort_unstable();
    words
}

/// A text as it is compared: white space and case do not count, everything else does.
pub(super) fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// How alike two names are, from 0 to 1000: twice the number of words that they share, for each
/// thousand words that they have (Dice). The order of words does not count.
pub fn likeness_per_mille(left: &str, right: &str) -> u16 {
    shared(&words(left), &words(right))
}

/// The same over sorted words.
pub(super) fn shared(left: &[String], right: &[String]) -> u16 {
    let (mut at_left, mut at_right, mut common) = (0, 0, 0_usize);
    while let (Some(one), Some(other)) = (left.get(at_left), right.get(at_right)) {
        let order = one.cmp(other);
        common += usize::from(order.is_eq());
        at_left += usize::from(order.is_le());
        at_right += usize::from(order.is_ge());
    }
    let all = left.len() + right.len();
    let per_mille = (2000 * common).checked_div(all).unwrap_or(0);
    u16::try_from(per_mille).unwrap_or(1000)
}
