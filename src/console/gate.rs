//! What every request passes: who asks, whether the role may, whether a form is the session's own, how much it brings.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest as _, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http_body_util::{BodyExt as _, Limited};
use serde_json::{Value, json};

use super::{
    Shared, api, frame,
    right::{Right, may},
    serve::{BODY_TIMEOUT, From as Peer},
    session::{self, Session},
    texts,
};
use crate::{
    model::reason::Reason,
    operate::{Operator, Refusal, account},
    store::Fault,
};

/// Name of the session's cookie over TLS; browsers keep such a name to one host and to TLS.
const COOKIE_SECURE: &str = "__Host-coohub";
/// The same without TLS, on loopback.
const COOKIE: &str = "coohub";
/// The field of each form with the session's token; a header of that name does as well.
pub(super) const TOKEN: &str = "coohub-token";
/// Most fields of a form.
const FIELDS_MAX: usize = 64;

/// When a program should come again, where nothing says how long it takes.
const RETRY_AFTER_SECONDS: u64 = 5;

/// What guards one route.
#[derive(Clone)]
pub(super) struct Gate {
    pub(super) shared: Arc<Shared>,
    pub(super) right: Right,
    pub(super) body_bytes_max: usize,
}

/// Who asks, past the gate.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) session: Session,
    pub(super) secret: String,
    /// What the act came to that led to the page asked for.
    pub(super) did: Option<&'static str>,
}

/// What a form or a JSON object brought.
#[derive(Clone, Default, Debug)]
pub(super) struct Fields(Vec<(String, String)>);

/// Why a request is not served.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) refusal: Refusal,
    /// When it is worth trying again, where that is known.
    pub(super) wait: Option<Duration>,
}

/// What a handler gives.
pub(super) type Answered = Result<Response, Failure>;

impl Caller {
    pub(super) fn operator(&self) -> Operator {
        Operator { user: account::user(&self.session.account), named: None }
    }

    pub(super) fn may(&self, right: Right) -> bool {
        may(Some(self.session.role), right)
    }
}

impl Fields {
    /// A field without the blanks around it; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.whole(name).trim()
    }

    /// A field as it came.
    pub(super) fn whole(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        tracing::error!(%fault, "a request to the console ended through a fault of ours");
        Refusal::new(Reason::Fault, "the hub could not do it; its log says why").into()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, wait: None }
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Refusal::new(reason, texts::plain(reason)).into()
    }
}

impl Failure {
    /// The headers that go with its status: when to come again, and to programs how one signs in.
    pub(super) fn headers(&self, json: bool) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let status = self.refusal.reason.status();
        if matches!(status, 429 | 503) {
            // The second in which the wait ends is waited for as well.
            let seconds = self.wait.map_or(RETRY_AFTER_SECONDS, |wait| wait.as_secs() + 1);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == 401 && json {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        headers
    }
}

impl IntoResponse for Failure {
    /// The status alone; the gate gives it a page or a problem.
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.refusal.reason.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What an act came to, as the address says that it leads back to.
fn did(request: &Request) -> Option<&'static str> {
    let pairs = request.uri().query().filter(|_| request.method() == Method::GET)?.split('&');
    pairs.filter_map(|pair| pair.strip_prefix("did=")).find_map(texts::did)
}

/// Lets a request through, or says why not.
pub(super) async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let page = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let reads = request.method() == Method::GET;
    let json = request.uri().path().starts_with(api::PREFIX);
    let caller = match gate.caller(request.headers()).await {
        Ok(caller) => caller.map(|caller| Caller { did: did(&request), ..caller }),
        Err(failure) => return told(failure.into_response(), None, json),
    };
    if !may(caller.as_ref().map(|caller| caller.session.role), gate.right) {
        return match &caller {
            Some(one) => {
                let (account, path) = (&one.session.account, request.uri().path());
                tracing::warn!(account, method = %request.method(), path, "an account asked for more than its role may");
                told(Failure::from(Reason::RoleTooLow).into_response(), caller.as_ref(), json)
            }
            None if json => told(Failure::from(Reason::NotSignedIn).into_response(), None, json),
            None => Redirect::to(&frame::sign_in_for(reads.then_some(page.as_str()))).into_response(),
        };
    }
    match gate.opened(request, caller.as_ref()).await {
        Ok(request) => told(next.run(request).await, caller.as_ref(), json),
        Err(failure) => told(failure.into_response(), caller.as_ref(), json),
    }
}

