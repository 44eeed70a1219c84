//! The console: pages for operators, and the same as JSON, on a listener of its own.
//!
//! It only translates: what is shown or done is [`crate::operate`]'s and [`crate::change`]'s, the same as over the control socket. Each page is
//! one file in `pages`; its words stand in `texts`, its frame in `frame`. Every route is declared once, with the right it
//! takes (`routes`, `right`), and every request passes the same gate: session, role, token, limits (`gate`).
//!
//! **Invariant:** no route is reached around the gate; no page holds a script or anything from elsewhere; what comes from
//! documents is escaped by the template.
//!
//! Without TLS it is on loopback alone, which the settings enforce.

mod acts;
mod api;
mod chart;
mod config;
mod frame;
mod gate;
mod lockout;
mod paced;
mod pages;
mod right;
mod routes;
mod serve;
mod session;
mod shape;
mod texts;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use rustls::ServerConfig;
use tokio::net::TcpListener;

use self::{lockout::Lockout, session::Sessions};
use crate::{change::Change, clock::Clock, operate::Operate, stop::Tasks};

pub use self::{
    api::openapi,
    config::Config,
    right::{Right, may},
    routes::{DOCUMENT_FORM_BYTES_MAX, Declared, FORM_BYTES_MAX, declared},
    serve::{
        BODY_TIMEOUT, CONNECTIONS_MAX, HEAD_BYTES_MAX, HEAD_LINES_MAX, HEAD_TIMEOUT, REQUEST_TIMEOUT,
        WRITE_WAIT_MAX,
    },
};

/// The console, bound and not yet open.
pub struct Console {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<ServerConfig>>,
}

/// What every page reads.
struct Shared {
    operate: Operate,
    change: Change,
    clock: Clock,
    /// Folder of the region's files, shown to operators.
    region: PathBuf,
    /// Whether browsers reach it over TLS.
    secure: bool,
    /// Operators it takes to read the content of a document.
    content_operators: u32,
    sessions: Sessions,
    lockout: Lockout,
}

impl Console {
    /// Binds the address.
    ///
    /// # Errors
    /// What the system says.
    pub async fn bind(address: SocketAddr, tls: Option<Arc<ServerConfig>>) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        Ok(Self { address: socket.local_addr()?, socket, tls })
    }

    /// The address that is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the stop signal.
    pub async fn run(
        self,
        (operate, change, clock): (Operate, Change, Clock),
        (config, region): (Config, PathBuf),
        tasks: Tasks,
    ) {
        let shared = Arc::new(Shared {
            operate,
            change,
            clock,
            region,
            secure: self.tls.is_some(),
            content_operators: config.content_operators,
            sessions: Sessions::new(config.session_idle, config.session_max),
            lockout: Lockout::default(),
        });
        serve::run(self.socket, self.tls, &routes::router(&shared), &tasks).await;
    }
}
