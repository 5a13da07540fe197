#![allow(clippy::unwrap_used, reason = "a test")]

use super::*;

/// Splits that are counted.
const SPLITS: u32 = 2_000;

fn seed() -> Seed {
    Seed::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()))
}

fn refusal(shares: &[Share]) -> String {
    Seed::recover(shares).unwrap_err().to_string()
}

#[test]
fn any_two_of_three_recover() {
    let shares = seed().split().unwrap();
    for (left, right) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
        let two = [shares[left].clone(), shares[right].clone()];
        assert_eq!(Seed::recover(&two).unwrap().reveal(), seed().reveal());
    }
    assert_eq!(Seed::recover(&shares).unwrap().reveal(), seed().reveal());
}

#[test]
fn a_wrong_or_mixed_set_is_recognised() {
    let [one, two, three] = seed().split().unwrap();
    let [other_one, other_two, _] = seed().split().unwrap();
    assert!(refusal(&[]).contains("two shares are needed"));
    assert!(refusal(std::slice::from_ref(&one)).contains("two shares are needed"));
    assert!(refusal(&[one.clone(), one.clone()]).contains("twice"));
    assert!(refusal(&[one.clone(), two.clone(), one.clone()]).contains("twice"));
    assert!(refusal(&[one.clone(), other_two.clone()]).contains("different sets"));
    let four = [one.clone(), two.clone(), three.clone(), other_one.clone()];
    assert!(refusal(&four).contains("three shares at most"));
    // A share of another set that claims to be of this one.
    let mut claims = other_two;
    claims.set = one.set;
    assert!(refusal(&[one.clone(), claims]).contains("a share is wrong"));
    // One that claims another number.
    let mut claims = two.clone();
    claims.number = 3;
    assert!(refusal(&[one.clone(), claims]).contains("a share is wrong"));
    for at in 0..SHARED {
        for bit in 0..8 {
            let mut wrong = two.clone();
            wrong.value[at] ^= 1 << bit;
            assert!(refusal(&[one.clone(), wrong.clone()]).contains("wrong"));
            assert!(refusal(&[one.clone(), three.clone(), wrong]).contains("wrong"));
        }
    }
}

#[test]
fn one_share_says_nothing() {
    // Exactly: for every secret byte and every share, each value has one slope that leads to it.
    for number in 1..=SHARES {
        for secret in 0..=255_u8 {
            let mut met = [false; 256];
            for slope in 0..=255_u8 {
                met[usize::from(secret ^ times(slope, number))] = true;
            }
            assert!(met.iter().all(|met| *met), "share {number} of {secret}");
        }
    }
    // By counting, through the real split with real randomness: the bytes of a share are uniform
    // whatever the secret is. Chi-square over 256 values has mean 255 and deviation 22.6; the
    // bound is fifteen deviations away.
    for secret in [
        Seed::from_bytes([0; 32]),
        Seed::from_bytes([0xff; 32]),
        seed(),
    ] {
        let mut counts = [[0_u32; 256]; 3];
        for _ in 0..SPLITS {
            for (share, counts) in secret.split().unwrap().iter().zip(&mut counts) {
                for byte in &share.value[..SECRET] {
                    counts[usize::from(*byte)] += 1;
                }
            }
        }
        let expected = f64::from(SPLITS * 32) / 256.0;
        for counts in counts {
            let chi: f64 = counts
                .iter()
                .map(|count| (f64::from(*count) - expected).powi(2) / expected)
                .sum();
            assert!((0.0..255.0 + 15.0 * 22.6).contains(&chi), "{chi}");
        }
    }
}

#[test]
fn frozen_shares_are_still_made_and_read() {
    let slope = std::array::from_fn(|at| u8::try_from(at * 7 % 256).unwrap());
    let made = split_with(&seed(), SetId([0x4f, 0x2a, 0x91]), &slope);
    let frozen = include_str!("../../../vectors/seed.txt");
    let texts: Vec<&str> = frozen
        .lines()
        .filter_map(|line| line.strip_prefix("share-")?.split_once(' '))
        .map(|(_, text)| text)
        .collect();
    assert_eq!(texts.len(), 3);
    for (share, text) in made.iter().zip(&texts) {
        assert_eq!(share.to_text().unwrap().as_str(), *text);
    }
    let read: Vec<Share> = texts[1..]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    assert_eq!(read[0].set().to_string(), "4f2a91");
    assert_eq!((read[0].number(), read[1].number()), (2, 3));
    assert_eq!(Seed::recover(&read).unwrap().reveal(), seed().reveal());
}

#[test]
fn a_share_is_read_however_it_is_typed_and_a_typing_error_is_noticed() {
    let share = &seed().split().unwrap()[0];
    let text = share.to_text().unwrap();
    for typed in [
        text.to_uppercase(),
        text.replace('-', ""),
        text.replace('-', " \n"),
        format!("  {}\n", text.as_str()),
    ] {
        let read: Share = typed.parse().unwrap();
        assert_eq!(read.value, share.value);
    }
    let plain = text.replace('-', "");
    let letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    // One wrong letter, anywhere, and two letters changed about.
    for at in 6..plain.len() {
        for letter in letters.chars() {
            let mut wrong: Vec<char> = plain.chars().collect();
            if wrong[at] == letter {
                continue;
            }
            wrong[at] = letter;
            assert!(wrong.iter().collect::<String>().parse::<Share>().is_err());
        }
        let mut wrong: Vec<char> = plain.chars().collect();
        wrong.swap(at - 1, at);
        if wrong.iter().ne(plain.chars().collect::<Vec<_>>().iter()) {
            assert!(wrong.iter().collect::<String>().parse::<Share>().is_err());
        }
    }
    for wrong in [
        "",
        "salus1",
        &plain[1..],
        &plain[..plain.len() - 1],
        &format!("{plain}q"),
        &format!("S{}", &plain[1..]),
        &plain.replacen("salus", "saius", 1),
        &"é".repeat(83),
        &"q".repeat(300),
    ] {
        assert!(wrong.parse::<Share>().is_err(), "{wrong}");
    }
}
