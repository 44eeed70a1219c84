//! Where the region demands two operators, nobody widens it alone.

use std::fs;

use coohub::{
    change::{By, Done, KEPT_BYTES_MAX},
    operate::Operator,
};

use super::{NEVER, history, resume, running, suspend, told};
use crate::{
    control::coohub,
    crash::process::{Process, log},
    support::hub::{Community, LOOK},
};

async fn guarded() -> Community {
    let mut at = Community::shipped().await;
    let head = at.read("region.toml");
    at.write("region.toml", &head.replace("\n[defaults]", "\n[change]\noperators = 2\n\n[defaults]"));
    suspend(&at, "brisca");
    at.start().await;
    at
}

fn operator(user: &str) -> Operator {
    Operator { user: user.to_owned(), named: Some("Maria".to_owned()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_widens_is_proposed_by_one_and_confirmed_by_another() {
    let at = guarded().await;
    let before = running(&at).await;
    resume(&at, "brisca");
    let (code, out, _) = coohub(&at, &["plan"]).await;
    assert!(code == 2 && out.contains("another operator must confirm it"), "{out}");
    at.hub().reload().await.unwrap_err();
    let (code, out, err) = coohub(&at, &["apply", "--reason", "they are ready"]).await;
    assert_eq!((code, out.starts_with("proposed: "), err.as_str()), (3, true, ""), "{out}");
    assert_eq!(running(&at).await, before);
    let confirm = out.lines().last().unwrap().split("coohub ").nth(1).unwrap().to_owned();
    let confirm: Vec<_> = confirm.split(' ').collect();

    // The same user again, whatever name is given.
    let (code, _, err) = coohub(&at, &[&confirm[..], &["--as", "Joseph"]].concat()).await;
    assert_eq!((code, err.starts_with("second-operator: ")), (65, true), "{err}");
    let (code, _, err) = coohub(&at, &["apply", "--confirm", NEVER]).await;
    assert_eq!((code, err.starts_with("proposal-unknown: ")), (65, true), "{err}");

    let digest = coohub::model::id::Digest::parse(confirm[2]).unwrap();
    let change = at.hub().change();
    let text = at.read("members/brisca.toml");
    at.write("members/brisca.toml", &format!("# one more thing\n{text}"));
    let refused = change.confirm(&operator("joseph"), "looked", digest).await.unwrap().unwrap_err();
    assert_eq!(refused.refusal.reason.code(), "configuration-changed");
    at.write("members/brisca.toml", &text);
    change.confirm(&operator("joseph"), "looked", digest).await.unwrap().unwrap();
    assert_eq!(at.member("brisca").get("/v1/ping").await.unwrap().status, 200);
    let newest = &history(&at).await[0];
    assert_eq!(newest["confirmedBy"], "joseph as Maria", "{newest}");
    assert_eq!(told(&at).await[0], ("apply".to_owned(), "they are ready".to_owned()));
    let refused = change.confirm(&operator("joseph"), "again", digest).await.unwrap().unwrap_err();
    assert_eq!(refused.refusal.reason.code(), "proposal-unknown", "it was applied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_lets_nothing_in_that_takes_two() {
    let mut at = guarded().await;
    let before = running(&at).await;
    at.stop().await;
    resume(&at, "brisca");
    at.start().await;
    assert_eq!(at.member("brisca").get("/v1/ping").await.unwrap().status, 403, "what ran before runs");
    assert_eq!(running(&at).await, before);
    let mut looks = tokio::time::interval(LOOK);
    let told = loop {
        looks.tick().await;
        let (_, out, _) = coohub(&at, &["status"]).await;
        if out.contains("the folder lets somebody see or do more") {
            break out;
        }
    };
    assert!(told.contains("see coohub plan"), "{told}");
    let (code, out, _) = coohub(&at, &["plan"]).await;
    assert!(code == 2 && out.contains("another operator must confirm it"), "{out}");
    // Put back by hand, it waits no longer.
    let waiting = at.read("members/brisca.toml");
    suspend(&at, "brisca");
    let (code, out, _) = coohub(&at, &["plan"]).await;
    assert_eq!(code, 0, "{out}");
    loop {
        looks.tick().await;
        let (_, out, _) = coohub(&at, &["status"]).await;
        if !out.contains("the folder lets somebody see or do more") {
            break;
        }
    }
    at.write("members/brisca.toml", &waiting);
    let (code, out, _) = coohub(&at, &["apply"]).await;
    assert_eq!((code, out.starts_with("proposed: ")), (3, true), "{out}");
    let digest = out.lines().last().unwrap().split("--confirm ").nth(1).unwrap();
    let digest = coohub::model::id::Digest::parse(digest.split(' ').next().unwrap()).unwrap();
    at.hub().change().confirm(&operator("joseph"), "looked", digest).await.unwrap().unwrap();
    assert_eq!(at.member("brisca").get("/v1/ping").await.unwrap().status, 200);

    // What one operator may do, a start does too; and what was confirmed is what runs.
    at.stop().await;
    suspend(&at, "corvania");
    at.start().await;
    assert_eq!(at.member("brisca").get("/v1/ping").await.unwrap().status, 200);
    assert_eq!(at.member("corvania").get("/v1/ping").await.unwrap().status, 403);
    assert_eq!(told_of(&at).await, ["start", "apply", "start"]);
}

async fn told_of(at: &Community) -> Vec<String> {
    told(at).await.into_iter().map(|(how, _)| how).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn when_what_ran_before_cannot_be_read_the_start_says_what_to_put_back() {
    let mut at = guarded().await;
    let before = running(&at).await;
    at.stop().await;
    // One operator opens brisca, and takes away what is needed to read what ran before.
    let (old, new) = ("dev/corvania/anchor.pem", "dev/corvania/root.pem");
    fs::copy(at.path(&format!("certs/{old}")), at.path(&format!("certs/{new}"))).unwrap();
    let anchor = fs::read(at.path(&format!("certs/{old}"))).unwrap();
    fs::remove_file(at.path(&format!("certs/{old}"))).unwrap();
    at.write("members/corvania.toml", &at.read("members/corvania.toml").replace(old, new));
    resume(&at, "brisca");
    let mut process = Process::spawn(&at, &[]);
    let ended = process.listens().await.expect("it does not start");
    assert_eq!(ended.code(), Some(78));
    let log = log(&at);
    assert!(log.contains("the folder waits for two operators") && log.contains("anchor.pem"), "{log}");
    fs::write(at.path(&format!("certs/{old}")), anchor).unwrap();
    at.start().await;
    assert_eq!(running(&at).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_narrows_needs_one_and_going_back_to_more_needs_two() {
    let at = guarded().await;
    let first = history(&at).await[0]["number"].to_string();
    suspend(&at, "corvania");
    let done = at.hub().change().apply(By::Operator(&operator("maria")), "cut", None).await.unwrap().unwrap();
    assert!(matches!(done, Done::Applied(_)), "{done:?}");
    let (code, _, err) = coohub(&at, &["rollback", &first]).await;
    assert_eq!((code, err.starts_with("second-operator: ")), (65, true), "{err}");
    assert!(at.read("members/corvania.toml").starts_with("suspended = true"));
    // To demand one operator instead of two is itself a change that two must make.
    at.edit("region.toml", "operators = 2", "operators = 1");
    let (_, out, _) = coohub(&at, &["apply"]).await;
    assert!(out.starts_with("proposed: "), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn anchors_that_others_took_the_place_of_can_be_had_as_they_run() {
    let at = guarded().await;
    let (first, before) = (history(&at).await[0]["number"].to_string(), running(&at).await);
    let anchor = at.path("certs/dev/corvania/anchor.pem");
    let was = fs::read(&anchor).unwrap();
    fs::copy(at.path("certs/dev/brisca/anchor.pem"), &anchor).unwrap();
    let (code, _, err) = coohub(&at, &["rollback", &first]).await;
    assert_eq!((code, err.starts_with("second-operator: ")), (65, true), "{err}");
    assert!(err.contains("only in files of the certs folder: dev/corvania/anchor.pem"), "{err}");
    assert!(err.contains(&format!("coohub history {first} --to FOLDER")), "{err}");

    let to = at.path("as-it-runs");
    let (code, out, err) = coohub(&at, &["history", &first, "--to", to.to_str().unwrap()]).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(fs::read(to.join("certs/dev/corvania/anchor.pem")).unwrap(), was);
    let keys = std::process::Command::new("find").arg(&to).args(["-name", "*.key"]).output().unwrap();
    assert!(keys.stdout.is_empty(), "no private key leaves its place");
    fs::copy(to.join("certs/dev/corvania/anchor.pem"), &anchor).unwrap();
    let (code, out, _) = coohub(&at, &["rollback", &first]).await;
    assert_eq!((code, running(&at).await), (0, before), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_format_table_decides_who_sees_what_so_it_needs_two() {
    let at = guarded().await;
    let before = running(&at).await;
    at.edit("formats/edi3-coo/format.toml", "title = \"edi3 /", "title = \"The edi3 /");
    let (code, out, err) = coohub(&at, &["apply", "--reason", "a better table"]).await;
    assert_eq!((code, out.starts_with("proposed: "), err.as_str()), (3, true, ""), "{out}");
    assert_eq!(running(&at).await, before);
}

/// Comments that make the files of the region too much to keep.
pub(super) fn pad(at: &Community) {
    let line = format!("# {}\n", "x".repeat(1_000));
    let mut left = KEPT_BYTES_MAX / line.len() + 1;
    let members = at.members().into_iter().map(|id| format!("members/{id}.toml"));
    let others = ["agreements/mecta.toml", "region.toml"].map(ToOwned::to_owned);
    // A format table that is another one would take two operators.
    for file in members.chain(others) {
        let count = left.min(950);
        at.write(&file, &format!("{}{}", at.read(&file), line.repeat(count)));
        left -= count;
    }
    assert_eq!(left, 0, "there are files enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_is_not_applied_where_two_are_demanded() {
    let mut at = guarded().await;
    let before = running(&at).await;
    pad(&at);
    let (code, out, _) = coohub(&at, &["plan"]).await;
    assert!(code == 2 && out.contains("apply refuses it: the files are too much to be kept: "), "{out}");
    let (code, _, err) = coohub(&at, &["apply", "--reason", "comments"]).await;
    assert_eq!((code, err.starts_with("configuration-not-kept: ")), (65, true), "{err}");
    assert!(err.contains(&KEPT_BYTES_MAX.to_string()), "{err}");
    at.hub().reload().await.unwrap_err();
    assert_eq!(running(&at).await, before);
    at.stop().await;
    let mut process = Process::spawn(&at, &[]);
    let ended = process.listens().await.expect("it does not start");
    assert_eq!(ended.code(), Some(78));
    let log = log(&at);
    assert!(log.contains("the files must be kept, and they are too much"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_left_with_its_certs_does_not_keep_the_hub_from_starting() {
    let mut at = guarded().await;
    at.stop().await;
    fs::remove_file(at.path("partners/members/estalia.toml")).unwrap();
    fs::remove_dir_all(at.path("certs/dev/estalia")).unwrap();
    let text = at.read("agreements/mecta.toml");
    let blocks: Vec<_> = text.split("\n\n").collect();
    let kept: Vec<_> = blocks.iter().filter(|block| !block.contains("to = \"estalia\"")).copied().collect();
    at.write("agreements/mecta.toml", &(kept.join("\n\n") + "\n"));
    at.start().await;
    assert_eq!(told_of(&at).await, ["start", "start"], "the folder runs");
}
