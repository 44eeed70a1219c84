//! A collector: one POST for each batch, on a connection of its own, within a time.

use std::{io, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, StatusCode,
    client::conn::http1,
    header::{CONTENT_TYPE, HOST, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::Endpoint;

/// Why a collector did not take a batch.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("it does not answer within {} s", .0.as_secs())]
    Late(Duration),
    #[error("no connection: {0}")]
    Connect(#[from] io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("the request cannot be made: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("it answers {0}")]
    Status(StatusCode),
}

/// Posts a batch.
pub(super) async fn post(endpoint: &Endpoint, body: Vec<u8>, most: Duration) -> Result<(), Refused> {
    let posted = tokio::time::timeout(most, posted(endpoint, body)).await;
    posted.unwrap_or(Err(Refused::Late(most)))
}

async fn posted(endpoint: &Endpoint, body: Vec<u8>) -> Result<(), Refused> {
    let request = Request::post(endpoint.path.as_str())
        .header(HOST, endpoint.authority.as_str())
        .header(USER_AGENT, concat!("coohub/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, "application/x-protobuf")
        .body(Full::new(Bytes::from(body)))?;
    let stream = TcpStream::connect(endpoint.authority.as_str()).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let answering = sender.send_request(request);
    tokio::pin!(connection, answering);
    let answer = tokio::select! {
        biased;
        answer = &mut answering => answer,
        // The answer, if there is one, has been handed over.
        ended = &mut connection => { ended?; answering.await }
    };
    // What it says beside its status is of no use.
    match answer?.status() {
        status if status.is_success() => Ok(()),
        status => Err(Refused::Status(status)),
    }
}
