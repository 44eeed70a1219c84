//! The text of a new member's file, and of what its agreements need. Pure.

use std::{collections::BTreeSet, fmt::Write as _};

use super::answers::{Answers, Identity, Push, Sandbox};
use crate::model::id::MemberId;

/// The line that keeps a new member out until its links are there.
pub(super) const SUSPENDED: &str = "suspended = true";

/// The member's file, each key with a comment.
pub(super) fn file(answers: &Answers) -> String {
    let mut text = String::new();
    let mut say = |comment: &str, line: String| {
        let _ = write!(text, "# {comment}\n{line}\n\n");
    };
    say(
        "A member. Every key, and those left out here: README.md beside this folder.\n\n# Its name in words.",
        pair("name", &answers.name),
    );
    say(
        "Shut out until its agreements have its test links: take this line out then, and reload.",
        SUSPENDED.to_owned(),
    );
    say("Countries whose customs it receives for.", list("customs", &answers.customs));
    say(
        "Forms it sends: canonical-xml, canonical-json, or folders of formats/.",
        list("sends", &answers.sends),
    );
    let Identity { spki, anchors, san } = &answers.identity;
    let lines = [("spki", spki), ("anchors", anchors), ("san", san)];
    let lines = lines.into_iter().filter_map(|(key, value)| value.as_ref().map(|value| pair(key, value)));
    say(
        "How its connections are recognised: spki, the SHA-256 of its leaf's public key; or anchors, a file of the certs\n\
         # folder, and san, exactly the name in the leaf. While its key changes, the next one stands in a second [[identity]].",
        format!("[[identity]]\n{}", lines.collect::<Vec<_>>().join("\n")),
    );
    for body in &answers.body {
        let lines =
            [("id", &body.id), ("name", &body.name), ("country", &body.country), ("zone", &body.zone)];
        let lines = lines.into_iter().chain([("from", &body.from)]).map(|(key, value)| pair(key, value));
        say(
            "A body it speaks for: its id as documents carry it, the zone of its dates, the first day it counts. Officials\n\
             # whose signatures count: [[body.signer]].",
            format!("[[body]]\n{}", lines.collect::<Vec<_>>().join("\n")),
        );
    }
    say(
        "The form it takes; and what it is sent when a certificate cannot be written so: canonical-xml, canonical-json,\n\
         # original, or hold.",
        format!(
            "[takes]\n{}\n{}",
            pair("form", &answers.takes),
            pair("on_unrenderable", &answers.on_unrenderable)
        ),
    );
    if let Some(Push { url, anchors }) = &answers.push {
        say(
            "Its server, and the anchor its server's leaf chains to, a file of the certs folder.",
            format!("[push]\n{}\n{}", pair("url", url), pair("anchors", anchors)),
        );
    }
    if let Some(Sandbox { url }) = &answers.sandbox {
        say(
            "Its server for test traffic, which never reaches a live endpoint. What stands here not is as under [push], but for\n\
             # addresses.",
            format!("[sandbox]\n{}", pair("url", url)),
        );
    }
    if answers.mailbox.is_some() {
        say(
            "It collects what is for it; what it collected and did not acknowledge is offered again after the lease.",
            "[mailbox]\nlease = \"5m\"".to_owned(),
        );
    }
    let end = text.trim_end().len();
    text.truncate(end);
    text.push('\n');
    text
}

/// For each agreement: its id, and what is to be added to its file.
pub(super) fn agreements(id: &MemberId, answers: &Answers) -> Vec<(String, String)> {
    let countries: BTreeSet<&String> =
        answers.customs.iter().chain(answers.body.iter().map(|body| &body.country)).collect();
    let of = |agreement: &super::answers::Agreement| {
        let party = |country: &&String| {
            format!("[[party]]\n{}\n{}\n", pair("country", country), pair("from", &agreement.from))
        };
        let link = |from: &str, to: &str| {
            format!("[[link]]\n{}\n{}\n{}\n", pair("from", from), pair("to", to), pair("state", "test"))
        };
        let parties = countries.iter().map(party);
        let links = [link(id.as_str(), "*"), link("*", id.as_str())];
        (agreement.id.clone(), parties.chain(links).collect::<Vec<_>>().join("\n"))
    };
    answers.agreement.iter().map(of).collect()
}

fn pair(key: &str, value: &str) -> String {
    format!("{key} = {}", quoted(value))
}

fn list(key: &str, values: &[String]) -> String {
    format!("{key} = [{}]", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
}

fn quoted(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::members::answers;

    #[test]
    fn what_is_written_says_what_was_answered_whatever_stands_in_it() {
        let mut of = answers::read(answers::TEMPLATE).unwrap();
        of.name = "Fl\"or\\in # \n[push] Флорин".to_owned();
        let read: toml::Table = file(&of).parse().unwrap();
        assert_eq!(read["name"].as_str(), Some(of.name.as_str()));
        assert_eq!(read["suspended"].as_bool(), Some(true));
        assert_eq!(read["body"][0]["zone"].as_str(), Some("Europe/Lisbon"));
        assert_eq!(read["push"]["anchors"].as_str(), Some("florin/anchor.pem"));
        let sandbox = "https://test.customs.florin.example:443/deliveries";
        assert_eq!(read["sandbox"]["url"].as_str(), Some(sandbox));
    }

    #[test]
    fn every_country_of_a_member_becomes_a_party_once() {
        let mut of = answers::read(answers::TEMPLATE).unwrap();
        of.customs = vec!["XF".to_owned(), "XG".to_owned()];
        let [(id, lines)] = agreements(&MemberId::new("florin").unwrap(), &of).try_into().unwrap();
        assert_eq!(id, "mecta");
        assert_eq!(lines.matches("[[party]]").count(), 2, "{lines}");
        assert_eq!(lines.matches("state = \"test\"").count(), 2, "{lines}");
    }
}
