//! A key service outside, reached through a command.
//!
//! `COMMAND… wrap` and `COMMAND… unwrap` read one line of Base64 from standard input, print one line of Base64 and exit with 0.
//! What is wrapped is a fresh key of 32 bytes each time; the tenants' keys themselves never leave this process.

use std::{
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::vault::{cipher::Key, error::KeyError};

/// How to call it.
#[derive(Clone, Debug)]
pub struct KmsSettings {
    /// The program and its arguments. No shell is involved.
    pub command: Vec<String>,
    /// Variables of the environment that are none of its business: this server's own settings.
    pub hidden: Vec<String>,
    pub timeout: Duration,
}

const MOST_OUTPUT: u64 = 16 * 1024;

#[derive(Clone)]
pub(super) struct Kms(Arc<KmsSettings>);

fn failed(reason: impl Into<String>) -> KeyError {
    KeyError::Kms(reason.into())
}

impl Kms {
    pub(super) fn new(settings: KmsSettings) -> Result<Self, KeyError> {
        if settings.command.is_empty() {
            return Err(failed("names no program"));
        }
        Ok(Self(Arc::new(settings)))
    }

    pub(super) async fn wrap(&self, key: &Key) -> Result<Vec<u8>, KeyError> {
        let input = key.open_bytes(|bytes| Zeroizing::new(BASE64_STANDARD.encode(bytes)));
        let blob = self.call("wrap", input).await?;
        // A command that hands back what it was given wraps nothing.
        if blob.is_empty() || key.open_bytes(|bytes| blob.as_slice() == bytes) {
            return Err(failed("wrap: did not wrap"));
        }
        Ok(blob.to_vec())
    }

    pub(super) async fn unwrap(&self, blob: &[u8]) -> Result<Key, KeyError> {
        let plain = self.call("unwrap", Zeroizing::new(BASE64_STANDARD.encode(blob))).await?;
        Key::from_slice(&plain).map_err(|_| failed("unwrap: did not print 32 bytes in Base64"))
    }

    async fn call(&self, operation: &'static str, input: Zeroizing<String>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let settings = self.0.clone();
        let called = tokio::task::spawn_blocking(move || run(&settings, operation, &input));
        let printed = called
            .await
            .map_err(|_| failed("could not be called"))?
            .map_err(|reason| failed(format!("{operation}: {reason}")))?;
        let text = std::str::from_utf8(&printed).map_err(|_| failed(format!("{operation}: printed no Base64")))?;
        let decoded = BASE64_STANDARD.decode(text.trim());
        decoded
            .map(Zeroizing::new)
            .map_err(|_| failed(format!("{operation}: printed no Base64")))
    }
}

/// Runs the program once. Its standard error goes nowhere: a key it complains about must not end in a log.
fn run(settings: &KmsSettings, operation: &str, input: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let deadline = Instant::now() + settings.timeout;
    let (program, arguments) = settings.command.split_first().ok_or("names no program")?;
    let mut command = Command::new(program);
    command.args(arguments).arg(operation);
    for name in &settings.hidden {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PERNOEX_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| format!("cannot be started ({})", error.kind()))?;
    let (mut to, from) = (child.stdin.take(), child.stdout.take());
    let line = Zeroizing::new(format!("{input}\n"));
    std::thread::spawn(move || {
        // A program that reads nothing breaks the pipe, and is judged by what it prints.
        let _ = to.as_mut().map(|to| to.write_all(line.as_bytes()));
    });
    let (done, output) = mpsc::channel();
    std::thread::spawn(move || {
        let mut printed = Zeroizing::new(Vec::new());
        let read = from.map(|from| from.take(MOST_OUTPUT + 1).read_to_end(&mut printed));
        let _ = done.send(read.is_some_and(|read| read.is_ok()).then_some(printed));
    });
    let outcome = finish(&mut child, &output, deadline, settings.timeout);
    if outcome.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    outcome
}

fn finish(
    child: &mut Child,
    output: &mpsc::Receiver<Option<Zeroizing<Vec<u8>>>>,
    deadline: Instant,
    timeout: Duration,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let late = || format!("did not answer within {} s", timeout.as_secs_f32());
    let left = || deadline.saturating_duration_since(Instant::now());
    let printed = output.recv_timeout(left()).map_err(|_| late())?;
    let printed = printed.ok_or("its output cannot be read")?;
    if printed.len() as u64 > MOST_OUTPUT {
        return Err("printed too much".into());
    }
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(printed),
            Ok(Some(status)) => return Err(format!("failed ({status})")),
            Ok(None) if left().is_zero() => return Err(late()),
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(format!("cannot be waited for ({})", error.kind())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kms(script: &str, seconds: f32) -> Kms {
        let folder = std::env::temp_dir().join(format!("pernoex-kms-{}", uuid::Uuid::new_v4()));
        std::fs::write(&folder, script).unwrap();
        Kms::new(KmsSettings {
            command: vec!["sh".into(), folder.display().to_string()],
            hidden: vec!["PATH_TO_NOWHERE".into()],
            timeout: Duration::from_secs_f32(seconds),
        })
        .unwrap()
    }

    #[tokio::test]
    async fn a_command_that_wraps_is_asked_to_unwrap() {
        // Turns the line round: enough to tell wrapping from unwrapping.
        let script = "read line; case $1 in wrap) printf '%s' \"BLOB$line\" | base64 -w0;; unwrap) printf '%s' \"$line\" | base64 -d | cut -c5-;; esac";
        let kms = kms(script, 10.0);
        let key = Key::generate();
        let blob = kms.wrap(&key).await.unwrap();
        let opened = kms.unwrap(&blob).await.unwrap_or_else(|error| panic!("{error}"));
        assert!(opened.open_bytes(|a| key.open_bytes(|b| a == b)));
    }

    #[tokio::test]
    async fn a_command_that_fails_hangs_babbles_or_does_nothing_is_named_and_its_words_are_not() {
        for (script, seconds, reason) in [
            ("echo c2VjcmV0; exit 3", 10.0, "failed"),
            ("sleep 30", 0.3, "did not answer"),
            ("exec >&-; sleep 30", 0.3, "did not answer"),
            ("head -c 100000 /dev/zero | base64 -w0", 10.0, "too much"),
            ("echo 'no base64 at all'", 10.0, "no Base64"),
            ("cat", 10.0, "did not wrap"),
        ] {
            let Err(error) = kms(script, seconds).wrap(&Key::generate()).await else {
                panic!("{script} must fail")
            };
            let error = error.to_string();
            assert!(error.contains(reason) && error.contains("PERNOEX_KMS_COMMAND"), "{script}: {error}");
            assert!(!error.contains("c2VjcmV0") && !error.contains('\n'), "{error}");
        }
        let nowhere = KmsSettings {
            command: vec!["/no/such/program".into()],
            hidden: Vec::new(),
            timeout: Duration::from_secs(1),
        };
        assert!(Kms::new(nowhere).unwrap().wrap(&Key::generate()).await.is_err());
    }
}
