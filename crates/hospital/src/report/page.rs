//! The page of an export: one file that holds the versions, the receipts and a verifier, and needs
//! no network. The verifier is a second one, written in TypeScript (`verifier/`), and `cargo xtask
//! ci` compares the script here with its sources.

use bytes::Bytes;
use serde_json::{Value, json};

const SCRIPT: &str = include_str!("verifier.js");
const STYLE: &str = "body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse}\
    td{border:1px solid #999;padding:4px 6px}code{overflow-wrap:anywhere}";

/// A version with its receipt, where it is ready.
pub(super) struct Packed {
    pub(super) name: String,
    pub(super) record: Bytes,
    pub(super) receipt: Option<String>,
}

/// The page.
pub(super) fn written(trust: &str, versions: &[Packed]) -> Vec<u8> {
    let versions: Vec<Value> = versions
        .iter()
        .map(|one| {
            let record = String::from_utf8_lossy(&one.record);
            json!({ "name": one.name, "record": record, "receipt": one.receipt })
        })
        .collect();
    // HTML: no `<` of the data may end the element that holds it.
    let data = json!({ "trust": trust, "versions": versions })
        .to_string()
        .replace('<', "\\u003c");
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\
         <title>Copy of the record</title><style>{STYLE}</style></head><body>\
         <h1>Copy of the record</h1><p id=\"summary\">Verifying ...</p>\
         <p>Digest of the trust file (SHA-256): <code id=\"trust\"></code>. Compare it with one \
         from somebody whom you trust: what is valid here is valid for that trust file only.</p>\
         <table id=\"versions\"></table>\
         <script type=\"application/json\" id=\"data\">{data}</script>\
         <script type=\"module\">{SCRIPT}</script></body></html>\n"
    )
    .into_bytes()
}
