//! A browser with a screen: Chromium through chromedriver, by the few commands of `WebDriver` that tests need.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use super::{
    hub::{PATIENCE, until},
    port,
};

/// A browser; dropped, it is gone with its driver.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    /// The profile, which goes with it.
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a driver on a free port and a browser with a window of this size.
    pub async fn open(width: u32, height: u32) -> Self {
        let port = port::free();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = command.spawn().unwrap();
        let profile = tempfile::tempdir().unwrap();
        let mut this = Self { driver, port, session: String::new(), _profile: profile };
        until("an answer of chromedriver", async || this.call("GET", "/status", Value::Null).await).await;
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            // In a container /dev/shm is small, and a page that does not get its part of it is gone.
            "--disable-dev-shm-usage".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", this._profile.path().display()),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}});
        // A driver gives a browser up that takes a minute to start.
        this.session = until("a browser", async || {
            let begun = this.call("POST", "/session", wanted.clone()).await?;
            begun["sessionId"].as_str().map(str::to_owned)
        })
        .await;
        // A page that is still on its way has no element yet.
        let patience = u64::try_from(PATIENCE.as_millis()).unwrap();
        this.ask("POST", "/timeouts", json!({"implicit": patience})).await;
        this
    }

    /// Goes to an address.
    pub async fn go(&self, url: &str) {
        self.ask("POST", "/url", json!({ "url": url })).await;
    }

    /// The address it is at.
    pub async fn url(&self) -> String {
        self.ask("GET", "/url", Value::Null).await.as_str().unwrap().to_owned()
    }

    /// Types into the element of a selector.
    pub async fn write(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.ask("POST", &format!("/element/{element}/value"), json!({ "text": text })).await;
    }

    /// Clicks on the element of a selector; all but a summary lead to another page, which is there then.
    pub async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        self.run("window.before = true").await;
        self.ask("POST", &format!("/element/{element}/click"), json!({})).await;
        if !selector.ends_with("summary") {
            self.leads_on(selector).await;
        }
    }

    /// Types what sends the form of an element, which leads to another page.
    pub async fn enter(&self, selector: &str, text: &str) {
        self.run("window.before = true").await;
        self.write(selector, &format!("{text}\u{e007}")).await;
        self.leads_on(selector).await;
    }

    /// Waits until another page is there.
    async fn leads_on(&self, selector: &str) {
        let path = format!("/session/{}/execute/sync", self.session);
        let look =
            json!({"script": "return !window.before && document.readyState === 'complete'", "args": []});
        // Between two pages there is nobody to ask.
        until(format_args!("a page behind {selector}"), async || {
            let there = self.call("POST", &path, look.clone()).await?;
            there.as_bool().filter(|there| *there)
        })
        .await;
    }

    /// What the page says, as it is seen.
    pub async fn text(&self) -> String {
        let body = self.find("body").await;
        self.ask("GET", &format!("/element/{body}/text"), Value::Null).await.as_str().unwrap().to_owned()
    }

    /// The page's text once it holds a part; the page is loaded anew until then.
    pub async fn text_with(&self, part: &str) -> String {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let text = self.text().await;
            if text.contains(part) {
                return text;
            }
            assert!(tokio::time::Instant::now() < deadline, "no {part:?} in\n{text}");
            tokio::time::sleep(Duration::from_millis(200)).await;
            self.ask("POST", "/refresh", json!({})).await;
        }
    }

    /// What a script gives.
    pub async fn run(&self, script: &str) -> Value {
        self.ask("POST", "/execute/sync", json!({"script": script, "args": []})).await
    }

    /// Writes what is seen to a file below `target/`.
    pub async fn picture(&self, name: &str) {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let taken = self.ask("GET", "/screenshot", Value::Null).await;
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/console");
        std::fs::create_dir_all(&folder).unwrap();
        let bytes = STANDARD.decode(taken.as_str().unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), bytes).unwrap();
    }

    async fn find(&self, selector: &str) -> String {
        let found = self.ask("POST", "/element", json!({"using": "css selector", "value": selector})).await;
        found.as_object().and_then(|one| one.values().next()).and_then(Value::as_str).unwrap().to_owned()
    }

    async fn ask(&self, method: &str, command: &str, body: Value) -> Value {
        let path = format!("/session/{}{command}", self.session);
        let value = self.call(method, &path, body).await.unwrap();
        assert!(value.get("error").is_none(), "{command}: {value}");
        value
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Option<Value> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", format!("127.0.0.1:{}", self.port))
            .header("content-type", "application/json");
        let answer = sender.send_request(request.body(Full::new(bytes)).unwrap()).await.ok()?;
        let bytes = answer.into_body().collect().await.ok()?.to_bytes();
        let mut whole: Value = serde_json::from_slice(&bytes).ok()?;
        Some(whole["value"].take())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its end ends the browser's too.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
