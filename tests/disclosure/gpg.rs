//! The program with which operators and readers sign and verify, where there is one.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// With keys of its own, that are gone when the test is.
pub struct Gpg {
    home: TempDir,
    /// What time it is for the program, in seconds; the machine's where it is 0.
    pub now: i64,
}

impl Gpg {
    /// `None` where there is none, which is said.
    pub fn start() -> Option<Self> {
        // A short path: its agent listens on a socket in there.
        let home = tempfile::Builder::new().prefix("gpg").tempdir_in("/tmp").unwrap();
        if Command::new("gpg").arg("--version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "tests/run installs gpg");
            println!("not told: there is no gpg here");
            return None;
        }
        Some(Self { home, now: 0 })
    }

    pub fn try_run(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = Command::new("gpg");
        command.args(["--batch", "--homedir", self.home.path().to_str().unwrap()]);
        command.args(["--pinentry-mode", "loopback", "--status-fd", "2"]);
        if self.now > 0 {
            command.args(["--faked-system-time", &format!("{}!", self.now)]);
        }
        let pipes = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    pub fn run(&self, arguments: &[&str], input: &[u8]) -> Output {
        let output = self.try_run(arguments, input);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output
    }

    /// What it prints.
    pub fn text(&self, arguments: &[&str], input: &[u8]) -> String {
        String::from_utf8(self.run(arguments, input).stdout).unwrap()
    }

    /// A key without a passphrase that never expires; its fingerprint.
    pub fn key(&self, name: &str, algorithm: &str, usage: &str) -> String {
        self.made(&["--passphrase", "", "--quick-generate-key", name, algorithm, usage, "never"])
    }

    pub fn subkey(&self, of: &str, algorithm: &str, usage: &str, life: &str) -> String {
        self.made(&["--passphrase", "", "--quick-add-key", of, algorithm, usage, life])
    }

    /// The fingerprint of what it made.
    pub fn made(&self, arguments: &[&str]) -> String {
        let said = String::from_utf8(self.run(arguments, b"").stderr).unwrap();
        let line = said.lines().find(|line| line.contains("KEY_CREATED")).unwrap();
        line.rsplit(' ').find(|word| word.len() == 40).unwrap().to_owned()
    }

    /// Takes back a key, by what was written for that when it was made.
    pub fn revoke(&self, key: &str) {
        let path = self.home.path().join(format!("openpgp-revocs.d/{key}.rev"));
        let text = std::fs::read_to_string(path).unwrap();
        // A colon keeps it from being used by mistake.
        self.run(&["--import"], text.replace(":-----BEGIN", "-----BEGIN").as_bytes());
    }

    /// The key under which a clear signature is good and whole, and when that was made, in seconds.
    pub fn verified(&self, signed: &str) -> (String, i64) {
        let said = String::from_utf8(self.run(&["--verify"], signed.as_bytes()).stderr).unwrap();
        assert!(said.contains("GOODSIG"), "{said}");
        let line = said.lines().find_map(|line| line.strip_prefix("[GNUPG:] VALIDSIG ")).unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        (words[0].to_owned(), words[2].parse().unwrap())
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .args(["--homedir", self.home.path().to_str().unwrap(), "--kill", "all"])
            .status();
    }
}
