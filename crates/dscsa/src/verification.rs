//! Verification of product identifiers between partners: GS1's Lightweight Messaging Standard and
//! the guideline of GS1 US to it, release 1.3.
//!
//! A request names a pack by four values, and the answer says whether they belong together, and
//! what else speaks against the pack. Only an answer with status 200 has this body.

use serde::{Deserialize, Serialize};

use crate::error::{DscsaError, field};
use crate::party::{is_gln, text};

/// The link type that a request carries.
pub const LINK_TYPE: &str = "verificationService";
/// Longest serial number and longest lot (GS1 General Specifications 3.5.2 and 3.4.1).
const CODE_CHARS_MAX: usize = 20;

/// Why somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Context {
    /// A pack came back and is to be sold again: FD&C Act 582(c)(4)(D).
    #[serde(rename = "dscsaSaleableReturn")]
    SaleableReturn,
    /// Something does not fit, and it is looked into: 582(c)(4)(A)(i)(II).
    #[serde(rename = "dscsaExceptionVerification")]
    Exception,
}

impl Context {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::SaleableReturn, Self::Exception];

    /// The word of the standard.
    pub fn word(self) -> &'static str {
        match self {
            Self::SaleableReturn => "dscsaSaleableReturn",
            Self::Exception => "dscsaExceptionVerification",
        }
    }
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// GTIN-14.
    pub gtin: String,
    /// The lot.
    pub lot: String,
    /// The serial number.
    pub serial: String,
    /// `YYMMDD`.
    pub expiry: String,
    /// Why somebody asks; none: no reason is given.
    pub context: Option<Context>,
    /// The GLN of who asks.
    pub requester_gln: Option<String>,
    /// Names this request and its answer.
    pub correlation: Option<String>,
    /// Whether who asks says that the pack is in its hands.
    pub in_hand: Option<bool>,
}

impl Request {
    /// Reads a request: the values of its path, GTIN, lot and serial number, and its parameters.
    pub fn read(
        (gtin, lot, serial): (&str, &str, &str),
        parameters: &[(String, String)],
    ) -> Result<Self, DscsaError> {
        let mut request = Self {
            gtin: gs1::gtin::normal(gtin)
                .map_err(|defect| field("gtin", format!("{defect}: 14 digits")))?,
            lot: lot.to_owned(),
            serial: serial.to_owned(),
            expiry: String::new(),
            context: None,
            requester_gln: None,
            correlation: None,
            in_hand: None,
        };
        let mut seen: Vec<&str> = Vec::new();
        for (place, (name, value)) in parameters.iter().enumerate() {
            if seen.contains(&name.as_str()) {
                return Err(DscsaError::Parameter(place + 1));
            }
            seen.push(name);
            request.take(place, name, value)?;
        }
        if request.expiry.is_empty() {
            return Err(field("exp", "the expiry as YYMMDD is needed"));
        }
        request.check_code()?;
        let returned = request.context == Some(Context::SaleableReturn);
        if returned && request.in_hand == Some(false) {
            return Err(field(
                "ctrlPossessAtt",
                "whoever asks about a return says that it has the pack",
            ));
        }
        Ok(request)
    }

    fn take(&mut self, place: usize, name: &str, value: &str) -> Result<(), DscsaError> {
        match name {
            "exp" | "17" => {
                let other = !self.expiry.is_empty() && self.expiry != value;
                if other || gs1::ShortDate::parse(value).is_none() {
                    return Err(field("exp", "one date, as YYMMDD"));
                }
                value.clone_into(&mut self.expiry);
            }
            "linkType" if value == LINK_TYPE || value == "gs1:verificationService" => {}
            "linkType" => return Err(field("linkType", format!("`{LINK_TYPE}` is served here"))),
            "context" => {
                let found = Context::ALL.into_iter().find(|it| it.word() == value);
                let words = Context::ALL.map(Context::word).join(" or ");
                self.context = Some(found.ok_or_else(|| field("context", words))?);
            }
            "reqGLN" => {
                if !is_gln(value) {
                    return Err(field("reqGLN", "13 digits, the last one the check digit"));
                }
                self.requester_gln = Some(value.to_owned());
            }
            "corrUUID" => {
                if !is_uuid(value) {
                    return Err(field("corrUUID", "a UUID (RFC 9562)"));
                }
                self.correlation = Some(value.to_owned());
            }
            "ctrlPossessAtt" => {
                self.in_hand = Some(match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(field("ctrlPossessAtt", "true or false")),
                });
            }
            "email" => text("email", value)?,
            "telephone" => text("telephone", value)?,
            _ => return Err(DscsaError::Parameter(place + 1)),
        }
        Ok(())
    }

    /// Lot and serial number are what a code can carry.
    fn check_code(&self) -> Result<(), DscsaError> {
        for (name, value) in [("lot", &self.lot), ("ser", &self.serial)] {
            if value.is_empty() || value.len() > CODE_CHARS_MAX {
                return Err(field(name, "1 to 20 signs"));
            }
        }
        let pairs = [
            ("01", &*self.gtin),
            ("21", &*self.serial),
            ("10", &*self.lot),
            ("17", &*self.expiry),
        ];
        match gs1::Elements::new(pairs) {
            Ok(_) => Ok(()),
            Err(error) => Err(field(
                "ser",
                format!("the four values make no code: {error}"),
            )),
        }
    }

    /// The element string in brackets.
    pub fn code(&self) -> String {
        let Self {
            gtin,
            serial,
            expiry,
            lot,
            ..
        } = self;
        format!("(01){gtin}(21){serial}(17){expiry}(10){lot}")
    }
}

