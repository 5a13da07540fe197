//! Check digits and check characters (GS1 General Specifications 7.9).

/// The check digit for digits that lack it: weights 3 and 1 from the right (7.9.1). `None` where
/// there is another character than a digit, or nothing.
pub fn of(digits: &str) -> Option<char> {
    let mut sum = 0;
    for (at, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return None;
        }
        let weight = if at % 2 == 0 { 3 } else { 1 };
        // Modulo in each step: no length makes it overflow.
        sum = (sum + u32::from(byte - b'0') * weight) % 10;
    }
    if digits.is_empty() {
        None
    } else {
        char::from_digit((10 - sum) % 10, 10)
    }
}

/// Whether the last digit is the check digit of those before it.
pub fn holds(digits: &str) -> bool {
    let Some((at, last)) = digits.char_indices().next_back() else {
        return false;
    };
    digits.get(..at).and_then(of) == Some(last)
}

/// Characters of the pair, by value.
const CSET32: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Characters of the text, by value.
const CSET82: &[u8; 82] =
    b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
/// The weights are the primes; AIs have at most 90 characters.
const LENGTH_MAX: usize = 99;

/// The pair of check characters of a text that lacks it (7.9.5), as for a Global Model Number.
pub fn pair_of(text: &str) -> Option<[char; 2]> {
    if text.len() > LENGTH_MAX - 2 {
        return None;
    }
    let mut sum = 0;
    for (byte, prime) in text.bytes().rev().zip(primes()) {
        let value = CSET82.iter().position(|known| *known == byte)?;
        sum = (sum + value * prime) % 1021;
    }
    let character = |value: usize| CSET32.get(value).map(|byte| char::from(*byte));
    Some([character(sum >> 5)?, character(sum & 31)?])
}

/// Whether the last two characters are the check characters of those before them.
pub fn pair_holds(text: &str) -> bool {
    let Some(body) = text.len().checked_sub(2).and_then(|at| text.get(..at)) else {
        return false;
    };
    let pair = pair_of(body);
    pair.is_some_and(|pair| text.chars().rev().take(2).eq(pair.into_iter().rev()))
}

fn primes() -> impl Iterator<Item = usize> {
    (2_usize..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digit_is_that_of_the_specification() {
        // GS1 General Specifications, figure 7.9.1-1, and keys of other lengths.
        for digits in [
            "6291041500213",
            "376104250021234569",
            "4006381333931",
            "96385074",
        ] {
            assert!(holds(digits), "{digits}");
        }
        assert_eq!(of("629104150021"), Some('3'));
        assert_eq!(of(""), None);
        assert_eq!(of("12a"), None);
        assert!(!holds("") && !holds("5") && !holds("6291041500214"));
    }

    #[test]
    fn a_changed_digit_is_always_seen() {
        let digits = "04012345123456";
        assert!(holds(digits));
        for at in 0..digits.len() {
            for digit in '0'..='9' {
                let mut changed = digits.to_owned();
                changed.replace_range(at..=at, &digit.to_string());
                assert_eq!(holds(&changed), changed == digits, "{changed}");
            }
        }
    }

    #[test]
    fn the_pair_is_that_of_the_specification() {
        // GS1 General Specifications, section 7.9.5: the example of a Global Model Number.
        assert!(pair_holds("1987654Ad4X4bL5ttr2310c2K"));
        assert!(pair_holds("22"), "the sum of nothing is zero");
        assert!(!pair_holds("1987654Ad4X4bL5ttr2310c2L"));
        assert!(!pair_holds("1987654ad4X4bL5ttr2310c2K"));
        assert!(!pair_holds("") && !pair_holds("2") && !pair_holds("\u{e9}22"));
    }
}
