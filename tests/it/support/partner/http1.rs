//! The scripted target over HTTP/1.1, by hand.

use super::*;

pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    for number in 0.. {
        let (stream, _) = listener.accept().await.unwrap();
        shared.connections.fetch_add(1, Ordering::SeqCst);
        let shared = shared.clone();
        match shared.coming() {
            Behaviour::Down => {}
            Behaviour::BlackHole => {
                connections.spawn(async move {
                    let _open = stream;
                    std::future::pending().await
                });
            }
            Behaviour::Plain => drop(connections.spawn(plain(stream))),
            _ => drop(connections.spawn(async move {
                let acceptor = shared.tls.lock().unwrap().clone();
                let stream = acceptor.accept(stream).await.ok()?;
                match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => http2::serve(stream, shared, number).await,
                    _ => serve(stream, shared, number).await,
                }
            })),
        }
    }
}

/// Answers whatever comes with HTTP in clear.
async fn plain(mut stream: TcpStream) -> Option<()> {
    let _ = stream.read(&mut [0; 1024]).await.ok()?;
    stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await.ok()
}

/// Digest of the leaf that the other side showed; zero for none.
pub(super) fn leaf_of(stream: &TlsStream<TcpStream>) -> Digest {
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    shown.map_or(Digest([0; 32]), |leaf| Digest::of(leaf))
}

/// Serves one connection until either side has enough; `None` is the end.
async fn serve(stream: TlsStream<TcpStream>, shared: Arc<Shared>, number: usize) -> Option<()> {
    let leaf = leaf_of(&stream);
    let mut stream = BufReader::new(stream);
    loop {
        let mut received = head(&mut stream).await?;
        if shared.coming() == Behaviour::Down {
            return None;
        }
        received.behaviour = shared.next();
        let behaviour = received.behaviour;
        if behaviour != Behaviour::TakesNoBody {
            stream.read_exact(&mut received.bytes).await.ok()?;
        }
        let reply = reply(behaviour, &received, &shared.key);
        shared.keep(Received { connection: number, leaf, ..received });
        let stream = stream.get_mut();
        match behaviour {
            Behaviour::Hang | Behaviour::TakesNoBody => std::future::pending::<()>().await,
            Behaviour::StoreThenReset => return None,
            Behaviour::Drip => drip(stream, &reply).await?,
            Behaviour::DripBody => {
                let head = reply.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
                stream.write_all(&reply[..head]).await.ok()?;
                drip(stream, &reply[head..]).await?;
            }
            Behaviour::EndlessBody => endless(stream, &reply, &shared).await?,
            _ => stream.write_all(&reply).await.ok()?,
        }
        stream.flush().await.ok()?;
        if matches!(behaviour, Behaviour::ResetMidBody | Behaviour::StoreThenClose) {
            return None;
        }
    }
}

async fn endless(stream: &mut TlsStream<TcpStream>, head: &[u8], shared: &Shared) -> Option<()> {
    stream.write_all(head).await.ok()?;
    loop {
        stream.write_all(&[b'x'; 4096]).await.ok()?;
        shared.endless.fetch_add(4096, Ordering::SeqCst);
    }
}

/// The head of a request; its body is as long as it says, and not read yet.
async fn head(stream: &mut BufReader<TlsStream<TcpStream>>) -> Option<Received> {
    let mut headers = Vec::new();
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut received = Received::of(headers);
    received.bytes.resize(received.header("content-length").parse().unwrap_or(0), 0);
    Some(received)
}

async fn drip(stream: &mut TlsStream<TcpStream>, reply: &[u8]) -> Option<()> {
    let mut drops = tokio::time::interval(Duration::from_millis(100));
    for byte in reply {
        drops.tick().await;
        stream.write_all(&[*byte]).await.ok()?;
        stream.flush().await.ok()?;
    }
    Some(())
}

fn reply(behaviour: Behaviour, received: &Received, key: &SigningKey) -> Vec<u8> {
    let id = received.delivery();
    let digest = received.header("Content-Digest");
    let echo = format!("CoO-Delivery: {id}\r\nCoO-Digest: {digest}\r\n");
    let hex = Digest::of(&received.bytes).hex();
    let json = "Content-Type: application/json\r\n";
    let problem = "Content-Type: application/problem+json\r\n";
    match behaviour {
        Behaviour::Store | Behaviour::StoreThenClose => answer(202, &echo, ""),
        Behaviour::Dated(ahead) => {
            let at = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(ahead);
            let date = at.strftime("%a, %d %b %Y %H:%M:%S GMT");
            answer(202, &format!("{echo}Date: {date}\r\n"), "")
        }
        Behaviour::EchoTwice => answer(202, &echo.repeat(2), ""),
        Behaviour::StoreJson | Behaviour::DripBody => {
            answer(200, json, &format!(r#"{{"delivery":"{id}","digest":"sha-256:{hex}"}}"#))
        }
        Behaviour::Sign => {
            let text = format!(r#"{{"delivery":"{id}","digest":"sha-256:{hex}"}}"#);
            answer(201, "Content-Type: application/jose\r\n", &key.sign(DELIVERED, text.as_bytes()))
        }
        Behaviour::Known => answer(409, &format!("CoO-Digest: {digest}\r\n"), ""),
        Behaviour::Status(status) => answer(status, "", ""),
        Behaviour::NoEcho => answer(200, json, "{}"),
        Behaviour::Html => answer(200, "Content-Type: text/html\r\n", "<html>Welcome</html>"),
        Behaviour::RetryAfter(seconds) => answer(429, &format!("Retry-After: {seconds}\r\n"), ""),
        Behaviour::Refuse(code) => answer(422, problem, &format!(r#"{{"code":"{code}"}}"#)),
        Behaviour::ResetMidBody => b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"deliv".to_vec(),
        Behaviour::Drip => answer(200, &echo, ""),
        Behaviour::GiantHead(bytes) => answer(202, &format!("{echo}X-Filler: {}\r\n", "x".repeat(bytes)), ""),
        Behaviour::EndlessBody => b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n".to_vec(),
        Behaviour::Redirect(port) => answer(307, &format!("Location: https://localhost:{port}/in\r\n"), ""),
        _ => Vec::new(),
    }
}

fn answer(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
