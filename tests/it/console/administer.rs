//! What administrators do: look at the configuration, apply it, confirm it, go back; change accounts.

use coohub::operate::account::Role;
use serde_json::json;

use super::{
    PASSWORD,
    client::{account, open, signed_in, start},
};
use crate::{
    flow::story::{Sheet, Story, tea},
    support::{hub::Community, need, partner::Behaviour, webdriver::Browser},
};

const SUSPENDED: &str = "suspended = true\nname = \"République de Corvanie\"";
const NAMED: &str = "name = \"République de Corvanie\"";

/// The digest that a page's form for an act carries.
fn offered(page: &str, act: &str) -> String {
    let form = page.split(&format!("action=\"/configuration/{act}\"")).nth(1);
    let form = form.unwrap_or_else(|| panic!("no form to {act} in\n{page}"));
    let value = form.split("name=\"configuration\" value=\"").nth(1).unwrap();
    value.split('"').next().unwrap().to_owned()
}

async fn admitted(at: &Community, member: &str) -> bool {
    match at.member(member).get("/v1/ping").await.unwrap().status {
        200 => true,
        403 => false,
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_folder_is_told_with_file_line_and_column_and_is_not_applied() {
    let at = open().await;
    let maria = signed_in(&at, "maria", Role::Administrator).await;
    let right = offered(&maria.get("/configuration").await.text(), "apply");
    at.edit("members/corvania.toml", "customs = [\"XC\"]", "customs = [\"XX\", 7]");
    let page = maria.get("/configuration").await;
    let told = page.text();
    assert_eq!(page.status, 200);
    for part in ["The folder is refused", "<code>members/corvania.toml</code>", "<td class=\"num\">6</td>"] {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
    assert!(!told.contains("/configuration/apply"), "nothing is offered that would be refused");
    let tried = maria.form("/configuration/apply", &format!("configuration={right}&reason=a+try")).await;
    let told = tried.text();
    assert!(tried.status >= 400 && told.contains("configuration-wrong"), "{} {told}", tried.status);
    assert_eq!(told.matches("The folder is refused</h2>").count(), 1, "told once:\n{told}");
    assert!(admitted(&at, "corvania").await, "what runs stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_programs_are_told_is_what_the_description_says_and_nothing_secret() {
    let mut story = Story::of(open().await);
    let maria = signed_in(&story.at, "maria", Role::Administrator).await;
    let otto = signed_in(&story.at, "otto", Role::Operator).await;
    story.deliver("almora", "one", Sheet::json(&tea("AL-2026-7"))).await;
    story.at.partner("corvania").behave(Behaviour::Down);
    let waits = story.push("almora", "two", Sheet::json(&tea("AL-2026-8"))).await;
    story.at.state_when("almora", &waits, |state| state["state"] == "routed").await;
    maria.form("/hold", "member=corvania&reason=x").await;
    story.at.edit("members/corvania.toml", NAMED, SUSPENDED);
    let page = maria.get("/configuration").await.text();
    maria.form("/configuration/apply", &format!("configuration={}&reason=x", offered(&page, "apply"))).await;

    let described = maria.get("/api/v1/openapi.json").await.json();
    let mut components = described["components"].clone();
    for object in components["schemas"].as_object_mut().unwrap().values_mut() {
        object["additionalProperties"] = json!(false);
    }
    let newest = maria.get("/api/v1/configuration").await.json()["number"].to_string();
    for (path, asked) in described["paths"].as_object().unwrap() {
        let Some(get) = asked.get("get").filter(|_| !path.ends_with("openapi.json")) else { continue };
        let query = if path.ends_with("certificates") { "?number=AL-2026-7" } else { "" };
        let answer = maria.get(&(path.replace("{number}", &newest) + query)).await;
        assert_eq!(answer.status, 200, "{path}");
        let mut schema = get["responses"]["200"]["content"]["application/json"]["schema"].clone();
        schema["components"] = components.clone();
        let judge = jsonschema::validator_for(&schema).unwrap();
        let wrong: Vec<_> = judge
            .iter_errors(&answer.json())
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{path}: {wrong:?}\n{}", answer.text());
        let administers = path.contains("configuration") || path.contains("accounts");
        assert_eq!(otto.get(&path.replace("{number}", &newest)).await.status == 403, administers, "{path}");
    }
    let accounts = maria.get("/api/v1/accounts").await;
    assert_eq!(accounts.json()["items"][1]["account"], "otto");
    assert!(!accounts.text().contains("argon2"), "{}", accounts.text());
    let history = maria.get("/api/v1/configuration/history?limit=1").await.json();
    assert_eq!(
        (history["items"].as_array().unwrap().len(), history["next"].to_string()),
        (1, newest.clone())
    );
    assert_eq!(history["items"][0]["changed"][0]["file"], "members/corvania.toml");
    let before = maria.get(&format!("/api/v1/configuration/history?before={newest}")).await.json();
    assert_eq!((before["items"][0]["how"].as_str(), before["next"].is_null()), (Some("start"), true));
    for (path, status) in [("/history?limit=51", 400), ("/history?limit=0", 400), ("/history/999999", 404)] {
        assert_eq!(maria.get(&format!("/api/v1/configuration{path}")).await.status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_shown_is_applied_is_in_the_history_and_is_taken_back() {
    let at = open().await;
    let maria = signed_in(&at, "maria", Role::Administrator).await;
    at.edit("members/corvania.toml", NAMED, SUSPENDED);
    let page = maria.get("/configuration").await.text();
    assert!(page.contains("may neither connect nor be delivered to"), "{page}");
    let seen = offered(&page, "apply");

    // Somebody edits on while the administrator reads: what was read is what is applied, or nothing.
    let text = at.read("members/corvania.toml");
    at.write("members/corvania.toml", &format!("# more\n{text}"));
    let late = maria.form("/configuration/apply", &format!("configuration={seen}&reason=they+asked")).await;
    assert!(late.status >= 400 && late.text().contains("configuration-changed"), "{}", late.text());
    assert!(admitted(&at, "corvania").await);
    let seen = offered(&late.text(), "apply");
    let form = format!("configuration={seen}&reason=they+asked");
    let done = maria.form("/configuration/apply", &form).await;
    assert_eq!((done.status, done.header("location")), (303, "/configuration?did=apply"));
    assert!(!admitted(&at, "corvania").await);

    let page = maria.get("/configuration?did=apply").await.text();
    let newest = page.split("id=\"history\"").nth(1).unwrap().split("</tr>").nth(1).unwrap();
    for part in ["account maria", "they asked", "members/corvania.toml", "runs now"] {
        assert!(newest.contains(part), "no {part:?} in\n{newest}");
    }
    let first = page.rsplit("href=\"/configuration/").next().unwrap().split('"').next().unwrap();
    let shown = maria.get(&format!("/configuration/{first}")).await.text();
    assert!(shown.contains("/configuration/rollback") && shown.contains("the hub started"), "{shown}");
    let back = maria.form("/configuration/rollback", &format!("number={first}&reason=in+error")).await;
    assert_eq!((back.status, back.header("location")), (303, "/configuration?did=rollback"));
    assert!(admitted(&at, "corvania").await);
    assert!(!at.read("members/corvania.toml").contains("suspended"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_region_demands_two_another_account_confirms() {
    let mut at = Community::shipped().await;
    let head = at.read("region.toml");
    at.write("region.toml", &head.replace("\n[defaults]", "\n[change]\noperators = 2\n\n[defaults]"));
    at.edit("members/corvania.toml", NAMED, SUSPENDED);
    start(&mut at).await;
    let maria = signed_in(&at, "maria", Role::Administrator).await;
    let ada = signed_in(&at, "ada", Role::Administrator).await;
    at.edit("members/corvania.toml", SUSPENDED, NAMED);
    let page = maria.get("/configuration").await.text();
    assert!(page.contains("another operator must confirm it"), "{page}");
    let form = format!("configuration={}&reason=they+are+ready", offered(&page, "apply"));
    let done = maria.form("/configuration/apply", &form).await;
    assert_eq!((done.status, done.header("location")), (303, "/configuration?did=propose"));
    assert!(!admitted(&at, "corvania").await, "one is not enough");

    let page = maria.get("/configuration").await.text();
    assert!(page.contains("You proposed it") && !page.contains("/configuration/confirm"), "{page}");
    let own = maria.form("/configuration/confirm", &form).await;
    assert!(own.status >= 400 && own.text().contains("second-operator"), "{}", own.text());
    assert!(!admitted(&at, "corvania").await);

    let page = ada.get("/configuration").await.text();
    assert!(page.contains("account maria") && page.contains("they are ready"), "{page}");
    let form = format!("configuration={}&reason=looked", offered(&page, "confirm"));
    assert_eq!(ada.form("/configuration/confirm", &form).await.status, 303);
    assert!(admitted(&at, "corvania").await);
    let page = ada.get("/configuration").await.text();
    assert!(page.contains("confirmed by account ada") && !page.contains("You proposed it"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_ones_account_is_changed_which_ends_its_sessions_and_nobodys_own() {
    let at = open().await;
    let maria = signed_in(&at, "maria", Role::Administrator).await;
    let mut otto = signed_in(&at, "otto", Role::Viewer).await;
    let list = maria.get("/accounts").await.text();
    assert!(list.contains("otto") && list.contains("viewer"), "{list}");
    assert!(!otto.get("/").await.text().contains("/accounts"), "what is refused is not in the navigation");

    let raised = maria.form("/accounts/role", "account=otto&role=operator&reason=he+learnt+it").await;
    assert_eq!((raised.status, raised.header("location")), (303, "/accounts?did=role"));
    assert_eq!(otto.get("/").await.status, 303, "a role takes a new session");
    otto.sign_in("otto", PASSWORD).await;
    assert_eq!(otto.get("/content").await.status, 200, "an operator's page");

    assert_eq!(maria.form("/accounts/disabled", "account=otto&disabled=true&reason=").await.status, 400);
    assert_eq!(maria.form("/accounts/disabled", "account=otto&disabled=true&reason=left").await.status, 303);
    assert_eq!(otto.get("/").await.status, 303);
    assert_eq!(otto.try_in("otto", PASSWORD).await.status, 401);
    assert_eq!(maria.form("/accounts/disabled", "account=otto&disabled=false&reason=back").await.status, 303);
    otto.sign_in("otto", PASSWORD).await;

    for (path, fields) in [("role", "role=viewer"), ("disabled", "disabled=true")] {
        let own = maria.form(&format!("/accounts/{path}"), &format!("account=maria&{fields}&reason=x")).await;
        assert!(own.status >= 400 && own.text().contains("another administrator"), "{path}: {}", own.text());
    }
    let tried = at.hub().store().actions(None, None, 9).await.unwrap();
    let refused = tried.iter().filter(|(_, one)| {
        one.about == "account maria"
            && one.user == "account maria"
            && one.outcome.starts_with("account-unfit")
    });
    assert_eq!(refused.count(), 2, "what was tried is on record: {tried:?}");
    assert_eq!(maria.form("/accounts/role", "account=nobody&role=viewer&reason=x").await.status, 404);
    assert_eq!(maria.get("/accounts").await.status, 200, "she is still in");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sees_in_a_browser_why_a_configuration_is_refused_mends_and_applies_it() {
    if !need::installed("chromedriver") || !need::installed("chromium") {
        return;
    }
    let at = open().await;
    account(&at, "maria", Role::Administrator).await;
    account(&at, "otto", Role::Operator).await;
    let right = at.read("members/corvania.toml");
    at.edit("members/corvania.toml", "customs = [\"XC\"]", "customs = [\"XX\", 7]");
    at.edit("region.toml", "[defaults]", "[default]");
    let console = format!("http://{}", at.hub().console().unwrap());
    let browser = Browser::open(1280, 900).await;
    browser.go(&format!("{console}/configuration")).await;
    browser.enter("#name", &format!("maria\u{e004}{PASSWORD}")).await;
    let told = browser.text_with("The folder is refused").await;
    for part in ["members/corvania.toml 6 ", "region.toml ", "did you mean \"defaults\"?"] {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
    browser.picture("refused").await;

    at.edit("region.toml", "[default]", "[defaults]");
    at.write("members/corvania.toml", &right.replace(NAMED, SUSPENDED));
    browser.go(&format!("{console}/configuration")).await;
    assert!(browser.text().await.contains("may neither connect nor be delivered to"));
    browser.picture("plan").await;
    browser.write("form[action='/configuration/apply'] input[name=reason]", "they asked").await;
    browser.click("form[action='/configuration/apply'] button").await;
    let told = browser.text_with("Applied. It runs.").await;
    assert!(told.contains("account maria") && told.contains("they asked"), "{told}");
    assert!(!admitted(&at, "corvania").await);
    browser.click("section tbody tr:last-child th a").await;
    browser.click("details.acts summary").await;
    browser.picture("applied").await;
    browser.go(&format!("{console}/accounts")).await;
    browser.click("details.acts summary").await;
    browser.picture("accounts").await;
    for page in ["/configuration", "/configuration/1", "/accounts"] {
        browser.go(&format!("{console}{page}")).await;
        let unlabelled = browser
            .run("return [...document.querySelectorAll('main input:not([type=hidden]), main select')].filter(e => e.labels.length === 0).map(e => e.name)")
            .await;
        assert_eq!(unlabelled, serde_json::json!([]), "{page}: a field has no label");
    }
}
