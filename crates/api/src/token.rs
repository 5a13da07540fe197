//! Access tokens: JWTs signed by this organisation (RFC 7519, RFC 8037, RFC 9068).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hospital::{Caller, Role};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use proof::SecretKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::config::Config;
use crate::error::ApiError;

/// Checked tokens that are remembered, so that a busy client costs one signature check.
const CHECKED_MAX: usize = 4_096;
/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 4_096;
/// How far the clocks of issuer and reader may differ.
const LEEWAY_S: i64 = 5;
/// DER before the 32 bytes of an Ed25519 seed (RFC 8410 7).
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    exp: i64,
    jti: String,
    role: String,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    patient: Option<String>,
}

/// Makes and checks the tokens of this organisation.
pub(crate) struct Mint {
    signing: EncodingKey,
    checking: DecodingKey,
    public: String,
    key_id: String,
    issuer: String,
    audience: String,
    life_s: i64,
    checked: Mutex<HashMap<String, (Caller, i64)>>,
}

impl Mint {
    pub(crate) fn new(config: &Config) -> Result<Self, ApiError> {
        let mut der = PKCS8_HEAD.to_vec();
        der.extend_from_slice(&config.token_seed);
        let public = SecretKey::from_seed(&config.token_seed).public();
        let x = URL_SAFE_NO_PAD.encode(public.0);
        // RFC 7638 3: the key id is the digest of the key in its canonical JSON form.
        let thumb = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        Ok(Self {
            signing: EncodingKey::from_ed_der(&der),
            checking: DecodingKey::from_ed_components(&x).map_err(|_| ApiError::Key)?,
            key_id: URL_SAFE_NO_PAD.encode(proof::sha256(thumb.as_bytes()).0),
            public: x,
            issuer: config.base.clone(),
            audience: config.fhir_base(),
            life_s: i64::try_from(config.token_life.as_secs()).unwrap_or(i64::MAX / 2),
            checked: Mutex::default(),
        })
    }

    /// Seconds that a token is good for.
    pub(crate) fn life_s(&self) -> i64 {
        self.life_s
    }

    /// A token for a caller.
    pub(crate) fn issue(&self, caller: &Caller, now_us: i64) -> Result<String, ApiError> {
        let today_s = now_us.div_euclid(1_000_000);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: caller.username.clone(),
            iat: today_s,
            exp: today_s.saturating_add(self.life_s),
            jti: hospital::new_id()?,
            role: caller.role.name().to_owned(),
            scope: scope(caller.role).to_owned(),
            patient: caller.patient.clone(),
        };
        let header = Header {
            kid: Some(self.key_id.clone()),
            typ: Some("at+jwt".into()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, &self.signing).map_err(|_| ApiError::Key)
    }

    /// Who a token speaks for.
    pub(crate) fn check(&self, token: &str, now_us: i64) -> Result<Caller, ApiError> {
        let today_s = now_us.div_euclid(1_000_000);
        if token.len() > TOKEN_BYTES_MAX {
            return Err(ApiError::Unauthorised(
                "the access token is not one of this server",
            ));
        }
        if let Some((caller, expires_s)) = self.remembered(token) {
            return in_time(caller, expires_s, today_s);
        }
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The clock is ours to inject: the time is compared below.
        rules.validate_exp = false;
        let refused = ApiError::Unauthorised("the access token is not one of this server");
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &rules)
            .map_err(|_| refused.clone())?
            .claims;
        let role: Role = claims.role.parse().map_err(|_| refused)?;
        let caller = Caller::new(claims.sub, role, claims.patient);
        let caller = in_time(caller, claims.exp, today_s)?;
        self.remember(token, &caller, claims.exp);
        Ok(caller)
    }

    fn remembered(&self, token: &str) -> Option<(Caller, i64)> {
        self.checked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(token)
            .cloned()
    }

    fn remember(&self, token: &str, caller: &Caller, expires_s: i64) {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.len() >= CHECKED_MAX {
            checked.clear();
        }
        checked.insert(token.to_owned(), (caller.clone(), expires_s));
    }

    /// The public key, for others who check our tokens (RFC 7517).
    pub(crate) fn key_set(&self) -> Value {
        json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": self.key_id, "x": self.public
        }] })
    }
}

fn in_time(caller: Caller, expires_s: i64, now_s: i64) -> Result<Caller, ApiError> {
    if now_s > expires_s.saturating_add(LEEWAY_S) {
        return Err(ApiError::Unauthorised("the access token has expired"));
    }
    Ok(caller)
}

/// The SMART scopes that come nearest to what a role may do.
pub(crate) fn scope(role: Role) -> &'static str {
    match role {
        Role::Clinician => "user/*.cruds",
        Role::System => "system/*.cruds",
        Role::Pharmacist => {
            "user/*.rs user/Medication.cud user/MedicationAdministration.cud \
             user/MedicationDispense.cud user/MedicationKnowledge.cud \
             user/MedicationRequest.cud user/MedicationStatement.cud"
        }
        Role::Patient => "patient/*.rs",
        Role::Auditor => "user/AuditEvent.rs user/Provenance.rs",
        Role::Researcher | Role::Admin => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 1_700_000_000_000_000;

    fn mint(seed: u8, base: &str) -> Mint {
        Mint::new(&Config::new(base, [seed; 32])).unwrap()
    }

    fn patient() -> Caller {
        Caller::new("ann", Role::Patient, Some("p1".into()))
    }

    #[test]
    fn a_token_names_its_user_until_it_expires() {
        let mint = mint(7, "http://a");
        let token = mint.issue(&patient(), NOW_US).unwrap();
        for _ in 0..2 {
            assert_eq!(mint.check(&token, NOW_US).unwrap(), patient());
        }
        let late = NOW_US + (3600 + 6) * 1_000_000;
        assert!(matches!(
            mint.check(&token, late),
            Err(ApiError::Unauthorised(_))
        ));
    }

    #[test]
    fn a_token_of_another_key_server_or_form_is_refused() {
        let ours = mint(7, "http://a");
        let other_key = mint(8, "http://a").issue(&patient(), NOW_US).unwrap();
        let other_server = mint(7, "http://b").issue(&patient(), NOW_US).unwrap();
        let good = ours.issue(&patient(), NOW_US).unwrap();
        let (rest, signature) = good.rsplit_once('.').unwrap();
        // RFC 8725 2.1: `none` is no algorithm.
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        let unsigned = format!("{header}.{}.", rest.split_once('.').unwrap().1);
        let cut = format!("{rest}.{}", &signature[..signature.len() - 2]);
        for token in [
            other_key,
            other_server,
            unsigned,
            cut,
            String::new(),
            "x".repeat(9_999),
        ] {
            assert!(ours.check(&token, NOW_US).is_err());
        }
    }
}
