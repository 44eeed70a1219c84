//! A whole hub for a community in a temporary folder.
//!
//! The folder is what an operator has: `coohub.toml`, `partners/`, `certs/`. Members with a delivery address get a
//! scripted partner there, everybody's leaves are development ones, and the pace is one a test has patience for. The hub
//! runs in this process ([`Community::start`]) or as one of its own, from [`Community::folder`].

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use coohub::{
    cli::{
        certs,
        member::{Answer, Ask, Error, Member},
    },
    clock::Clock,
    config,
    decode::proof::sign::{SigningLeaf, sign_cod},
    hub::Hub,
    model::id::MemberId,
    problem::Problems,
    tls::{self, OwnLeaf},
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};
use serde_json::{Value, json};
use tokio::time::Instant;

pub(crate) use super::patience::{LOOK, PATIENCE, until};
use super::{
    page::copy,
    partner::{Behaviour, Partner},
    patience::be_patient,
    region,
};

/// Lines that a test adds are the door's.
const NODE: &str = "[console]
address = \"\"
[telemetry]
address = \"\"
[listen]
address = \"127.0.0.1:0\"
";
/// A pace that no test has to wait for.
const PACE: &str = r#"
[defaults]
concurrency = 4

[defaults.rate]
count = 10000
weight = 1000000
period = "1s"
burst = 1000

[defaults.retry]
schedule = ["50ms", "100ms", "500ms"]
expiry = "14d"
retry_after_max = "1h"
jitter_percent = 0

[defaults.inbound]
per_second = 10000
burst = 10000
connections_max = 64
"#;

/// A community with its files, its members' servers and, once started, its hub.
pub(crate) struct Community {
    folder: tempfile::TempDir,
    partners: BTreeMap<String, Partner>,
    clock: Clock,
    hub: Option<Hub>,
    /// The hub's port; 0 before it was started.
    pub(crate) port: u16,
}

impl Community {
    /// The shipped community: almora, brisca and corvania are pushed to, dunmere and estalia have mailboxes.
    pub(crate) async fn shipped() -> Self {
        Self::of(&shipped("")).await
    }

    /// The community of a region's folder; formats are the shipped ones unless it has its own.
    pub(crate) async fn of(region: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let partners = folder.path().join("partners");
        copy(&shipped("formats"), &partners.join("formats"));
        copy(region, &partners);
        fs::write(folder.path().join("coohub.toml"), NODE).unwrap();
        let mut this = Self { folder, partners: BTreeMap::new(), clock: Clock::Real, hub: None, port: 0 };
        let region = this.read("region.toml");
        this.write("region.toml", &(region.split("\n[defaults]").next().unwrap().to_owned() + PACE));
        for member in this.members() {
            this.adopt(&member).await;
        }
        this
    }

    /// Gives the member of a file its development leaves and, where it is pushed to, a server.
    pub(crate) async fn adopt(&mut self, member: &str) {
        let leaves = [certs::Member::usual(MemberId::new(member).unwrap())];
        certs::dev(&self.path("certs/dev"), &leaves, Clock::Real.now(), false).unwrap();
        let file = format!("members/{member}.toml");
        let made_up = format!("spki = \"{}\"", region::pin(member));
        let named = format!("anchors = \"dev/{member}/anchor.pem\"\nsan = \"urn:coohub:member:{member}\"");
        let mut text = self.read(&file).replace(&made_up, &named);
        let url = text.lines().find_map(|line| line.strip_prefix("url = ")).map(str::to_owned);
        if let Some(url) = url {
            let partner = Partner::serving(self.server(member), Behaviour::Store).await;
            text = text.replace(&url, &format!("{:?}", partner.url));
            self.partners.insert(member.to_owned(), partner);
        }
        self.write(&file, &text);
    }

    /// Names a sandbox in the file of a member that is pushed to, and gives it.
    pub(crate) async fn sandbox(&self, member: &str) -> Partner {
        let sandbox = Partner::serving(self.server(member), Behaviour::Store).await;
        let file = format!("members/{member}.toml");
        let named = format!("\n[sandbox]\nurl = {:?}\n", sandbox.url);
        self.write(&file, &(self.read(&file) + &named));
        sandbox
    }

