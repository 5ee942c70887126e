//! What people carry: an authenticator app (RFC 6238) and a security key (WebAuthn), of the tests' own making.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub fn base32(text: &str) -> Vec<u8> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
            .iter()
            .position(|known| *known == letter)
            .unwrap();
        held = (held << 5) | u32::try_from(value).unwrap();
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).unwrap());
        }
    }
    bytes
}

/// The code of an app with this secret (base 32) at `now` (milliseconds).
pub fn code_at(secret: &str, now: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32(secret));
    let mac = hmac::sign(&key, &(now / 30_000).to_be_bytes());
    let mac = mac.as_ref();
    let at = usize::from(mac[19] & 0xf);
    let number = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[test]
fn the_tests_own_app_shows_the_codes_of_the_rfc() {
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    for (second, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
        assert_eq!(code_at(secret, second * 1000), code);
    }
}

/// A security key with one credential. Its fields can be turned to tell lies.
pub struct SecurityKey {
    pair: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub counter: u32,
    /// Whether it says that it verified who holds it.
    pub verifies: bool,
    pub origin: String,
    user: String,
    site: String,
}

impl SecurityKey {
    pub fn at(origin: &str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        Self {
            pair: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap(),
            id: uuid::Uuid::new_v4().as_bytes().repeat(2),
            counter: 0,
            verifies: true,
            origin: origin.into(),
            user: String::new(),
            site: String::new(),
        }
    }

    fn authenticator_data(&self, attested: &[u8]) -> Vec<u8> {
        let mut data = Sha256::digest(self.site.as_bytes()).to_vec();
        let verified = if self.verifies { 0x04 } else { 0 };
        data.push(0x01 | verified | if attested.is_empty() { 0 } else { 0x40 });
        data.extend(self.counter.to_be_bytes());
        data.extend(attested);
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    /// As `navigator.credentials.create`.
    pub fn create(&mut self, options: &Value) -> Value {
        self.site = options["rp"]["id"].as_str().unwrap().into();
        self.user = options["user"]["id"].as_str().unwrap().into();
        let point = self.pair.public_key().as_ref();
        let mut attested = vec![0; 16];
        attested.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        attested.extend(&self.id);
        // COSE: {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        attested.extend([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20]);
        attested.extend(&point[1..33]);
        attested.extend([0x22, 0x58, 0x20]);
        attested.extend(&point[33..65]);
        let data = self.authenticator_data(&attested);
        // CBOR: {"fmt": "none", "attStmt": {}, "authData": data}
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt");
        object.push(0x64);
        object.extend(b"none");
        object.push(0x67);
        object.extend(b"attStmt");
        object.extend([0xa0, 0x68]);
        object.extend(b"authData");
        object.extend([0x59]);
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        json!({
            "id": BASE64.encode(&self.id),
            "rawId": BASE64.encode(&self.id),
            "type": "public-key",
            "response": {
                "attestationObject": BASE64.encode(object),
                "clientDataJSON": BASE64.encode(self.client_data("webauthn.create", options)),
            },
            "extensions": {},
        })
    }

    /// As `navigator.credentials.get`.
    pub fn get(&mut self, options: &Value) -> Value {
        self.counter += 1;
        self.site = options["rpId"].as_str().unwrap().into();
        let data = self.authenticator_data(&[]);
        let client = self.client_data("webauthn.get", options);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&client));
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": BASE64.encode(&self.id),
            "rawId": BASE64.encode(&self.id),
            "type": "public-key",
            "response": {
                "authenticatorData": BASE64.encode(data),
                "clientDataJSON": BASE64.encode(client),
                "signature": BASE64.encode(signature),
                "userHandle": self.user,
            },
            "extensions": {},
        })
    }
}
