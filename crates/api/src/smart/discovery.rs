//! What this authorization server says of itself: exactly what works.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hospital::IdKey;
use serde_json::{Value, json};

use crate::config::Config;
use crate::outcome::{problem, respond};
use crate::state::Door;

/// SMART App Launch 2.2, "SMART Capabilities".
const CAPABILITIES: [&str; 15] = [
    "launch-ehr",
    "launch-standalone",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-ehr-patient",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
];

const SCOPES: [&str; 9] = [
    "openid",
    "fhirUser",
    "launch",
    "launch/patient",
    "offline_access",
    "online_access",
    "patient/*.cruds",
    "user/*.cruds",
    "system/*.cruds",
];

/// `/fhir/.well-known/smart-configuration`. SMART App Launch 2.2, Conformance.
pub(crate) fn smart(config: &Config) -> Value {
    let mut told = endpoints(config);
    told["capabilities"] = json!(CAPABILITIES);
    told
}

fn endpoints(config: &Config) -> Value {
    let base = &config.base;
    json!({
        "issuer": base,
        "jwks_uri": format!("{base}/auth/jwks"),
        "authorization_endpoint": format!("{base}/auth/authorize"),
        "token_endpoint": format!("{base}/auth/token"),
        "registration_endpoint": format!("{base}/auth/register"),
        "introspection_endpoint": format!("{base}/auth/introspect"),
        "revocation_endpoint": format!("{base}/auth/revoke"),
        "grant_types_supported":
            ["authorization_code", "refresh_token", "client_credentials", "password"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "scopes_supported": SCOPES,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "authorization_response_iss_parameter_supported": true,
    })
}

/// `GET /.well-known/openid-configuration`. OpenID Connect Discovery 3.
pub(crate) async fn openid(State(door): State<Door>) -> Response {
    let mut told = endpoints(&door.0.config);
    told["subject_types_supported"] = json!(["public"]);
    told["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    told["claims_supported"] = json!([
        "iss",
        "sub",
        "aud",
        "iat",
        "exp",
        "auth_time",
        "nonce",
        "fhirUser"
    ]);
    respond(StatusCode::OK, "application/json", told.to_string())
}

/// `GET /auth/jwks`: the keys of access tokens and of id tokens.
pub(crate) async fn keys(State(door): State<Door>) -> Response {
    let key = match door.hospital().id_key().await {
        Ok(key) => key,
        Err(error) => return problem(&error.into()),
    };
    let mut set = door.0.mint.key_set();
    let (n, e) = public(&key);
    if let Some(keys) = set["keys"].as_array_mut() {
        keys.push(json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id_key_name(&key), "n": n, "e": e
        }));
    }
    respond(StatusCode::OK, "application/json", set.to_string())
}

fn public(key: &IdKey) -> (String, String) {
    let (n, e) = key.public();
    (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e))
}

/// RFC 7638 3: the key id is the digest of the key in its canonical JSON form.
pub(super) fn id_key_name(key: &IdKey) -> String {
    let (n, e) = public(key);
    let thumb = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(proof::sha256(thumb.as_bytes()).0)
}

/// `CapabilityStatement.rest.security.extension`.
pub(crate) fn oauth_extensions(config: &Config) -> Value {
    let base = &config.base;
    let uri = |name: &str| json!({ "url": name, "valueUri": format!("{base}/auth/{name}") });
    let mut extensions = vec![json!({
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension":
            [uri("authorize"), uri("token"), uri("register"), uri("introspect"), uri("revoke")]
    })];
    extensions.extend(CAPABILITIES.iter().map(|code| {
        json!({
            "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/capabilities",
            "valueCode": code
        })
    }));
    extensions.into()
}
