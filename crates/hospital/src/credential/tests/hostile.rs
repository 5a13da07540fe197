//! Forgeries, each with the reason for which it is refused.
#![allow(clippy::unwrap_used, reason = "a test")]

use serde_json::{Value, json};

use super::super::jws::encode;
use super::super::*;
use super::{NOW_S, disclosure, forged, issuer, judged_at, key, payload, presented};

/// The honest presentation with its first token under another header, signed anew.
fn with_header(header: &Value) -> String {
    let text = presented(&[]);
    let (token, proof) = text.split_once('~').unwrap();
    let payload = token.split('.').nth(1).unwrap();
    let signed = format!("{}.{payload}", encode(header.to_string().as_bytes()));
    let signature = encode(&issuer().sign(signed.as_bytes()).0);
    format!("{signed}.{signature}~{proof}")
}

/// A token over the text of a payload, which need not be JSON that we would write.
fn raw(payload: &str) -> String {
    let text = presented(&[]);
    let header = text.split('.').next().unwrap();
    let signed = format!("{header}.{}", encode(payload.as_bytes()));
    let signature = encode(&issuer().sign(signed.as_bytes()).0);
    format!("{signed}.{signature}~{}", text.split_once('~').unwrap().1)
}

/// Forgeries of the claims, each signed with the right keys.
#[expect(clippy::too_many_lines, reason = "one table")]
fn wrong_claims() -> Vec<(&'static str, String, CredentialError)> {
    use CredentialError as E;
    let claim = |name: &'static str, value: Value| forged(|parts| parts.claims[name] = value);
    let proof = |name: &'static str, value: Value| forged(|parts| parts.proof[name] = value);
    let weak = encode(&[0; 32]);
    vec![
        ("another issuer", claim("iss", json!("city-lab")), E::Issuer),
        ("no issuer", claim("iss", json!(7)), E::Claim("iss")),
        (
            "from the future",
            claim("iat", json!(NOW_S + 20)),
            E::NotYetValid,
        ),
        ("expired", claim("exp", json!(NOW_S + 5)), E::Expired),
        (
            "of a day",
            claim("exp", json!(NOW_S + 86_400)),
            E::LivesTooLong,
        ),
        ("ends at once", claim("exp", json!(NOW_S)), E::Expired),
        (
            "ends before it begins",
            forged(|parts| {
                parts.claims["iat"] = json!(NOW_S + 12);
                parts.claims["exp"] = json!(NOW_S + 12);
            }),
            E::LivesTooLong,
        ),
        (
            "time as text",
            claim("exp", json!("1700000300")),
            E::Claim("exp"),
        ),
        (
            "time as a fraction",
            claim("exp", json!(1_700_000_300.5)),
            E::Claim("exp"),
        ),
        ("negative time", claim("iat", json!(-1)), E::Claim("iat")),
        (
            "an epoch that was ended",
            claim("epoch", json!(3)),
            E::Epoch,
        ),
        (
            "a negative epoch",
            claim("epoch", json!(-1)),
            E::Claim("epoch"),
        ),
        (
            "an epoch as text",
            claim("epoch", json!("4")),
            E::Claim("epoch"),
        ),
        (
            "a role that is none",
            claim("role", json!("surgeon")),
            E::Claim("role"),
        ),
        (
            "the role of a patient",
            claim("role", json!("patient")),
            E::Claim("role"),
        ),
        ("no subject", claim("sub", json!("")), E::Claim("sub")),
        (
            "a long subject",
            claim("sub", json!("x".repeat(129))),
            E::Claim("sub"),
        ),
        (
            "another digest",
            claim("_sd_alg", json!("sha-1")),
            E::Claim("_sd_alg"),
        ),
        (
            "an unknown claim",
            claim("admin", json!(true)),
            E::Claim("unknown"),
        ),
        (
            "no holder",
            forged(|parts| {
                parts.claims.as_object_mut().unwrap().remove("cnf");
            }),
            E::Claim("cnf"),
        ),
        (
            "a holder's key of low order",
            forged(|parts| {
                parts.claims["cnf"]["jwk"]["x"] = json!(weak);
            }),
            E::Claim("cnf"),
        ),
        (
            "a holder's key of another kind",
            forged(|parts| {
                parts.claims["cnf"]["jwk"]["crv"] = json!("X25519");
            }),
            E::Claim("cnf"),
        ),
        (
            "a holder's key with its secret",
            forged(|parts| {
                parts.claims["cnf"]["jwk"]["d"] = json!("AA");
            }),
            E::Claim("cnf"),
        ),
        (
            "another organisation's",
            proof("aud", json!("city-lab")),
            E::Audience,
        ),
        (
            "a list of audiences",
            proof("aud", json!(["st-mary"])),
            E::Claim("aud"),
        ),
        ("another request's", proof("nonce", json!("n-2")), E::Nonce),
        ("an old proof", proof("iat", json!(NOW_S - 60)), E::Stale),
        (
            "a proof from the future",
            proof("iat", json!(NOW_S + 60)),
            E::Stale,
        ),
        (
            "a proof with more claims",
            proof("exp", json!(NOW_S)),
            E::Claim("unknown"),
        ),
        (
            "a proof of other disclosures",
            forged(|parts| {
                parts.hash = false;
                parts.disclosures.pop();
            }),
            E::Hash,
        ),
    ]
}

