//! A browser without a screen: one cookie, forms with the token of the last page.

use std::net::SocketAddr;

use bytes::Bytes;
use coohub::operate::account::Role;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::PASSWORD;
use crate::support::hub::Community;

pub(crate) struct Client {
    address: SocketAddr,
    pub(crate) cookie: Option<String>,
    token: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    body: Bytes,
}

/// The shipped community with its console open.
pub(crate) async fn open() -> Community {
    let mut at = Community::shipped().await;
    start(&mut at).await;
    at
}

pub(crate) async fn start(at: &mut Community) {
    at.start_with(|config| config.console.address = Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await;
}

/// Makes an account over the hub's socket.
pub(crate) async fn account(at: &Community, name: &str, role: Role) {
    use coohub::control::wire::Command;
    let command = Command::NewAccount {
        name: name.to_owned(),
        role: role.word().to_owned(),
        password: PASSWORD.to_owned(),
        reason: "a test".to_owned(),
    };
    let end = ask(at, command).await;
    assert!(end.get("end").is_some(), "{end}");
}

/// The last line of an answer over the hub's socket.
pub(crate) async fn ask(at: &Community, command: coohub::control::wire::Command) -> Value {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let request = coohub::control::wire::Request::new(None, command);
    let mut stream = tokio::net::UnixStream::connect(at.path("data/control.sock")).await.unwrap();
    stream.write_all(&request.bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    serde_json::from_str(answer.lines().last().unwrap()).unwrap()
}

impl Client {
    pub(crate) fn of(at: &Community) -> Self {
        Self { address: at.hub().console().unwrap(), cookie: None, token: String::new() }
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request =
            Request::builder().method(method).uri(path).header("host", self.address.to_string());
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let stated = headers.iter().any(|(name, _)| *name == "content-type");
        if method == "POST" && !stated {
            request = request.header("content-type", "application/x-www-form-urlencoded");
            request = request.header("coohub-token", &self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = sender.send_request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: answer.into_body().collect().await.unwrap().to_bytes() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    /// Sends a form with the session's token.
    pub(crate) async fn form(&self, path: &str, fields: &str) -> Answer {
        let body = format!("coohub-token={}&{fields}", self.token);
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.ask("POST", path, &kind, body).await
    }

    /// The token that forms of this session carry.
    pub(crate) fn token(&self) -> String {
        self.token.clone()
    }

    /// Signs in, which must be let in, and takes the cookie and the token.
    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) {
        let answer = self.try_in(name, password).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        self.keep(&answer);
        let page = self.get("/").await.text();
        let token = page.split("name=\"coohub-token\" value=\"").nth(1).unwrap();
        self.token = token.split('"').next().unwrap().to_owned();
    }

    pub(crate) async fn try_in(&self, name: &str, password: &str) -> Answer {
        let password = password.replace(' ', "+");
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.ask("POST", "/sign-in", &kind, format!("name={name}&password={password}")).await
    }

    /// Keeps the cookie an answer sets.
    pub(crate) fn keep(&mut self, answer: &Answer) {
        let cookie = answer.header("set-cookie");
        assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
        self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
    }
}

/// A new account, in a session of its own.
pub(crate) async fn signed_in(at: &Community, name: &str, role: Role) -> Client {
    account(at, name, role).await;
    let mut client = Client::of(at);
    client.sign_in(name, PASSWORD).await;
    client
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}
