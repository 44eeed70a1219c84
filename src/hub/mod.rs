//! The one place that knows every part: wires, starts, reloads, drains.
//!
//! Boot order is the contract: settings and region are checked whole, keys are read, the store is opened and recovered,
//! the socket is bound, and only then does any loop run. Whatever fails says so before a member can connect.

pub mod identity;

use std::{fs, io, net::SocketAddr, sync::Arc};

use arc_swap::ArcSwap;
use tokio::{net::TcpListener, sync::watch};
use tracing::info;

use crate::{
    clock::Clock,
    config::Config,
    deliver::{self, Deliveries, Dice, Handles, hold::Holds, inbox::Inbox},
    evidence::key::{PublicKey, SigningKey},
    intake::Intake,
    listen::{Door, Listener},
    problem::{Problem, Problems},
    receipt::Status,
    region::{self, Region, member::Endpoint},
    route::Router,
    stop::Tasks,
    store::{self, Store},
    tls::{self, OwnLeaf},
};

use self::identity::Identity;

/// A running hub.
pub struct Hub {
    address: SocketAddr,
    config: Config,
    store: Store,
    region: watch::Sender<Arc<Region>>,
    server: Arc<ArcSwap<rustls::ServerConfig>>,
    client: Arc<ArcSwap<OwnLeaf>>,
    holds: Holds,
    tasks: Tasks,
}

/// Why a hub does not start.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration has problems; none of it is applied.
    #[error("the configuration is not right, {} to mend", .0.len())]
    Configuration(Vec<Problem>),
    /// The store cannot be opened.
    #[error("the store cannot be opened: {0}")]
    Store(#[from] store::Fault),
    /// The address cannot be bound.
    #[error("{address} cannot be bound: {error}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
}

impl Hub {
    /// Starts a hub; when it returns, members can connect.
    ///
    /// # Errors
    /// [`Failure`]; nothing runs then.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, Failure> {
        let (region, identity) = load(&config)?;
        let store = open(&config).await?;
        let address = config.listen.address;
        let bound = TcpListener::bind(address).await.and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, socket) = bound.map_err(|error| Failure::Bind { address, error })?;

        let (sender, receiver) = watch::channel(Arc::new(region));
        let hub = Self {
            address,
            config,
            store,
            region: sender,
            server: Arc::new(ArcSwap::new(identity.server)),
            client: Arc::new(ArcSwap::from_pointee(identity.client)),
            holds: Holds::default(),
            tasks: Tasks::default(),
        };
        hub.run(socket, &receiver, (identity.key, identity.published), &clock);
        info!(%address, "hub started");
        Ok(hub)
    }

    /// The address members connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The store, for those who read.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Reads the region and the hub's own leaves anew and applies them whole; on any problem nothing changes.
    ///
    /// Lanes that stand still after refusals in a row go on: whoever reloads has looked.
    ///
    /// # Errors
    /// [`Failure`]; the hub goes on under the configuration it has.
    pub fn reload(&self) -> Result<(), Failure> {
        let (region, identity) = load(&self.config)?;
        self.client.store(Arc::new(identity.client));
        self.server.store(identity.server);
        for (member, why) in self.holds.all() {
            info!(%member, why, "lane released by the reload");
            self.holds.release(&member);
        }
        info!(configuration = %region.digest.hex(), "region reloaded");
        self.region.send_replace(Arc::new(region));
        Ok(())
    }

    /// Waits until a part asks for the end: a poisoned store, a loop that died.
    pub async fn stopping(&self) {
        self.tasks.stopping().await;
    }

    /// Stops accepting, lets requests and attempts finish, closes the store. False when the deadline cut something off.
    pub async fn drain(self) -> bool {
        self.tasks.stop();
        let drained = self.tasks.drained(self.config.listen.drain_timeout).await;
        self.store.close().await;
        info!(drained, "hub stopped");
        drained
    }

    /// Whether the store failed: the process is to end with a storage fault.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        self.store.is_poisoned()
    }

    fn run(
        &self,
        socket: TcpListener,
        region: &watch::Receiver<Arc<Region>>,
        (key, published): (SigningKey, Vec<PublicKey>),
        clock: &Clock,
    ) {
        let key = Arc::new(key);
        let handles = Handles {
            store: self.store.clone(),
            region: region.clone(),
            clock: clock.clone(),
            key: key.clone(),
            tls: self.outbound(),
            dice: Dice::Random,
            holds: self.holds.clone(),
            config: self.config.delivery,
        };
        let intake = Intake::new(self.store.clone(), key, clock.clone(), self.config.intake.clone());
        let door = Door {
            region: region.clone(),
            intake: intake.clone(),
            status: Status::new(self.store.clone()),
            inbox: Inbox::new(handles.clone()),
            keys: Arc::new(ArcSwap::from_pointee(published)),
            clock: clock.clone(),
            config: self.config.listen.clone(),
        };
        let router = Router::new(self.store.clone(), region.clone(), clock.clone());
        let tasks = &self.tasks;
        tasks.spawn(router.run(tasks.clone()));
        tasks.spawn(intake.tidy(tasks.clone()));
        tasks.spawn(Deliveries::new(handles).run(tasks.clone()));
        tasks.spawn(Listener::new(door, self.server.clone()).run(socket, tasks.clone()));
    }

    /// The TLS side of an endpoint: the hub's client leaf of the moment and the endpoint's own anchors.
    fn outbound(&self) -> deliver::Tls {
        let client = self.client.clone();
        Arc::new(move |endpoint: &Endpoint| {
            let pem = fs::read(&endpoint.anchors)
                .map_err(|error| format!("the anchors cannot be read: {}", error.kind()))?;
            let anchors = tls::anchors(&pem).map_err(|error| error.to_string())?;
            tls::client(&client.load(), &anchors).map(Arc::new).map_err(|error| error.to_string())
        })
    }
}

/// Reads and checks the region and the hub's own leaves and keys; every problem at once.
fn load(config: &Config) -> Result<(Region, Identity), Failure> {
    let problems = Problems::default();
    let region = region::load::load(&config.region.folder, Some(&config.identity.certs), &problems);
    let identity = identity::load(&config.identity, &problems);
    match (region, identity, problems.is_empty()) {
        (Some(region), Some(identity), true) => Ok((region, identity)),
        _ => Err(Failure::Configuration(problems.sorted())),
    }
}

/// Opens the store off the runtime: recovery reads the log.
async fn open(config: &Config) -> Result<Store, Failure> {
    let settings = config.store.clone();
    let opened = tokio::task::spawn_blocking(move || Store::open(&settings)).await;
    Ok(opened.map_err(|_| store::Fault::Closed)??)
}
