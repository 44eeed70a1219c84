//! Attacks on the sign-in, and how sessions end.

use std::time::Duration;

use coohub::{clock::Clock, control::wire::Command, operate::account::Role};

use super::{
    PASSWORD,
    client::{Client, account, ask, open, start},
};
use crate::support::hub::Community;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_known_before_the_sign_in_is_worth_nothing_after_it() {
    let at = open().await;
    account(&at, "maria", Role::Viewer).await;
    let mut client = Client::of(&at);
    let planted = "coohub=planted-by-somebody-else".to_owned();
    client.cookie = Some(planted.clone());
    client.sign_in("maria", PASSWORD).await;
    assert_ne!(client.cookie.as_deref(), Some(planted.as_str()));
    let first = client.cookie.clone();
    client.sign_in("maria", PASSWORD).await;
    assert_ne!(client.cookie, first, "each sign-in begins another session");
    client.cookie = Some(planted);
    assert_eq!(client.get("/").await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_or_without_the_sessions_token_does_nothing() {
    let at = open().await;
    account(&at, "otto", Role::Operator).await;
    let mut client = Client::of(&at);
    client.sign_in("otto", PASSWORD).await;
    let own = format!("coohub-token={}&member=corvania&reason=x", client.token());
    let kind = ("content-type", "application/x-www-form-urlencoded");
    let forged: [(&[(&str, &str)], &str); 4] = [
        (&[kind], "member=corvania&reason=x"),
        (&[kind], "coohub-token=guessed&member=corvania&reason=x"),
        (&[kind, ("origin", "https://evil.example")], &own),
        (&[kind, ("sec-fetch-site", "cross-site")], &own),
    ];
    for (headers, body) in forged {
        let answer = client.ask("POST", "/hold", headers, body.to_owned()).await;
        assert_eq!((answer.status, answer.text().contains("form-forged")), (403, true), "{headers:?} {body}");
    }
    let mut other = Client::of(&at);
    other.sign_in("otto", PASSWORD).await;
    let stolen = format!("coohub-token={}&member=corvania&reason=x", other.token());
    assert_eq!(
        client.ask("POST", "/hold", &[kind], stolen).await.status,
        403,
        "the token of another session"
    );
    assert!(held(&at).await.is_none());
    assert_eq!(
        client.form("/hold", "member=corvania&reason=moving&back=/partners/corvania").await.status,
        303
    );
    assert_eq!(held(&at).await.as_deref(), Some("moving"));
    let sign_in = client
        .ask(
            "POST",
            "/sign-in",
            &[kind, ("origin", "https://evil.example")],
            format!("name=otto&password={}", PASSWORD.replace(' ', "+")),
        )
        .await;
    assert_eq!(sign_in.status, 403, "nobody is signed in by another site");
}

/// Why corvania's lane is held.
async fn held(at: &Community) -> Option<String> {
    let actions = at.hub().store().actions(None, None, 50).await.unwrap();
    actions.into_iter().find(|(_, action)| action.verb.word() == "hold").map(|(_, action)| action.reason)
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_down_recorded_once_and_locks_nobody_out_for_long() {
    let (clock, hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    start(&mut at).await;
    account(&at, "maria", Role::Viewer).await;
    let client = Client::of(&at);
    let right = client.try_in("maria", PASSWORD).await;
    assert_eq!(right.status, 303);
    for _ in 0..6 {
        let answer = client.try_in("maria", "not the pass phrase").await;
        assert_eq!((answer.status, answer.text().contains("do not belong together")), (401, true));
    }
    for _ in 0..3 {
        let locked = client.try_in("maria", PASSWORD).await;
        assert_eq!((locked.status, locked.text().contains("too many sign-ins failed")), (429, true));
        assert_eq!(locked.header("retry-after"), "16", "the wait of 15 s, and the second it ends in");
    }
    let kind = [("content-type", "application/json")];
    let body = format!(r#"{{"name": "maria", "password": "{PASSWORD}"}}"#);
    let locked = client.ask("POST", "/api/v1/session", &kind, body).await;
    assert_eq!((locked.status, locked.header("retry-after")), (429, "16"));
    assert_eq!(locked.json()["code"], "sign-in-locked");
    let unknown = client.try_in("nobody", "not the pass phrase").await;
    assert_eq!(
        (unknown.status, unknown.text().contains("do not belong together")),
        (401, true),
        "told apart by nothing"
    );
    hand.advance(Duration::from_secs(5 * 60));
    assert_eq!(
        client.try_in("maria", PASSWORD).await.status,
        303,
        "the owner is back after five minutes at most"
    );
    let told: Vec<_> = at.hub().store().actions(None, None, 50).await.unwrap();
    let told: Vec<_> = told
        .iter()
        .filter(|(_, one)| one.verb.word() == "sign-in")
        .map(|(_, one)| one.outcome.as_str())
        .collect();
    assert_eq!(
        told,
        ["done", "sign-in-locked: too many in a row", "sign-in-refused: the first of perhaps more", "done"]
    );
    let file = std::fs::read(at.path("data/coohub.db")).unwrap_or_default();
    assert!(!file.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()), "no password is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_the_same_time_are_no_more_than_one_by_one() {
    let (clock, _hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    start(&mut at).await;
    account(&at, "maria", Role::Viewer).await;
    let client = Client::of(&at);
    for name in ["maria", "nobody"] {
        let guesses = (0..18).map(|_| client.try_in(name, "not the pass phrase"));
        let statuses: Vec<_> =
            futures_util::future::join_all(guesses).await.into_iter().map(|answer| answer.status).collect();
        let of = |status: u16| statuses.iter().filter(|one| **one == status).count();
        assert_eq!((of(401), of(429)), (6, 12), "{name}: {statuses:?}");
    }
    assert_eq!(client.try_in("maria", PASSWORD).await.status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_a_pause_by_a_change_of_its_account_and_by_leaving() {
    let (clock, hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    start(&mut at).await;
    account(&at, "maria", Role::Operator).await;
    let mut client = Client::of(&at);
    client.sign_in("maria", PASSWORD).await;
    hand.advance(Duration::from_secs(29 * 60));
    assert_eq!(client.get("/").await.status, 200);
    hand.advance(Duration::from_secs(30 * 60));
    assert_eq!(client.get("/").await.header("location"), "/sign-in");

    let change = |role: Option<&str>, disabled, password: Option<&str>| Command::Account {
        name: "maria".to_owned(),
        role: role.map(str::to_owned),
        disabled,
        password: password.map(str::to_owned),
        reason: "a test".to_owned(),
    };
    let other = "another long pass phrase";
    for (command, password) in
        [(change(Some("viewer"), None, None), PASSWORD), (change(None, None, Some(other)), other)]
    {
        client
            .sign_in("maria", if command == change(None, None, Some(other)) { PASSWORD } else { password })
            .await;
        assert_eq!(client.get("/").await.status, 200);
        ask(&at, command).await;
        assert_eq!(client.get("/partners").await.header("location"), "/sign-in?next=%2Fpartners");
    }
    client.sign_in("maria", other).await;
    ask(&at, change(None, Some(true), None)).await;
    assert_eq!(client.get("/").await.status, 303);
    assert_eq!(client.try_in("maria", other).await.status, 401, "disabled");
    ask(&at, change(None, Some(false), None)).await;

    client.sign_in("maria", other).await;
    assert_eq!(client.form("/sign-out", "").await.header("location"), "/sign-in");
    assert_eq!(client.get("/").await.status, 303, "the session is gone here, not only in the browser");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_long_is_refused_and_nobody_is_sent_elsewhere() {
    let at = open().await;
    account(&at, "maria", Role::Operator).await;
    let mut client = Client::of(&at);
    client.sign_in("maria", PASSWORD).await;
    let most = 16 * 1024;
    let padded = |length: usize| {
        let start = format!("coohub-token={}&delivery=x&reason=", client.token());
        let rest = "r".repeat(length - start.len());
        start + &rest
    };
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(
        client.ask("POST", "/cancel", &kind, padded(most)).await.status,
        400,
        "read, and not understood"
    );
    assert_eq!(client.ask("POST", "/cancel", &kind, padded(most + 1)).await.status, 413);
    let many = (0..65).map(|number| format!("f{number}=x")).collect::<Vec<_>>().join("&");
    assert_eq!(client.form("/cancel", &many).await.status, 400);
    for elsewhere in ["https://evil.example/", "//evil.example/", "/\\evil.example"] {
        let body = format!("name=maria&password={}&next={elsewhere}", PASSWORD.replace(' ', "+"));
        assert_eq!(client.ask("POST", "/sign-in", &kind, body).await.header("location"), "/", "{elsewhere}");
    }
    let long = format!("/certificates?q={}", "9".repeat(20 * 1024));
    let stream = tokio::net::TcpStream::connect(at.hub().console().unwrap()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = hyper::Request::get(long)
        .header("host", "x")
        .body(http_body_util::Empty::<bytes::Bytes>::new())
        .unwrap();
    let status = sender.send_request(request).await.map(|answer| answer.status().as_u16());
    assert!(matches!(status, Ok(414 | 431) | Err(_)), "{status:?}");
}
