//! The demo's stage: the shipped region in a temporary folder, development leaves, members' servers, and the hub.

use std::{
    collections::BTreeMap,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use rust_embed::Embed;
use tempfile::TempDir;

use super::server::{Server, Taken};
use crate::{
    cli::{
        certs,
        member::{self, Member},
    },
    clock::Clock,
    config::Config,
    decode::proof::sign::SigningLeaf,
    hub::{Failure, Hub},
    model::id::MemberId,
    stop::Tasks,
    tls::{self, OwnLeaf},
};

/// The region this program was built with: the folder `partners`.
#[derive(Embed)]
#[folder = "partners/"]
struct Shipped;

/// How a delivery address stands in the shipped members' files: the demo puts its own free ports in its place.
const SHIPPED_ADDRESS: &str = "https://localhost:";
/// The shipped retry schedule, and the one the demo has patience for.
const SCHEDULES: [&str; 2] =
    [r#"schedule = ["30s", "1m", "5m", "15m", "30m", "1h", "2h", "6h"]"#, r#"schedule = ["1s", "2s"]"#];

/// Everything the story needs.
pub(super) struct Stage {
    folder: TempDir,
    config: Config,
    clock: Clock,
    hub: Option<Hub>,
    /// Members' servers, by member.
    pub(super) servers: BTreeMap<MemberId, Server>,
    /// Members' connections to the hub.
    pub(super) members: BTreeMap<MemberId, Member>,
    /// Tasks of the members' servers.
    pub(super) tasks: Tasks,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The temporary folder or a port could not be had.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The development leaves could not be made.
    #[error("{0}")]
    Certs(#[from] certs::Error),
    /// A leaf could not be used.
    #[error("{0}")]
    Tls(#[from] tls::Error),
    /// The hub did not start.
    #[error("{0}")]
    Hub(#[from] Failure),
    /// A member could not talk to the hub.
    #[error("{0}")]
    Member(#[from] member::Error),
    /// The story went another way than it must.
    #[error("{0}")]
    Story(String),
}

impl Stage {
    /// Sets the stage and starts the hub.
    pub(super) async fn set(clock: Clock) -> Result<Self, Error> {
        let folder = tempfile::tempdir()?;
        let tasks = Tasks::default();
        let ids: Vec<MemberId> =
            shipped("members/").filter_map(|path| MemberId::new(path.strip_suffix(".toml")?)).collect();
        let leaves: Vec<certs::Member> = ids.iter().cloned().map(certs::Member::usual).collect();
        certs::dev(&folder.path().join("certs/dev"), &leaves, clock.now(), false)?;
        let mut servers = BTreeMap::new();
        for id in &ids {
            if text(&format!("members/{id}.toml")).contains(SHIPPED_ADDRESS) {
                let own = own(folder.path(), &format!("{id}/server"))?;
                servers.insert(id.clone(), Server::start(&own, &tasks).await?);
            }
        }
        write_region(&folder.path().join("partners"), &servers)?;
        let config = settings(folder.path());
        let mut stage = Self { folder, config, clock, hub: None, servers, members: BTreeMap::new(), tasks };
        stage.start_hub().await?;
        for id in ids {
            let member = stage.connect(&id)?;
            stage.members.insert(id, member);
        }
        Ok(stage)
    }

    /// The address of the hub.
    pub(super) fn address(&self) -> SocketAddr {
        self.config.listen.address
    }

    /// The address of the console.
    pub(super) fn console(&self) -> Option<SocketAddr> {
        self.config.console.address
    }

    /// The folder everything is in.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the hub, on the port it had before, if it had one.
    pub(super) async fn start_hub(&mut self) -> Result<(), Error> {
        let hub = Hub::start(self.config.clone(), self.clock.clone()).await?;
        self.config.listen.address = hub.address();
        self.config.console.address = hub.console();
        self.hub = Some(hub);
        Ok(())
    }

    /// Stops the hub: what is under way finishes, what waits stays on disk.
    pub(super) async fn stop_hub(&mut self) {
        if let Some(hub) = self.hub.take() {
            hub.drain().await;
        }
    }

    /// A member's connection to the hub.
    pub(super) fn member(&self, name: &str) -> Result<&Member, Error> {
        let found = MemberId::new(name).and_then(|id| self.members.get(&id));
        found.ok_or_else(|| Error::Story(format!("{name} is no member")))
    }

    /// A member's own server.
    pub(super) fn server(&self, name: &str) -> Result<&Server, Error> {
        let found = MemberId::new(name).and_then(|id| self.servers.get(&id));
        found.ok_or_else(|| Error::Story(format!("{name} has no server")))
    }

    /// As [`Stage::server`], to switch it.
    pub(super) fn server_mut(&mut self, name: &str) -> Result<&mut Server, Error> {
        let found = MemberId::new(name).and_then(|id| self.servers.get_mut(&id));
        found.ok_or_else(|| Error::Story(format!("{name} has no server")))
    }

    /// What a member's server has taken; nothing when it has none.
    pub(super) fn taken(&self, name: &str) -> Vec<Taken> {
        self.server(name).map(Server::taken).unwrap_or_default()
    }

    /// A shipped sample of a format.
    pub(super) fn sample(path: &str) -> Result<String, Error> {
        let text = text(&format!("formats/{path}"));
        if text.is_empty() { Err(Error::Story(format!("the sample {path} is missing"))) } else { Ok(text) }
    }

    /// A signer's leaf of a member, for the documents the demo signs in its place.
    pub(super) fn signer(&self, member: &str, name: &str) -> Result<SigningLeaf, Error> {
        let read = |kind: &str| fs::read(self.path().join(format!("certs/dev/{member}/{name}.{kind}")));
        let leaf_der = tls::anchors(&read("pem")?)?.into_iter().next().unwrap_or_default();
        Ok(SigningLeaf { key_pkcs8_der: tls::pkcs8(&read("key")?)?, leaf_der })
    }

    fn connect(&self, id: &MemberId) -> Result<Member, Error> {
        let anchors = tls::anchors(&fs::read(self.path().join("certs/dev/anchor.pem"))?)?;
        let own = own(self.path(), &format!("{id}/leaf"))?;
        Ok(Member::new(&format!("https://localhost:{}", self.address().port()), &own, &anchors)?)
    }
}

/// The node's settings: everything in the demo's own folder, any free port.
fn settings(folder: &Path) -> Config {
    let mut config = Config::default();
    let dev = |name: &str| folder.join("certs/dev").join(name);
    config.identity.certs = folder.join("certs");
    config.identity.leaf = dev("server.pem");
    config.identity.key = dev("server.key");
    config.identity.client_leaf = dev("client.pem");
    config.identity.client_key = dev("client.key");
    config.identity.receipt_key = dev("receipt.key");
    config.identity.retired_receipt_keys = dev("retired.json");
    config.region.folder = folder.join("partners");
    config.store.folder = folder.join("data");
    let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config.listen.address = free;
    config.console.address = Some(free);
    config.telemetry.address = None;
    config
}

/// Writes the shipped region, with the servers' ports and a short retry schedule.
fn write_region(folder: &Path, servers: &BTreeMap<MemberId, Server>) -> Result<(), Error> {
    for path in Shipped::iter() {
        let target: PathBuf = folder.join(path.as_ref());
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let id = path.strip_prefix("members/").and_then(|name| MemberId::new(name.strip_suffix(".toml")?));
        let [shipped, short] = SCHEDULES;
        let text = text(&path).replace(shipped, short);
        let text = match id.and_then(|id| servers.get(&id)) {
            Some(server) => readdressed(&text, server.port()),
            None => text,
        };
        fs::write(target, text)?;
    }
    Ok(())
}

/// A member's file with another port in its delivery address.
fn readdressed(text: &str, port: u16) -> String {
    let Some((before, after)) = text.split_once(SHIPPED_ADDRESS) else { return text.to_owned() };
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}{SHIPPED_ADDRESS}{port}{rest}")
}

/// Names of the shipped files below a folder, without the folder.
fn shipped(folder: &'static str) -> impl Iterator<Item = String> {
    Shipped::iter().filter_map(move |path| path.strip_prefix(folder).map(str::to_owned))
}

/// A shipped file; empty when there is none.
fn text(path: &str) -> String {
    Shipped::get(path).map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default()
}

fn own(folder: &Path, stem: &str) -> Result<OwnLeaf, Error> {
    let read = |kind: &str| fs::read(folder.join(format!("certs/dev/{stem}.{kind}")));
    Ok(OwnLeaf::from_pem(&read("pem")?, &read("key")?)?)
}
