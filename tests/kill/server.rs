//! The real program, started again and again on the same data.

use std::{
    fs::{self, File},
    process::{Child, Command, Stdio},
    time::Duration,
};

use sea_orm::{ConnectionTrait, Database};

use crate::support::database;

pub(crate) struct Server {
    child: Option<Child>,
    pub(crate) url: String,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    /// The owner of the tables on PostgreSQL.
    admin: Option<String>,
}

impl Server {
    pub(crate) async fn create() -> Self {
        Self::create_with(&[]).await
    }

    /// With settings of its own.
    pub(crate) async fn create_with(settings: &[(&str, &str)]) -> Self {
        // Fails only when it was installed before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let mut environment = vec![
            ("PERNOEX_DATA".to_owned(), folder.path().join("data").display().to_string()),
            ("PERNOEX_BCRYPT_COST".to_owned(), "4".to_owned()),
            ("PERNOEX_SIGN_UP".to_owned(), "open".to_owned()),
            ("PERNOEX_LIMIT_FACTOR".to_owned(), "100000".to_owned()),
        ];
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut admin = None;
        if let Some(own) = database::own().await {
            environment.push(("MIGRATION_DATABASE_URL".into(), own.admin.clone()));
            environment.push(("DATABASE_URL".into(), own.application));
            admin = Some(own.admin);
        }
        if let Ok(redis) = std::env::var("PERNOEX_TEST_REDIS") {
            environment.push(("REDIS_URL".into(), redis));
        }
        Self {
            child: None,
            url: String::new(),
            folder,
            environment,
            admin,
        }
    }

    /// With another setting, from the next start on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) async fn start(&mut self) {
        let path = self.folder.path().join("log");
        let log = File::create(&path).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_pernoex"))
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            // It says which port it got: one that was looked for before may be somebody else's by then.
            .env("PERNOEX_LISTEN", "127.0.0.1:0")
            .envs(self.environment.iter().cloned())
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        self.child = Some(child);
        for _ in 0..600 {
            let said = fs::read_to_string(&path).unwrap_or_default();
            let address = said
                .split_once("Pernoex listens on ")
                .and_then(|(_, rest)| rest.split_once(". Open "));
            if let Some((address, _)) = address {
                self.url = format!("http://{address}");
                if let Ok(answer) = reqwest::get(format!("{}/readyz", self.url)).await
                    && answer.status().is_success()
                {
                    return;
                }
            }
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the server does not start: {}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the server is not ready: {}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        text.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }

    /// SIGKILL: nothing in the process gets to finish.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// What a lost worker leased is free after minutes, by the clock. On PostgreSQL this is those minutes.
    pub(crate) async fn let_leases_run_out(&self) {
        if let Some(admin) = &self.admin {
            let database = Database::connect(admin).await.unwrap();
            database
                .execute_unprepared("update job set locked_until = 0 where locked_until > 0")
                .await
                .unwrap();
            database.close().await.unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
