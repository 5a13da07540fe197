//! An organisation with modified software: what it presented once is refused ever after, by a node
//! that was killed in between too.

use crate::consortium::{Consortium, signal};
use crate::misconduct::Stolen;
use hospital::Role;
use hospital::credential::{self, Dice, LIFE_S, NewCredential, Presentation};
use peers::{Bounds, Identity, Peer, Peers, Registry, Reply};
use proof::SecretKey;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const WAIT: Duration = Duration::from_secs(20);

/// A member, played by the test with the member's own keys.
struct Modified {
    id: String,
    keys: Stolen,
}

/// The one organisation that is asked.
#[derive(Debug)]
struct Asked {
    id: String,
    peer: Peer,
}

impl Registry for Asked {
    fn organisation_of(&self, key: &[u8; 32]) -> Option<String> {
        (*key == self.peer.key).then(|| self.id.clone())
    }

    fn find(&self, organisation: &str) -> Option<Peer> {
        (organisation == self.id).then(|| self.peer.clone())
    }
}

impl Modified {
    fn of(consortium: &Consortium, index: usize) -> Self {
        Self {
            id: consortium.id(index).to_owned(),
            keys: Stolen::from(&consortium.org_dir(index)),
        }
    }

    fn key(&self, label: &str) -> [u8; 32] {
        self.keys.seed(label)
    }

    /// A question with a credential that everybody must believe, for a grant that does not exist.
    fn question(&self, audience: &str, nonce: &str) -> Value {
        let holder = SecretKey::from_seed(&[7; 32]);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now_s = i64::try_from(now.as_secs()).unwrap();
        let new = NewCredential {
            issuer: &self.id,
            subject: "p-1",
            role: Role::Clinician,
            name: None,
            identifier: None,
            epoch: 1_000,
            holder: holder.public(),
            now_s,
            life_s: LIFE_S,
        };
        let key = SecretKey::from_seed(&self.key("credential"));
        let issued = credential::issue(&new, &Dice::throw().unwrap(), &key).unwrap();
        let to = Presentation {
            disclose: &[],
            audience,
            nonce,
            now_s,
        };
        json!({
            "grant": "00".repeat(32), "glass": false, "purpose": "TREAT", "nonce": nonce,
            "credential": credential::present(&issued, &to, &holder).unwrap(),
            "wanted": { "search": { "resource": "Observation", "query": [] } },
        })
    }

    /// Asks over a link of its own.
    fn asks(&self, asked: &Asked, question: &Value) -> (u16, String) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let identity = Identity::from_seed(&self.key("link")).unwrap();
        let registry = Arc::new(Asked {
            id: asked.id.clone(),
            peer: asked.peer.clone(),
        });
        let body = serde_json::to_vec(question).unwrap().into();
        let reply: Reply = runtime.block_on(async {
            let peers = Peers::new(identity, registry, Bounds::default());
            let reply = peers.call(&asked.id, "/read", body, WAIT).await.unwrap();
            peers.close().await;
            reply
        });
        (reply.status, String::from_utf8_lossy(&reply.body).into())
    }
}

/// The address and key of a member's links.
fn asked(consortium: &Consortium, index: usize) -> Asked {
    let member = Modified::of(consortium, index);
    let config = std::fs::read_to_string(consortium.org_dir(index).join("salus.toml")).unwrap();
    let config: toml::Table = config.parse().unwrap();
    let address = config["peers"]["listen"].as_str().unwrap().to_owned();
    let key = Identity::from_seed(&member.key("link")).unwrap().public();
    Asked {
        id: member.id,
        peer: Peer { address, key },
    }
}

/// A presentation is believed once, and known after a crash. Returns the node's process.
pub(crate) fn is_refused_after_a_crash(consortium: &mut Consortium, index: usize, pid: u32) -> u32 {
    let modified = Modified::of(consortium, 2);
    let asked = asked(consortium, index);
    let question = modified.question(&asked.id, "nonce-1");
    let believed = |(status, text): (u16, String)| {
        assert!(!text.contains("credential"), "{status} {text}");
        assert_eq!(status, 404, "{text}");
    };
    let replayed = |(status, text): (u16, String)| {
        assert_eq!(status, 403, "{text}");
        assert!(text.contains("presented before"), "{text}");
    };
    believed(modified.asks(&asked, &question));
    replayed(modified.asks(&asked, &question));
    signal("KILL", pid);
    let pid = consortium.run_node(index);
    consortium.wait_ready(index, Duration::from_secs(30));
    replayed(modified.asks(&asked, &question));
    believed(modified.asks(&asked, &modified.question(&asked.id, "nonce-2")));
    pid
}
