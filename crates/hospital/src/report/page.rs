//! The page of an export: one file that holds the versions, the receipts and a verifier, and needs
//! no network. The verifier is a second one, written in TypeScript (`verifier/`), and `cargo xtask
//! ci` compares the script here with its sources.

use bytes::Bytes;
use serde_json::{Value, json};

const SCRIPT: &str = include_str!("verifier.js");
/// Light and dark as the reader's system is; what is wrong stands out by more than its colour.
const STYLE: &str = ":root{color-scheme:light dark}\
    body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;padding:1rem;max-width:60rem}\
    table{border-collapse:collapse;width:100%}\
    th,td{text-align:left;vertical-align:top;border-top:1px solid #888;padding:.4rem .5rem .4rem 0;\
    overflow-wrap:anywhere}\
    code,pre{overflow-wrap:anywhere;white-space:pre-wrap;font-size:.85rem}\
    #summary{border-left:.4rem solid #888;padding:.5rem .8rem;font-size:1.15rem}\
    #summary[data-state=valid]{border-color:#080}\
    #summary[data-state=invalid]{border-color:#d00;font-weight:bold}\
    tr[data-state=invalid]{font-weight:bold}";

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
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>Copy of the record</title><style>{STYLE}</style></head><body><main>\
         <h1 id=\"title\">Copy of the record</h1><p id=\"summary\" role=\"status\">\
         </p><noscript><p>The check needs JavaScript. Without it: README.txt says how a program \
         checks these files.</p></noscript>\
         <p id=\"about\"></p><p><span id=\"compare\"></span> <code id=\"trust\"></code></p>\
         <table><thead><tr id=\"columns\"></tr></thead><tbody id=\"versions\"></tbody></table>\
         </main>\
         <script type=\"application/json\" id=\"data\">{data}</script>\
         <script type=\"module\">{SCRIPT}</script></body></html>\n"
    )
    .into_bytes()
}
