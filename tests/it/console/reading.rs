//! What needs more than a look: the content of documents; and what is told without it: trials, forms, statistics.

use std::{net::SocketAddr, sync::Arc};

use coohub::{
    clock::Clock,
    model::id::MessageId,
    operate::{account::Role, content::REQUESTS_MAX},
    store::{
        action::Effect,
        register::{Book, NewEntry},
    },
};
use futures_util::future::join_all;
use serde_json::json;

use super::{
    PASSWORD,
    client::{account, open, signed_in, start},
};
use crate::{
    flow::story::{Sheet, Story, tea},
    support::hub::{Community, LOOK, sample},
};

#[tokio::test(flavor = "multi_thread")]
async fn content_is_shown_for_a_reason_that_is_on_record_with_losses_marked() {
    let mut story = Story::of(open().await);
    let otto = signed_in(&story.at, "otto", Role::Operator).await;
    let message = story.deliver("almora", "one", Sheet::json(&tea("AL-2026-7"))).await;
    let without = otto.form("/content", &format!("message={message}&reason=")).await;
    assert_eq!((without.status, without.text().contains("High Terrace")), (400, false));
    let shown = otto.form("/content", &format!("message={message}&reason=asked+by+the+importer")).await;
    let page = shown.text();
    assert_eq!(shown.status, 200, "{page}");
    assert!(page.contains("High Terrace") && page.contains("CertificatOrigine"), "original and rendering");
    assert!(page.contains("class=\"lost\"") && page.contains("lost: title"), "what is left out is marked");
    let actions = story.at.hub().store().actions(None, None, 9).await.unwrap();
    let read: Vec<_> = actions.iter().filter(|(_, one)| one.verb.word() == "read").collect();
    assert_eq!(read.len(), 1);
    assert_eq!(
        (read[0].1.user.as_str(), read[0].1.reason.as_str()),
        ("account otto", "asked by the importer")
    );
    assert_eq!(otto.get("/content").await.status, 200, "content has no address of its own to come back to");
}

