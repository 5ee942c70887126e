//! The published vectors, and one battery that every sender goes through.

use super::*;

mod made_up;
mod sdks;

const NOW: Millis = 1_700_000_000_000;
const BODY: &[u8] = br#"{"id":"evt_1"}"#;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What these send is known by its id, or by a hash of it.
const SIGNS_NO_TIME: [&str; 3] = ["bland", "github", "notion"];

type Pairs = Vec<(String, Vec<u8>)>;

impl Headers for Pairs {
    fn all(&self, name: &str) -> Vec<&[u8]> {
        let same = self.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_slice()).collect()
    }
}

/// Every sender behind one type.
#[derive(Clone)]
enum Any {
    Slack,
    Stripe,
    GitHub,
    Notion,
    Voice(Voice),
}

impl Sender for Any {
    fn source(&self) -> &'static str {
        match self {
            Self::Slack => Slack.source(),
            Self::Stripe => Stripe.source(),
            Self::GitHub => GitHub.source(),
            Self::Notion => Notion.source(),
            Self::Voice(voice) => voice.source(),
        }
    }
    fn claim(&self, headers: &(impl Headers + ?Sized)) -> Result<Claim, Rejection> {
        match self {
            Self::Slack => Slack.claim(headers),
            Self::Stripe => Stripe.claim(headers),
            Self::GitHub => GitHub.claim(headers),
            Self::Notion => Notion.claim(headers),
            Self::Voice(voice) => voice.claim(headers),
        }
    }
    fn key(&self, secret: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Voice(voice) => voice.key(secret),
            _ => Slack.key(secret),
        }
    }
}

fn senders() -> Vec<Any> {
    let voice = [
        VoiceProvider::ElevenLabs,
        VoiceProvider::Retell,
        VoiceProvider::Vapi,
        VoiceProvider::Bland,
        VoiceProvider::Standard,
    ];
    let voice = voice.map(|provider| Any::Voice(Voice::of(provider, None)));
    [Any::Slack, Any::Stripe, Any::GitHub, Any::Notion]
        .into_iter()
        .chain(voice)
        .collect()
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().to_vec()
}

fn hexed(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Signs as the sender does, written down a second time. The first header is the one with the signature.
fn signed(sender: &Any, secret: &str, at: Millis, body: &[u8]) -> Pairs {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let (key, seconds) = (secret.as_bytes(), (at / 1000).to_string());
    let dotted = || hexed(&mac(key, &[seconds.as_bytes(), b".", body]));
    let pairs: Vec<(&str, String)> = match sender.source() {
        "slack" => vec![
            (
                "X-Slack-Signature",
                format!("v0={}", hexed(&mac(key, &[b"v0:", seconds.as_bytes(), b":", body]))),
            ),
            ("X-Slack-Request-Timestamp", seconds),
        ],
        "stripe" => vec![("Stripe-Signature", format!("t={seconds},v1={}", dotted()))],
        "elevenlabs" => vec![("ElevenLabs-Signature", format!("t={seconds},v0={}", dotted()))],
        "retell" => {
            let v = at.to_string();
            vec![("x-retell-signature", format!("v={v},d={}", hexed(&mac(key, &[body, v.as_bytes()]))))]
        }
        "vapi" => vec![("x-signature", dotted()), ("x-timestamp", seconds)],
        "github" => vec![("X-Hub-Signature-256", format!("sha256={}", hexed(&mac(key, &[body]))))],
        "notion" => vec![("X-Notion-Signature", format!("sha256={}", hexed(&mac(key, &[body]))))],
        "bland" => vec![("X-Webhook-Signature", hexed(&mac(key, &[body])))],
        "standard" => {
            let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
            let tag = mac(&key, &[b"msg_1.", seconds.as_bytes(), b".", body]);
            vec![
                ("webhook-signature", format!("v1,{}", BASE64_STANDARD.encode(tag))),
                ("webhook-timestamp", seconds),
                ("webhook-id", "msg_1".into()),
            ]
        }
        other => panic!("{other} has no signature here"),
    };
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into_bytes()))
        .collect()
}

