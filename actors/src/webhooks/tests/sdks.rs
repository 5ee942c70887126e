//! Messages that the vendors' own libraries signed: `tests/run sdks` makes them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vector {
    sender: String,
    at: Millis,
    secret: String,
    headers: BTreeMap<String, String>,
    body: String,
}

#[test]
fn what_the_vendors_own_libraries_sign_verifies() {
    let Some(path) = std::env::var_os("PERNOEX_TEST_SDK_VECTORS") else {
        return;
    };
    let vectors: Vec<Vector> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut seen = BTreeMap::<String, usize>::new();
    for vector in vectors {
        let sender = senders().into_iter().find(|sender| sender.source() == vector.sender).unwrap();
        let headers: Pairs = vector.headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        let check = |secret: &str, body: &str| verdict(&sender, &keys(secret, None), &headers, body.as_bytes(), vector.at);
        assert_eq!(check(&vector.secret, &vector.body), Ok(()), "{}: {:?}", vector.sender, vector.body);
        assert_eq!(check(OTHER, &vector.body), Err(Rejection::WrongSignature), "{}", vector.sender);
        assert_eq!(check(&vector.secret, &format!("{} ", vector.body)), Err(Rejection::WrongSignature));
        *seen.entry(vector.sender).or_default() += 1;
    }
    let expected = ["elevenlabs", "retell", "slack", "standard", "stripe"];
    assert_eq!(seen.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(seen.values().all(|count| *count >= 20), "{seen:?}");
}