    /// A member's server: its own leaf, and a peer that must show the hub's.
    fn server(&self, member: &str) -> ServerConfig {
        self.server_of("dev", member, &["dev/anchor.pem"])
    }

    /// A member's server under the leaves of a folder of `certs`, and a peer that must chain to one of these anchors.
    pub(crate) fn server_of(&self, leaves: &str, member: &str, anchors: &[&str]) -> ServerConfig {
        let file = |name: &str| self.path(&format!("certs/{leaves}/{name}"));
        let mut roots = RootCertStore::empty();
        for anchor in anchors {
            let anchor = self.path(&format!("certs/{anchor}"));
            roots.add(CertificateDer::from_pem_file(anchor).unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
        let leaf = file(&format!("{member}/server.pem"));
        let leaf = CertificateDer::pem_file_iter(leaf).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(file(&format!("{member}/server.key"))).unwrap();
        let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        server.unwrap().with_client_cert_verifier(verifier).with_single_cert(leaf, key).unwrap()
    }

    /// The same community with a clock turned by hand; before it is started.
    pub(crate) fn at(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Starts the hub on a free port.
    pub(crate) async fn start(&mut self) {
        self.start_with(|_| {}).await;
    }

    /// Starts the hub after a change to its settings, also to what no file may say.
    pub(crate) async fn start_with(&mut self, change: impl FnOnce(&mut config::Config)) {
        let problems = Problems::default();
        let mut config = config::load(self.folder(), &BTreeMap::new(), &problems)
            .unwrap_or_else(|| panic!("{:#?}", problems.sorted()));
        be_patient(&mut config);
        change(&mut config);
        let hub = Hub::start(config, self.clock.clone()).await.unwrap_or_else(|error| panic!("{error:#?}"));
        self.port = hub.address().port();
        self.hub = Some(hub);
    }

    /// Stops the hub: what is under way ends, what waits stays on disk.
    pub(crate) async fn stop(&mut self) {
        assert!(self.hub.take().unwrap().drain().await, "a hub stops by itself");
    }

    pub(crate) fn hub(&self) -> &Hub {
        self.hub.as_ref().unwrap()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Ids of the members, sorted.
    pub(crate) fn members(&self) -> Vec<String> {
        let files = fs::read_dir(self.path("partners/members")).unwrap();
        let id = |name: String| name.strip_suffix(".toml").map(str::to_owned);
        let mut ids: Vec<_> =
            files.filter_map(|file| id(file.unwrap().file_name().into_string().unwrap())).collect();
        ids.sort();
        ids
    }

    /// The server of a member that is pushed to.
    pub(crate) fn partner(&self, member: &str) -> &Partner {
        &self.partners[member]
    }

    /// Every member that is pushed to.
    pub(crate) fn pushed_to(&self) -> impl Iterator<Item = &str> {
        self.partners.keys().map(String::as_str)
    }

    /// Text of a file of the region.
    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path("partners").join(file)).unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.path("partners").join(file), text).unwrap();
    }

    /// Replaces `old`, which must stand in a file of the region, by `new`.
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        let text = self.read(file);
        assert!(text.contains(old), "{file} has no {old:?}:\n{text}");
        self.write(file, &text.replacen(old, new, 1));
    }

    /// A development leaf: `almora/leaf`, `brisca/official`.
    pub(crate) fn leaf(&self, stem: &str) -> OwnLeaf {
        let read = |kind: &str| fs::read(self.path(&format!("certs/dev/{stem}.{kind}"))).unwrap();
        OwnLeaf::from_pem(&read("pem"), &read("key")).unwrap()
    }

    /// The hub's anchor, as its members trust it.
    pub(crate) fn anchor(&self) -> Vec<u8> {
        tls::anchors(&fs::read(self.path("certs/dev/anchor.pem")).unwrap()).unwrap().remove(0)
    }

    /// A new client of a member.
    pub(crate) fn member(&self, name: &str) -> Member {
        self.member_at(name, self.port)
    }

