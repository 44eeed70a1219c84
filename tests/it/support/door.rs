//! An open door on an ephemeral port, for a community of two members.

use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroUsize, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use coohub::{
    clock::Clock,
    decode::limit::Limits,
    deliver::{
        self, Dice, Handles, guard::ClockGuard, hold::Holds, inbox::Inbox, resend::Desk, sight::Sight,
    },
    evidence::key::SigningKey,
    intake::{self, Intake},
    listen::{Config, Door, Listener},
    receipt::Status,
    region::{Region, member::Member},
    stop::Tasks,
    store::{self, Store},
    telemetry::{metrics::Metrics, trace::Traces},
};
use rcgen::ExtendedKeyUsagePurpose;
use rustls::{ClientConfig, ServerConfig};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

use super::{
    client::{self, Client},
    patience::PATIENCE,
    pki::{self, Authority, Leaf, Wanted},
};

/// The door and everything a test may turn on it.
pub struct Open {
    pub address: SocketAddr,
    pub regions: watch::Sender<Arc<Region>>,
    pub tls: Arc<ArcSwap<ServerConfig>>,
    pub tasks: Tasks,
    /// Raised when the door is soon to close.
    pub leaving: CancellationToken,
    /// The hub's own authority.
    pub hub: Authority,
    /// Member `aa`, by pin.
    pub aa: Leaf,
    /// Member `bb`, by its authority and name.
    pub bb: Leaf,
    authority: Authority,
    _folder: tempfile::TempDir,
}

/// Opens a door with these limits for members `aa` and `bb`.
pub async fn open(config: Config) -> Open {
    open_at(config, Clock::Real, |_| {}).await
}

/// Longer deadlines in place of the usual ones, for a machine that may be slow; those that a test sets stay.
pub fn patient(config: Config) -> Config {
    let usual = Config::default();
    let or = |set: Duration, usual: Duration| if set == usual { PATIENCE } else { set };
    Config {
        handshake_timeout: or(config.handshake_timeout, usual.handshake_timeout),
        header_read_timeout: or(config.header_read_timeout, usual.header_read_timeout),
        body_read_timeout: or(config.body_read_timeout, usual.body_read_timeout),
        body_grace: or(config.body_grace, usual.body_grace),
        request_timeout: or(config.request_timeout, usual.request_timeout),
        ..config
    }
}

/// Opens a door at a clock, after a change to each member.
pub async fn open_at(config: Config, clock: Clock, change: impl Fn(&mut Member)) -> Open {
    let config = patient(config);
    let hub = Authority::root("hub");
    let authority = Authority::root("authority of bb");
    let aa = Leaf::self_signed(&Wanted { names: &["aa.example"], ..Wanted::default() });
    let bb = authority.leaf(&Wanted { names: &["urn:coohub:member:bb"], ..Wanted::default() });
    let mut members = members(&aa, &authority);
    members.iter_mut().for_each(change);
    let (regions, region) = watch::channel(Arc::new(pki::region(members)));
    let tls = Arc::new(ArcSwap::new(coohub::tls::server(&server_leaf(&hub).own()).unwrap()));
    let key = Arc::new(SigningKey::from_pkcs8(&SigningKey::generate().unwrap()).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let settings = store::Config {
        folder: folder.path().join("data"),
        free_bytes_min: 0,
        free_percent_min: 0,
        accept_wait_max: PATIENCE,
        ..store::Config::default()
    };
    let store = Store::open(&settings).unwrap();
    let handles = Handles {
        store: store.clone(),
        region: region.clone(),
        clock: clock.clone(),
        key: key.clone(),
        tls: Arc::new(|_| Err("nobody is pushed to".into())),
        dice: Dice::Loaded(0),
        holds: Holds::new(store.clone(), BTreeMap::new()),
        guard: ClockGuard::new(clock.clone(), store.clone(), None, deliver::Config::default().clock_step_max),
        sight: Sight::default(),
        metrics: Metrics::default(),
        traces: Traces::default(),
        config: deliver::Config::default(),
    };
    let limits = intake::Config {
        documents_at_once_max: NonZeroUsize::new(2),
        limits: Limits::DEFAULT,
        ..intake::Config::default()
    };
    let inbox = Inbox::new(handles.clone());
    let leaving = CancellationToken::new();
    let door = Door {
        region: region.clone(),
        intake: Intake::new(store.clone(), key.clone(), clock.clone(), limits),
        status: Status::new(store, region.clone()),
        desk: Desk::new(handles, inbox.clone()),
        inbox,
        keys: Arc::new(ArcSwap::from_pointee(vec![key.public()])),
        metrics: Metrics::default(),
        traces: Traces::default(),
        clock,
        leaving: leaving.clone(),
        config,
    };
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let tasks = Tasks::default();
    tasks.spawn(Listener::new(door, tls.clone()).run(socket, tasks.clone()));
    Open { address, regions, tls, tasks, leaving, hub, aa, bb, authority, _folder: folder }
}

pub fn server_leaf(hub: &Authority) -> Leaf {
    let usage = Some(ExtendedKeyUsagePurpose::ServerAuth);
    hub.leaf(&Wanted { names: &["localhost"], usage, ..Wanted::default() })
}

fn members(aa: &Leaf, authority: &Authority) -> Vec<Member> {
    let bb = authority.vouches("urn:coohub:member:bb", Vec::new());
    vec![pki::member("aa", vec![aa.pinned()]), pki::member("bb", vec![bb])]
}

impl Open {
    /// TLS settings of a client with this leaf, over HTTP/1.1.
    pub fn settings(&self, leaf: &Leaf) -> Arc<ClientConfig> {
        client::settings(leaf, &self.hub.der(), "http/1.1")
    }

    pub async fn connect(&self, leaf: &Leaf) -> Client {
        client::connect(&self.settings(leaf), self.address).await.unwrap()
    }

    /// Reloads with the same members, changed.
    pub fn reload(&self, change: impl FnOnce(&mut Vec<Member>)) {
        let mut members = members(&self.aa, &self.authority);
        change(&mut members);
        self.regions.send(Arc::new(pki::region(members))).unwrap();
    }
}
