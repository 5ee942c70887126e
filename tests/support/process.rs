//! The program itself, as a process of its own.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

/// `pernoex` in an empty environment but for `settings`.
pub fn command(settings: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pernoex"));
    command.env_clear().envs(settings.iter().map(|(name, value)| (name, value)));
    command
}

/// What most stories need: a free port, a folder, cheap passwords.
pub fn settings(folder: &Path) -> Vec<(String, String)> {
    [
        ("PERNOEX_LISTEN", "127.0.0.1:0".to_owned()),
        ("PERNOEX_DATA", folder.join("data").display().to_string()),
        ("PERNOEX_BCRYPT_COST", "4".to_owned()),
        ("PERNOEX_MAX_FILE_MIB", "1".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// Runs it to its end: exit code, standard output, standard error.
pub fn run(settings: &[(String, String)], arguments: &[&str], folder: &Path) -> (Option<i32>, String, String) {
    let mut child = command(settings)
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(90);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A server that runs. Killed when dropped.
pub struct Process {
    pub url: String,
    child: Child,
    out: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
    readers: Vec<thread::JoinHandle<()>>,
}

fn collect(from: impl Read + Send + 'static, to: Arc<Mutex<String>>, line: mpsc::Sender<String>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for text in BufReader::new(from).lines().map_while(Result::ok) {
            to.lock().unwrap().push_str(&format!("{text}\n"));
            let _ = line.send(text);
        }
    })
}

impl Process {
    pub fn start(settings: &[(String, String)]) -> Self {
        let mut child = command(settings).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (out, log) = (Arc::<Mutex<String>>::default(), Arc::<Mutex<String>>::default());
        let (line, lines) = mpsc::channel();
        let (unheard, _) = mpsc::channel();
        let readers = vec![
            collect(child.stdout.take().unwrap(), out.clone(), line),
            collect(child.stderr.take().unwrap(), log.clone(), unheard),
        ];
        let first = lines.recv_timeout(Duration::from_secs(60));
        let first = first.unwrap_or_else(|_| panic!("it does not start: {}", log.lock().unwrap()));
        let address = first
            .strip_prefix("Pernoex listens on ")
            .and_then(|rest| rest.split_once(". Open "))
            .unwrap();
        let url = format!("http://{}", address.0);
        Self {
            url,
            child,
            out,
            log,
            readers,
        }
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args(["-s", signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for its end: how it ended, and its whole output and log.
    pub fn end(mut self, within: Duration) -> (ExitStatus, String, String) {
        let deadline = Instant::now() + within;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end in time: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        };
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        (status, self.out(), self.log())
    }

    pub fn out(&self) -> String {
        self.out.lock().unwrap().clone()
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every file below `folder`.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