    /// A new client of a member, for a hub that runs elsewhere.
    pub(crate) fn member_at(&self, name: &str, port: u16) -> Member {
        let hub = format!("https://localhost:{port}");
        Member::new(&hub, &self.leaf(&format!("{name}/leaf")), &[self.anchor()]).unwrap()
    }

    /// A COD signed by a member's exporter and official.
    pub(crate) fn signed(&self, member: &str, cod: &str) -> String {
        sign_cod(cod, &self.signer(member, "exporter"), &self.signer(member, "official")).unwrap()
    }

    /// A development leaf of a member that signs, with its key.
    pub(crate) fn signer(&self, member: &str, name: &str) -> SigningLeaf {
        let read = |kind: &str| fs::read(self.path(&format!("certs/dev/{member}/{name}.{kind}"))).unwrap();
        let leaf_der = tls::anchors(&read("pem")).unwrap().remove(0);
        SigningLeaf { key_pkcs8_der: tls::pkcs8(&read("key")).unwrap(), leaf_der }
    }

    /// The state of a message as its source reads it.
    pub(crate) async fn state(&self, source: &str, id: &str) -> Value {
        let answer = self.member(source).get(&format!("/v1/messages/{id}")).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// The state once `done` likes it, by long polls; patience counts from the last change.
    pub(crate) async fn state_when(&self, source: &str, id: &str, done: impl Fn(&Value) -> bool) -> Value {
        let member = self.member(source);
        let path = format!("/v1/messages/{id}");
        let mut tag = String::from("\"none\"");
        let mut give_up = Instant::now() + PATIENCE;
        loop {
            let headers = vec![("if-none-match", tag.clone()), ("prefer", "wait=60".to_owned())];
            let ask = Ask { method: "GET", path: &path, headers, body: Bytes::new() };
            let answer = member.ask(ask).await.unwrap();
            if answer.status == 304 && Instant::now() < give_up {
                continue;
            }
            assert_eq!(answer.status, 200, "still {tag}: {}", self.state(source, id).await);
            give_up = Instant::now() + PATIENCE;
            let state = answer.json();
            if done(&state) {
                return state;
            }
            tag = answer.header("etag").unwrap().to_owned();
        }
    }

    /// The state once it is routed and nothing waits for a member that is pushed to.
    pub(crate) async fn settled(&self, source: &str, id: &str) -> Value {
        let waits = |delivery: &Value| {
            (delivery["state"] == "pending" || delivery["state"] == "queued")
                && self.partners.contains_key(delivery["target"].as_str().unwrap())
        };
        self.state_when(source, id, |state| {
            state["state"] != "accepted" && !state["deliveries"].as_array().unwrap().iter().any(waits)
        })
        .await
    }

    /// What a mailbox offers, once it offers anything.
    pub(crate) async fn collect(&self, member: &str) -> Vec<Value> {
        let member = self.member(member);
        until("the mailbox stays empty", async || {
            let answer = member.get("/v1/inbox?limit=100").await.unwrap();
            assert_eq!(answer.status, 200, "{answer:?}");
            let entries = answer.json().as_array().unwrap().clone();
            (!entries.is_empty()).then_some(entries)
        })
        .await
    }

    /// Acknowledges a mailbox entry.
    pub(crate) async fn acknowledge(&self, member: &str, entry: &Value) -> Answer {
        acknowledge(&self.member(member), entry).await.unwrap()
    }
}

/// Acknowledges a mailbox entry.
pub(crate) async fn acknowledge(member: &Member, entry: &Value) -> Result<Answer, Error> {
    let path = format!("/v1/inbox/{}/ack", entry["delivery"].as_str().unwrap());
    let headers = vec![("content-type", "application/json".to_owned())];
    let body = Bytes::from(json!({"digest": entry["digest"]}).to_string());
    member.ask(Ask { method: "POST", path: &path, headers, body }).await
}

/// A path in the shipped region.
pub(crate) fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("partners").join(name)
}

/// A shipped sample: `edi3-coo/samples/almora-corvania-tea.json`.
pub(crate) fn sample(name: &str) -> String {
    fs::read_to_string(shipped("formats").join(name)).unwrap()
}
