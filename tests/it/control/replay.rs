//! Replay and addressing: what is missed goes again, to nobody else, and never behind a later version.

use serde_json::{Value, json as value};

use super::{coohub, delivery_at, json};
use crate::{
    flow::story::{Sheet, Story, amended, bound_for, cancellation, reworded, tea, through_estalia},
    support::partner::Behaviour,
};

/// Corvania refuses almora's certificate; gives message and delivery.
async fn refused(story: &mut Story, key: &str, number: &str) -> (String, String) {
    story.at.partner("corvania").behave(Behaviour::Refuse("certificate-invalid"));
    let message = story.push("almora", key, Sheet::json(&tea(number))).await;
    let id = delivery_at(story, &message, "refused").await;
    story.at.partner("corvania").behave(Behaviour::Store);
    (message, id)
}

/// What corvania took: delivery, what it repeats, number.
fn taken(story: &Story) -> Vec<[String; 3]> {
    let received = story.at.partner("corvania").received();
    let stored = received.iter().filter(|one| one.behaviour == Behaviour::Store);
    let find = |one: &crate::support::partner::Received, name: &str| {
        one.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or("-".into(), |(_, v)| v.clone())
    };
    stored.map(|one| ["CoO-Delivery", "CoO-Replay", "CoO-Number"].map(|name| find(one, name))).collect()
}

