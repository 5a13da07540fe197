//! EPC URNs (EPC Tag Data Standard 2.0, 6.3 and 8; CBV 2.0 8.9): the parts put together to the
//! GS1 key that they stand for.

use super::{HOME, all_digits, check_digit, reescape};

/// The link of what follows `urn:epc:`.
pub(super) fn link(name: &str) -> Option<String> {
    let (kind, rest) = name.split_once(':')?;
    let (scheme, body) = rest.split_once(':')?;
    let parts: Vec<&str> = body.split('.').collect();
    let path = match kind {
        "id" => instance(scheme, body, &parts)?,
        "class" if scheme == "lgtin" => {
            let (company, item, lot) = three(body)?;
            format!("01/{}/10/{}", gtin(company, item)?, reescape(lot)?)
        }
        "idpat" => class(scheme, &parts)?,
        _ => return None,
    };
    Some(format!("{HOME}{path}"))
}

/// The last of three parts may hold dots of its own.
fn three(body: &str) -> Option<(&str, &str, &str)> {
    let mut parts = body.splitn(3, '.');
    Some((parts.next()?, parts.next()?, filled(parts.next()?)?))
}

fn two(body: &str) -> Option<(&str, &str)> {
    let (company, rest) = body.split_once('.')?;
    Some((company, rest))
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn instance(scheme: &str, body: &str, parts: &[&str]) -> Option<String> {
    Some(match scheme {
        "sgtin" => {
            let (company, item, serial) = three(body)?;
            format!("01/{}/21/{}", gtin(company, item)?, reescape(serial)?)
        }
        "upui" => {
            let (company, item, serial) = three(body)?;
            format!("01/{}/235/{}", gtin(company, item)?, reescape(serial)?)
        }
        "sscc" => {
            let (company, serial) = two(body)?;
            format!("00/{}", moved(company, serial, 17)?)
        }
        "sgln" => {
            let (company, place, extension) = three(body)?;
            location(&checked(company, place, 12)?, extension)?
        }
        "pgln" => {
            let (company, reference) = two(body)?;
            format!("417/{}", checked(company, reference, 12)?)
        }
        "grai" => {
            let (company, kind, serial) = three(body)?;
            let key = checked(company, kind, 12)?;
            format!("8003/0{key}{}", reescape(serial)?)
        }
        "gdti" | "sgcn" => {
            let (company, kind, serial) = three(body)?;
            let key = checked(company, kind, 12)?;
            format!("{}/{key}{}", document(scheme), reescape(serial)?)
        }
        "giai" | "ginc" => {
            let (company, reference) = two(body)?;
            let reference = reescape(filled(reference)?)?;
            format!("{}/{}{reference}", asset(scheme), company_prefix(company)?)
        }
        "gsrn" => {
            let (company, reference) = two(body)?;
            format!("8018/{}", checked(company, reference, 17)?)
        }
        "gsrnp" => {
            let (company, reference) = two(body)?;
            format!("8017/{}", checked(company, reference, 17)?)
        }
        "gsin" => {
            let (company, reference) = two(body)?;
            format!("402/{}", checked(company, reference, 16)?)
        }
        "cpi" => {
            let (company, part, serial) = three(body)?;
            let part = reescape(filled(part)?)?;
            let company = company_prefix(company)?;
            format!("8010/{company}{part}/8011/{}", reescape(serial)?)
        }
        "itip" => {
            let [company, item, piece, total, ..] = parts else {
                return None;
            };
            let serial = body.splitn(5, '.').nth(4).and_then(filled)?;
            let key = pieces(company, item, piece, total)?;
            format!("8006/{key}/21/{}", reescape(serial)?)
        }
        _ => return None,
    })
}

/// A pattern whose only star is the serial number: the class itself.
fn class(scheme: &str, parts: &[&str]) -> Option<String> {
    Some(match (scheme, parts) {
        ("sgtin" | "upui", [company, item, "*"]) => format!("01/{}", gtin(company, item)?),
        ("grai", [company, kind, "*"]) => format!("8003/0{}", checked(company, kind, 12)?),
        ("gdti" | "sgcn", [company, kind, "*"]) => {
            format!("{}/{}", document(scheme), checked(company, kind, 12)?)
        }
        ("cpi", [company, part, "*"]) => {
            let part = filled(part).filter(|part| *part != "*")?;
            format!("8010/{}{}", company_prefix(company)?, reescape(part)?)
        }
        ("itip", [company, item, piece, total, "*"]) => {
            format!("8006/{}", pieces(company, item, piece, total)?)
        }
        _ => return None,
    })
}

fn document(scheme: &str) -> &'static str {
    if scheme == "gdti" { "253" } else { "255" }
}

fn asset(scheme: &str) -> &'static str {
    if scheme == "giai" { "8004" } else { "401" }
}

/// The extension 0 says that there is none (CBV 2.0 8.3).
pub(super) fn location(gln: &str, extension: &str) -> Option<String> {
    if extension == "0" {
        return Some(format!("414/{gln}"));
    }
    Some(format!("414/{gln}/254/{}", reescape(extension)?))
}

pub(super) fn company_prefix(company: &str) -> Option<&str> {
    let is_prefix = (6..=12).contains(&company.len()) && all_digits(company);
    is_prefix.then_some(company)
}

/// Company and reference with a check digit behind them.
pub(super) fn checked(company: &str, reference: &str, length: usize) -> Option<String> {
    let key = format!("{}{reference}", company_prefix(company)?);
    if key.len() != length || !all_digits(&key) {
        return None;
    }
    let check = check_digit(&key)?;
    Some(format!("{key}{check}"))
}

/// The first digit of the reference (indicator, extension) goes before the company.
pub(super) fn moved(company: &str, reference: &str, length: usize) -> Option<String> {
    let (first, rest) = reference.split_at_checked(1)?;
    let key = format!("{first}{}{rest}", company_prefix(company)?);
    if key.len() != length || !all_digits(&key) {
        return None;
    }
    let check = check_digit(&key)?;
    Some(format!("{key}{check}"))
}

pub(super) fn gtin(company: &str, item: &str) -> Option<String> {
    moved(company, item, 13)
}

fn pieces(company: &str, item: &str, piece: &str, total: &str) -> Option<String> {
    let are_two = |text: &str| text.len() == 2 && all_digits(text);
    let gtin = gtin(company, item)?;
    (are_two(piece) && are_two(total)).then(|| format!("{gtin}{piece}{total}"))
}
