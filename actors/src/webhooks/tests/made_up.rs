//! What somebody without the secret makes up.

use rand::RngExt;

use super::*;

/// Headers and bodies that somebody without the secret makes up: pieces of genuine ones, and noise. A million for each sender with
/// `PERNOEX_TEST_FULL=1`.
#[test]
fn whatever_is_made_up_neither_passes_nor_panics() {
    let rounds = if std::env::var_os("PERNOEX_TEST_FULL").is_some() {
        1_000_000
    } else {
        20_000
    };
    let mut rng = rand::rng();
    for sender in senders() {
        let genuine = signed(&sender, SECRET, NOW, BODY);
        let keys = keys(SECRET, Some(OTHER));
        let mut reached = 0;
        for _ in 0..rounds {
            let mut headers = genuine.clone();
            let mut body = BODY.to_vec();
            // One bit of the body at least: no signature of the genuine headers is right for it.
            let bit = rng.random_range(0..body.len() * 8);
            body[bit / 8] ^= 1 << (bit % 8);
            for _ in 0..rng.random_range(0..3_u8) {
                let n = rng.random_range(0..headers.len());
                let value = &mut headers[n].1;
                match rng.random_range(0..8_u8) {
                    0 if !value.is_empty() => {
                        let at = rng.random_range(0..value.len());
                        value[at] = rng.random();
                    }
                    1 => value.truncate(rng.random_range(0..=value.len())),
                    2 => value.extend((0..rng.random_range(0..40_u8)).map(|_| rng.random::<u8>())),
                    3 => value.extend_from_slice(b",v1=,v0=,d=,t=,v="),
                    4 => *value = (0..rng.random_range(0..100_u8)).map(|_| rng.random::<u8>()).collect(),
                    5 => {
                        let again = headers[n].clone();
                        headers.push(again);
                    }
                    6 => {
                        let other = rng.random_range(0..headers.len());
                        headers[n].1 = headers[other].1.clone();
                    }
                    _ => {
                        headers.remove(n);
                        if headers.is_empty() {
                            break;
                        }
                    }
                }
            }
            match verdict(&sender, &keys, &headers, &body, NOW) {
                Ok(()) => panic!("{} takes {headers:?} for {body:?}", sender.source()),
                Err(Rejection::WrongSignature) => reached += 1,
                Err(_) => {}
            }
        }
        assert!(reached > rounds / 10, "{}: hardly any got as far as the signature", sender.source());
    }
}