async fn refusal(story: &Story, arguments: &[&str]) -> String {
    let (code, _, err) = coohub(&story.at, &[arguments, &["--reason", "asked for"]].concat()).await;
    assert_eq!(code, 65, "{err}");
    err.split(':').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_a_new_delivery_marked_as_one_and_goes_once() {
    let mut story = Story::begin().await;
    let (message, id) = refused(&mut story, "one", "AL-1").await;
    let made = json(&story.at, &["replay", &id, "--reason", "their check was wrong"]).await;
    let new = made[0]["delivery"].as_str().unwrap().to_owned();
    // The refused one counts no more.
    story.at.state_when("almora", &message, |state| state["state"] == "delivered").await;
    assert_eq!(taken(&story), [[new.clone(), id.clone(), "AL-1".to_owned()]]);
    for again in [["replay", &id], ["replay", &new]] {
        assert_eq!(refusal(&story, &again).await, "already-delivered");
    }
    assert_eq!(refusal(&story, &["replay", "--message", &message]).await, "already-delivered");
    let (_, shown, _) = coohub(&story.at, &["queue", "show", &new]).await;
    assert!(
        shown.contains("their check was wrong") && shown.contains(&format!("replay of delivery {id}")),
        "{shown}"
    );

    let lost = json(&story.at, &["replay", &new, "--lost", "--reason", "restored from a backup"]).await;
    assert_eq!(lost[0]["replayOf"], *new);
    let thrice = |state: &Value| {
        state["deliveries"].as_array().unwrap().iter().filter(|one| one["state"] == "delivered").count() == 2
    };
    story.at.state_when("almora", &message, thrice).await;
    assert_eq!(taken(&story)[1][1], *id, "it names the first of all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_repeated_to_those_who_miss_it_alone() {
    let mut story = Story::begin().await;
    let message = story.push("corvania", "transit", Sheet::xml(through_estalia(318))).await;
    story.collect("dunmere").await;
    let both = |state: &Value| state["deliveries"].as_array().is_some_and(|all| all.len() == 2);
    let state = story.at.state_when("corvania", &message, both).await;
    let copy = state["deliveries"].as_array().unwrap().iter().find(|one| one["target"] == "estalia").unwrap();
    let copy = copy["delivery"].as_str().unwrap();
    assert_eq!(coohub(&story.at, &["cancel", copy, "--reason", "by mistake"]).await.0, 0);
    let made = json(&story.at, &["replay", "--message", &message, "--reason", "it was a mistake"]).await;
    let made: Vec<_> = made.iter().filter(|one| one.get("delivery").is_some()).collect();
    assert_eq!((made.len(), &made[0]["target"]), (1, &value!("estalia")));
    let entries = story.at.collect("estalia").await;
    assert_eq!(entries[0]["headers"]["CoO-Replay"], *copy);
    assert_eq!(entries[0]["headers"]["CoO-View"], "minimised", "it sees what its rule allows");
    assert_eq!(
        refusal(&story, &["replay", "--message", &message, "--to", "almora"]).await,
        "delivery-unknown"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_never_comes_after_a_later_version() {
    let mut story = Story::begin().await;
    let (_, id) = refused(&mut story, "issue", "AL-1").await;
    let amended = amended(&tea("AL-1"), "two pallets");
    story.deliver("almora", "amend", amended).await;
    assert_eq!(refusal(&story, &["replay", &id]).await, "superseded");
    assert_eq!(refusal(&story, &["replay", &id, "--lost"]).await, "superseded");
    assert_eq!(taken(&story).len(), 1, "the amendment alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_at_a_target_since_a_time_goes_again_in_order() {
    let mut story = Story::begin().await;
    let (_, one) = refused(&mut story, "issue", "AL-1").await;
    story.at.partner("corvania").behave(Behaviour::Refuse("certificate-invalid"));
    let amended = amended(&tea("AL-1"), "two pallets");
    let second = story.push("almora", "amend", amended).await;
    let two = delivery_at(&story, &second, "refused").await;
    story.at.partner("corvania").behave(Behaviour::Store);
    assert_eq!(refusal(&story, &["replay", &one]).await, "superseded");

    let since =
        ["replay", "--target", "corvania", "--since", "2020-01-01T00:00:00Z", "--reason", "their outage"];
    let (code, told, _) = coohub(&story.at, &since).await;
    assert_eq!((code, told.ends_with("2 to be delivered again, 0 not\n")), (0, true), "{told}");
    let done = |state: &Value| state["state"] == "delivered";
    story.at.state_when("almora", &second, done).await;
    let repeats: Vec<_> = taken(&story).into_iter().map(|[_, of, _]| of).collect();
    assert_eq!(repeats, [one, two]);
    let (code, told, _) = coohub(&story.at, &since).await;
    assert_eq!((code, told.ends_with("0 to be delivered again, 0 not\n")), (0, true), "{told}");
    let lane =
        json(&story.at, &["status"]).await.into_iter().find(|lane| lane["member"] == "corvania").unwrap();
    assert_eq!(lane["dead"], 0, "both have arrived after all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_no_longer_entitled_gets_no_replay() {
    let mut story = Story::begin().await;
    let (_, id) = refused(&mut story, "one", "AL-1").await;
    story.at.edit("members/corvania.toml", "customs = [", "suspended = true\ncustoms = [");
    story.at.hub().reload().await.unwrap();
    assert_eq!(refusal(&story, &["replay", &id]).await, "not-entitled");
    assert!(taken(&story).is_empty());
}

/// Tea that is for sale: no field names an importing country.
fn unsold(number: &str) -> Value {
    let mut tea = tea(number);
    let consignment = tea["supplyChainConsignment"].as_object_mut().unwrap();
    consignment.remove("importCountry");
    consignment.remove("importer");
    consignment.remove("consignee");
    tea
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_addresses_what_names_no_country() {
    let mut story = Story::begin().await;
    let message = story.push("almora", "unsold", Sheet::json(&unsold("AL-1"))).await;
    let state = story.at.settled("almora", &message).await;
    assert_eq!(state["state"], "unaddressed", "{state}");
    let (_, listed, _) = coohub(&story.at, &["queue", "--state", "unaddressed"]).await;
    assert!(listed.lines().any(|line| line.starts_with("MESSAGE")), "{listed}");
    assert_eq!(refusal(&story, &["address", &message, "--to", "almora"]).await, "no-link");
    let (code, told, err) =
        coohub(&story.at, &["address", &message, "--to", "corvania", "--reason", "by their letter"]).await;
    assert_eq!(code, 0, "{err}");
    let done = |state: &Value| state["state"] == "delivered";
    let state = story.at.state_when("almora", &message, done).await;
    assert!(state["deliveries"][0]["because"].as_str().unwrap().ends_with("by their letter"), "{state}");
    assert!(told.starts_with(state["deliveries"][0]["delivery"].as_str().unwrap()), "{told}");
    assert_eq!(refusal(&story, &["address", &message, "--to", "corvania"]).await, "already-addressed");
    // Another state is to have it as well: by mistake, and on purpose.
    let second = ["address", &message, "--to", "brisca", "--reason", "by their letter"];
    let (code, _, err) = coohub(&story.at, &second).await;
    assert_eq!(code, 65, "{err}");
    assert!(
        err.starts_with("already-addressed: it was addressed to corvania, where it is delivered"),
        "{err}"
    );
    let (code, told, err) = coohub(&story.at, &[&second[..], &["--also"]].concat()).await;
    assert_eq!((code, told.ends_with(" to brisca\n")), (0, true), "{err}");
    let id = told.split_whitespace().next().unwrap();
    let (_, _, err) = coohub(&story.at, &[&second[..], &["--also"]].concat()).await;
    assert!(err.contains(&format!("delivery {id} is ")), "it says where it is: {err}");

    let named = story.deliver("almora", "named", Sheet::json(&tea("AL-2"))).await;
    assert_eq!(refusal(&story, &["address", &named, "--to", "brisca"]).await, "already-addressed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amendment_addresses_what_named_no_country() {
    let mut story = Story::begin().await;
    let message = story.push("almora", "unsold", Sheet::json(&unsold("AL-1"))).await;
    story.at.settled("almora", &message).await;
    let amended = Sheet::json(&bound_for(&tea("AL-1"), "XC")).with("coo-function", "4");
    story.deliver("almora", "sold", amended).await;
    assert_eq!(taken(&story).len(), 1);
    assert_eq!(refusal(&story, &["address", &message, "--to", "brisca"]).await, "superseded");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_addressed_is_followed_by_its_changes_as_long_as_they_name_nobody() {
    let mut story = Story::begin().await;
    let first = story.push("almora", "unsold", Sheet::json(&unsold("AL-1"))).await;
    story.at.settled("almora", &first).await;
    let address = ["address", &first, "--to", "corvania", "--reason", "by their letter"];
    assert_eq!(coohub(&story.at, &address).await.0, 0);
    story.at.state_when("almora", &first, |state| state["state"] == "delivered").await;
    let versions = [("amend", "4", "AL-1"), ("replace", "5", "AL-2")];
    for (key, function, number) in versions {
        let change = Sheet::json(&reworded(&unsold(number), key)).with("coo-function", function);
        let change = if function == "5" { change.with("coo-earlier", "AL-1") } else { change };
        let message = story.push("almora", key, change).await;
        let state = story.at.settled("almora", &message).await;
        assert_eq!(state["state"], "delivered", "{key}: {state}");
        assert_eq!(state["deliveries"].as_array().unwrap().len(), 1, "{key}: nothing is withdrawn: {state}");
    }
    let sold = Sheet::json(&bound_for(&tea("AL-2"), "XB")).with("coo-function", "4");
    story.deliver("almora", "sold", sold).await;
    let received = story.at.partner("corvania").received();
    let told = received.iter().map(|one| {
        let of = |name| one.header(name).to_owned();
        format!("{} {} v{}", of("CoO-Cargo"), of("CoO-Number"), of("CoO-Version"))
    });
    let expected =
        ["certificate AL-1 v1", "certificate AL-1 v2", "certificate AL-2 v1", "cancellation AL-2 v1"];
    assert_eq!(told.collect::<Vec<_>>(), expected, "who is named no more gets a withdrawal");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_addressed_and_repeated_is_followed_by_its_changes_too() {
    let mut story = Story::begin().await;
    let first = story.push("almora", "unsold", Sheet::json(&unsold("AL-1"))).await;
    story.at.settled("almora", &first).await;
    let address = ["address", &first, "--to", "corvania", "--reason", "by their letter"];
    assert_eq!(coohub(&story.at, &address).await.0, 0);
    let mut of = delivery_at(&story, &first, "delivered").await;
    for copies in [2, 3] {
        let made = json(&story.at, &["replay", &of, "--lost", "--reason", "their disk"]).await;
        made[0]["delivery"].as_str().unwrap().clone_into(&mut of);
        let all = |state: &Value| {
            let delivered = |one: &&Value| one["state"] == "delivered";
            state["deliveries"].as_array().unwrap().iter().filter(delivered).count() == copies
        };
        story.at.state_when("almora", &first, all).await;
    }
    let amended = Sheet::json(&reworded(&unsold("AL-1"), "two pallets")).with("coo-function", "4");
    let message = story.push("almora", "amend", amended).await;
    let state = story.at.settled("almora", &message).await;
    assert_eq!(state["state"], "delivered", "{state}");
    let received = story.at.partner("corvania").received();
    let last = received.last().unwrap();
    assert_eq!((last.header("CoO-Cargo"), last.header("CoO-Version")), ("certificate", "2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_name_nobody_are_counted_and_listed_until_they_are_addressed_or_changed() {
    let mut story = Story::begin().await;
    let mut ids = Vec::new();
    for number in ["AL-1", "AL-2", "AL-3"] {
        let message = story.push("almora", number, Sheet::json(&unsold(number))).await;
        story.at.settled("almora", &message).await;
        ids.push(message);
    }
    let amended = amended(&unsold("AL-3"), "two pallets");
    let amended = story.push("almora", "amend", amended).await;
    story.at.settled("almora", &amended).await;
    let listed = async |story: &Story| {
        let found = json(&story.at, &["queue", "--state", "unaddressed"]).await;
        let messages = found.iter().filter_map(|one| one["message"].as_str().map(str::to_owned));
        let messages: Vec<_> = messages.collect();
        let hub = json(&story.at, &["status"]).await.pop().unwrap();
        assert_eq!(hub["unaddressed"], messages.len(), "{hub}");
        messages
    };
    assert_eq!(listed(&story).await, [&ids[0], &ids[1], &amended].map(String::clone));
    let (_, words, _) = coohub(&story.at, &["status"]).await;
    assert!(
        words.contains("3 certificates name no importing country: coohub queue --state unaddressed"),
        "{words}"
    );
    let (_, words, _) = coohub(&story.at, &["queue"]).await;
    assert!(words.contains("besides, 3 name no importing country"), "{words}");
    let address = ["address", &ids[0], "--to", "corvania", "--reason", "by their letter"];
    assert_eq!(coohub(&story.at, &address).await.0, 0);
    story.deliver("almora", "cancel", cancellation("AL-2")).await;
    assert_eq!(listed(&story).await, std::slice::from_ref(&amended));
    let named = Sheet::json(&tea("AL-3")).with("coo-function", "4");
    story.deliver("almora", "named", named).await;
    assert!(listed(&story).await.is_empty());
}
