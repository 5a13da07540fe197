//! The stylesheet and the scripts. They are made by `web/build.mjs` and are part of the program;
//! an address with their digest never changes its content.

use std::sync::LazyLock;

use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

struct Asset {
    name: &'static str,
    media: &'static str,
    bytes: &'static [u8],
    mark: LazyLock<String>,
}

macro_rules! asset {
    ($name:literal, $media:literal) => {
        Asset {
            name: $name,
            media: $media,
            bytes: include_bytes!(concat!("../assets/", $name)),
            mark: LazyLock::new(|| {
                let bytes = include_bytes!(concat!("../assets/", $name));
                proof::sha256(bytes).to_string()[..16].to_owned()
            }),
        }
    };
}

static ASSETS: [Asset; 11] = [
    asset!("salus.css", "text/css; charset=utf-8"),
    asset!("chart.css", "text/css; charset=utf-8"),
    asset!("salus.js", "text/javascript; charset=utf-8"),
    asset!("seal.js", "text/javascript; charset=utf-8"),
    asset!("device.js", "text/javascript; charset=utf-8"),
    asset!("passphrase.js", "text/javascript; charset=utf-8"),
    asset!("chart.js", "text/javascript; charset=utf-8"),
    asset!("camera.js", "text/javascript; charset=utf-8"),
    asset!("reader.js", "text/javascript; charset=utf-8"),
    asset!("offline.js", "text/javascript; charset=utf-8"),
    asset!("zxing_reader.wasm", "application/wasm"),
];

fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Where an asset is, with its digest, so that a browser may keep it.
pub(crate) fn path(name: &str) -> String {
    let mark = find(name).map_or("", |asset| &asset.mark);
    format!("/portal/assets/{name}?{mark}")
}

/// `GET /portal/packs/offline-worker.js`: a worker speaks for the pages below its own address.
pub(crate) async fn worker() -> Response {
    const WORKER: &str = include_str!("../assets/offline-worker.js");
    let media = HeaderValue::from_static("text/javascript; charset=utf-8");
    ([(header::CONTENT_TYPE, media)], WORKER).into_response()
}

/// `GET /portal/assets/{name}`
pub(crate) async fn show(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(asset) = find(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", *asset.mark);
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        asset.bytes.into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media));
    let kept = if query.as_deref() == Some(asset.mark.as_str()) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}
