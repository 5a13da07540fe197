//! A maker of medicines that is a ledger by itself: one node, for what one node answers.

use super::client::Client;
use super::trade::until;
use crate::consortium::fresh_folder;
use crate::end_to_end::binary;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const PASSWORD: &str = "a long password of the bench";

/// A running node; it stops and its folder goes when this is dropped.
pub(super) struct Maker {
    node: Child,
    dir: PathBuf,
    pub(super) base: String,
    /// Of its pharmacist.
    pub(super) token: String,
}

impl Maker {
    /// Makes the organisation, starts it, and lets its administrator add a pharmacist.
    pub(super) fn start() -> Result<Self> {
        let dir = fresh_folder("maker")?;
        let port = || Ok::<_, anyhow::Error>(TcpListener::bind("127.0.0.1:0")?.local_addr()?);
        let (http, ledger, peers) = (port()?, port()?, port()?);
        let made = Command::new(binary())
            .args(["init", "--id", "maker", "--kind", "manufacturer", "--dir"])
            .arg(&dir)
            .args(["--http", &http.to_string(), "--ledger", &ledger.to_string()])
            .args(["--peers", &peers.to_string()])
            .output()?;
        if !made.status.success() {
            bail!("salus init failed");
        }
        let said = String::from_utf8(made.stdout)?;
        let node = Command::new(binary())
            .args(["run", "--supervised", "--config"])
            .arg(dir.join("salus.toml"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut maker = Self {
            node,
            dir,
            base: format!("http://{http}"),
            token: String::new(),
        };
        let open = Client::new(&maker.base, "");
        until("the node to be ready", || {
            Ok(open.get("/health/ready").is_ok_and(|it| it.0 == 200))
        })?;
        let admin = said.lines().find(|line| line.trim().starts_with("admin"));
        let admin = admin.and_then(|line| line.split_whitespace().last());
        let admin = maker.sign_in("admin", admin.context("a password of the admin")?)?;
        let user = json!({ "username": "pharmacist", "password": PASSWORD, "role": "pharmacist" });
        let user = user.to_string().into_bytes();
        let (status, body) = Client::new(&maker.base, &admin).post("/auth/users", &user)?;
        if status != 201 {
            bail!("a pharmacist: {status}: {}", String::from_utf8_lossy(&body));
        }
        maker.token = maker.sign_in("pharmacist", PASSWORD)?;
        Ok(maker)
    }

    fn sign_in(&self, username: &str, password: &str) -> Result<String> {
        let password = password.replace(' ', "+");
        let form = format!("grant_type=password&username={username}&password={password}");
        let media = "application/x-www-form-urlencoded";
        let client = Client::new(&self.base, "");
        let (_, body) = client.post_as("/auth/token", media, form.as_bytes())?;
        let told: Value = serde_json::from_slice(&body)?;
        let token = told["access_token"].as_str();
        Ok(token.context("a token")?.to_owned())
    }

    /// A connection of its pharmacist.
    pub(super) fn client(&self) -> Client {
        Client::new(&self.base, &self.token)
    }

    /// The process of the node.
    pub(super) fn pid(&self) -> u64 {
        u64::from(self.node.id())
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        drop(self.node.stdin.take());
        let _ = self.node.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
