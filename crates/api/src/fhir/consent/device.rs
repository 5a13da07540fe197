//! The two steps of a patient whose keys are on a device, as Parameters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hospital::{HospitalError, Prepared, SignedStatement, instant};
use proof::{Digest, PublicKey, Signature};
use serde_json::{Value, json};

use super::parameter;

/// Which step a request is.
pub(super) enum Step {
    /// It asks for what is to be signed.
    Prepare,
    /// It brings what was signed, for this preparation.
    Complete(Digest),
    /// All at once, with a seed that is kept here.
    Whole,
}

/// Reads which step a request is.
pub(super) fn step(given: &Value) -> Result<Step, HospitalError> {
    // One that is there and has another type is refused, never passed over.
    let value = |name: &str, type_: &str| match parameter(given, name) {
        Value::Null => Ok(Value::Null),
        found if found[type_].is_null() => Err(refused(&format!("`{name}` takes a {type_}"))),
        found => Ok(found[type_].clone()),
    };
    let prepare = value("prepare", "valueBoolean")?;
    let preparation = value("preparation", "valueString")?;
    match (prepare, preparation) {
        (Value::Null | Value::Bool(false), Value::Null) => Ok(Step::Whole),
        (Value::Bool(true), Value::Null) => Ok(Step::Prepare),
        (Value::Null | Value::Bool(false), Value::String(id)) => match id.parse() {
            Ok(id) => Ok(Step::Complete(id)),
            Err(_) => Err(refused(
                "`preparation` is the id that was answered, 64 hex digits",
            )),
        },
        _ => Err(refused(
            "`prepare` is true, or `preparation` is the id that was answered; never both",
        )),
    }
}

/// What a device reads, checks and signs.
pub(super) fn prepared(prepared: &Prepared) -> Vec<Value> {
    let mut parameters = vec![
        json!({ "name": "preparation", "valueString": prepared.id.to_string() }),
        json!({ "name": "until", "valueInstant": instant::fhir(prepared.until_us) }),
        json!({ "name": "statement",
            "valueBase64Binary": STANDARD.encode(&prepared.statement) }),
        json!({ "name": "words", "valueString": prepared.words.join("\n") }),
    ];
    if let Some(consent) = &prepared.consent {
        parameters.push(json!({ "name": "consent", "resource": consent }));
    }
    parameters
}

/// What a device signed to give a consent.
pub(super) fn signed_consent(given: &Value) -> Result<SignedStatement, HospitalError> {
    let authority = match &parameter(given, "authority")["valueString"] {
        Value::Null => None,
        value => {
            let key = value.as_str().and_then(|it| it.parse::<PublicKey>().ok());
            let key = key.ok_or_else(|| refused("`authority` is a key in 64 hex digits"))?;
            Some(key.0)
        }
    };
    let grant = &parameter(given, "grantSignature")["valueSignature"];
    let ledger = match grant {
        Value::Null => Vec::new(),
        value => vec![signature(value, "grantSignature")?],
    };
    Ok(SignedStatement {
        signature: signature(
            &parameter(given, "signature")["valueSignature"],
            "signature",
        )?,
        derived: authority,
        ledger,
    })
}

/// What a device signed to withdraw a consent: one `revocation` for each grant of the statement,
/// in its order.
pub(super) fn signed_withdrawal(given: &Value) -> Result<SignedStatement, HospitalError> {
    let parameters = given["parameter"].as_array().into_iter().flatten();
    let revocations = parameters.filter(|it| it["name"] == "revocation");
    let ledger = revocations
        .map(|it| signature(&it["valueSignature"], "revocation"))
        .collect::<Result<_, _>>()?;
    Ok(SignedStatement {
        signature: signature(
            &parameter(given, "signature")["valueSignature"],
            "signature",
        )?,
        derived: None,
        ledger,
    })
}

/// The 64 bytes of a FHIR `Signature`. FHIR R4 2.24.0.13: base64 in `data`.
fn signature(value: &Value, name: &str) -> Result<Signature, HospitalError> {
    let data = value["data"].as_str();
    let bytes = data.and_then(|it| STANDARD.decode(it).ok()?.try_into().ok());
    bytes.map(Signature).ok_or_else(|| {
        refused(&format!(
            "`{name}` is a Signature whose data has 64 bytes in base64"
        ))
    })
}

fn refused(text: &str) -> HospitalError {
    HospitalError::request(
        "value",
        text,
        "docs/reference/sharing.md shows the Parameters of both steps",
    )
}
