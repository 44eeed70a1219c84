//! The scripted target over HTTP/2: a stream per request, so one that is stuck leaves the others free.

use std::sync::Arc;

use h2::{Reason, RecvStream, server::SendResponse};
use hyper::{Request, Response, header::HeaderMap};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_rustls::server::TlsStream;

use super::{Behaviour, Received, Shared, http1::leaf_of};

/// Serves one connection until either side has enough; `None` is the end.
pub(super) async fn serve(stream: TlsStream<TcpStream>, shared: Arc<Shared>, number: usize) -> Option<()> {
    let leaf = leaf_of(&stream);
    let mut server = h2::server::Builder::new();
    // A window that never opens is one that is shut from the first.
    if shared.coming() == Behaviour::TakesNoBody {
        server.initial_window_size(0);
    }
    let mut connection = server.handshake::<_, bytes::Bytes>(stream).await.ok()?;
    let mut streams = JoinSet::new();
    while let Some(request) = connection.accept().await {
        let (request, respond) = request.ok()?;
        let mut received = Received::of(lines(request.headers()));
        (received.connection, received.leaf, received.behaviour) = (number, leaf, shared.next());
        if received.behaviour == Behaviour::GoAway {
            shared.keep(received);
            connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
            continue;
        }
        streams.spawn(answer(request, respond, received, shared.clone()));
    }
    Some(())
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<bytes::Bytes>,
    mut received: Received,
    shared: Arc<Shared>,
) -> Option<()> {
    let mut body = request.into_body();
    while received.behaviour != Behaviour::TakesNoBody
        && let Some(data) = body.data().await
    {
        let data = data.ok()?;
        body.flow_control().release_capacity(data.len()).ok()?;
        received.bytes.extend_from_slice(&data);
    }
    shared.keep(received.clone());
    match received.behaviour {
        Behaviour::ResetStream => respond.send_reset(Reason::INTERNAL_ERROR),
        Behaviour::Hang | Behaviour::TakesNoBody => std::future::pending::<()>().await,
        _ => {
            let (id, digest) = (received.delivery(), received.header("Content-Digest"));
            let echo =
                Response::builder().status(202).header("CoO-Delivery", id).header("CoO-Digest", digest);
            drop(respond.send_response(echo.body(()).unwrap(), true).ok()?);
        }
    }
    Some(())
}

fn lines(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}
