//! Keyboards: which character stands where an American keyboard has another.
//!
//! A scanner in keyboard mode sends the keys of an American keyboard; the host turns them into what
//! its own keyboard has in the same places.

use std::fmt;

/// A keyboard of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    /// QWERTZ, Germany and Austria.
    German,
    /// AZERTY, France.
    French,
    /// QWERTY, Italy.
    Italian,
    /// QWERTY, Spain.
    Spanish,
    /// QWERTY, United Kingdom.
    British,
}

/// The keys that differ, American first; each pair is one key with the same shift.
const GERMAN: &str = "yz zy YZ ZY -ß _? =´ +` [ü {Ü ]+ }* \\# |' ;ö :Ö 'ä \"Ä <; >: /- ?_ `^ ~° \
                      @\" #§ ^& &/ *( () )=";
const FRENCH: &str = "qa aq QA AQ wz zw WZ ZW m, M? ;m :M ,; <. .: >/ /! ?§ 1& 2é 3\" 4' 5( 6- \
                      7è 8_ 9ç 0à !1 @2 #3 $4 %5 ^6 &7 *8 (9 )0 -) _° [^ {¨ ]$ }£ \\* |µ 'ù \"% \
                      `²";
const ITALIAN: &str = "-' _? =ì +^ [è {é ]+ }* \\ù |§ ;ò :ç 'à \"° <; >: /- ?_ `\\ ~| @\" #£ ^& &/ \
                       *( () )=";
const SPANISH: &str = "-' _? =¡ +¿ [` {^ ]+ }* \\ç |Ç ;ñ :Ñ '´ \"¨ <; >: /- ?_ `º ~ª @\" #· ^& &/ \
                       *( () )=";
const BRITISH: &str = "\"@ @\" #£ \\# |~ ~¬";

/// Keys that print nothing until the next letter, and what both then print.
const COMPOSED: &[(char, &str)] = &[
    ('´', "aáeéiíoóuúyýAÁEÉIÍOÓUÚYÝ"),
    ('`', "aàeèiìoòuùAÀEÈIÌOÒUÙ"),
    ('¨', "aäeëiïoöuüyÿAÄEËIÏOÖUÜ"),
    ('^', "aâeêiîoôuûAÂEÊIÎOÔUÛ"),
];

impl Layout {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::German,
        Self::French,
        Self::Italian,
        Self::Spanish,
        Self::British,
    ];

    /// What the host shows of what the scanner types.
    pub fn typed(self, meant: &str) -> String {
        let mut out = String::new();
        let mut waiting = None;
        for c in meant.chars() {
            let shown = self.shown(c);
            if let Some(dead) = waiting.take() {
                if let Some(both) = compose(dead, shown) {
                    out.push(both);
                    continue;
                }
                out.push(dead);
            }
            if self.is_dead(shown) {
                waiting = Some(shown);
            } else {
                out.push(shown);
            }
        }
        out.extend(waiting);
        out
    }

    /// What was typed, of what the host shows. `None` where this keyboard has no such character.
    pub fn meant(self, shown: &str) -> Option<String> {
        let mut out = String::new();
        for c in shown.chars() {
            if let Some(key) = self.key(c) {
                out.push(key);
            } else {
                let (dead, letter) = self.decompose(c)?;
                out.extend([self.key(dead)?, self.key(letter)?]);
            }
        }
        Some(out)
    }

    fn pairs(self) -> impl Iterator<Item = (char, char)> {
        let pairs = match self {
            Self::German => GERMAN,
            Self::French => FRENCH,
            Self::Italian => ITALIAN,
            Self::Spanish => SPANISH,
            Self::British => BRITISH,
        };
        pairs.split(' ').filter_map(|pair| {
            let mut both = pair.chars();
            Some((both.next()?, both.next()?))
        })
    }

    fn shown(self, key: char) -> char {
        let pair = self.pairs().find(|(american, _)| *american == key);
        pair.map_or(key, |(_, shown)| shown)
    }

    /// The key of a character. One that is nowhere in the pairs stands where it is in America.
    fn key(self, shown: char) -> Option<char> {
        if let Some((key, _)) = self.pairs().find(|(_, host)| *host == shown) {
            return Some(key);
        }
        let moved = self.pairs().any(|(american, _)| american == shown);
        (shown.is_ascii() && !moved).then_some(shown)
    }

    fn is_dead(self, shown: char) -> bool {
        match self {
            Self::German => matches!(shown, '´' | '`' | '^'),
            Self::French => matches!(shown, '¨' | '^'),
            Self::Spanish => matches!(shown, '´' | '`' | '¨' | '^'),
            Self::Italian | Self::British => false,
        }
    }

    fn decompose(self, shown: char) -> Option<(char, char)> {
        let dead = COMPOSED.iter().filter(|(dead, _)| self.is_dead(*dead));
        dead.flat_map(|(dead, letters)| both(letters).map(move |pair| (*dead, pair)))
            .find(|(_, (_, composed))| *composed == shown)
            .map(|(dead, (letter, _))| (dead, letter))
    }
}

