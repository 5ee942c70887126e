//! The program that is searched.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::support::TestApp;

/// The program itself, with its log in a file.
pub(super) struct Program {
    child: Child,
    /// Held: who prints into a closed pipe ends.
    _output: BufReader<std::process::ChildStdout>,
    pub(super) log: std::path::PathBuf,
}

impl Program {
    pub(super) fn start(app: &mut TestApp) -> Self {
        let log = app.folder.path().join("log");
        let mut child = Command::new(env!("CARGO_BIN_EXE_pernoex"))
            .arg("serve")
            .envs(app.environment().iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line
            .split_whitespace()
            .nth(3)
            .unwrap_or_else(|| panic!("{line}{}", std::fs::read_to_string(&log).unwrap()));
        app.url = format!("http://{}", address.trim_end_matches('.'));
        Self {
            child,
            _output: output,
            log,
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
