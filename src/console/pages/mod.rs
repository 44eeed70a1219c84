//! The pages, a file each.

pub(super) mod accounts;
pub(super) mod applied;
pub(super) mod audit;
pub(super) mod certificates;
mod checklist;
pub(super) mod configuration;
pub(super) mod content;
pub(super) mod health;
pub(super) mod letters;
pub(super) mod matrix;
pub(super) mod overview;
pub(super) mod partner;
pub(super) mod partners;
pub(super) mod playground;
pub(super) mod sign_in;
pub(super) mod statistics;
pub(super) mod timeline;

use std::sync::{Arc, LazyLock};

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use tokio::sync::Semaphore;

use super::{frame, gate::Failure};
use crate::model::reason::Reason;

/// Documents and tables worked through for pages at the same time: each takes a core.
const AT_ONCE_MAX: usize = 2;

static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE_MAX)));

/// Works something through on a thread that may block, once there is a place for it.
async fn worked<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let place = PLACES.clone().acquire_owned().await.map_err(|_| Reason::Fault)?;
    let work = tokio::task::spawn_blocking(move || {
        let _place = place;
        work()
    });
    work.await.map_err(|_| Reason::Fault.into())
}

/// A path that is none.
pub(super) async fn lost() -> Failure {
    Reason::NotFound.into()
}

/// The stylesheet.
pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], frame::STYLE).into_response()
}

/// The icon.
pub(super) async fn icon() -> Response {
    ([(header::CONTENT_TYPE, "image/svg+xml")], include_str!("../icon.svg")).into_response()
}
