//! An authenticator in software, which can be made to say anything.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Somebody was there; it was checked who; the answer has a key.
pub(crate) const PRESENT: u8 = 1;
pub(crate) const VERIFIED: u8 = 1 << 2;
pub(crate) const BACKED_UP: u8 = 1 << 4;
pub(crate) const HAS_KEY: u8 = 1 << 6;
pub(crate) const EXTENDED: u8 = 1 << 7;

pub(crate) fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Everything that an answer is made of, so that a test can change one thing.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) type_: &'static str,
    pub(crate) challenge: String,
    pub(crate) origin: String,
    pub(crate) cross_origin: bool,
    pub(crate) party: String,
    pub(crate) flags: u8,
    pub(crate) count: u32,
    pub(crate) id: Vec<u8>,
    pub(crate) handle: Option<String>,
    /// COSE: kind, algorithm, curve.
    pub(crate) kind: (u8, i64, u8),
    pub(crate) format: &'static str,
    /// The whole attestation object is cut after so many bytes.
    pub(crate) cut: Option<usize>,
    /// Bytes after the authenticator data.
    pub(crate) more: Vec<u8>,
    /// The signature is over something else.
    pub(crate) forged: bool,
}

/// A key on a device.
pub(crate) struct Authenticator {
    pair: EcdsaKeyPair,
    pub(crate) id: Vec<u8>,
    pub(crate) handle: String,
}

impl Authenticator {
    pub(crate) fn new(id: &[u8]) -> Self {
        Self {
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            id: id.to_vec(),
            handle: String::new(),
        }
    }

    /// A good answer to a request of the server.
    pub(crate) fn good(&self, options: &Value, origin: &str, count: u32) -> Said {
        let creates = options.get("user").is_some();
        let party = if creates {
            &options["rp"]["id"]
        } else {
            &options["rpId"]
        };
        Said {
            type_: if creates {
                "webauthn.create"
            } else {
                "webauthn.get"
            },
            challenge: options["challenge"].as_str().unwrap().to_owned(),
            origin: origin.to_owned(),
            cross_origin: false,
            party: party.as_str().unwrap().to_owned(),
            flags: PRESENT | VERIFIED | if creates { HAS_KEY } else { 0 },
            count,
            id: self.id.clone(),
            handle: (!creates).then(|| self.handle.clone()),
            kind: (2, -7, 1),
            format: "none",
            cut: None,
            more: Vec::new(),
            forged: false,
        }
    }

    fn client_data(said: &Said) -> Vec<u8> {
        json!({ "type": said.type_, "challenge": said.challenge, "origin": said.origin,
            "crossOrigin": said.cross_origin })
        .to_string()
        .into_bytes()
    }

    fn data(&self, said: &Said) -> Vec<u8> {
        let mut data = proof::sha256(said.party.as_bytes()).0.to_vec();
        data.push(said.flags);
        data.extend(said.count.to_be_bytes());
        if said.flags & HAS_KEY != 0 {
            data.extend([7; 16]);
            data.extend(u16::try_from(said.id.len()).unwrap().to_be_bytes());
            data.extend(&said.id);
            data.extend(self.cose(said.kind));
        }
        data.extend(&said.more);
        data
    }

    /// The public key. RFC 9053 7.1.1; CBOR by hand, so that it can be wrong.
    fn cose(&self, (kind, algorithm, curve): (u8, i64, u8)) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        let mut cose = vec![0xa5, 1, kind, 3];
        // A negative number n is written as -1 - n.
        let written = u16::try_from(-1 - algorithm).unwrap();
        match u8::try_from(written) {
            Ok(small) if small < 24 => cose.push(0x20 | small),
            _ => {
                cose.push(0x39);
                cose.extend(written.to_be_bytes());
            }
        }
        cose.extend([0x20, curve, 0x21, 0x58, 32]);
        cose.extend(&point[1..33]);
        cose.extend([0x22, 0x58, 32]);
        cose.extend(&point[33..]);
        cose
    }

    /// The answer of `navigator.credentials.create`.
    pub(crate) fn creates(&self, said: &Said) -> Value {
        let data = self.data(said);
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt");
        object.push(0x60 | u8::try_from(said.format.len()).unwrap());
        object.extend(said.format.as_bytes());
        object.push(0x67);
        object.extend(b"attStmt");
        object.push(0xa0);
        object.push(0x68);
        object.extend(b"authData");
        object.push(0x59);
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        object.truncate(said.cut.unwrap_or(usize::MAX));
        json!({ "id": text(&self.id), "type": "public-key", "response": {
            "clientDataJSON": text(&Self::client_data(said)),
            "attestationObject": text(&object) } })
    }

    /// The answer of `navigator.credentials.get`.
    pub(crate) fn shows(&self, said: &Said) -> Value {
        let (data, client_data) = (self.data(said), Self::client_data(said));
        let mut message = data.clone();
        message.extend(proof::sha256(&client_data).0);
        if said.forged {
            message.push(0);
        }
        let signature = self.pair.sign(&SystemRandom::new(), &message).unwrap();
        json!({ "id": text(&said.id), "type": "public-key", "response": {
            "clientDataJSON": text(&client_data), "authenticatorData": text(&data),
            "signature": text(signature.as_ref()), "userHandle": said.handle } })
    }
}
