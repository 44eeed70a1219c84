//! The one place that knows every part: wires, starts, reloads, drains.
//!
//! Boot order is the contract: the store is opened and recovered, what the folder lacks is finished, settings and region
//! are checked whole, keys are read, the socket is bound, and only then does any loop run. Whatever fails says so before a
//! member can connect.

mod ground;
pub mod identity;
mod marker;
mod outbound;
mod start;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    change::{By, Change, Refused},
    clock::Clock,
    config::Config,
    console::Console,
    control::Control,
    crash::{self, Point},
    deliver::{
        Deliveries, Dice, Handles, guard::ClockGuard, hold::Holds, inbox::Inbox, resend::Desk, sight::Sight,
    },
    evidence::key::{PublicKey, SigningKey},
    intake::Intake,
    listen::{Door, Listener},
    observe::{
        self, Observer, Own,
        alert::{self, Firing},
    },
    operate::{Ledger, Operate, Refusal, checklist::Checklist},
    problem::Problem,
    receipt::Status,
    region::Region,
    route::Router,
    stop::Tasks,
    store::{self, Store, epoch::Epoch},
    telemetry::{metrics::Metrics, trace::Traces},
    tls::OwnLeaf,
};

use self::{ground::Ground, identity::Identity, marker::Marker, start::Start};

/// Longest wait for the store to commit what it took and to empty its log; a disk may not answer.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for those who watch to have their last answer.
const WATCHED_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a configuration is applied when nobody says why.
const SIGNAL: &str = "SIGHUP";

/// A running hub.
pub struct Hub {
    address: SocketAddr,
    config: Config,
    store: Store,
    change: Change,
    /// Where operators find the console, if there is one.
    console: Option<SocketAddr>,
    server: Arc<ArcSwap<rustls::ServerConfig>>,
    client: Arc<ArcSwap<OwnLeaf>>,
    holds: Holds,
    guard: ClockGuard,
    metrics: Metrics,
    traces: Traces,
    own: Arc<ArcSwap<Own>>,
    watched: Option<SocketAddr>,
    marker: Marker,
    tasks: Tasks,
    /// Those that answer whoever watches; they see the others end.
    watching: Tasks,
    /// Raised before the door closes.
    leaving: CancellationToken,
}

