//! The console over HTTP: who gets in, who may do what, what attacks come to, and what the pages show.
//!
//! Method: a whole hub with its members' servers; accounts are made as an operator makes them, pages are asked for as a
//! browser asks.

mod administer;
mod browser;
mod client;
mod limits;
mod pages;
mod reading;
mod sign_in;

use coohub::console::{Right, declared, may};
use coohub::operate::account::Role;

use self::client::{Client, account, open};

/// A password of the tests.
pub(crate) const PASSWORD: &str = "a long enough pass phrase";

#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_for_its_right_whoever_comes() {
    let at = open().await;
    for role in Role::ALL {
        account(&at, role.word(), role).await;
    }
    let stranger = Client::of(&at);
    let mut clients = vec![(None, stranger)];
    for role in Role::ALL {
        let mut client = Client::of(&at);
        client.sign_in(role.word(), PASSWORD).await;
        clients.push((Some(role), client));
    }
    let routes = declared();
    assert!(routes.len() > 20, "{}", routes.len());
    for route in
        routes.iter().filter(|route| !route.path.contains("sign-out") && !route.path.contains("session"))
    {
        for (role, client) in &clients {
            let path = route
                .path
                .replace("{member}", "corvania")
                .replace("{number}", "1")
                .replace("{id}", "0190d5b8-0000-7000-8000-000000000000");
            let answer = client.ask(route.method.as_str(), &path, &[], "").await;
            let status = answer.status;
            let told = format!("{} {path} as {role:?}: {status}", route.method);
            match (may(*role, route.right), role) {
                (true, _) => assert!(status != 403 && (status != 401 || route.path == "/sign-in"), "{told}"),
                (false, Some(_)) => assert_eq!(status, 403, "{told}"),
                (false, None) if path.starts_with("/api/") => assert_eq!(status, 401, "{told}"),
                (false, None) => {
                    assert_eq!(status, 303, "{told}");
                    assert!(answer.header("location").starts_with("/sign-in"), "{told}");
                }
            }
            for (name, value) in [
                ("x-frame-options", "DENY"),
                ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
            ] {
                assert_eq!(answer.header(name), value, "{told}");
            }
            assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{told}");
        }
    }
    let changes_nothing = ["/sign-out", "/api/v1/session/end", "/playground"];
    assert!(
        routes.iter().all(|route| route.method == "GET"
            || route.right > Right::Look
            || route.right == Right::Open
            || changes_nothing.contains(&route.path)),
        "what changes anything takes more than to look"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_not_raised_by_what_a_request_says() {
    let at = open().await;
    account(&at, "viewer", Role::Viewer).await;
    let mut viewer = Client::of(&at);
    viewer.sign_in("viewer", PASSWORD).await;
    let form = "member=corvania&reason=x&role=administrator";
    assert_eq!(viewer.form("/hold", form).await.status, 403);
    let answer = viewer
        .ask(
            "POST",
            "/api/v1/hold",
            &[("content-type", "application/json"), ("coohub-token", &viewer.token())],
            r#"{"member":"corvania","reason":"x","role":"administrator"}"#,
        )
        .await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (403, Some("role-too-low")));
    assert!(
        at.hub()
            .store()
            .actions(None, None, 9)
            .await
            .unwrap()
            .iter()
            .all(|(_, action)| action.verb.word() != "hold")
    );
    let page = viewer.get("/partners/corvania").await.text();
    assert!(!page.contains("action=\"/hold\""), "no form is shown that would be refused");
}
