//! What the pages show, and what their forms do.

use coohub::operate::account::Role;
use serde_json::{Value, json};

use super::{
    PASSWORD,
    client::{Client, account, open, signed_in},
};
use crate::{
    control::{coohub, delivery_at},
    flow::story::{Sheet, Story, bound_for, tea},
    support::{
        hub::{Community, LOOK, PATIENCE},
        partner::{Behaviour, Partner},
    },
};

async fn begin() -> (Story, Client) {
    let story = Story::of(open().await);
    account(&story.at, "otto", Role::Operator).await;
    let mut client = Client::of(&story.at);
    client.sign_in("otto", PASSWORD).await;
    (story, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_found_by_its_number_and_its_story_is_told_without_its_content() {
    let (mut story, client) = begin().await;
    let message = story.deliver("almora", "one", Sheet::json(&tea("AL-2026-7"))).await;
    let found = client.get("/certificates?q=al+2026+7").await.text();
    assert!(found.contains(&format!("href=\"/certificates/{message}\"")), "{found}");
    let told = client.get(&format!("/certificates/{message}")).await.text();
    for part in ["AL-2026-7", "importing party by destinationCountry", "corvania", "delivered", "evidence C"]
    {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
    assert!(!told.contains("High Terrace"), "content needs more than to look");
    let by_id = client.get(&format!("/certificates?q={message}")).await;
    assert_eq!(by_id.header("location"), format!("/certificates/{message}"));
    assert_eq!(client.get("/certificates/0190d5b8-0000-7000-8000-000000000000").await.status, 404);
    let none = client.get("/certificates?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E").await.text();
    assert!(none.contains("&lt;script&gt;") && !none.contains("<script"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_in_what_a_member_sends_is_text_on_every_page() {
    let (mut story, client) = begin().await;
    let script = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    let mut document = tea(&format!("AL-{script}"));
    document["supplyChainConsignment"]["exporter"]["name"] = json!(script);
    story.at.partner("corvania").behave(Behaviour::Down);
    let message = story.push("almora", "one", Sheet::json(&document)).await;
    delivery_at(&story, &message, "pending").await;
    for page in ["/", "/letters?state=pending", &format!("/certificates/{message}"), "/audit"] {
        let shown = client.get(page).await.text();
        assert!(!shown.contains("<script") && !shown.contains("<img"), "{page}:\n{shown}");
        assert!(page == "/audit" || shown.contains("AL-&lt;script&gt;"), "{page}:\n{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_delivered_again_from_its_page_and_it_is_on_record_by_whom() {
    let (mut story, client) = begin().await;
    story.at.partner("corvania").behave(Behaviour::Down);
    let message = story.push("almora", "one", Sheet::json(&tea("AL-2026-8"))).await;
    let id = delivery_at(&story, &message, "pending").await;
    let ended = client.form("/cancel", &format!("delivery={id}&reason=sent+in+error&back=/letters")).await;
    assert_eq!((ended.status, ended.header("location")), (303, "/letters?did=cancel"));
    let letters = client.get("/letters?did=cancel").await.text();
    assert!(letters.contains("Ended. It is not delivered."), "{letters}");
    let letters = client.get("/letters?did=%3Cb%3E").await.text();
    assert!(!letters.contains("notice good"), "nothing is told but what the console knows: {letters}");
    assert!(letters.contains("AL-2026-8") && letters.contains("action=\"/replay\""), "{letters}");
    story.at.partner("corvania").behave(Behaviour::Store);
    let without = client.form("/replay", &format!("delivery={id}&reason=")).await;
    assert_eq!(without.status, 400, "a reason is needed");
    assert_eq!(client.form("/replay", &format!("delivery={id}&reason=needed+after+all")).await.status, 303);
    story.at.partner("corvania").received_at_least(1).await;
    let again = client.form("/cancel", &format!("delivery={id}&reason=twice")).await;
    assert_eq!((again.status, again.text().contains("delivery-ended")), (409, true));
    let audit = client.get("/audit?act=replay").await.text();
    assert!(audit.contains("account otto") && audit.contains("needed after all"), "{audit}");
    assert!(!audit.contains("sent in error"), "the filter leaves out what it does not name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_s_page_shows_its_checklist_and_the_statistics_what_was_refused_of_whom() {
    let (story, client) = begin().await;
    let before = client.get("/partners/corvania").await.text();
    assert!(before.contains("Nobody has gone through it yet"), "{before}");
    let server = story.at.server_of("dev", "corvania", &["dev/anchor.pem"]);
    let sandbox = Partner::serving(server, Behaviour::Dated(0)).await;
    let (_, _, err) = coohub(&story.at, &["member", "test", "corvania", "--against", &sandbox.url]).await;
    assert_eq!(err, "");
    let after = client.get("/partners/corvania").await.text();
    assert!(after.contains("not green") && after.contains("<code>refusal</code>"), "{after}");

    let almora = story.at.member("almora");
    assert_eq!(almora.push("one", "application/json", Vec::new(), "{}".into()).await.unwrap().status, 422);
    let statistics = client.get("/statistics").await.text();
    let row = "almora</a></th><td><code>format-unknown</code></td><td class=\"num\">1</td>";
    assert!(statistics.contains(row), "{statistics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_longest_is_shown_whoever_is_to_have_it_however_much_waits_for_others() {
    let (mut story, client) = begin().await;
    for member in ["brisca", "corvania"] {
        story.at.partner(member).behave(Behaviour::Down);
    }
    let oldest = story.push("almora", "first", Sheet::json(&tea("AL-OLDEST"))).await;
    delivery_at(&story, &oldest, "pending").await;
    for number in 1..=8 {
        let sheet = Sheet::json(&bound_for(&tea(&format!("AL-{number}")), "XB"));
        let message = story.push("almora", &format!("m{number}"), sheet).await;
        delivery_at(&story, &message, "pending").await;
    }
    let page = client.get("/").await.text();
    let waiting = page.split("id=\"oldest\"").nth(1).unwrap();
    let place = |number: &str| waiting.find(&format!(">{number}</a>"));
    assert!(place("AL-OLDEST").is_some() && place("AL-OLDEST") < place("AL-1"), "{waiting}");
    assert!(place("AL-7").is_some() && place("AL-8").is_none(), "eight are shown: {waiting}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_without_importing_country_is_found_and_sent_to_a_member_from_its_shelf() {
    let (mut story, client) = begin().await;
    let mut unsold = tea("AL-2026-9");
    let consignment = unsold["supplyChainConsignment"].as_object_mut().unwrap();
    for name in ["importCountry", "importer", "consignee"] {
        consignment.remove(name);
    }
    let message = story.push("almora", "one", Sheet::json(&unsold)).await;
    story.at.settled("almora", &message).await;
    let page = client.get("/").await.text();
    assert!(page.contains("<a href=\"/letters?state=unaddressed\"><b>1</b>"), "{page}");
    let shelf = client.get("/letters?state=unaddressed").await.text();
    assert!(shelf.contains("AL-2026-9") && shelf.contains("action=\"/address\""), "{shelf}");
    let back = "/letters%3Fstate%3Dunaddressed";
    let fields = format!("message={message}&member=corvania&reason=by+their+letter&back={back}");
    let sent = client.form("/address", &fields).await;
    assert_eq!((sent.status, sent.header("location")), (303, "/letters?state=unaddressed&did=address"));
    story.at.partner("corvania").received_at_least(1).await;
    let shelf = client.get(sent.header("location")).await.text();
    assert!(!shelf.contains("AL-2026-9") && shelf.contains("It is sent to the member."), "{shelf}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_signs_in_acts_and_leaves_with_a_bearer_token() {
    let (story, _) = begin().await;
    let program = Client::of(&story.at);
    let kind = ("content-type", "application/json");
    let body = json!({"name": "otto", "password": PASSWORD}).to_string();
    let begun = program.ask("POST", "/api/v1/session", &[kind], body).await;
    assert_eq!(begun.status, 200);
    let bearer = format!("Bearer {}", begun.json()["bearer"].as_str().unwrap());
    let auth = ("authorization", bearer.as_str());
    let status = program.ask("GET", "/api/v1/status", &[auth], "").await.json();
    assert_eq!(status["messages"], 0);
    let told = crate::control::json(&story.at, &["status"]).await.pop().unwrap();
    let names = |of: &Value| {
        of.as_object().unwrap().keys().filter(|name| *name != "kind").cloned().collect::<Vec<_>>()
    };
    assert_eq!(names(&status), names(&told), "at both doors the same");
    let hold = json!({"member": "corvania", "reason": "moving"}).to_string();
    let held = program.ask("POST", "/api/v1/hold", &[kind, auth], hold.clone()).await;
    assert_eq!((held.status, held.json()["outcome"].as_str()), (200, Some("done")));
    let lanes = program.ask("GET", "/api/v1/lanes", &[auth], "").await.json();
    assert!(lanes["items"][2]["hold"].as_str().unwrap().contains("account otto: moving"), "{lanes}");
    let (id, at) = ("0190d5b8-0000-7000-8000-000000000000", "2026-03-31T08:00:00Z");
    for ambiguous in [
        json!({"member": "corvania", "since": at, "lost": true, "reason": "moving"}),
        json!({"delivery": id, "message": id, "reason": "moving"}),
    ] {
        let refused = program.ask("POST", "/api/v1/replay", &[kind, auth], ambiguous.to_string()).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (400, Some("command-malformed")));
    }
    for (path, status, code) in
        [("/api/v1/queue?limit=many", 400, "query-invalid"), ("/api/v1/nothing", 404, "not-found")]
    {
        let refused = program.ask("GET", path, &[auth], "").await;
        let json = refused.json();
        assert_eq!((refused.status, json["code"].as_str()), (status, Some(code)), "{path}: {json}");
        assert_ne!(json["detail"], "", "{path}");
    }
    let stranger = program.ask("GET", "/api/v1/nothing", &[], "").await;
    assert_eq!((stranger.status, stranger.json()["code"].as_str()), (401, Some("not-signed-in")));
    assert_eq!(stranger.header("www-authenticate"), "Bearer");
    let wrong = json!({"member": "nowhere", "reason": "moving"}).to_string();
    let refused = program.ask("POST", "/api/v1/hold", &[kind, auth], wrong).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (404, Some("member-unknown")));
    assert_eq!(program.ask("POST", "/api/v1/session/end", &[kind, auth], "{}").await.status, 200);
    assert_eq!(program.ask("POST", "/api/v1/hold", &[kind, auth], hold).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_is_back_is_tried_at_once_by_whoever_knows() {
    let mut at = Community::shipped().await;
    at.start_with(|config| {
        config.console.address = Some(([127, 0, 0, 1], 0).into());
        config.delivery.breaker_failures = 1;
        config.delivery.breaker_pause = PATIENCE * 10;
        config.delivery.breaker_pause_max = PATIENCE * 10;
    })
    .await;
    let mut story = Story::of(at);
    let client = signed_in(&story.at, "otto", Role::Operator).await;
    let lane = "/partners/corvania";
    assert!(!client.get(lane).await.text().contains("action=\"/try\""), "there is nothing to try");
    let tries = ["try", "corvania", "--reason", "they called"];
    let (code, _, err) = coohub(&story.at, &tries).await;
    assert_eq!(
        (code, err.starts_with("not-spared: the breaker of corvania is closed, and nothing waits for it")),
        (65, true),
        "{err}"
    );

    story.at.partner("corvania").behave(Behaviour::Down);
    let message = story.push("almora", "one", Sheet::json(&tea("AL-1"))).await;
    let mut looks = tokio::time::interval(LOOK);
    while !client.get(lane).await.text().contains("action=\"/try\"") {
        looks.tick().await;
    }
    let fields = "member=corvania&reason=they+called&back=/partners/corvania";
    assert_eq!(client.form("/hold", fields).await.status, 303);
    let (code, _, err) = coohub(&story.at, &tries).await;
    assert_eq!((code, err.starts_with("operator-hold: its lane is held")), (65, true), "{err}");
    assert_eq!(client.form("/release", fields).await.status, 303);

    story.at.partner("corvania").behave(Behaviour::Store);
    let tried = client.form("/try", fields).await;
    assert_eq!((tried.status, tried.header("location")), (303, "/partners/corvania?did=attempt"));
    story.at.state_when("almora", &message, |state| state["state"] == "delivered").await;
    let actions = story.at.hub().store().actions(None, None, 9).await.unwrap();
    let tried: Vec<_> = actions.iter().filter(|(_, one)| one.verb.word() == "try").collect();
    assert_eq!((tried.len(), tried[0].1.outcome.as_str()), (3, "done"), "refused or done, each is on record");
}
