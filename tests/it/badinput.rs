//! Everything a source can get wrong: each gets one status, one code, and words that say what to change.
//!
//! Method: a table of requests to a whole hub. After each row nothing is stored, no message id was given away, and the
//! same member is served as before; for almora that is a good push under the very same Idempotency-Key, for a rejection
//! binds nothing.

mod authority;
mod requests;

use bytes::Bytes;
use coohub::cli::member::{Answer, Ask};

use crate::{
    flow::story::{Sheet, Story, cancellation, tea},
    support::hub::Community,
};
use requests::{Request, rows};

/// One line of the table.
struct Row {
    name: &'static str,
    /// The message id it is sent under, unless the row is about that.
    key: String,
    request: Request,
    status: u16,
    code: &'static str,
    /// What the first finding's words must hold.
    says: &'static str,
}

/// The shipped community, with what the rows need: a member that issues nothing, a party without member, a stricter
/// agreement, a target of few items; and two certificates of almora, one of them cancelled.
async fn community() -> Story {
    let mut at = Community::shipped().await;
    let strict = at
        .read("agreements/mecta.toml")
        .replace("aliases = [\"MECTA\", \"MEC\"]", "aliases = [\"STRICT\"]")
        .replace("unseen = \"forward\"", "unseen = \"reject\"");
    at.write("agreements/strict.toml", &strict);
    at.edit(
        "agreements/mecta.toml",
        "[[link]]",
        "[[party]]\ncountry = \"CH\"\nfrom = \"2026-01-01\"\n\n[[link]]",
    );
    at.edit("members/corvania.toml", "[takes]\n", "[takes]\nitems_max = 3\n");
    let past = "[[body]]\nid = \"PAST\"\nname = \"Past body\"\ncountry = \"XA\"\nzone = \"Europe/Lisbon\"\n\
                from = \"2026-01-01\"\nuntil = \"2026-01-31\"\n\n[takes]\n";
    at.edit("members/almora.toml", "[takes]\n", past);
    let estalia = at.read("members/estalia.toml").replace("customs = [\"XE\"]", "customs = []");
    let (head, rest) = estalia.split_once("[[body]]").unwrap();
    let rest = &rest[rest.find("[takes]").unwrap()..];
    let pinned = format!("spki = \"{}\"\n\n", crate::support::region::pin("transit"));
    let head = &head[..head.find("anchors = ").unwrap()];
    at.write("members/transit.toml", &format!("{head}{pinned}{rest}"));
    at.adopt("transit").await;
    at.start().await;
    let mut story = Story::of(at);
    story.deliver("almora", "seen", Sheet::json(&tea("AL-SEEN"))).await;
    story.deliver("almora", "gone", Sheet::json(&tea("AL-GONE"))).await;
    story.deliver("almora", "gone-2", cancellation("AL-GONE")).await;
    story
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mistake_is_answered_with_its_code_and_changes_nothing() {
    let story = community().await;
    let mut wrong = String::new();
    for (number, row) in rows(&story).into_iter().chain(authority::rows()).enumerate() {
        let before = messages(&story).await;
        let answer = send(&story, &row.request).await;
        let after = messages(&story).await;
        assert_eq!(before, after, "{} left something", row.name);
        for header in ["coo-message-id", "location", "coo-duplicate"] {
            assert_eq!(answer.header(header), None, "{}", row.name);
        }
        let problem = answer.json();
        let [code, detail] = ["code", "detail"].map(|name| problem[name].as_str().unwrap_or_default());
        if (answer.status, code) != (row.status, row.code) || !detail.contains(row.says) {
            wrong += &format!("{}: {} {code}: {}\n", row.name, answer.status, answer.json());
        }
        served(&story, &row, number).await;
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The member is served as before.
async fn served(story: &Story, row: &Row, number: usize) {
    let member = story.at.member(row.request.from);
    if row.request.from != "almora" {
        assert_eq!(member.get("/v1/ping").await.unwrap().status, 200);
        return;
    }
    let before = messages(story).await;
    let body = Bytes::from(tea(&format!("AL-GOOD-{number}")).to_string());
    let answer = member.push(&row.key, "application/json", Vec::new(), body).await.unwrap();
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(messages(story).await, before + 1);
}

async fn messages(story: &Story) -> u64 {
    story.at.hub().store().counts().await.unwrap().messages
}

async fn send(story: &Story, request: &Request) -> Answer {
    let headers = request.headers.iter().map(|(name, value)| (*name, value.clone())).collect();
    let ask = Ask { method: "POST", path: "/v1/messages", headers, body: request.body.clone() };
    story.at.member(request.from).ask(ask).await.unwrap()
}
