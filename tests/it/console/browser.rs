//! The console in a real browser, as an operator uses it.

use coohub::operate::account::Role;

use super::{
    PASSWORD,
    client::{account, open},
};
use crate::{
    control::delivery_at,
    flow::story::{Sheet, Story, tea},
    support::{need, partner::Behaviour, webdriver::Browser},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_signs_in_finds_a_certificate_and_delivers_a_dead_letter_again() {
    if !need::installed("chromedriver") || !need::installed("chromium") {
        return;
    }
    let mut story = Story::of(open().await);
    account(&story.at, "otto", Role::Operator).await;
    story.deliver("almora", "one", Sheet::json(&tea("AL-2026-7"))).await;
    story.at.partner("corvania").behave(Behaviour::Down);
    let second = story.push("almora", "two", Sheet::json(&tea("AL-2026-8"))).await;
    delivery_at(&story, &second, "pending").await;
    let console = format!("http://{}", story.at.hub().console().unwrap());
    let browser = Browser::open(1280, 900).await;

    // Whoever asks for a page signs in first, and comes back to it.
    browser.go(&format!("{console}/certificates")).await;
    browser.write("#name", "otto").await;
    browser.write("#password", "not the pass phrase").await;
    browser.click("button.main").await;
    assert!(browser.text().await.contains("do not belong together"));
    browser.write("#password", PASSWORD).await;
    browser.click("button.main").await;
    assert_eq!(browser.url().await, format!("{console}/certificates"));

    browser.write("#q", "al 2026 7").await;
    browser.click("form.search button").await;
    browser.click("tbody th a").await;
    let told = browser.text().await;
    for part in ["AL-2026-7", "importing party by destinationCountry", "● delivered", "evidence C"] {
        assert!(told.contains(part.trim_start_matches("● ")), "no {part:?} in\n{told}");
    }
    browser.picture("story").await;

    // Its document is read for a reason, and that is on record.
    browser.click("details.acts summary").await;
    browser.write("details[open] input[name=reason]", "asked by the importer").await;
    browser.click("details[open] form[action='/content'] button").await;
    assert!(browser.text().await.contains("High Terrace"), "the document is shown");
    browser.picture("content").await;
    browser.go(&format!("{console}/audit?act=read")).await;
    assert!(browser.text().await.contains("asked by the importer"));

    // The other one waits, is ended, and is delivered again once the partner is back.
    browser.go(&format!("{console}/letters?state=pending")).await;
    browser.click("details.acts summary").await;
    browser.write("form[action='/cancel'] input[name=reason]", "sent in error").await;
    browser.click("form[action='/cancel'] button").await;
    story.at.partner("corvania").behave(Behaviour::Store);
    browser.go(&format!("{console}/letters")).await;
    assert!(browser.text().await.contains("AL-2026-8"));
    browser.click("details.acts summary").await;
    browser.write("form[action='/replay'] input[name=reason]", "needed after all").await;
    browser.picture("letters").await;
    browser.click("form[action='/replay'] button").await;
    browser.go(&format!("{console}/certificates/{second}")).await;
    browser.text_with("Repeats delivery").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_fit_a_phone_and_are_used_without_a_mouse() {
    if !need::installed("chromedriver") || !need::installed("chromium") {
        return;
    }
    let mut story = Story::of(open().await);
    account(&story.at, "otto", Role::Operator).await;
    let message = story.deliver("almora", "one", Sheet::json(&tea("AL-2026-7"))).await;
    let console = format!("http://{}", story.at.hub().console().unwrap());
    let browser = Browser::open(500, 900).await;
    browser.go(&console).await;
    // The name has the focus; the password is a tab away, and Enter sends.
    browser.enter("#name", &format!("otto\u{e004}{PASSWORD}")).await;
    browser.text_with("Overview").await;
    let story = format!("/certificates/{message}");
    let pages = [
        "/",
        "/partners",
        "/partners/corvania",
        "/certificates?q=AL-2026-7",
        &story,
        "/letters",
        "/formats",
        "/playground",
        "/statistics",
        "/audit",
    ];
    for page in pages {
        browser.go(&format!("{console}{page}")).await;
        let wider = browser.run("return document.documentElement.scrollWidth - window.innerWidth").await;
        assert!(wider.as_i64().unwrap() <= 0, "{page} is {wider} px wider than the window");
        let unlabelled = browser
            .run("return [...document.querySelectorAll('main input:not([type=hidden]), main select, main textarea')].filter(e => e.labels.length === 0).map(e => e.name)")
            .await;
        assert_eq!(unlabelled, serde_json::json!([]), "{page}: a field has no label");
        let marks = browser.run("return [document.documentElement.lang, document.querySelectorAll('main').length, document.querySelectorAll('h1').length, document.querySelectorAll('script, [style]').length]").await;
        assert_eq!(marks, serde_json::json!(["en", 1, 1, 0]), "{page}");
    }
}