/// Why a hub does not start.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration has problems; none of it is applied.
    #[error("the configuration is not right, {} to mend", .0.len())]
    Configuration(Vec<Problem>),
    /// The configuration may not be applied this way.
    #[error("{}", .0.why)]
    Refused(Refusal),
    /// What ran before cannot run today, and the folder may not run without two operators.
    #[error(
        "the folder waits for two operators, and what ran before is not right today, {} to mend: put back what it lacks in the \
         certs folder", .0.len()
    )]
    Before(Vec<Problem>),
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
    /// The operator's socket cannot be made.
    #[error("the control socket in {} cannot be made: {error}", folder.display())]
    Control {
        /// The data folder.
        folder: PathBuf,
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
        let store = open(&config).await?;
        crash::at(Point::Opened);
        let ledger = Ledger::new(store.clone(), clock.clone());
        let Start { region, files, identity, finished, folder_waits } =
            start::configuration(&config, &ledger, &store).await?;
        let own = Arc::new(ArcSwap::from_pointee(Own { folder_waits, ..identity.shown() }));
        let Identity { server, client, key, published, .. } = identity;
        if let Some(warning) = config.store.engine.warning() {
            warn!("{warning}");
        }
        if let Epoch { number, newest: Some(newest) } = store.epoch() {
            warn!(epoch = number, %newest, "the store was restored: members that have not compared push nothing new");
        }
        let kept = store.lanes().await?;
        let holds = Holds::new(store.clone(), kept.holds);
        let step_max = config.delivery.clock_step_max;
        let guard = ClockGuard::new(clock.clone(), store.clone(), kept.heard, step_max);
        let address = config.listen.address;
        let bound = TcpListener::bind(address).await.and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, socket) = bound.map_err(|error| Failure::Bind { address, error })?;
        let watched = watched_at(config.telemetry.address).await?;
        let control = Control::bind(&config.store.folder)
            .map_err(|error| Failure::Control { folder: config.store.folder.clone(), error })?;

        let console = console(&config, identity.console.clone()).await?;
        let (sender, receiver) = watch::channel(Arc::new(region));
        let (server, client) = (Arc::new(ArcSwap::new(server)), Arc::new(ArcSwap::from_pointee(client)));
        let (config_of, own_of) = (config.clone(), own.clone());
        let ground =
            Ground { config: config_of, server: server.clone(), client: client.clone(), own: own_of };
        let change = Change::new(ledger, store.clone(), sender, holds.clone(), Arc::new(ground));
        let region = receiver.borrow().clone();
        change.begin(&region, &files, finished.as_ref()).await?.map_err(Failure::Refused)?;

        let hub = Self {
            address,
            metrics: Metrics::new(store.commits().clone()),
            traces: Traces::default(),
            own,
            watched: watched.as_ref().map(observe::door::Door::address),
            marker: Marker::set(&config.store.folder),
            config,
            store,
            change,
            console: console.as_ref().map(Console::address),
            server,
            client,
            holds,
            guard,
            tasks: Tasks::default(),
            watching: Tasks::default(),
            leaving: CancellationToken::new(),
        };
        let checklist = hub.run(socket, &receiver, (key, published), &clock);
        let firing = hub.watch(watched, hub.observer(&receiver, &clock), &clock);
        let standing = (hub.holds.clone(), hub.guard.clone(), firing);
        let bounds = hub.config.delivery.bounds();
        let operate = Operate::new(hub.store.clone(), receiver, standing, clock.clone(), bounds);
        if let Some(console) = console {
            info!(address = %console.address(), "the console is open");
            let settings = (hub.config.console.clone(), hub.config.region.folder.clone());
            let parts = (operate.clone(), hub.change.clone(), clock);
            hub.tasks.spawn(console.run(parts, settings, hub.tasks.clone()));
        }
        let asked = (operate, hub.change.clone(), checklist);
        hub.tasks.spawn(control.run(asked, hub.tasks.clone()));
        info!(%address, "hub started");
        Ok(hub)
    }

    /// The address members connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address at which machines watch it, if there is one.
    #[must_use]
    pub fn watched(&self) -> Option<SocketAddr> {
        self.watched
    }

    /// The address operators open the console at, if there is one.
    #[must_use]
    pub fn console(&self) -> Option<SocketAddr> {
        self.console
    }

    /// The clock guard, for the operator who confirms a step of the clock.
    #[must_use]
    pub fn guard(&self) -> &ClockGuard {
        &self.guard
    }

    /// What changes the configuration, for who opens another door to it.
    #[must_use]
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// The store, for those who read.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Applies what stands in the folder, as whoever may send the process a signal asks; on any problem nothing changes.
    ///
    /// # Errors
    /// [`Failure`]; the hub goes on under the configuration it has.
    pub async fn reload(&self) -> Result<(), Failure> {
        match self.change.apply(By::Signal, SIGNAL, None).await? {
            Ok(_) => Ok(()),
            Err(Refused { refusal, problems }) if problems.is_empty() => Err(Failure::Refused(refusal)),
            Err(Refused { problems, .. }) => Err(Failure::Configuration(problems)),
        }
    }

    /// Waits until a part asks for the end: a poisoned store, a loop that died.
    pub async fn stopping(&self) {
        tokio::select! {
            () = self.tasks.stopping() => {}
            () = self.watching.stopping() => {}
        }
    }

    /// Says so, stops accepting, lets requests and attempts finish, closes the store. False when a deadline cut something
    /// off.
    ///
    /// Cancel safety: dropped, it leaves the rest to the end of the process; what is acknowledged is on disk.
    pub async fn drain(self) -> bool {
        let asked = !self.tasks.is_stopping();
        self.leaving.cancel();
        // A hub that cannot go on has stopped its tasks already, and waits for no balancer.
        let _ = tokio::time::timeout(self.config.listen.stop_notice, self.tasks.stopping()).await;
        self.tasks.stop();
        let drained = self.tasks.drained(self.config.listen.drain_timeout).await;
        let closed = tokio::time::timeout(CLOSE_TIMEOUT, self.store.close()).await.is_ok();
        if asked && closed && !self.store.is_poisoned() {
            self.marker.lift();
        }
        self.watching.stop();
        self.watching.drained(WATCHED_TIMEOUT).await;
        info!(drained, closed, "hub stopped");
        drained && closed
    }

    /// Lets everything run; gives what goes through members' checklists.
    fn run(
        &self,
        socket: TcpListener,
        region: &watch::Receiver<Arc<Region>>,
        (key, published): (SigningKey, Vec<PublicKey>),
        clock: &Clock,
    ) -> Checklist {
        let key = Arc::new(key);
        let handles = Handles {
            store: self.store.clone(),
            region: region.clone(),
            clock: clock.clone(),
            key: key.clone(),
            tls: outbound::tls(self.client.clone()),
            dice: Dice::Random,
            holds: self.holds.clone(),
            guard: self.guard.clone(),
            sight: Sight::default(),
            metrics: self.metrics.clone(),
            traces: self.traces.clone(),
            config: self.config.delivery,
        };
        let intake = Intake::new(self.store.clone(), key, clock.clone(), self.config.intake.clone());
        let inbox = Inbox::new(handles.clone());
        let door = Door {
            region: region.clone(),
            intake: intake.clone(),
            status: Status::new(self.store.clone(), region.clone()),
            desk: Desk::new(handles.clone(), inbox.clone()),
            inbox,
            keys: Arc::new(ArcSwap::from_pointee(published)),
            metrics: self.metrics.clone(),
            traces: self.traces.clone(),
            clock: clock.clone(),
            leaving: self.leaving.clone(),
            config: self.config.listen.clone(),
        };
        let router = Router::new(self.store.clone(), region.clone(), clock.clone());
        let router = router.counting(self.metrics.clone());
        let ledger = Ledger::new(self.store.clone(), clock.clone());
        let checklist = Checklist::new(ledger, handles.clone(), intake.seen().clone());
        let tasks = &self.tasks;
        tasks.spawn(router.run(tasks.clone()));
        tasks.spawn(intake.tidy(tasks.clone()));
        tasks.spawn(Deliveries::new(handles).run(tasks.clone()));
        tasks.spawn(Listener::new(door, self.server.clone()).run(socket, tasks.clone()));
        checklist
    }

    /// Lets machines watch, and watches itself; gives the alerts.
    fn watch(&self, door: Option<observe::door::Door>, observer: Observer, clock: &Clock) -> Firing {
        if let Some(door) = door {
            self.watching.spawn(door.run(observer.clone(), self.watching.clone()));
        }
        let restarted = self.marker.found.then(|| clock.now());
        let delivery = (outbound::tls(self.client.clone()), self.config.delivery);
        let alerts = alert::Watch::new(observer, self.config.alerts.clone(), restarted, delivery);
        let firing = alerts.firing();
        self.tasks.spawn(alerts.run(self.tasks.clone()));
        firing
    }

    fn observer(&self, region: &watch::Receiver<Arc<Region>>, clock: &Clock) -> Observer {
        let Config { telemetry, delivery, store, .. } = &self.config;
        Observer::new(observe::Parts {
            store: self.store.clone(),
            region: region.clone(),
            guard: self.guard.clone(),
            holds: self.holds.clone(),
            metrics: self.metrics.clone(),
            own: self.own.clone(),
            clock: clock.clone(),
            leaving: self.leaving.clone(),
            tasks: self.tasks.clone(),
            engine: store.engine.word(),
            sweep_period: delivery.sweep_period,
            stall_max: delivery.stall_max,
            config: telemetry.clone(),
        })
    }
}

/// The console, bound, where the settings name an address.
async fn console(
    config: &Config,
    tls: Option<Arc<rustls::ServerConfig>>,
) -> Result<Option<Console>, Failure> {
    let Some(address) = config.console.address else { return Ok(None) };
    let bound = Console::bind(address, tls).await;
    bound.map(Some).map_err(|error| Failure::Bind { address, error })
}

/// Binds the door for machines that watch, if there is to be one.
async fn watched_at(address: Option<SocketAddr>) -> Result<Option<observe::door::Door>, Failure> {
    let Some(address) = address else { return Ok(None) };
    let bound = observe::door::Door::bind(address).await;
    bound.map(Some).map_err(|error| Failure::Bind { address, error })
}

/// Opens the store off the runtime: recovery reads the log.
async fn open(config: &Config) -> Result<Store, Failure> {
    let settings = config.store.clone();
    let opened = tokio::task::spawn_blocking(move || Store::open(&settings)).await;
    Ok(opened.map_err(|_| store::Fault::Closed)??)
}