/// A hub where a second operator approves what is read.
async fn where_it_takes_two() -> Story {
    let mut at = Community::shipped().await;
    at.start_with(|config| {
        config.console.address = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.console.content_operators = 2;
    })
    .await;
    Story::of(at)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_takes_two_another_operator_approves_and_it_serves_once() {
    let mut story = where_it_takes_two().await;
    let otto = signed_in(&story.at, "otto", Role::Operator).await;
    let ida = signed_in(&story.at, "ida", Role::Operator).await;
    let message = story.deliver("almora", "one", Sheet::json(&tea("AL-2026-7"))).await;
    let fields = format!("message={message}&reason=asked");
    for why in ["asked", "asked+once+more"] {
        let asked = otto.form("/content", &format!("message={message}&reason={why}")).await;
        assert_eq!(
            (asked.status, asked.header("location")),
            (303, "/content"),
            "it waits, however often it is asked"
        );
    }
    let page = ida.get("/content").await.text();
    assert!(page.contains("account otto"), "{page}");
    let approval = format!("{fields}&request={}", number(&page));
    assert_eq!(ida.form("/content/approve", &fields).await.status, 400, "an approval names its request");
    assert_eq!(otto.form("/content/approve", &approval).await.status, 409, "who asks does not approve");
    let other = ida.form("/content", &fields).await;
    assert_eq!(other.status, 409, "another wish waits for this one");
    assert!(other.text().contains("account otto asked to read it and waits for approval, until 20"));
    assert_eq!(ida.form("/content/approve", &approval).await.status, 303);
    let other = ida.form("/content", &fields).await.text();
    assert!(other.contains("account otto may read it, approved by account ida, until 20"), "{other}");
    let shown = otto.form("/content", &fields).await;
    assert_eq!((shown.status, shown.text().contains("High Terrace")), (200, true));
    assert_eq!(otto.form("/content", &fields).await.status, 303, "it is asked anew");
    let actions = story.at.hub().store().actions(None, None, 20).await.unwrap();
    let twice = actions.iter().find(|(_, one)| one.reason == "asked once more");
    let twice = twice.map(|(_, one)| one.outcome.as_str());
    assert_eq!(twice, Some("approval-needed: asked before, and waits for another operator"));
    let read = actions.iter().filter(|(_, one)| one.verb.word() == "read" && one.outcome.starts_with("done"));
    let read: Vec<_> = read.map(|(_, one)| (one.user.as_str(), one.outcome.as_str())).collect();
    let expected = [
        ("account otto", "done: shown, approved by account ida"),
        ("account ida", "done: approved for account otto"),
    ];
    assert_eq!(read, expected);
}

/// The first request of a page that can be approved.
fn number(page: &str) -> &str {
    let form = page.split("name=\"request\" value=\"").nth(1).unwrap_or_else(|| panic!("{page}"));
    form.split('"').next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_request_is_approved_than_the_one_that_was_looked_at() {
    let mut story = where_it_takes_two().await;
    let otto = signed_in(&story.at, "otto", Role::Operator).await;
    let ida = signed_in(&story.at, "ida", Role::Operator).await;
    let udo = signed_in(&story.at, "udo", Role::Operator).await;
    let message = story.deliver("almora", "one", Sheet::json(&tea("AL-2026-7"))).await;
    let asks = |why: &str| format!("message={message}&reason={why}");
    assert_eq!(otto.form("/content", &asks("harmless")).await.status, 303);
    let looked = ida.get("/content").await.text();
    let approval = format!("{}&request={}", asks("fine"), number(&looked));
    assert_eq!(udo.form("/content/approve", &approval).await.status, 303);
    let late = ida.form("/content/approve", &approval).await;
    assert_eq!((late.status, late.text().contains("decision-overtaken")), (409, true), "{}", late.text());
    assert_eq!(otto.form("/content", &asks("harmless")).await.status, 200);
    assert_eq!(udo.form("/content", &asks("sinister")).await.status, 303);
    let late = ida.form("/content/approve", &approval).await;
    assert_eq!((late.status, late.text().contains("decision-overtaken")), (409, true), "{}", late.text());
    assert_eq!(udo.form("/content", &asks("sinister")).await.status, 303, "it still waits");
    let anew = format!("{}&request={}", asks("fine"), number(&ida.get("/content").await.text()));
    assert_eq!(ida.form("/content/approve", &anew).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_were_used_hide_none_that_waits() {
    let mut story = Story::of(open().await);
    let otto = signed_in(&story.at, "otto", Role::Operator).await;
    let message = story.deliver("almora", "one", Sheet::json(&tea("AL-2026-7"))).await;
    otto.form("/content", &format!("message={message}&reason=asked")).await;
    let store = story.at.hub().store().clone();
    let action = store.actions(None, None, 1).await.unwrap().remove(0).1;
    let mut kept = 0;
    let mut keep = async |reason: String, used: bool| {
        kept += 1;
        let request = json!({"by": "account ida", "reason": reason, "approved": null, "used": used});
        let (book, name) = (Book::Proposal, format!("content/{}", MessageId(uuid::Uuid::from_u128(kept))));
        let entry = NewEntry { book, name, bytes: request.to_string().into_bytes(), seen: None };
        store.act(action.clone(), Effect::Keep(Box::new(entry))).await.unwrap();
    };
    keep("the first".to_owned(), false).await;
    for number in 0..REQUESTS_MAX {
        keep(format!("used {number}"), true).await;
    }
    let page = otto.get("/content").await.text();
    assert!(page.contains("the first") && !page.contains("used 1"), "{page}");
    for number in 1..REQUESTS_MAX {
        keep(format!("later {number}"), false).await;
    }
    assert!(otto.get("/content").await.text().contains("the first"), "at the bound");
    keep("past the bound".to_owned(), false).await;
    let page = otto.get("/content").await.text();
    assert!(page.contains("past the bound") && !page.contains("the first"), "{page}");
    let more = page.split("href=\"/content?before=").nth(1).unwrap().split('"').next().unwrap();
    let next = otto.get(&format!("/content?before={more}")).await.text();
    assert!(
        next.contains("the first") && !next.contains("?before="),
        "what is older has a page of its own: {next}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_at_the_same_moment_is_told_who_was_first_and_that_nothing_was_done() {
    let mut story = where_it_takes_two().await;
    let mut clients = Vec::new();
    for name in ["ada", "ben", "cy", "dot", "eli", "fay"] {
        clients.push(signed_in(&story.at, name, Role::Operator).await);
    }
    let message = story.deliver("almora", "one", Sheet::json(&tea("AL-2026-7"))).await;
    let fields = format!("message={message}&reason=asked");
    let asked = join_all(clients.iter().map(|one| one.form("/content", &fields))).await;
    let mut statuses: Vec<_> = asked.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409, 409, 409, 409, 409]);
    let looked = join_all(clients.iter().map(|one| one.get("/content"))).await;
    let looked: String = looked.iter().map(|page| page.text()).collect();
    let approval = format!("{fields}&request={}", number(&looked));
    let approving = join_all(clients.iter().map(|one| one.form("/content/approve", &approval))).await;
    let of = |status: u16| approving.iter().filter(|answer| answer.status == status).count();
    assert_eq!((of(303), of(409) + of(404)), (1, 5), "one approved it; nobody was told of a fault");

    // An entry that no version can read is one that changed, however often it is looked at.
    let other = story.deliver("almora", "two", Sheet::json(&tea("AL-2026-8"))).await;
    let entry = NewEntry {
        book: Book::Proposal,
        name: format!("content/{other}"),
        bytes: b"unreadable".to_vec(),
        seen: None,
    };
    let action = story.at.hub().store().actions(None, None, 1).await.unwrap().remove(0).1;
    story.at.hub().store().act(action, Effect::Keep(Box::new(entry))).await.unwrap();
    let answer = clients[0].form("/content", &format!("message={other}&reason=asked")).await;
    assert_eq!(
        (answer.status, answer.text().contains("others were faster")),
        (409, true),
        "{}",
        answer.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_tried_and_nothing_of_it_is_kept() {
    let at = open().await;
    let maria = signed_in(&at, "maria", Role::Viewer).await;
    let document = sample("edi3-coo/samples/almora-corvania-tea.json");
    let encoded: String = document.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let tried = maria.form("/playground", &format!("to=mec-origine-xml&document={encoded}")).await;
    let page = tried.text();
    assert_eq!(tried.status, 200, "{page}");
    for part in ["edi3-coo", "issuer.name", "WCO D014", "has no place for it", "&lt;CertificatOrigine"] {
        assert!(page.contains(part), "no {part:?} in\n{page}");
    }
    let broken = maria.form("/playground", "document=%7B%22a%22%3A").await.text();
    assert!(broken.contains("json-malformed"), "{broken}");
    let most = 256 * 1024;
    for (length, status) in [(most, 200), (most + 1, 413)] {
        let answer = maria.form("/playground", &format!("document={}", "x".repeat(length))).await;
        assert_eq!(answer.status, status);
    }
    assert_eq!(at.hub().store().counts().await.unwrap().messages, 0);
    let actions = at.hub().store().actions(None, None, 9).await.unwrap();
    assert!(actions.iter().all(|(_, one)| one.verb.word() != "read"));

    let forms = maria.get("/formats?from=edi3-coo&to=mec-origine-xml").await.text();
    assert!(
        forms.contains("edi3-coo → mec-origine-xml") && forms.contains("consignment.information"),
        "{forms}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_show_no_figures_until_there_are_five_exporters() {
    let (clock, hand) = Clock::manual(Clock::Real.now());
    let mut at = Community::shipped().await.at(clock);
    start(&mut at).await;
    // The minute is a long one; without time at all nothing would be delivered.
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            hand.advance(LOOK / 10);
        }
    });
    let mut story = Story::of(at);
    let maria = signed_in(&story.at, "maria", Role::Viewer).await;
    for number in 1..=5 {
        // Another span is worked out at once, the same one again after a minute.
        if number == 5 {
            let before = maria.get("/statistics").await.text();
            assert!(
                !before.contains("<th scope=\"row\">mecta</th><td class=\"num\">"),
                "four exporters:\n{before}"
            );
        }
        let mut document = tea(&format!("AL-2026-{number}"));
        document["supplyChainConsignment"]["exporter"]["iD"] = json!(format!("almora-tax:vat:{number}"));
        story.deliver("almora", &format!("m{number}"), Sheet::json(&document)).await;
    }
    let again = maria.get("/statistics").await.text();
    assert!(again.contains("too few exporters"), "what was worked out is told for a minute: {again}");
    let after = maria.get("/statistics?hours=168").await.text();
    let row = "<th scope=\"row\">mecta</th><td class=\"num\">5</td> <td class=\"num\">5</td> <td class=\"num\">0</td>";
    assert!(after.replace("> <", "><").contains(&row.replace("> <", "><")), "{after}");
    assert!(after.contains("<svg") && after.contains("almora <small>XA</small> → corvania"), "{after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_cookie_is_bound_to_the_host() {
    let mut at = Community::shipped().await;
    at.start_with(|config| {
        config.console.address = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.console.leaf = Some(config.identity.leaf.clone());
        config.console.key = Some(config.identity.key.clone());
    })
    .await;
    account(&at, "maria", Role::Viewer).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls::pki_types::CertificateDer::from(at.anchor())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = Arc::new(config.unwrap().with_root_certificates(roots).with_no_client_auth());
    let stream = tokio::net::TcpStream::connect(at.hub().console().unwrap()).await.unwrap();
    let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(config).connect(name, stream).await.unwrap();
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let body = format!("name=maria&password={}", PASSWORD.replace(' ', "+"));
    let request = format!(
        "POST /sign-in HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    let cookie =
        answer.lines().find(|line| line.starts_with("set-cookie: ")).unwrap_or_else(|| panic!("{answer}"));
    assert!(cookie.starts_with("set-cookie: __Host-coohub=") && cookie.contains("; Secure"), "{cookie}");
    assert!(cookie.contains("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
}
