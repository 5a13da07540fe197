//! The checks that the dictionary names, one for each name ("linters").
//!
//! Each looks at one component, whose character set and length were checked before.

use crate::check_digit;
use crate::component::Fault;
use crate::error::Defect;

mod codes;
mod coupon;
mod dates;
mod numbers;
mod texts;

/// A check of the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linter {
    CheckDigit,
    CheckPair,
    CompanyPrefix { skip: usize },
    Coupon,
    CouponOffer,
    Country,
    CountryOr999,
    CountryAlpha,
    Currency,
    Date(dates::Form),
    HasNonDigit,
    Hours,
    HoursMinutes,
    Hyphen,
    Iban,
    ImporterIndex,
    Latitude,
    Longitude,
    MediaType,
    Minutes,
    NonZero,
    NoZeroPrefix,
    PackageType,
    PercentEncoded,
    PieceOfTotal,
    PositionInSequence,
    Seconds,
    Sex,
    Winding,
    YesNo,
    Zero,
}

impl Linter {
    /// The check of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "csum" => Self::CheckDigit,
            "csumalpha" => Self::CheckPair,
            "gcppos1" => Self::CompanyPrefix { skip: 0 },
            "gcppos2" => Self::CompanyPrefix { skip: 1 },
            "couponcode" => Self::Coupon,
            "couponposoffer" => Self::CouponOffer,
            "iso3166" => Self::Country,
            "iso3166999" => Self::CountryOr999,
            "iso3166alpha2" => Self::CountryAlpha,
            "iso4217" => Self::Currency,
            "yymmdd" => Self::Date(dates::Form::Short),
            "yymmd0" => Self::Date(dates::Form::ShortOpen),
            "yyyymmdd" => Self::Date(dates::Form::Long),
            "hasnondigit" => Self::HasNonDigit,
            "hh" => Self::Hours,
            "hhmi" => Self::HoursMinutes,
            "hyphen" => Self::Hyphen,
            "iban" => Self::Iban,
            "importeridx" => Self::ImporterIndex,
            "latitude" => Self::Latitude,
            "longitude" => Self::Longitude,
            "mediatype" => Self::MediaType,
            "mi" => Self::Minutes,
            "nonzero" => Self::NonZero,
            "nozeroprefix" => Self::NoZeroPrefix,
            "packagetype" => Self::PackageType,
            "pcenc" => Self::PercentEncoded,
            "pieceoftotal" => Self::PieceOfTotal,
            "posinseqslash" => Self::PositionInSequence,
            "ss" => Self::Seconds,
            "iso5218" => Self::Sex,
            "winding" => Self::Winding,
            "yesno" => Self::YesNo,
            "zero" => Self::Zero,
            _ => return None,
        })
    }

    /// Checks one component.
    pub(crate) fn check(self, part: &str) -> Result<(), Fault> {
        match self {
            Self::CheckDigit => last(part, 1, check_digit::holds(part), Defect::CheckDigit),
            Self::CheckPair => last(part, 2, check_digit::pair_holds(part), Defect::CheckPair),
            Self::CompanyPrefix { skip } => texts::company_prefix(part, skip),
            Self::Coupon => coupon::code(part),
            Self::CouponOffer => coupon::offer(part),
            Self::Country => code("ISO 3166", codes::is_country(part)),
            Self::CountryOr999 => code("ISO 3166", part == "999" || codes::is_country(part)),
            Self::CountryAlpha => code("ISO 3166", codes::is_country_alpha(part)),
            Self::Currency => code("ISO 4217", codes::is_currency(part)),
            Self::Date(form) => dates::date(form, part),
            Self::HasNonDigit => {
                let there = part.bytes().any(|byte| !byte.is_ascii_digit());
                form(there, "a character that is no digit is needed")
            }
            Self::Hours => dates::below(part, 0, 24),
            Self::Minutes | Self::Seconds => dates::below(part, 0, 60),
            Self::HoursMinutes => {
                dates::below(part, 0, 24).and_then(|()| dates::below(part, 2, 60))
            }
            Self::Hyphen => form(part.bytes().all(|byte| byte == b'-'), "a hyphen or nothing"),
            Self::Iban => texts::iban(part),
            Self::ImporterIndex => {
                let known = part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
                form(known, "the index of an importer")
            }
            Self::Latitude => numbers::at_most(part, 1_800_000_000, "a latitude"),
            Self::Longitude => numbers::at_most(part, 3_600_000_000, "a longitude"),
            Self::MediaType => code("AIDC media types", codes::is_media_type(part)),
            Self::NonZero => number(part.bytes().any(|byte| byte != b'0'), "zero"),
            Self::NoZeroPrefix => number(!part.starts_with('0'), "a leading zero"),
            Self::PackageType => code("package types", codes::is_package_type(part)),
            Self::PercentEncoded => texts::percent_encoded(part),
            Self::PieceOfTotal => numbers::piece_of_total(part),
            Self::PositionInSequence => numbers::position_in_sequence(part),
            Self::Sex => code("ISO/IEC 5218", ["0", "1", "2", "9"].contains(&part)),
            Self::Winding => code("winding directions", ["0", "1", "9"].contains(&part)),
            Self::YesNo => code("yes and no", ["0", "1"].contains(&part)),
            Self::Zero => number(part.bytes().all(|byte| byte == b'0'), "other than zero"),
        }
    }
}

fn last(part: &str, width: usize, holds: bool, defect: Defect) -> Result<(), Fault> {
    if holds {
        Ok(())
    } else {
        Err((part.len().saturating_sub(width), defect))
    }
}

fn code(list: &'static str, known: bool) -> Result<(), Fault> {
    if known {
        Ok(())
    } else {
        Err((0, Defect::Code(list)))
    }
}

fn form(right: bool, what: &'static str) -> Result<(), Fault> {
    if right {
        Ok(())
    } else {
        Err((0, Defect::Form(what)))
    }
}

fn number(right: bool, what: &'static str) -> Result<(), Fault> {
    if right {
        Ok(())
    } else {
        Err((0, Defect::Number(what)))
    }
}

#[cfg(test)]
mod tests;
