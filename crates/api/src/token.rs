//! Access tokens: JWTs signed by this organisation (RFC 7519, RFC 8037, RFC 9068).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hospital::scopes::{Reach, Scopes};
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
/// SMART Backend Services: a token of a system lives for five minutes at most.
const SYSTEM_LIFE_S: i64 = 300;
/// A token of a page lives for the work on one request.
const INSIDE_LIFE_S: i64 = 120;
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
    /// The registered client that holds the token; none: the role alone bounds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The authorization that it came of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    family: Option<String>,
}

/// What was granted to a client.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    pub(crate) client: String,
    pub(crate) scopes: Scopes,
    /// The patient in context.
    pub(crate) patient: Option<String>,
    /// The authorization; empty for a system.
    pub(crate) family: String,
}

/// A token that is good, with what revocation and introspection ask of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) caller: Caller,
    pub(crate) id: String,
    pub(crate) client: String,
    pub(crate) family: String,
    pub(crate) scope: String,
    pub(crate) patient: Option<String>,
    pub(crate) issued_s: i64,
    pub(crate) expires_s: i64,
}

/// Makes and checks the tokens of this organisation.
pub(crate) struct Mint {
    signing: EncodingKey,
    checking: DecodingKey,
    public: String,
    checking_key: proof::PublicKey,
    key_id: String,
    issuer: String,
    audience: String,
    life_s: i64,
    checked: Mutex<HashMap<String, Checked>>,
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
            checking_key: public,
            issuer: config.base.clone(),
            audience: config.fhir_base(),
            life_s: i64::try_from(config.token_life.as_secs()).unwrap_or(i64::MAX / 2),
            checked: Mutex::default(),
        })
    }

    /// The public key that checks tokens.
    pub(crate) fn public(&self) -> proof::PublicKey {
        self.checking_key
    }

    /// Seconds that a token is good for.
    pub(crate) fn life_s(&self) -> i64 {
        self.life_s
    }

    /// A token for a caller.
    pub(crate) fn issue(&self, caller: &Caller, now_us: i64) -> Result<String, ApiError> {
        let claims = self.claims(caller, now_us)?;
        self.sign(&claims)
    }

    /// A token for a page of this process that asks for a signed-in user: it never leaves it.
    pub(crate) fn issue_inside(&self, caller: &Caller, now_us: i64) -> Result<String, ApiError> {
        let mut claims = self.claims(caller, now_us)?;
        claims.exp = claims.iat.saturating_add(INSIDE_LIFE_S);
        self.sign(&claims)
    }

    /// A token for a client, on behalf of a user or of itself.
    pub(crate) fn issue_to(
        &self,
        caller: &Caller,
        granted: &Granted,
        now_us: i64,
    ) -> Result<String, ApiError> {
        let mut claims = self.granted(caller, granted, now_us)?;
        claims.family = Some(granted.family.clone()).filter(|family| !family.is_empty());
        claims.patient = caller.patient.clone().or_else(|| granted.patient.clone());
        self.sign(&claims)
    }

    /// A token for a system, on behalf of nobody: short, as SMART Backend Services asks.
    pub(crate) fn issue_system(
        &self,
        caller: &Caller,
        granted: &Granted,
        now_us: i64,
    ) -> Result<String, ApiError> {
        let mut claims = self.granted(caller, granted, now_us)?;
        claims.exp = claims.iat.saturating_add(self.system_life_s());
        self.sign(&claims)
    }

    /// The claims of a token for a registered client.
    fn granted(&self, caller: &Caller, granted: &Granted, now_us: i64) -> Result<Claims, ApiError> {
        Ok(Claims {
            scope: granted.scopes.to_string(),
            client_id: Some(granted.client.clone()),
            ..self.claims(caller, now_us)?
        })
    }

    /// Seconds that a token of a system is good for.
    pub(crate) fn system_life_s(&self) -> i64 {
        self.life_s.min(SYSTEM_LIFE_S)
    }

    fn claims(&self, caller: &Caller, now_us: i64) -> Result<Claims, ApiError> {
        let today_s = now_us.div_euclid(1_000_000);
        Ok(Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: caller.username.clone(),
            iat: today_s,
            exp: today_s.saturating_add(self.life_s),
            jti: hospital::new_id()?,
            role: caller.role.name().to_owned(),
            scope: scope(caller.role).to_owned(),
            patient: caller.patient.clone(),
            client_id: None,
            family: None,
        })
    }

    fn sign(&self, claims: &Claims) -> Result<String, ApiError> {
        let header = Header {
            kid: Some(self.key_id.clone()),
            typ: Some("at+jwt".into()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(|_| ApiError::Key)
    }

    /// Who a token speaks for. Whether it was revoked is not known here.
    pub(crate) fn check(&self, token: &str, now_us: i64) -> Result<Checked, ApiError> {
        let today_s = now_us.div_euclid(1_000_000);
        if token.len() > TOKEN_BYTES_MAX {
            return Err(FOREIGN);
        }
        if let Some(checked) = self.remembered(token) {
            return in_time(checked, today_s);
        }
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The clock is ours to inject: the time is compared below.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &rules)
            .map_err(|_| FOREIGN)?
            .claims;
        let checked = in_time(checked(claims)?, today_s)?;
        self.remember(token, &checked);
        Ok(checked)
    }

    fn remembered(&self, token: &str) -> Option<Checked> {
        self.checked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(token)
            .cloned()
    }

    fn remember(&self, token: &str, found: &Checked) {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.len() >= CHECKED_MAX {
            checked.clear();
        }
        checked.insert(token.to_owned(), found.clone());
    }

    /// The public key, for others who check our tokens (RFC 7517).
    pub(crate) fn key_set(&self) -> Value {
        json!({ "keys": [{
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
            "kid": self.key_id, "x": self.public
        }] })
    }
}

const FOREIGN: ApiError = ApiError::Unauthorised("the access token is not one of this server");

fn checked(claims: Claims) -> Result<Checked, ApiError> {
    let role: Role = claims.role.parse().map_err(|_| FOREIGN)?;
    let own = claims.patient.clone().filter(|_| role == Role::Patient);
    let mut caller = Caller::new(claims.sub, role, own);
    if let Some(client) = &claims.client_id {
        let scopes: Scopes = claims.scope.parse().map_err(|_| FOREIGN)?;
        let reach = Reach::new(scopes, client.clone(), claims.patient.clone());
        caller.sight.reach = Some(Arc::new(reach));
    }
    Ok(Checked {
        caller,
        id: claims.jti,
        client: claims.client_id.unwrap_or_default(),
        family: claims.family.unwrap_or_default(),
        scope: claims.scope,
        patient: claims.patient,
        issued_s: claims.iat,
        expires_s: claims.exp,
    })
}

fn in_time(checked: Checked, now_s: i64) -> Result<Checked, ApiError> {
    if now_s > checked.expires_s.saturating_add(LEEWAY_S) {
        return Err(ApiError::Unauthorised("the access token has expired"));
    }
    Ok(checked)
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
            assert_eq!(mint.check(&token, NOW_US).unwrap().caller, patient());
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