/// Forgeries of the form: headers, signatures, disclosures, what is left out.
#[expect(clippy::too_many_lines, reason = "one table")]
fn wrong_forms() -> Vec<(&'static str, String, CredentialError)> {
    use CredentialError as E;
    let honest = presented(&["name"]);
    let parts: Vec<&str> = honest.split('~').collect();
    let (token, name, proof) = (parts[0], parts[1], parts[2]);
    let signed = token.rsplit_once('.').unwrap().0;
    let proof_signed = proof.rsplit_once('.').unwrap().0;
    let by_other = encode(&key(3).sign(signed.as_bytes()).0);
    let proof_by_other = encode(&key(3).sign(proof_signed.as_bytes()).0);
    let alg = |alg: &str| with_header(&json!({ "alg": alg, "typ": CREDENTIAL_TYPE }));
    let unsigned = disclosure::write(&[12; 16], "name", "Dr. Eve");
    let odd = encode(json!(["AA", "name", "x"]).to_string().as_bytes());
    let role = disclosure::write(&[12; 16], "role", "admin");
    let of = |text: &str| {
        let text = text.to_owned();
        forged(move |parts| {
            parts.claims["_sd"] = json!([disclosure::digest(&text)]);
            parts.disclosures = vec![text];
        })
    };
    let object = payload(token).to_string();
    let twice = object.replacen('{', r#"{"iss":"north-clinic","#, 1);
    let deep = format!("{}1{}", r#"{"a":"#.repeat(9), "}".repeat(9));
    vec![
        ("algorithm none", alg("none"), E::Algorithm),
        (
            "no signature at all",
            format!("{signed}.~{proof}"),
            E::Form("a signature has 64 bytes"),
        ),
        ("an algorithm of shared keys", alg("HS256"), E::Algorithm),
        ("another curve", alg("ES256"), E::Algorithm),
        ("the algorithm in other letters", alg("EDDSA"), E::Algorithm),
        (
            "no algorithm",
            with_header(&json!({ "typ": CREDENTIAL_TYPE })),
            E::Algorithm,
        ),
        (
            "an access token",
            with_header(&json!({ "alg": "EdDSA", "typ": "at+jwt" })),
            E::Kind,
        ),
        (
            "a critical extension",
            with_header(
                &json!({ "alg": "EdDSA", "typ": CREDENTIAL_TYPE, "crit": ["b64"], "b64": false }),
            ),
            E::Kind,
        ),
        (
            "a key of its own",
            with_header(&json!({ "alg": "EdDSA", "typ": CREDENTIAL_TYPE, "jwk": {} })),
            E::Kind,
        ),
        (
            "another issuer key",
            format!("{signed}.{by_other}~{name}~{proof}"),
            E::IssuerSignature,
        ),
        (
            "another holder key",
            format!("{token}~{name}~{proof_signed}.{proof_by_other}"),
            E::HolderSignature,
        ),
        (
            "the credential as its own proof",
            format!("{token}~{token}"),
            E::Kind,
        ),
        ("no proof", format!("{token}~{name}~"), E::NoProof),
        (
            "a token alone",
            token.to_owned(),
            E::Form("no `~` after the token"),
        ),
        (
            "a disclosure that nobody signed",
            format!("{token}~{unsigned}~{proof}"),
            E::NotSigned,
        ),
        (
            "an empty disclosure",
            format!("{token}~~{proof}"),
            E::NotSigned,
        ),
        (
            "the same disclosure twice",
            format!("{token}~{name}~{name}~{proof}"),
            E::Twice,
        ),
        ("a disclosure left out", format!("{token}~{proof}"), E::Hash),
        (
            "two of one name",
            forged(|parts| {
                let texts = [1_u8, 2].map(|salt| disclosure::write(&[salt; 16], "name", "x"));
                let digests = texts.iter().map(|text| disclosure::digest(text));
                parts.claims["_sd"] = digests.collect::<Vec<_>>().into();
                parts.disclosures = texts.to_vec();
            }),
            E::Twice,
        ),
        (
            "the same digest twice",
            forged(|parts| {
                let digest = disclosure::digest(&parts.disclosures[0]);
                parts.claims["_sd"] = json!([digest, digest]);
            }),
            E::Twice,
        ),
        (
            "many digests",
            forged(|parts| parts.claims["_sd"] = json!(["a", "b", "c"])),
            E::TooLarge,
        ),
        (
            "a disclosure for a signed claim",
            of(&role),
            E::Claim("disclosure"),
        ),
        (
            "a disclosure with a short salt",
            of(&odd),
            E::Form("a disclosure is a salt, a name and a text"),
        ),
        (
            "a disclosure that is no JSON",
            of(&encode(b"x")),
            E::Form("not JSON"),
        ),
        ("a claim twice", raw(&twice), E::Form("not JSON")),
        ("deep nesting", raw(&deep), E::Form("not JSON")),
        (
            "a payload that is a list",
            raw("[]"),
            E::Form("not a JSON object"),
        ),
        (
            "padding",
            honest.replacen('~', "=~", 1),
            E::Form("not base64url"),
        ),
        (
            "a space before it",
            format!(" {honest}"),
            E::Form("not base64url"),
        ),
        (
            "four parts",
            honest.replacen('~', ".AA~", 1),
            E::Form("a token has three parts"),
        ),
        ("nothing", String::new(), E::Form("no `~` after the token")),
        (
            "no ASCII",
            format!("é~{proof}"),
            E::Form("a token has three parts"),
        ),
        (
            "very long",
            format!("{token}~{}{proof}", "x~".repeat(5_000)),
            E::TooLarge,
        ),
    ]
}

#[test]
fn every_hostile_credential_is_refused_for_its_reason() {
    let cases: Vec<_> = wrong_claims().into_iter().chain(wrong_forms()).collect();
    assert!(cases.len() >= 25, "{}", cases.len());
    for (what, text, error) in &cases {
        let found = judged_at(text, NOW_S + 11);
        assert_eq!(found.unwrap_err(), *error, "{what}");
    }
    // The honest one is accepted.
    judged_at(&presented(&["name"]), NOW_S + 11).unwrap();
}
