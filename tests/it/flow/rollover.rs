//! Leaves and anchors change while deliveries go on: each change by a reload, none with a failed attempt.

use std::fs;

use coohub::{
    cli::certs,
    clock::Clock,
    model::id::{Digest, MemberId},
};

use super::story::{Sheet, Story, tea};
use crate::support::hub::sample;

impl Story {
    /// Pushes to corvania and gives the digest of the leaf that the hub showed it.
    async fn corvania_sees(&mut self, number: &str) -> Digest {
        let id = self.push("almora", number, Sheet::json(&tea(number))).await;
        self.shown(&id, "almora", "corvania").await
    }

    /// Pushes to almora and gives the digest of the leaf that the hub showed it.
    async fn almora_sees(&mut self, key: &str) -> Digest {
        let cod = self.at.signed("brisca", &sample("aladi-cod/samples/mecta-brisca-almora.xml"));
        let id = self.push("brisca", key, Sheet::xml(cod)).await;
        self.shown(&id, "brisca", "almora").await
    }

    async fn shown(&self, id: &str, source: &str, target: &str) -> Digest {
        let state = self.at.settled(source, id).await;
        let delivery = &state["deliveries"][0];
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&"delivered".into(), &1.into()), "{state}");
        assert_eq!(delivery["evidence"], "C");
        self.at.partner(target).received().last().unwrap().leaf
    }

    fn leaf_digest(&self, stem: &str) -> Digest {
        Digest::of(self.at.leaf(stem).der())
    }

    /// Makes a second set of anchors and leaves in `certs/next`.
    fn make_next(&self) {
        let corvania = certs::Member::usual(MemberId::new("corvania").unwrap());
        certs::dev(&self.at.path("certs/next"), &[corvania], Clock::Real.now(), false).unwrap();
    }

    fn copy(&self, from: &str, to: &str) {
        fs::copy(self.at.path(from), self.at.path(to)).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hubs_client_leaf_changes_member_by_member_without_a_failed_attempt() {
    let mut story = Story::begin().await;
    let old = story.leaf_digest("client");
    assert_eq!(story.corvania_sees("AL-1").await, old);
    // The new leaf is of another authority, which corvania accepts beside the old one. Almora is not ready.
    story.make_next();
    let both = story.at.server_of("dev", "corvania", &["dev/anchor.pem", "next/anchor.pem"]);
    story.at.partner("corvania").serve_as(both);
    story.copy("certs/dev/client.pem", "certs/dev/client-old.pem");
    story.copy("certs/dev/client.key", "certs/dev/client-old.key");
    story.copy("certs/next/client.pem", "certs/dev/client.pem");
    story.copy("certs/next/client.key", "certs/dev/client.key");
    let own = "[push]\nleaf = \"dev/client-old.pem\"\nkey = \"dev/client-old.key\"";
    story.at.edit("members/almora.toml", "[push]", own);
    story.at.hub().reload().await.unwrap();
    let new = story.leaf_digest("client");
    assert_ne!(new, old);
    assert_eq!(story.corvania_sees("AL-2").await, new);
    assert_eq!(story.almora_sees("cod-1").await, old);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_members_server_moves_to_a_new_anchor_while_both_are_accepted() {
    let mut story = Story::begin().await;
    story.corvania_sees("AL-1").await;
    story.make_next();
    let file = |name: &str| fs::read_to_string(story.at.path(name)).unwrap();
    let both = file("certs/dev/corvania/anchor.pem") + &file("certs/next/corvania/anchor.pem");
    fs::write(story.at.path("certs/dev/corvania/servers.pem"), both).unwrap();
    let old = "[push]\nurl";
    let text = story.at.read("members/corvania.toml");
    let (before, push) = text.split_once(old).unwrap();
    let push = push.replace("dev/corvania/anchor.pem", "dev/corvania/servers.pem");
    story.at.write("members/corvania.toml", &format!("{before}{old}{push}"));
    story.at.hub().reload().await.unwrap();
    story.corvania_sees("AL-2").await;
    let moved = story.at.server_of("next", "corvania", &["dev/anchor.pem"]);
    story.at.partner("corvania").serve_as(moved);
    // A reload makes new connections; those of before would have lived on.
    story.at.hub().reload().await.unwrap();
    story.corvania_sees("AL-3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaf_that_cannot_be_shown_never_goes_live() {
    let story = Story::begin().await;
    let push = |leaf: &str, key: &str| format!("[push]\nleaf = \"{leaf}\"\nkey = \"{key}\"");
    let right = story.at.read("members/corvania.toml");
    for (leaf, key, blamed, reason) in [
        ("dev/client.pem", "dev/server.key", "push.key", "the leaf and its key cannot be used"),
        ("dev/server.pem", "dev/server.key", "push.leaf", "does not have clientAuth"),
        ("dev/none.pem", "dev/client.key", "push.leaf", "none.pem"),
    ] {
        story.at.write("members/corvania.toml", &right.replace("[push]", &push(leaf, key)));
        let failure = format!("{:?}", story.at.hub().reload().await.unwrap_err());
        assert!(failure.contains(reason) && failure.contains(blamed), "{leaf} {key}: {failure}");
    }
    story
        .at
        .write("members/corvania.toml", &right.replace("[push]", &push("dev/client.pem", "dev/client.key")));
    story.at.hub().reload().await.unwrap();
}