fn compose(dead: char, letter: char) -> Option<char> {
    let (_, letters) = COMPOSED.iter().find(|(one, _)| *one == dead)?;
    both(letters)
        .find(|(plain, _)| *plain == letter)
        .map(|(_, composed)| composed)
}

/// Letter, composed, letter, composed.
fn both(letters: &str) -> impl Iterator<Item = (char, char)> {
    let plain = letters.chars().step_by(2);
    plain.zip(letters.chars().skip(1).step_by(2))
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::German => "German",
            Self::French => "French",
            Self::Italian => "Italian",
            Self::Spanish => "Spanish",
            Self::British => "British",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_scan_is_shown_as_the_keyboard_has_it() {
        let scan = "]d201095060001343521727123110A-1=a?z(Y)21;:'\"*&/+<>%!,._";
        let cases = [
            (
                Layout::German,
                "+d201095060001343521727123110Aß1á_y)Z=21öÖäÄ(/-`;:%!,.?",
            ),
            (
                Layout::French,
                "$déà&àç(à-ààà&\"'\"(é&èéè&é\"&&àQ)&=q§w9Y0é&mMù%87!+./51;:°",
            ),
            (
                Layout::Italian,
                "+d201095060001343521727123110A'1ìa_z)Y=21òçà°(/-^;:%!,.?",
            ),
            (
                Layout::Spanish,
                "+d201095060001343521727123110A'1¡a_z)Y=21ñÑ´¨(/-¿;:%!,.?",
            ),
            (
                Layout::British,
                "]d201095060001343521727123110A-1=a?z(Y)21;:'@*&/+<>%!,._",
            ),
        ];
        for (layout, shown) in cases {
            assert_eq!(layout.typed(scan), shown, "{layout}");
            assert_eq!(layout.meant(shown).as_deref(), Some(scan), "{layout}");
        }
    }

    #[test]
    fn every_key_of_character_set_82_comes_back() {
        let all: String = ('!'..='z').filter(|c| !"#$@[\\]^`".contains(*c)).collect();
        assert_eq!(all.len(), 82);
        for layout in Layout::ALL {
            for first in all.chars() {
                for second in all.chars() {
                    let meant = format!("{first}{second}");
                    let shown = layout.typed(&meant);
                    assert_eq!(layout.meant(&shown), Some(meant), "{layout} {shown}");
                }
            }
        }
    }

    #[test]
    fn what_a_keyboard_does_not_have_was_not_typed_on_it() {
        assert_eq!(Layout::German.meant("|"), None);
        assert_eq!(Layout::French.meant("\u{e9}"), Some("2".to_owned()));
        assert_eq!(Layout::German.meant("\u{20ac}"), None);
        assert_eq!(Layout::British.meant("\u{e4}"), None);
    }

    #[test]
    fn no_two_keys_show_the_same() {
        for layout in Layout::ALL {
            let shown: BTreeSet<char> = (' '..='~').map(|key| layout.shown(key)).collect();
            assert_eq!(shown.len(), 95, "{layout}");
        }
    }
}