fn keys(current: &str, previous: Option<&str>) -> Keys {
    let secret = |text: &str| SecretBytes::new(text.as_bytes().to_vec());
    Keys::new(Some(secret(current)), previous.map(secret))
}

fn check(sender: &Any, keys: &Keys, headers: &Pairs, body: &[u8], now: Millis) -> Result<Verified<Any>, Rejection> {
    let claimed = Claimed::read(sender.clone(), headers, now)?;
    claimed.prove(keys, body.to_vec()).map_err(|unproved| unproved.rejection)
}

fn verdict(sender: &Any, keys: &Keys, headers: &Pairs, body: &[u8], now: Millis) -> Result<(), Rejection> {
    check(sender, keys, headers, body, now).map(|_| ())
}

fn vector(sender: &Any, secret: &str, headers: &[(&str, &str)], body: &[u8], now: Millis) {
    let headers: Pairs = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    let found = verdict(sender, &keys(secret, None), &headers, body, now);
    assert_eq!(found, Ok(()), "{}", sender.source());
    assert_eq!(
        verdict(sender, &keys(OTHER, None), &headers, body, now),
        Err(Rejection::WrongSignature)
    );
}

#[test]
fn the_published_vectors_verify() {
    let slack: &[u8] = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar\
        &user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=\
        &response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN\
        &trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    let headers = [("X-Slack-Signature", signature), ("X-Slack-Request-Timestamp", "1531420618")];
    vector(&Any::Slack, "8f742231b10e8888abcd99yyyzzz85a5", &headers, slack, 1_531_420_618_000);

    let stripe = "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
    vector(&Any::Stripe, "whsec_test", &[("Stripe-Signature", stripe)], BODY, NOW);

    let voice = |provider| Any::Voice(Voice::of(provider, None));
    let elevenlabs = "t=1700000000,v0=143a7968c6f8d0e27e41394af4f49d9220c21be91b7b12b13c9f327c41cb2f1c";
    let headers = [("ElevenLabs-Signature", elevenlabs)];
    vector(&voice(VoiceProvider::ElevenLabs), "wsec_test", &headers, BODY, NOW);

    let retell = "v=1700000000000,d=d940e79ef0e0da88d69eafcbf70fa56fe1a77e1c2f095be3942162b3956f193b";
    let headers = [("x-retell-signature", retell)];
    vector(&voice(VoiceProvider::Retell), "key_test", &headers, BODY, NOW);

    let hello = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let signature = format!("sha256={hello}");
    let headers = [("X-Hub-Signature-256", signature.as_str())];
    vector(&Any::GitHub, "It's a Secret to Everybody", &headers, b"Hello, World!", NOW);
    // Bland and Notion sign as GitHub does.
    let headers = [("X-Notion-Signature", signature.as_str())];
    vector(&Any::Notion, "It's a Secret to Everybody", &headers, b"Hello, World!", NOW);
    let headers = [("X-Webhook-Signature", hello)];
    vector(
        &voice(VoiceProvider::Bland),
        "It's a Secret to Everybody",
        &headers,
        b"Hello, World!",
        NOW,
    );

    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    let body = br#"{"test": 2432232314}"#;
    vector(&voice(VoiceProvider::Standard), SECRET, &headers, body, 1_614_265_330_000);
    let ours = sign(
        &SecretBytes::new(SECRET.as_bytes().to_vec()),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        body,
    );
    assert_eq!(ours.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

#[test]
fn a_genuine_message_passes_and_a_tampered_body_does_not() {
    for sender in senders() {
        let headers = signed(&sender, SECRET, NOW, BODY);
        let found = check(&sender, &keys(SECRET, None), &headers, BODY, NOW).unwrap_or_else(|why| panic!("{}: {why:?}", sender.source()));
        assert_eq!(found.body(), BODY);
        for bit in 0..BODY.len() * 8 {
            let mut bent = BODY.to_vec();
            bent[bit / 8] ^= 1 << (bit % 8);
            let bent = verdict(&sender, &keys(SECRET, None), &headers, &bent, NOW);
            assert_eq!(bent, Err(Rejection::WrongSignature), "{} bit {bit}", sender.source());
        }
        for body in [&BODY[..BODY.len() - 1], b"", &[BODY, b" "].concat()] {
            let cut = verdict(&sender, &keys(SECRET, None), &headers, body, NOW);
            assert_eq!(cut, Err(Rejection::WrongSignature), "{}", sender.source());
        }
        // What is not UTF-8 is signed like anything else.
        let bytes = [0xff, 0xfe, 0x00, 0x80];
        let headers = signed(&sender, SECRET, NOW, &bytes);
        assert_eq!(verdict(&sender, &keys(SECRET, None), &headers, &bytes, NOW), Ok(()));
        assert_eq!(
            verdict(&sender, &keys(SECRET, None), &signed(&sender, SECRET, NOW, b""), b"", NOW),
            Ok(())
        );
    }
}

/// The header that holds the signature, changed.
fn with(headers: &Pairs, change: impl Fn(&str) -> String) -> Pairs {
    let mut changed = headers.clone();
    let text = std::str::from_utf8(&changed[0].1).unwrap();
    changed[0].1 = change(text).into_bytes();
    changed
}

#[test]
fn a_signature_that_is_truncated_empty_doubled_or_of_another_scheme_does_not_pass() {
    for sender in senders() {
        let (headers, keys, name) = (signed(&sender, SECRET, NOW, BODY), keys(SECRET, None), sender.source());
        let refused = |change: &dyn Fn(&str) -> String, what: &str| {
            let changed = with(&headers, change);
            let found = verdict(&sender, &keys, &changed, BODY, NOW);
            assert!(
                matches!(found, Err(Rejection::WrongSignature | Rejection::MalformedHeader)),
                "{name}, {what}: {found:?}"
            );
        };
        let length = headers[0].1.len();
        // Down to nothing at all: an empty tag matches no tag's beginning.
        for cut in 0..length {
            refused(&|text| text[..cut].to_owned(), &format!("the first {cut}"));
        }
        refused(&|_| String::new(), "an empty header");
        refused(&|text| format!("{text}{text}"), "the header twice in one");
        refused(&|text| format!("{text}00"), "a longer one");
        refused(&|text| format!(" {text}"), "white space before");
        refused(&|text| text.to_uppercase(), "in capitals");
        refused(
            &|text| {
                text.replace("v0", "v2")
                    .replace("v1", "v2")
                    .replace("d=", "e=")
                    .replace("sha256", "sha1")
            },
            match name {
                // Their header is the signature and nothing else.
                "vapi" | "bland" => continue,
                _ => "another scheme",
            },
        );
    }
}

#[test]
fn the_signature_alone_is_replaced_and_nothing_passes() {
    for sender in senders() {
        let (headers, keys, name) = (signed(&sender, SECRET, NOW, BODY), keys(SECRET, None), sender.source());
        let other = signed(&sender, OTHER, NOW, BODY);
        assert_eq!(verdict(&sender, &keys, &other, BODY, NOW), Err(Rejection::WrongSignature), "{name}");
        // Headers twice, and headers that are not there, each of them.
        for n in 0..headers.len() {
            let mut twice = headers.clone();
            twice.push(headers[n].clone());
            assert_eq!(
                verdict(&sender, &keys, &twice, BODY, NOW),
                Err(Rejection::DuplicateHeader),
                "{name}"
            );
            let mut other_case = headers.clone();
            other_case.push((headers[n].0.to_uppercase(), headers[n].1.clone()));
            assert_eq!(
                verdict(&sender, &keys, &other_case, BODY, NOW),
                Err(Rejection::DuplicateHeader),
                "{name}"
            );
            let mut missing = headers.clone();
            missing.remove(n);
            assert_eq!(
                verdict(&sender, &keys, &missing, BODY, NOW),
                Err(Rejection::MissingHeader),
                "{name}"
            );
            let mut bytes = headers.clone();
            bytes[n].1.push(0xff);
            assert_eq!(
                verdict(&sender, &keys, &bytes, BODY, NOW),
                Err(Rejection::MalformedHeader),
                "{name}"
            );
            let mut long = headers.clone();
            long[n].1 = vec![b'1'; 5000];
            assert_eq!(verdict(&sender, &keys, &long, BODY, NOW), Err(Rejection::MalformedHeader), "{name}");
        }
    }
}

#[test]
fn five_minutes_either_way_pass_and_a_moment_more_does_not() {
    for sender in senders() {
        let (headers, keys, name) = (signed(&sender, SECRET, NOW, BODY), keys(SECRET, None), sender.source());
        let at = |moved: Millis| verdict(&sender, &keys, &headers, BODY, NOW + moved);
        if SIGNS_NO_TIME.contains(&name) {
            assert_eq!((at(WINDOW_MS + 1), at(-WINDOW_MS - 1)), (Ok(()), Ok(())), "it signs no time");
            continue;
        }
        assert_eq!((at(WINDOW_MS), at(-WINDOW_MS)), (Ok(()), Ok(())), "{name}: both edges");
        assert_eq!(at(WINDOW_MS + 1), Err(Rejection::TooOld), "{name}");
        assert_eq!(at(-WINDOW_MS - 1), Err(Rejection::TooNew), "{name}");
        assert_eq!(at(86_400_000), Err(Rejection::TooOld), "{name}");
    }
}

#[test]
fn a_time_that_was_not_signed_does_not_pass() {
    for sender in senders().into_iter().filter(|sender| !SIGNS_NO_TIME.contains(&sender.source())) {
        let (old, keys) = (NOW - 3_600_000, keys(SECRET, None));
        let mut headers = signed(&sender, SECRET, old, BODY);
        let fresh = signed(&sender, OTHER, NOW, BODY);
        // The old signature under today's date.
        let (old_seconds, new_seconds) = ((old / 1000).to_string(), (NOW / 1000).to_string());
        for (header, _) in headers.iter_mut().zip(&fresh) {
            header.1 = String::from_utf8(header.1.clone())
                .unwrap()
                .replace(&old.to_string(), &NOW.to_string())
                .replace(&old_seconds, &new_seconds)
                .into_bytes();
        }
        let found = verdict(&sender, &keys, &headers, BODY, NOW);
        assert_eq!(found, Err(Rejection::WrongSignature), "{}", sender.source());
        for odd in [
            "-1",
            "+1700000000",
            "1700000000.5",
            "0x1",
            "",
            " 1700000000",
            "99999999999999999999",
            "١٧",
        ] {
            let mut bent = headers.clone();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            for header in &mut bent {
                header.1 = text(&header.1)
                    .replace(&NOW.to_string(), odd)
                    .replace(&new_seconds, odd)
                    .into_bytes();
            }
            let found = verdict(&sender, &keys, &bent, BODY, NOW);
            assert!(
                matches!(found, Err(Rejection::MalformedHeader | Rejection::TooNew | Rejection::TooOld)),
                "{} with {odd:?}: {found:?}",
                sender.source()
            );
        }
    }
}

#[test]
fn without_a_secret_nothing_passes_and_a_rotated_one_passes_beside_the_new_one() {
    for sender in senders() {
        let name = sender.source();
        let by_old = signed(&sender, SECRET, NOW, BODY);
        let by_new = signed(&sender, OTHER, NOW, BODY);
        let empty = || Some(SecretBytes::new(Vec::new()));
        for none in [Keys::default(), Keys::new(empty(), None), Keys::new(empty(), empty())] {
            assert_eq!(verdict(&sender, &none, &by_old, BODY, NOW), Err(Rejection::NotConfigured), "{name}");
        }
        // Not even by somebody who signs with nothing.
        if name != "standard" {
            let by_nothing = signed(&sender, "", NOW, BODY);
            let none = Keys::new(empty(), None);
            assert_eq!(
                verdict(&sender, &none, &by_nothing, BODY, NOW),
                Err(Rejection::NotConfigured),
                "{name}"
            );
            assert_eq!(
                verdict(&sender, &keys(SECRET, None), &by_nothing, BODY, NOW),
                Err(Rejection::WrongSignature),
                "{name}"
            );
        }
        let rotated = keys(OTHER, Some(SECRET));
        assert_eq!(verdict(&sender, &rotated, &by_old, BODY, NOW), Ok(()), "{name}");
        assert_eq!(verdict(&sender, &rotated, &by_new, BODY, NOW), Ok(()), "{name}");
        let after = keys(OTHER, None);
        assert_eq!(
            verdict(&sender, &after, &by_old, BODY, NOW),
            Err(Rejection::WrongSignature),
            "{name}"
        );
    }
}

#[test]
fn of_several_signatures_any_right_one_passes_and_too_many_are_refused() {
    for (sender, between) in [(Any::Stripe, ","), (Any::Voice(Voice::of(VoiceProvider::Standard, None)), " ")] {
        let right = signed(&sender, SECRET, NOW, BODY);
        let wrong = signed(&sender, OTHER, NOW, BODY);
        let last = |text: &str| text.rsplit_once(between).map_or(text, |(_, last)| last).to_owned();
        let wrong = last(std::str::from_utf8(&wrong[0].1).unwrap());
        let both = with(&right, |text| format!("{text}{between}{wrong}"));
        assert_eq!(verdict(&sender, &keys(SECRET, None), &both, BODY, NOW), Ok(()));
        let many = with(&right, |text| format!("{text}{}", format!("{between}{wrong}").repeat(8)));
        assert_eq!(
            verdict(&sender, &keys(SECRET, None), &many, BODY, NOW),
            Err(Rejection::MalformedHeader)
        );
    }
    // A time that stands there twice says nothing.
    let sender = Any::Stripe;
    let twice = with(&signed(&sender, SECRET, NOW, BODY), |text| format!("t=1700000001,{text}"));
    assert_eq!(
        verdict(&sender, &keys(SECRET, None), &twice, BODY, NOW),
        Err(Rejection::MalformedHeader)
    );
}

#[test]
fn a_body_over_the_limit_is_refused_even_when_it_is_signed() {
    for sender in senders() {
        for (length, expected) in [(MOST_BYTES, Ok(())), (MOST_BYTES + 1, Err(Rejection::TooLarge))] {
            let body = vec![b'a'; length];
            let headers = signed(&sender, SECRET, NOW, &body);
            assert_eq!(verdict(&sender, &keys(SECRET, None), &headers, &body, NOW), expected);
        }
    }
}

#[test]
fn what_is_sent_again_has_the_same_id() {
    for sender in senders() {
        let id = |at, body: &[u8]| {
            let headers = signed(&sender, SECRET, at, body);
            check(&sender, &keys(SECRET, None), &headers, body, NOW)
                .unwrap_or_else(|_| panic!())
                .id()
        };
        assert_eq!(id(NOW, BODY), id(NOW + 5000, BODY), "{}", sender.source());
        if sender.source() != "standard" {
            assert_ne!(id(NOW, BODY), id(NOW, b"{}"), "{}", sender.source());
        }
    }
}

#[test]
fn secrets_are_taken_only_in_the_form_that_can_verify() {
    assert!(VoiceProvider::Standard.is_secret(SECRET.as_bytes()));
    for bad in [
        "",
        "whsec_",
        "whsec_c2hvcnQ=",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_not base64 at all, is it",
    ] {
        assert!(!VoiceProvider::Standard.is_secret(bad.as_bytes()), "{bad}");
    }
    assert!(VoiceProvider::ElevenLabs.is_secret(b"wsec_test") && !VoiceProvider::ElevenLabs.is_secret(b"short"));
    assert!(!VoiceProvider::Vapi.is_secret("with a space".as_bytes()) && !VoiceProvider::Bland.is_secret("ключключ".as_bytes()));
    let made = new_secret();
    assert!(made.open(|secret| VoiceProvider::Standard.is_secret(secret)));
}