/// RFC 9562 4, in either case.
fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Why it is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureReason {
    /// No pack of this GTIN and serial number.
    #[serde(rename = "No_match_GTIN_Serial")]
    GtinSerial,
    /// Neither lot nor expiry are its.
    #[serde(rename = "No_match_GTIN_Serial_Lot_Expiry")]
    LotExpiry,
    /// The lot is not its.
    #[serde(rename = "No_match_GTIN_Serial_Lot")]
    Lot,
    /// The expiry is not its.
    #[serde(rename = "No_match_GTIN_Serial_Expiry")]
    Expiry,
    /// It may not be distributed any more.
    #[serde(rename = "Not_for_re-distribution")]
    NotForRedistribution,
    /// Its maker does not let it go on.
    #[serde(rename = "Manufacturer_policy")]
    ManufacturerPolicy,
}

/// What else is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdditionalInfo {
    /// Its last day is over.
    Expired,
    /// Its lot is recalled.
    Recalled,
    /// It may be falsified.
    Suspect,
    /// It is known to be.
    Illegitimate,
}

/// What was found about a pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one finding by itself"
)]
pub struct Found {
    /// Such a number was commissioned.
    pub is_known: bool,
    /// Whether the lot is its; none: not known.
    pub lot_fits: Option<bool>,
    /// Whether the expiry is its; none: not known.
    pub expiry_fits: Option<bool>,
    /// Not both of them are its.
    pub differs: bool,
    /// It is known to be falsified.
    pub is_illegitimate: bool,
    /// It may be.
    pub is_suspect: bool,
    /// It was dispensed, or taken out of the trade.
    pub is_used: bool,
    /// Its lot is recalled.
    pub is_recalled: bool,
    /// Its last day is over.
    pub is_expired: bool,
}

/// The part of an answer that says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Whether the four values belong together and nothing keeps the pack from where it goes.
    pub verified: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_failure_reason: Option<FailureReason>,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_info: Option<AdditionalInfo>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// When it was looked up, RFC 3339.
    pub verification_timestamp: String,
    /// Who answers.
    #[serde(
        rename = "responderGLN",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub responder_gln: Option<String>,
    /// What was found.
    pub data: Outcome,
    /// The same as in the request.
    #[serde(rename = "corrUUID")]
    pub correlation: String,
}

/// Judges what was found, for what is asked.
///
/// The standard leaves it to the maker whether a recalled pack verifies; here it does where
/// somebody only asks, and does not where it is to be sold again.
pub fn judge(found: &Found, context: Option<Context>) -> Outcome {
    use AdditionalInfo as I;
    use FailureReason as R;
    let no = |reason, info| Outcome {
        verified: false,
        verification_failure_reason: Some(reason),
        additional_info: info,
    };
    let returned = context == Some(Context::SaleableReturn);
    if !found.is_known {
        return no(R::GtinSerial, None);
    }
    if found.differs {
        let reason = match (found.lot_fits, found.expiry_fits) {
            (Some(true), _) => R::Expiry,
            (Some(false), Some(false)) => R::LotExpiry,
            _ => R::Lot,
        };
        return no(reason, None);
    }
    if found.is_illegitimate {
        return no(R::NotForRedistribution, Some(I::Illegitimate));
    }
    if found.is_suspect {
        return no(R::NotForRedistribution, Some(I::Suspect));
    }
    if found.is_used {
        // Its number is used up: a pack that shows it again may be a copy.
        return no(R::NotForRedistribution, returned.then_some(I::Suspect));
    }
    let info = match (found.is_recalled, found.is_expired) {
        (true, _) => Some(I::Recalled),
        (false, true) => Some(I::Expired),
        (false, false) => None,
    };
    match info {
        Some(I::Recalled) if returned => no(R::ManufacturerPolicy, info),
        Some(_) if returned => no(R::NotForRedistribution, info),
        _ => Outcome {
            verified: true,
            verification_failure_reason: None,
            additional_info: info,
        },
    }
}

#[cfg(test)]
mod tests;
