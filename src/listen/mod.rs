//! The members' door: TLS connections in, requests out to the core, answers back.
//!
//! [`Listener`] runs its own accept loop, because each part of a connection has a limit and an owner here: the
//! handshake, the peer, the pace, the body, the drain. On each request the peer's standing is asked anew under the
//! region of that moment; a reload closes the connections of members that changed. Room for a body is taken before the
//! body is read and given back with the answer, whatever the answer is.
//!
//! **Invariant:** a handler runs only for a member in good standing, and only with the region it was judged under.
//!
//! It decides nothing about certificates: a push goes to `intake`, and what comes back is turned to HTTP by
//! `listen::respond` alone. It knows no store and no format. Peers feed it; it feeds `intake`, and reads `receipt` and
//! `deliver::inbox`. The routes are declared once, for the router and for OpenAPI ([`openapi`]).

mod about;
mod api;
mod attachment;
mod body;
mod certificate;
mod config;
mod connection;
mod describe;
mod handshake;
mod header;
mod leftover;
mod limit;
mod mailbox;
mod message;
mod reconciliation;
mod respond;
mod standing;

use std::{net::IpAddr, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use axum::Router;
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use crate::{
    authenticate::Peer,
    clock::Clock,
    deliver::{inbox::Inbox, resend::Desk},
    evidence::key::PublicKey,
    intake::Intake,
    model::{id::MemberId, reason::Reason, time::Timestamp},
    receipt::Status,
    region::Region,
    stop::Tasks,
    telemetry::{metrics::Metrics, trace::Traces},
};

pub use config::Config;
pub use describe::openapi;
pub use header::ATTACHMENTS_MAX;

/// Pause after a failed accept: the cause is mostly a lack of file descriptors, which passes.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The handles the door uses; cheap to clone.
#[derive(Clone)]
pub struct Door {
    /// The region of this moment; a reload sends the next one.
    pub region: watch::Receiver<Arc<Region>>,
    /// Takes pushes.
    pub intake: Intake,
    /// Answers sources about their messages.
    pub status: Status,
    /// The mailboxes.
    pub inbox: Inbox,
    /// Takes requests of targets for what they were sent.
    pub desk: Desk,
    /// The published key set, old keys included; swapped when a key is added.
    pub keys: Arc<ArcSwap<Vec<PublicKey>>>,
    /// The hub's figures.
    pub metrics: Metrics,
    /// Where messages belong in their sources' traces.
    pub traces: Traces,
    /// The hub's clock.
    pub clock: Clock,
    /// Raised when the door is soon to close.
    pub leaving: CancellationToken,
    /// Limits.
    pub config: Config,
}

/// The accept loop of the members' door.
pub struct Listener {
    shared: Arc<Shared>,
    router: Router,
    /// Taken anew for each connection, so a swap reaches every connection made after it.
    tls: Arc<ArcSwap<ServerConfig>>,
}

/// What every handler and connection reads.
struct Shared {
    door: Door,
    limits: Arc<limit::Limits>,
}

impl Shared {
    /// Counts a request of a member that is refused, since the start and for the day.
    fn refused(&self, member: &MemberId, reason: Reason) {
        self.door.metrics.rejected(member, reason);
        self.door.intake.refused(member, reason);
    }
}

/// Who makes a request: a member in good standing under `region`.
#[derive(Clone)]
struct Caller {
    region: Arc<Region>,
    member: MemberId,
    peer: Arc<Peer>,
    received: Timestamp,
    /// Raised when the connection is to close: whoever only waits answers at once.
    close: CancellationToken,
}

impl Caller {
    /// Asks with a wait; once the connection is to close, anew without one.
    async fn polled<T, F: Future<Output = T>>(&self, wait: Duration, ask: impl Fn(Duration) -> F) -> T {
        tokio::select! {
            answer = ask(wait) => answer,
            () = self.close.cancelled() => ask(Duration::ZERO).await,
        }
    }
}

impl Listener {
    /// A door that is not open yet.
    #[must_use]
    pub fn new(door: Door, tls: Arc<ArcSwap<ServerConfig>>) -> Self {
        let limits = Arc::new(limit::Limits::new(&door.config));
        let shared = Arc::new(Shared { door, limits });
        Self { router: api::router(shared.clone()), shared, tls }
    }

    /// Accepts connections until the stop signal, then closes the socket and returns.
    ///
    /// Open connections are tasks of `tasks`: they finish the requests under way, within
    /// [`Config::drain_timeout`], and [`Tasks::drained`] sees them end.
    pub async fn run(self, socket: TcpListener, tasks: Tasks) {
        loop {
            let accepted = tokio::select! {
                () = tasks.stopping() => return,
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => self.connect(stream, address.ip(), &tasks),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    self.shared.door.clock.sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Never waits: what waits for its handshake is bounded, and the oldest gives way.
    fn connect(&self, stream: TcpStream, address: IpAddr, tasks: &Tasks) {
        let (shared, router, tls) = (self.shared.clone(), self.router.clone(), self.tls.load_full());
        let executor = connection::Executor(tasks.clone());
        let waiting = shared.limits.handshakes.begin(address);
        tasks.spawn(connection::serve(shared, router, (stream, tls, waiting), executor));
    }
}
