//! Requests as they come, and what is answered to them.

use super::*;

const PATH: (&str, &str, &str) = ("09506000134352", "LOT-7", "A1B2C3");

fn parameters(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn a_request_in_the_form_of_the_standard_is_read() {
    let asked = parameters(
        "exp=271231&linkType=verificationService&context=dscsaSaleableReturn\
         &reqGLN=9506000134376&corrUUID=08dd5e1b-78e7-4dee-9f55-e69f5edf099b\
         &ctrlPossessAtt=true&email=returns@partner.example&telephone=555-0100",
    );
    let request = Request::read(PATH, &asked).unwrap();
    assert_eq!(
        request.code(),
        "(01)09506000134352(21)A1B2C3(17)271231(10)LOT-7"
    );
    assert_eq!(request.context, Some(Context::SaleableReturn));
    assert_eq!(request.requester_gln.as_deref(), Some("9506000134376"));
    assert_eq!(request.in_hand, Some(true));
    // As a Digital Link has it.
    let link = parameters("17=271231&linkType=gs1:verificationService");
    assert_eq!(Request::read(PATH, &link).unwrap().expiry, "271231");
}

#[test]
fn a_request_that_cannot_be_answered_is_refused_at_its_place() {
    let good = "exp=271231";
    for (path, asked, place) in [
        (("09506000134353", "L", "S"), good, "gtin"),
        (("09506000134352", "", "S"), good, "lot"),
        (
            ("09506000134352", "L", "123456789012345678901"),
            good,
            "ser",
        ),
        (("09506000134352", "L", "ä"), good, "ser"),
        (PATH, "", "exp"),
        (PATH, "exp=271301", "exp"),
        (PATH, "exp=271231&17=281231", "exp"),
        (PATH, "exp=271231&linkType=pip", "linkType"),
        (PATH, "exp=271231&context=curiosity", "context"),
        (PATH, "exp=271231&reqGLN=9506000134377", "reqGLN"),
        (PATH, "exp=271231&corrUUID=1", "corrUUID"),
        (PATH, "exp=271231&ctrlPossessAtt=yes", "ctrlPossessAtt"),
        (
            PATH,
            "exp=271231&context=dscsaSaleableReturn&ctrlPossessAtt=false",
            "ctrlPossessAtt",
        ),
        (PATH, "exp=271231&exp=271231", "the parameter number 2"),
        (PATH, "exp=271231&colour=red", "the parameter number 2"),
    ] {
        let refused = Request::read(path, &parameters(asked)).unwrap_err();
        assert!(refused.to_string().starts_with(place), "{asked}: {refused}");
    }
}

/// A pack that nothing speaks against.
fn real() -> Found {
    Found {
        is_known: true,
        lot_fits: Some(true),
        expiry_fits: Some(true),
        ..Found::default()
    }
}

fn differs(lot_fits: Option<bool>, expiry_fits: Option<bool>) -> Found {
    Found {
        differs: true,
        lot_fits,
        expiry_fits,
        ..real()
    }
}

fn recalled() -> Found {
    Found {
        is_recalled: true,
        ..real()
    }
}

fn expired() -> Found {
    Found {
        is_expired: true,
        ..real()
    }
}

fn used() -> Found {
    Found {
        is_used: true,
        ..real()
    }
}

#[test]
fn an_answer_says_what_the_standard_says() {
    let returned = Some(Context::SaleableReturn);
    for (found, context, told) in [
        (real(), returned, r#"{"verified":true}"#),
        (
            Found::default(),
            returned,
            r#"{"verified":false,"verificationFailureReason":"No_match_GTIN_Serial"}"#,
        ),
        (
            differs(Some(true), Some(false)),
            None,
            r#"{"verified":false,"verificationFailureReason":"No_match_GTIN_Serial_Expiry"}"#,
        ),
        (
            differs(Some(false), Some(true)),
            None,
            r#"{"verified":false,"verificationFailureReason":"No_match_GTIN_Serial_Lot"}"#,
        ),
        (
            differs(Some(false), None),
            None,
            r#"{"verified":false,"verificationFailureReason":"No_match_GTIN_Serial_Lot"}"#,
        ),
        (
            differs(Some(false), Some(false)),
            None,
            r#"{"verified":false,"verificationFailureReason":"No_match_GTIN_Serial_Lot_Expiry"}"#,
        ),
        (
            recalled(),
            None,
            r#"{"verified":true,"additionalInfo":"Recalled"}"#,
        ),
        (
            recalled(),
            returned,
            r#"{"verified":false,"verificationFailureReason":"Manufacturer_policy","additionalInfo":"Recalled"}"#,
        ),
        (
            expired(),
            None,
            r#"{"verified":true,"additionalInfo":"Expired"}"#,
        ),
        (
            expired(),
            returned,
            r#"{"verified":false,"verificationFailureReason":"Not_for_re-distribution","additionalInfo":"Expired"}"#,
        ),
        (
            used(),
            None,
            r#"{"verified":false,"verificationFailureReason":"Not_for_re-distribution"}"#,
        ),
        (
            used(),
            returned,
            r#"{"verified":false,"verificationFailureReason":"Not_for_re-distribution","additionalInfo":"Suspect"}"#,
        ),
    ] {
        let outcome = judge(&found, context);
        assert_eq!(serde_json::to_string(&outcome).unwrap(), told, "{found:?}");
    }
}

#[test]
fn no_pack_that_is_not_saleable_is_verified_for_a_return() {
    for bits in 0..1_u8 << 7 {
        let bit = |place: u8| bits >> place & 1 == 1;
        let found = Found {
            is_known: bit(0),
            differs: bit(1),
            is_illegitimate: bit(2),
            is_suspect: bit(3),
            is_used: bit(4),
            is_recalled: bit(5),
            is_expired: bit(6),
            lot_fits: None,
            expiry_fits: None,
        };
        let outcome = judge(&found, Some(Context::SaleableReturn));
        assert_eq!(outcome.verified, bits == 1, "{found:?}");
        assert_eq!(
            outcome.verified,
            outcome.verification_failure_reason.is_none()
        );
    }
}