impl Gate {
    /// The caller of a session that is in force, on the account as it was when the session was begun.
    async fn caller(&self, headers: &HeaderMap) -> Result<Option<Caller>, Failure> {
        let Some(secret) = bearer(headers).or_else(|| cookie(headers, self.shared.secure)) else {
            return Ok(None);
        };
        let Some(session) = self.shared.sessions.find(&secret, self.shared.clock.steady()) else {
            return Ok(None);
        };
        let account = self.shared.operate.account(&session.account).await?;
        let stands = account.is_some_and(|account| account.number == session.number && !account.disabled);
        if !stands {
            self.shared.sessions.end(&secret);
            return Ok(None);
        }
        Ok(Some(Caller { session, secret, did: None }))
    }

    /// The request with what it brings read and proved to be meant.
    async fn opened(&self, request: Request, caller: Option<&Caller>) -> Result<Request, Failure> {
        let (mut parts, body) = request.into_parts();
        if parts.method != Method::GET {
            let ambient = bearer(&parts.headers).is_none();
            if ambient && !same_site(&parts.headers) {
                return Err(Reason::FormForged.into());
            }
            let fields = read(&parts.headers, body, self.body_bytes_max).await?;
            // What is open to everybody does nothing in a session's name.
            if let Some(caller) = caller.filter(|_| ambient && self.right != Right::Open) {
                let stated = parts.headers.get(TOKEN).and_then(|value| value.to_str().ok());
                let stated = stated.unwrap_or_else(|| fields.whole(TOKEN));
                if !session::same(stated, &caller.session.token) {
                    return Err(Reason::FormForged.into());
                }
            }
            parts.extensions.insert(fields);
        }
        if let Some(caller) = caller {
            parts.extensions.insert(caller.clone());
        }
        Ok(Request::from_parts(parts, Body::empty()))
    }
}

/// A failure as a page, or for a program as a problem; everything else as it is.
fn told(mut response: Response, caller: Option<&Caller>, json: bool) -> Response {
    let Some(failure) = response.extensions_mut().remove::<Failure>() else { return response };
    let (status, headers) = (response.status(), failure.headers(json));
    let refusal = failure.refusal;
    if json {
        let code = refusal.reason.code();
        let problem = json!({
            "type": format!("urn:coohub:problem:{code}"), "code": code, "status": status.as_u16(), "detail": refusal.why,
        });
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        return (status, headers, kind, problem.to_string()).into_response();
    }
    (status, headers, frame::failed(caller, &refusal)).into_response()
}

/// The answer to a request that was not answered in time.
pub(super) fn late(path: &str) -> Response {
    told(Failure::from(Reason::Busy).into_response(), None, path.starts_with(api::PREFIX))
}

/// The cookie that keeps a session's secret in the browser; without one, the cookie that removes it.
pub(super) fn set_cookie(secret: Option<&str>, secure: bool) -> String {
    let (name, flag) = if secure { (COOKIE_SECURE, "; Secure") } else { (COOKIE, "") };
    let age = if secret.is_some() { "" } else { "; Max-Age=0" };
    format!("{name}={}; Path=/; HttpOnly; SameSite=Strict{flag}{age}", secret.unwrap_or_default())
}

fn cookie(headers: &HeaderMap, secure: bool) -> Option<String> {
    let name = if secure { COOKIE_SECURE } else { COOKIE };
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::to_owned)
}

/// Stands for what a header says that is no text; nobody is called so.
const UNREADABLE: &str = "?";

/// Whether a browser says that a page of this very address sent the request; what is no browser says nothing.
fn same_site(headers: &HeaderMap) -> bool {
    let stated = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or(UNREADABLE));
    let fetched = stated("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let host = stated("host").unwrap_or_default();
    let own = |origin: &str| origin.split_once("://").is_some_and(|(_, named)| named == host);
    fetched && stated("origin").is_none_or(own)
}

