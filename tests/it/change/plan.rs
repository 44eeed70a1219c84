//! What the folder would change is said in words: who gains or loses what.

mod cases;

use serde_json::Value;

use super::{resume, started, suspend};
use crate::{
    control::coohub,
    flow::story::{Sheet, Story, tea},
    support::{hub::Community, partner::Behaviour},
};
use cases::{CASES, Case};

/// Exit code, the differences as `effect about: words`, and the last line.
async fn planned(at: &Community) -> (u8, Vec<String>, Value) {
    let (code, out, err) = coohub(at, &["plan", "--json"]).await;
    assert_eq!(err, "", "{out}");
    let mut lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let end = lines.pop().unwrap();
    let word = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let told =
        |line: &Value| format!("{} {}: {}", word(line, "effect"), word(line, "about"), word(line, "words"));
    (code, lines.iter().map(told).collect(), end)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_difference_is_said_in_words_with_what_it_means() {
    let at = started().await;
    let (code, told, end) = planned(&at).await;
    assert_eq!((code, told, &end["changes"]), (0, Vec::new(), &Value::Bool(false)));
    let mut wrong = String::new();
    for Case { file, old, new, expect } in CASES {
        let was = at.read(file);
        at.edit(file, old, new);
        let (code, told, end) = planned(&at).await;
        let fits = |(have, want): (&String, &&str)| match want.strip_suffix('…') {
            Some(start) => have.starts_with(start),
            None => have == want,
        };
        if told.len() != expect.len() || !told.iter().zip(*expect).all(fits) {
            wrong += &format!("\n{file}: {new:?}\nhave:\n  {}\n", told.join("\n  "));
        }
        assert_eq!((code, &end["changes"]), (2, &Value::Bool(true)), "{file}: {new}");
        assert_eq!(end["files"][0]["file"], *file);
        at.write(file, &was);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_goes_opens_what_it_kept_shut() {
    const NARROW: &str = "[[link]]\nfrom = \"almora\"\nto = \"*\"\nstate = \"suspended\"\n\n[[link]]";
    let mut at = Community::shipped().await;
    at.edit("agreements/mecta.toml", "[[link]]", NARROW);
    at.start().await;
    at.edit("agreements/mecta.toml", NARROW, "[[link]]");
    let widens = "widens agreement mecta: from almora to every member: live, was suspended";
    assert_eq!(planned(&at).await.1, [widens]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_anchors_of_a_target_are_told_beside_whatever_else_is_changed() {
    let at = started().await;
    at.edit("members/corvania.toml", "République de Corvanie", "Corvania");
    let anchors = at.path("certs/dev/corvania/anchor.pem");
    let pem = std::fs::read_to_string(&anchors).unwrap();
    std::fs::write(&anchors, format!("Another heading\n{pem}")).unwrap();
    let told = planned(&at).await.1;
    assert!(
        told.contains(&"widens file certs/dev/corvania/anchor.pem: is another one".to_owned()),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn which_anchor_comes_and_which_goes_under_the_same_path_is_told() {
    let at = started().await;
    let of = |member: &str| at.path(&format!("certs/dev/{member}/anchor.pem"));
    let (own, other) = (std::fs::read(of("corvania")).unwrap(), std::fs::read(of("brisca")).unwrap());
    let told_by = async |pem: &[u8]| {
        std::fs::write(of("corvania"), pem).unwrap();
        let file = "file certs/dev/corvania/anchor.pem: ";
        let lines = planned(&at).await.1;
        lines
            .into_iter()
            .filter_map(|line| {
                line.split_once(file).map(|(effect, words)| (effect.to_owned(), words.to_owned()))
            })
            .collect::<Vec<_>>()
    };
    let both = told_by(&[&own[..], b"\n", &other[..]].concat()).await;
    assert_eq!(both.len(), 1, "{both:?}");
    let (effect, words) = &both[0];
    assert_eq!(effect, "widens ");
    let held = words.strip_prefix("holds ").unwrap();
    assert!(held.contains("(valid until ") && held.contains(", sha-256 "), "{held}");
    let others = told_by(&other).await;
    assert!(others.contains(&("widens ".to_owned(), format!("holds {held}"))), "{others:?}");
    let gone = others.iter().find(|(effect, _)| effect == "narrows ").map(|(_, words)| words.as_str());
    assert!(
        gone.is_some_and(|gone| gone.starts_with("no longer holds ") && !gone.contains(held)),
        "{others:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_names_what_applies_exactly_it_and_applies_nothing() {
    let at = started().await;
    suspend(&at, "corvania");
    let (code, out, _) = coohub(&at, &["plan"]).await;
    assert_eq!(code, 2);
    assert!(out.contains("narrows  member corvania  may neither connect nor be delivered to\n"), "{out}");
    assert_eq!(at.member("corvania").get("/v1/ping").await.unwrap().status, 200);
    let command = out.lines().last().unwrap().strip_prefix("to apply exactly this: coohub ").unwrap();
    let command: Vec<_> = command.split(' ').collect();
    assert_eq!(coohub(&at, &command).await.0, 0);
    let (code, out, _) = coohub(&at, &["plan"]).await;
    assert_eq!((code, out.starts_with("no difference: ")), (0, true), "{out}");
    resume(&at, "corvania");
    at.edit("region.toml", "hub = \"mec-hub\"", "hubb = \"mec-hub\"");
    let (code, _, err) = coohub(&at, &["plan"]).await;
    assert!(code == 78 && err.contains("region.toml:7:1: hubb: is not a known key"), "{code} {err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn open_deliveries_that_would_be_held_are_counted() {
    let mut story = Story::begin().await;
    story.at.partner("corvania").behave(Behaviour::Down);
    for number in ["AL-1", "AL-2", "AL-3"] {
        let id = story.push("almora", number, Sheet::json(&tea(number))).await;
        story.at.state_when("almora", &id, |state| state["state"] == "routed").await;
    }
    let at = &story.at;
    let link = "[[link]]\nfrom = \"almora\"\nto = \"corvania\"\nstate = \"suspended\"\n\n";
    at.edit("agreements/mecta.toml", "[[link]]", &format!("{link}[[link]]"));
    let (_, told, _) = planned(at).await;
    let expected = [
        "narrows agreement mecta: from almora to corvania: suspended, was live",
        "narrows member corvania: 3 open deliveries would be held as not-entitled",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_certificates_are_read_again_and_only_what_differs_is_told() {
    let mut story = Story::begin().await;
    for number in ["AL-1", "AL-2", "AL-3"] {
        story.deliver("almora", number, Sheet::json(&tea(number))).await;
    }
    let at = &story.at;
    let (code, out, err) = coohub(at, &["plan", "--replay", "100"]).await;
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "3 certificates read again, 0 of them otherwise\n", "")
    );

    let words = async |most: &str| {
        let (code, out, _) = coohub(at, &["plan", "--replay", most, "--json"]).await;
        let mut lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let end = lines.pop().unwrap();
        let told = |line: &Value| {
            format!("{} {}", line["number"].as_str().unwrap(), line["words"][0].as_str().unwrap())
        };
        assert!(!out.contains("Camellia"), "no content: {out}");
        (code, lines.iter().map(told).collect::<Vec<_>>(), end["read"].as_u64().unwrap())
    };
    let member = at.read("members/corvania.toml");
    at.edit("members/corvania.toml", "form = \"mec-origine-xml\"", "form = \"canonical-xml\"");
    let (code, told, read) = words("2").await;
    assert_eq!((code, told.len(), read), (2, 2, 2), "{told:?}");
    assert!(
        told[0].starts_with(
            "AL-3 would go to corvania as canonical-xml, not mec-origine-xml; no longer losing "
        ),
        "{told:?}"
    );
    at.write("members/corvania.toml", &member);

    at.edit("members/almora.toml", "sends = [", "sends = [\"canonical-xml\"] # [");
    let (_, told, _) = words("1").await;
    assert_eq!(told, ["AL-3 would be rejected: format-not-allowed"]);
}
