//! Going back puts the folder back, and what runs with it; on failure both are as before.

use std::fs;

use super::{history, json, resume, running, second, started, suspend, told};
use crate::{
    control::coohub,
    support::{command, hub::Community},
};

async fn number(at: &Community) -> String {
    history(at).await[0]["number"].to_string()
}

async fn applied(at: &Community) {
    let (code, _, err) = coohub(at, &["apply"]).await;
    assert_eq!(code, 0, "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_runs_again_and_nothing_is_lost() {
    let at = started().await;
    let (first, before) = (number(&at).await, running(&at).await);
    let was = at.read("members/brisca.toml");
    suspend(&at, "brisca");
    at.write("formats/edi3-coo/notes.txt", "for the next operator");
    applied(&at).await;
    assert_eq!(at.member("brisca").get("/v1/ping").await.unwrap().status, 403);
    // Not applied, and no part of what it goes back to.
    at.write("members/corvania.toml", &format!("# half an idea\n{}", at.read("members/corvania.toml")));

    let (code, out, err) = coohub(&at, &["rollback", &first, "--reason", "too early"]).await;
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with(&format!("applied: configuration {before}\n")), "{out}");
    assert!(!out.contains("not put back"), "{out}");
    let aside = format!(".aside/{first}-1");
    for file in ["members/brisca.toml", "members/corvania.toml", "formats/edi3-coo/notes.txt"] {
        assert!(out.contains(&format!("what was in {file} is now in {aside}/{file}\n")), "{out}");
    }
    assert_eq!(running(&at).await, before);
    assert_eq!(at.member("brisca").get("/v1/ping").await.unwrap().status, 200);
    assert_eq!(at.read("members/brisca.toml"), was);
    assert!(!at.path("partners/formats/edi3-coo/notes.txt").exists());
    assert_eq!(at.read(&format!("{aside}/formats/edi3-coo/notes.txt")), "for the next operator");
    assert!(at.read(&format!("{aside}/members/corvania.toml")).starts_with("# half an idea\n"));
    assert_eq!(told(&at).await[0], ("rollback".to_owned(), "too early".to_owned()));
    assert_eq!(coohub(&at, &["plan"]).await.0, 0, "the folder is what runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_put_back_of_the_certs_folder_is_named() {
    let at = started().await;
    let first = number(&at).await;
    let anchor = at.path("certs/dev/corvania/anchor.pem");
    let pem = fs::read(&anchor).unwrap();
    let other = fs::read(at.path("certs/dev/brisca/anchor.pem")).unwrap();
    fs::write(&anchor, [&pem[..], b"\n", &other[..]].concat()).unwrap();
    applied(&at).await;
    let (code, out, err) = coohub(&at, &["rollback", &first]).await;
    assert_eq!((code, err.as_str()), (0, ""));
    let left = format!("not put back: certs/dev/corvania/anchor.pem differs from what {first} ran\n");
    assert!(out.contains(&left), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_would_not_be_right_today_leaves_the_folder_alone() {
    let at = started().await;
    let first = number(&at).await;
    // Corvania's anchor goes by another name from now on.
    let (old, new) = ("dev/corvania/anchor.pem", "dev/corvania/root.pem");
    fs::copy(at.path(&format!("certs/{old}")), at.path(&format!("certs/{new}"))).unwrap();
    at.write("members/corvania.toml", &at.read("members/corvania.toml").replace(old, new));
    applied(&at).await;
    fs::remove_file(at.path(&format!("certs/{old}"))).unwrap();
    let (before, text) = (running(&at).await, at.read("members/corvania.toml"));
    let (code, _, err) = coohub(&at, &["rollback", &first]).await;
    assert_eq!(code, 78, "{err}");
    assert!(err.contains("anchor.pem: is missing") && err.contains("would not be right today"), "{err}");
    assert_eq!((running(&at).await, at.read("members/corvania.toml")), (before, text));
    assert!(!at.path("partners/.aside").exists());
    let actions = json(&at, &["queue", "actions"]).await;
    assert!(actions[0]["outcome"].as_str().unwrap().starts_with("configuration-wrong: "), "{actions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_could_go_back_to_is_said_before_it_is_applied() {
    let at = started().await;
    second::pad(&at);
    let (code, out, _) = coohub(&at, &["plan"]).await;
    let said = "the files are too much to be kept, so nobody can go back to them: ";
    assert!(code == 2 && out.contains(&format!("advice: {said}")), "{out}");
    let folder = at.folder().to_owned();
    let check = move || command::coohub(["check".into(), folder.into_os_string()]);
    let (code, out, _) = tokio::task::spawn_blocking(check).await.unwrap();
    assert!(
        code == 0 && out.contains(&format!("notice: coohub.toml: region.folder: its {}", &said[4..])),
        "{out}"
    );
    applied(&at).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_is_as_before_and_so_is_what_runs() {
    let at = started().await;
    let first = number(&at).await;
    suspend(&at, "almora");
    at.write("members/brisca.toml", &at.read("members/brisca.toml").replace("Federation", "Union"));
    applied(&at).await;
    let before = running(&at).await;
    // A folder where the file must be written, whoever writes it.
    fs::create_dir(at.path("partners/members/.brisca.toml.unfinished")).unwrap();
    let almora = at.read("members/almora.toml");
    let (code, _, err) = coohub(&at, &["rollback", &first]).await;
    assert_eq!((code, err.starts_with("folder-not-written: members/brisca.toml")), (65, true), "{err}");
    assert_eq!((running(&at).await, at.read("members/almora.toml")), (before, almora));
    assert!(!at.path("partners/.aside").exists());
    let (code, _, err) = coohub(&at, &["rollback", "999999"]).await;
    assert_eq!((code, err.starts_with("configuration-unknown: ")), (65, true), "{err}");
    resume(&at, "almora");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_is_shown_with_where_each_setting_comes_from() {
    let at = started().await;
    let shown = json(&at, &["config", "show"]).await;
    let setting = |key: &str| {
        let found = shown.iter().find(|one| one["setting"] == key).unwrap();
        (found["value"].as_str().unwrap().to_owned(), found["from"].as_str().unwrap().to_owned())
    };
    assert_eq!(setting("listen.address"), ("\"127.0.0.1:0\"".to_owned(), "coohub.toml".to_owned()));
    assert_eq!(setting("listen.idle_timeout"), ("\"2m\"".to_owned(), "default".to_owned()));
    assert!(shown.iter().any(|one| one["file"] == "members/brisca.toml"));
    let end = shown.last().unwrap();
    assert_eq!(end["configuration"], running(&at).await);
    assert_eq!(end["number"].to_string(), number(&at).await);
    let (code, words, _) = coohub(&at, &["config", "show"]).await;
    assert_eq!(code, 0);
    assert!(
        words.contains("coohub.toml  \"127.0.0.1:0\"\n") && words.contains("members/brisca.toml\n"),
        "{words}"
    );
    // A change of the folder is not what is applied.
    suspend(&at, "brisca");
    let again = json(&at, &["config", "show"]).await;
    assert_eq!(again, shown);
}
