//! The headers of every page: nothing from elsewhere, no script but ours, no frame around it.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// Content Security Policy 3, with Trusted Types: a string becomes markup nowhere but in the
/// policy of ours that cleans nothing because it is given nothing (`web/src/salus.ts`).
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-src 'self'; \
    base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types salus";

/// What may turn the camera on, may run the machine code that reads bar codes as well.
const CAMERA: &str = "camera=(self), geolocation=(), microphone=()";

/// Lets a page use the camera, and nothing else that others may not.
pub(crate) fn let_camera(response: &mut Response) {
    let headers = response.headers_mut();
    let policy = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'");
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let name = HeaderName::from_static("permissions-policy");
    headers.insert(name, HeaderValue::from_static(CAMERA));
}

/// Sets what a handler did not set itself.
pub(crate) fn guard(response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}