async fn read(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<Fields, Failure> {
    let too_large = || Refusal::new(Reason::BodyTooLarge, format!("at most {bytes_max} bytes are taken"));
    let collected = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, bytes_max).collect()).await;
    let bytes = collected.map_err(|_| Reason::Timeout)?.map_err(|_| too_large())?.to_bytes();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fields = match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => object(&bytes)?,
        "application/x-www-form-urlencoded" => form(bytes).await?,
        _ if bytes.is_empty() => Vec::new(),
        _ => return Err(Reason::MediaType.into()),
    };
    if fields.len() > FIELDS_MAX {
        return Err(Refusal::new(Reason::CommandMalformed, format!("at most {FIELDS_MAX} fields")).into());
    }
    Ok(Fields(fields))
}

async fn form(bytes: Bytes) -> Result<Vec<(String, String)>, Failure> {
    let request = axum::http::Request::builder()
        .method(Method::POST)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(bytes));
    let request = request.map_err(|_| Reason::CommandMalformed)?;
    let read = axum::Form::<Vec<(String, String)>>::from_request(request, &()).await;
    Ok(read.map_err(|_| Reason::CommandMalformed)?.0)
}

fn object(bytes: &[u8]) -> Result<Vec<(String, String)>, Failure> {
    let malformed = || Refusal::new(Reason::CommandMalformed, "the body is one JSON object of plain values");
    let Ok(Value::Object(members)) = serde_json::from_slice(bytes) else { return Err(malformed().into()) };
    let plain = |(name, value)| match value {
        Value::String(text) => Some((name, text)),
        Value::Bool(_) | Value::Number(_) => Some((name, value.to_string())),
        Value::Null => Some((name, String::new())),
        Value::Array(_) | Value::Object(_) => None,
    };
    members.into_iter().map(plain).collect::<Option<_>>().ok_or_else(|| malformed().into())
}

/// The address that sign-ins are counted by: none on loopback, where everybody has the same one; of IPv6 the network.
pub(super) fn counted(Peer(address): Peer) -> Option<String> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_form_of_another_site_is_told_from_an_own_one() {
        let host = ("host", "127.0.0.1:9480");
        for own in [
            &[host][..],
            &[host, ("origin", "http://127.0.0.1:9480"), ("sec-fetch-site", "same-origin")],
            &[host, ("sec-fetch-site", "none")],
        ] {
            assert!(same_site(&headers(own)), "{own:?}");
        }
        for foreign in [
            &[host, ("origin", "https://evil.example")][..],
            &[host, ("origin", "null")],
            &[host, ("origin", "http://127.0.0.1:9481")],
            &[host, ("sec-fetch-site", "cross-site")],
            &[host, ("sec-fetch-site", "same-site")],
        ] {
            assert!(!same_site(&headers(foreign)), "{foreign:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_answered_in_time_has_a_code_for_programs_and_words_for_people() {
        for (path, kind, part) in [
            ("/api/v1/queue", "application/problem+json", r#""code":"busy""#),
            ("/letters", "text/html; charset=utf-8", "<code>busy</code>"),
        ] {
            let answer = late(path);
            assert_eq!(
                (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
                (503, kind)
            );
            let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
            let body = String::from_utf8_lossy(&body);
            assert!(body.contains(part) && body.contains(texts::plain(Reason::Busy)), "{body}");
        }
    }

    #[test]
    fn addresses_are_counted_by_host_or_network_and_loopback_not_at_all() {
        let counted = |text: &str| counted(Peer(text.parse().unwrap()));
        assert_eq!(counted("127.0.0.1"), None);
        assert_eq!(counted("::1"), None);
        assert_eq!(counted("::ffff:127.0.0.1"), None);
        assert_eq!(counted("192.0.2.7").as_deref(), Some("192.0.2.7"));
        assert_eq!(counted("2001:db8:1:2:3::4").as_deref(), Some("2001:db8:1:2::/64"));
    }
}
