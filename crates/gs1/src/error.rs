//! Why a message is no valid GS1 identification.

use std::fmt;

/// Why a message was not accepted. No variant quotes a value, only identifiers and places.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing was given.
    #[error("there is no data")]
    Empty,
    /// A bound of this crate.
    #[error("the data is too long: at most {limit} {unit}")]
    TooMuch {
        /// The bound.
        limit: usize,
        /// What it counts.
        unit: &'static str,
    },
    /// Brackets are not balanced, or an identifier has no value.
    #[error("at byte {at}: expected `(identifier)value`")]
    Brackets {
        /// Where.
        at: usize,
    },
    /// No identifier of the dictionary begins here.
    #[error("at byte {at}: no known application identifier")]
    UnknownIdentifier {
        /// Where.
        at: usize,
    },
    /// The value of one identifier.
    #[error("({ai}): {defect}")]
    Value {
        /// Whose value.
        ai: &'static str,
        /// Byte of the value, from its begin.
        at: usize,
        /// What is wrong.
        defect: Defect,
    },
    /// Two identifiers that must not stand together.
    #[error("({ai}) must not stand together with ({other})")]
    Exclusive {
        /// The one whose rule it is.
        ai: &'static str,
        /// The other.
        other: &'static str,
    },
    /// An identifier without one that it needs.
    #[error("({ai}) requires one of {groups}")]
    Required {
        /// The one whose rule it is.
        ai: &'static str,
        /// As the dictionary writes it: `01+21,8006`.
        groups: String,
    },
    /// The same identifier twice, with two values.
    #[error("({ai}) stands there twice with different values")]
    Different {
        /// Which.
        ai: &'static str,
    },
    /// `]` and two characters that name no symbology this crate reads.
    #[error("the symbology identifier is not one that carries GS1 data")]
    Symbology,
    /// A retail bar code of wrong length, with other than digits, or a wrong check digit.
    #[error("not an EAN or UPC number: {0}")]
    Retail(Defect),
    /// The URI is no GS1 Digital Link.
    #[error("not a GS1 Digital Link: {0}")]
    Link(LinkDefect),
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// No value at all.
    #[error("there is no value")]
    Empty,
    /// Shorter than the shortest value.
    #[error("the value is too short")]
    TooShort,
    /// Longer than the longest value.
    #[error("the value is too long")]
    TooLong,
    /// A component has not its length.
    #[error("a part of the value has the wrong length")]
    Length,
    /// A character outside the set.
    #[error("a character is not {0}")]
    Character(Charset),
    /// The check digit (GS1 General Specifications 7.9.1).
    #[error("the check digit is wrong")]
    CheckDigit,
    /// The pair of check characters (7.9.5), or that of an IBAN.
    #[error("the check characters are wrong")]
    CheckPair,
    /// No month.
    #[error("there is no such month")]
    Month,
    /// No day of that month.
    #[error("there is no such day in that month")]
    Day,
    /// No time of day.
    #[error("there is no such time of day")]
    Time,
    /// Not in the list of codes.
    #[error("not a code of {0}")]
    Code(&'static str),
    /// A number outside its range, or zero, or with a leading zero where there must be none.
    #[error("the number is not allowed: {0}")]
    Number(&'static str),
    /// Text of a form that is not allowed.
    #[error("the form is wrong: {0}")]
    Form(&'static str),
}

/// The character sets of GS1 General Specifications 7.11.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// Digits.
    Numeric,
    /// CSET 82, the invariant part of ISO/IEC 646.
    Cset82,
    /// CSET 39.
    Cset39,
    /// CSET 64, base64url.
    Cset64,
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Numeric => "a digit",
            Self::Cset82 => "in character set 82",
            Self::Cset39 => "in character set 39",
            Self::Cset64 => "in character set 64",
        })
    }
}

/// What is wrong with a URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkDefect {
    /// Characters that no URI has (RFC 3986 2).
    #[error("a character that no URI has")]
    Character,
    /// Neither `https` nor `http`.
    #[error("its scheme is neither https nor http")]
    Scheme,
    /// No host, or nothing after it.
    #[error("it has no host or no path")]
    Host,
    /// No primary key in the path.
    #[error("its path has no GS1 key")]
    NoKey,
    /// Qualifiers that do not belong to the key, or in another order.
    #[error("the qualifiers do not follow their key in the order of the standard")]
    Sequence,
    /// Digits in the query that are no identifier.
    #[error("the query has a number that is no application identifier")]
    Query,
    /// The same identifier twice.
    #[error("an identifier stands there twice")]
    Twice,
    /// An identifier in the query that does not belong there.
    #[error("an identifier must not stand in the query")]
    NotAttribute,
    /// An identifier in the query that belongs in the path.
    #[error("a qualifier of the key stands in the query")]
    BelongsInPath,
}
