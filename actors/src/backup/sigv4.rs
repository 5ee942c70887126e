//! Signatures of requests to S3 (AWS Signature Version 4, the body's hash included). Pure.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::text::hex;

pub(super) struct Signer<'a> {
    pub region: &'a str,
    pub access_key: &'a str,
    pub secret_key: &'a str,
    pub session_token: Option<&'a str>,
}

pub(super) struct Request<'a> {
    pub method: &'a str,
    pub host: &'a str,
    /// Encoded.
    pub path: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    /// SHA-256 of the body, in hexadecimal digits.
    pub body: &'a str,
    pub at: DateTime<Utc>,
}

pub(super) struct Signed {
    /// Encoded, with its question mark, or empty.
    pub query: String,
    pub headers: Vec<(&'static str, String)>,
}

/// As RFC 3986 has it, every byte that is not unreserved; slashes too unless they part a path.
pub(super) fn encoded(text: &str, is_path: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (is_path && byte == b'/') {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    // HMAC takes a key of any length.
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac.chain_update(text.as_bytes()).finalize().into_bytes().into(),
        Err(_) => [0; 32],
    }
}

impl Signer<'_> {
    pub(super) fn sign(&self, request: &Request<'_>) -> Signed {
        let (time, day) = (
            request.at.format("%Y%m%dT%H%M%SZ").to_string(),
            request.at.format("%Y%m%d").to_string(),
        );
        let mut pairs: Vec<(String, String)> = request
            .query
            .iter()
            .map(|(name, value)| (encoded(name, false), encoded(value, false)))
            .collect();
        pairs.sort();
        let query = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("&");
        let mut headers = vec![
            ("host", request.host.to_owned()),
            ("x-amz-content-sha256", request.body.to_owned()),
            ("x-amz-date", time.clone()),
        ];
        if let Some(token) = self.session_token {
            headers.push(("x-amz-security-token", token.to_owned()));
        }
        let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let canonical = [request.method, request.path, &query, &lines, &names, request.body].join("\n");
        let scope = format!("{day}/{}/s3/aws4_request", self.region);
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
        let first = zeroize::Zeroizing::new(format!("AWS4{}", self.secret_key));
        let key = [day.as_str(), self.region, "s3", "aws4_request"]
            .iter()
            .fold(first.as_bytes().to_vec(), |key, part| mac(&key, part).to_vec());
        let signature = hex(&mac(&key, &to_sign));
        let credential = format!("{}/{scope}", self.access_key);
        let authorization = format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}");
        // The client writes the host itself.
        headers.remove(0);
        headers.push(("authorization", authorization));
        Signed {
            query: if query.is_empty() { query } else { format!("?{query}") },
            headers,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    /// The examples in the service's own documentation: getting a bucket's lifecycle, and listing objects.
    #[test]
    fn the_documented_examples_are_signed_as_documented() {
        let signer = Signer {
            region: "us-east-1",
            access_key: "AKIAIOSFODNN7EXAMPLE",
            secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            session_token: None,
        };
        let signature = |query: &[(&str, &str)]| {
            let signed = signer.sign(&Request {
                method: "GET",
                host: "examplebucket.s3.amazonaws.com",
                path: "/",
                query,
                body: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                at: Utc.with_ymd_and_hms(2013, 5, 24, 0, 0, 0).unwrap(),
            });
            let (_, authorization) = signed.headers.last().unwrap();
            authorization.rsplit('=').next().unwrap().to_owned()
        };
        assert_eq!(
            signature(&[("lifecycle", "")]),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
        assert_eq!(
            signature(&[("max-keys", "2"), ("prefix", "J")]),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
        assert_eq!(encoded("a b/ä~", true), "a%20b/%C3%A4~");
        assert_eq!(encoded("a/b", false), "a%2Fb");
    }
}
