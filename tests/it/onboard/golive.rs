//! The day a link goes live: with green lists of both ends, where the region demands them; and what comes before it.

use std::fs;

use coohub::{cli, clock::Clock};
use serde_json::json;

use super::joined;
use crate::{
    control::coohub,
    flow::story::{Sheet, Story, bound_for, tea},
    support::{
        partner::{Behaviour, Partner},
        pki::{Authority, pem},
    },
};

const BY_HAND: [&str; 13] = [
    "refusal",
    "down",
    "resend",
    "rollover",
    "ping",
    "sends:canonical-json",
    "repeats",
    "rejection",
    "amends",
    "cancels",
    "attaches",
    "verifies",
    "largest",
];

/// Makes florin's list green, by word of mouth where nothing was seen.
async fn green(story: &Story) {
    story.at.partner("florin").behave(Behaviour::Dated(0));
    let mut code = cli::exit::OTHER;
    for item in BY_HAND {
        let (now, _, err) = coohub(
            &story.at,
            &["member", "test", "florin", "--confirm", item, "--reason", "seen together", "--json"],
        )
        .await;
        assert_eq!(err, "");
        code = now;
    }
    assert_eq!(code, cli::exit::CLEAN);
}

/// Opens the way from florin to everybody, and demands lists.
fn opened(story: &Story, state: &str, checklist: &str) {
    let agreement = story.at.read("agreements/mecta.toml");
    let test = "from = \"*\"\nto = \"florin\"\nstate = \"test\"";
    let test = if agreement.contains(test) { test.to_owned() } else { test.replace("test", "pilot") };
    story.at.edit(
        "agreements/mecta.toml",
        &test,
        &test.replace("\"test\"", &format!("\"{state}\"")).replace("\"pilot\"", &format!("\"{state}\"")),
    );
    let region = story.at.read("region.toml");
    if !region.contains("[go_live]") {
        story.at.write("region.toml", &format!("{region}\n[go_live]\nchecklist = \"{checklist}\"\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_goes_live_with_green_lists_alone_where_they_are_required() {
    let story = joined().await;
    opened(&story, "live", "required");
    let (code, out, err) = coohub(&story.at, &["apply", "--reason", "florin goes live"]).await;
    assert_eq!(code, cli::exit::CONFIGURATION, "{out}{err}");
    let said = format!("{out}{err}");
    assert!(said.contains("agreements/mecta.toml:"), "{said}");
    assert!(
        said.contains("the link goes live, and the checklist of florin was never gone through"),
        "{said}"
    );
    assert!(said.contains("the checklist of almora was never gone through"), "both ends: {said}");
    assert!(story.at.hub().reload().await.is_err(), "nor by a signal");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_lists_are_advised_a_link_goes_live_all_the_same() {
    let mut story = joined().await;
    opened(&story, "live", "advised");
    let advice = "the link goes live, and the checklist of florin was never gone through";
    let (_, plan, _) = coohub(&story.at, &["plan"]).await;
    assert!(plan.contains("advice: agreements/mecta.toml:") && plan.contains(advice), "{plan}");
    let (code, told, _) = coohub(&story.at, &["apply", "--reason", "florin goes live"]).await;
    assert_eq!(code, cli::exit::CLEAN);
    assert!(told.contains("advice: agreements/mecta.toml:") && told.contains(advice), "{told}");
    let told = |status: &str, member: &str| {
        let of_links = |line: &str| line.contains("went live") && line.contains("coohub member test");
        status.lines().any(|line| of_links(line) && line.contains(member))
    };
    let (_, status, _) = coohub(&story.at, &["status"]).await;
    assert!(told(&status, "florin") && told(&status, "corvania"), "{status}");
    assert_eq!(status.matches("went live").count(), 1, "one line for all of them: {status}");
    story.deliver("almora", "real", Sheet::json(&bound_for(&tea("AL-1"), "XF"))).await;
    let received = story.at.partner("florin").received();
    assert_eq!(
        (received.len(), received[0].header("CoO-Test"), received[0].header("CoO-Pilot")),
        (1, "false", "")
    );
    story.at.stop().await;
    story.at.start().await;
    assert!(told(&coohub(&story.at, &["status"]).await.1, "florin"), "a restart forgets nothing");

    vouched(&story, "corvania").await;
    let (_, status, _) = coohub(&story.at, &["status"]).await;
    assert!(!told(&status, "corvania") && told(&status, "florin"), "its list is green since: {status}");
    let live = "from = \"*\"\nto = \"florin\"\nstate = \"live\"";
    story.at.edit("agreements/mecta.toml", live, &live.replace("live", "pilot"));
    assert_eq!(coohub(&story.at, &["apply", "--reason", "not yet"]).await.0, cli::exit::CLEAN);
    let (_, status, _) = coohub(&story.at, &["status"]).await;
    assert!(!told(&status, "florin"), "it is live no more: {status}");
}

/// Makes the list of a member green that is live: its sandbox tried, and by word of mouth what was not seen.
async fn vouched(story: &Story, member: &str) {
    let server = story.at.server_of("dev", member, &["dev/anchor.pem"]);
    let sandbox = Partner::serving(server, Behaviour::Dated(0)).await;
    let base = ["member", "test", member, "--against", &sandbox.url, "--json"];
    let (mut code, mut out, mut err) = coohub(&story.at, &base).await;
    while code != cli::exit::CLEAN {
        let items = out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let open = items.into_iter().find(|item| item["result"] == "open");
        let open = open.unwrap_or_else(|| panic!("{out}{err}"))["item"].as_str().unwrap().to_owned();
        let confirm = ["--confirm", open.as_str(), "--reason", "seen together"];
        (code, out, err) = coohub(&story.at, &[&base[..], &confirm].concat()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_needs_no_list_and_what_it_carries_is_marked() {
    let mut story = joined().await;
    opened(&story, "pilot", "required");
    assert_eq!(coohub(&story.at, &["apply", "--reason", "florin in pilot"]).await.0, cli::exit::CLEAN);
    story.deliver("almora", "real", Sheet::json(&bound_for(&tea("AL-1"), "XF"))).await;
    let received = story.at.partner("florin").received();
    assert_eq!(
        (received.len(), received[0].header("CoO-Test"), received[0].header("CoO-Pilot")),
        (1, "false", "true")
    );
    let test = Sheet::json(&bound_for(&tea("AL-2"), "XF")).with("coo-test", "?1");
    assert_eq!(story.push("almora", "trial", test).await, "", "no test traffic reaches it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_green_list_opens_the_way_and_a_red_one_shuts_it() {
    let story = joined().await;
    // Only florin's way from almora opens, so that only those two are asked for lists.
    let region = story.at.read("region.toml");
    story.at.write("region.toml", &format!("{region}\n[go_live]\nchecklist = \"required\"\n"));
    let agreement = story.at.read("agreements/mecta.toml");
    let link = "\n[[link]]\nfrom = \"florin\"\nto = \"almora\"\nstate = \"live\"\n";
    story.at.hub().reload().await.unwrap();
    green(&story).await;
    story.at.write("agreements/mecta.toml", &(agreement + link));
    let (code, out, err) = coohub(&story.at, &["apply", "--reason", "live"]).await;
    let said = format!("{out}{err}");
    assert_eq!(code, cli::exit::CONFIGURATION, "{said}");
    assert!(
        said.contains("checklist of almora was never gone through") && !said.contains("checklist of florin"),
        "{said}"
    );
    story.at.partner("florin").behave(Behaviour::NoEcho);
    assert_eq!(coohub(&story.at, &["member", "test", "florin"]).await.0, cli::exit::OTHER);
    let (_, out, err) = coohub(&story.at, &["apply", "--reason", "live"]).await;
    assert!(format!("{out}{err}").contains("checklist of florin was not green"), "{out}{err}");
}

/// Demands lists, and shuts what was live between corvania and the others: itself, or by its link.
async fn shut(story: &Story, by_link: bool) {
    let region = story.at.read("region.toml");
    story.at.write("region.toml", &format!("{region}\n[go_live]\nchecklist = \"required\"\n"));
    if by_link {
        let agreement = story.at.read("agreements/mecta.toml");
        story.at.write("agreements/mecta.toml", &(agreement + SHUT));
    } else {
        let file = story.at.read("members/corvania.toml");
        story.at.write("members/corvania.toml", &format!("suspended = true\n{file}"));
    }
    assert_eq!(coohub(&story.at, &["apply", "--reason", "an incident"]).await.0, cli::exit::CLEAN);
}

const SHUT: &str = "\n[[link]]\nfrom = \"almora\"\nto = \"corvania\"\nstate = \"suspended\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_suspended_for_an_incident_opens_again_without_lists() {
    let mut story = joined().await;
    let certs = |name: &str| story.at.path(&format!("certs/{name}"));
    let ca = Authority::root("Almora");
    let renewed = |year: i32| {
        let list = pem("X509 CRL", &ca.revoking(&[], year));
        fs::write(certs("almora.crl"), list).unwrap();
    };
    renewed(2100);
    fs::write(certs("almora.pem"), pem("CERTIFICATE", &ca.der())).unwrap();
    let almora = story.at.read("members/almora.toml");
    let more =
        "[[identity]]\nanchors = \"almora.pem\"\nsan = \"urn:almora\"\nrevocations = [\"almora.crl\"]\n";
    story.at.write("members/almora.toml", &format!("{almora}\n{more}"));
    assert_eq!(coohub(&story.at, &["apply", "--reason", "a list"]).await.0, cli::exit::CLEAN);
    shut(&story, true).await;
    // A revocation list is renewed every few days, and vouches for nobody.
    renewed(2101);
    story.at.edit("agreements/mecta.toml", SHUT, "");
    let (code, out, err) = coohub(&story.at, &["apply", "--reason", "it is over"]).await;
    assert_eq!((code, err.as_str()), (cli::exit::CLEAN, ""), "{out}");
    story.deliver("almora", "again", Sheet::json(&tea("AL-1"))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_another_than_when_it_was_suspended_needs_its_list() {
    let story = joined().await;
    shut(&story, false).await;
    story.at.edit("members/corvania.toml", "suspended = true\n", "");
    let (sends, more) =
        ("sends = [\"mec-origine-xml\"]", "sends = [\"mec-origine-xml\", \"canonical-json\"]");
    story.at.edit("members/corvania.toml", sends, more);
    let (code, out, err) = coohub(&story.at, &["apply", "--reason", "it is over"]).await;
    let said = format!("{out}{err}");
    assert_eq!(code, cli::exit::CONFIGURATION, "{said}");
    assert!(said.contains("checklist of corvania") && !said.contains("checklist of almora"), "{said}");
    story.at.edit("members/corvania.toml", more, sends);

    // The anchor that vouches for its server is another, under the same name.
    let anchor = story.at.path("certs/dev/corvania/anchor.pem");
    let was = std::fs::read(&anchor).unwrap();
    std::fs::copy(story.at.path("certs/dev/almora/anchor.pem"), &anchor).unwrap();
    let (_, out, err) = coohub(&story.at, &["apply", "--reason", "it is over"]).await;
    assert!(format!("{out}{err}").contains("checklist of corvania"), "{out}{err}");
    std::fs::write(&anchor, was).unwrap();
    assert_eq!(coohub(&story.at, &["apply", "--reason", "it is over"]).await.0, cli::exit::CLEAN);
}

/// Gives corvania files of its own in the certs folder for all that its list vouches for.
async fn with_files_of_its_own(story: &Story) {
    let certs = |name: &str| story.at.path(&format!("certs/{name}"));
    for (from, to) in
        [("dev/corvania/anchor.pem", "id1.pem"), ("dev/client.pem", "own.pem"), ("dev/client.key", "own.key")]
    {
        fs::copy(certs(from), certs(to)).unwrap();
    }
    fs::write(certs("corvania.keys"), keys(story, "corvania")).unwrap();
    let file = story.at.read("members/corvania.toml");
    let file = file.replacen("dev/corvania/anchor.pem", "id1.pem", 1);
    let own = "[push]\nleaf = \"own.pem\"\nkey = \"own.key\"\nacknowledge = \"signed\"\n\
               receipt_keys = \"corvania.keys\"";
    story.at.write("members/corvania.toml", &file.replacen("[push]", own, 1));
    let (code, out, err) = coohub(&story.at, &["apply", "--reason", "files of its own"]).await;
    assert_eq!(code, cli::exit::CLEAN, "{out}{err}");
}

fn keys(story: &Story, member: &str) -> String {
    json!({"keys": [story.at.partner(member).receipt_key().to_jwk()]}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_vouches_for_a_member_and_was_replaced_in_the_certs_folder_needs_its_list() {
    let story = joined().await;
    let certs = |name: &str| story.at.path(&format!("certs/{name}"));
    with_files_of_its_own(&story).await;
    shut(&story, false).await;
    story.at.edit("members/corvania.toml", "suspended = true\n", "");
    let asked = async |what: &str| {
        let (_, out, err) = coohub(&story.at, &["apply", "--reason", "it is over"]).await;
        let said = format!("{out}{err}");
        assert!(said.contains("checklist of corvania was never gone through"), "{what}: {said}");
        assert!(!said.contains("checklist of almora"), "{what}: {said}");
    };

    fs::write(certs("corvania.keys"), keys(&story, "almora")).unwrap();
    asked("keys of receipts").await;
    fs::write(certs("corvania.keys"), keys(&story, "corvania")).unwrap();

    cli::certs::dev(&certs("next"), &[], Clock::Real.now(), false).unwrap();
    let own_from = |folder: &str| {
        for end in ["pem", "key"] {
            fs::copy(certs(&format!("{folder}/client.{end}")), certs(&format!("own.{end}"))).unwrap();
        }
    };
    own_from("next");
    asked("the leaf shown to it").await;
    own_from("dev");

    // Another authority under a new name, and under the old one as well.
    let other = certs("dev/almora/anchor.pem");
    fs::copy(&other, certs("id2.pem")).unwrap();
    fs::copy(&other, certs("id1.pem")).unwrap();
    story.at.edit("members/corvania.toml", "id1.pem", "id2.pem");
    asked("a renamed anchor").await;
    story.at.edit("members/corvania.toml", "id2.pem", "id1.pem");
    fs::copy(certs("dev/corvania/anchor.pem"), certs("id1.pem")).unwrap();
    assert_eq!(coohub(&story.at, &["apply", "--reason", "it is over"]).await.0, cli::exit::CLEAN);
}
