//! What is to be known of a new member, and the file that says it. Whether it makes sense is the region's check to say.

use serde::Deserialize;

use crate::model::id::MemberId;

/// An answers file with every answer, for a member that there is not.
pub const TEMPLATE: &str = include_str!("answers.toml");
/// The member of the template.
const EXAMPLE: &str = "florin";

/// Every answer.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Its id, where the file says it; then it must be the one on the command line.
    pub id: Option<String>,
    /// Name in words.
    pub name: String,
    /// Countries whose customs it receives for.
    #[serde(default)]
    pub customs: Vec<String>,
    /// Forms it sends.
    #[serde(default)]
    pub sends: Vec<String>,
    /// Form it takes.
    pub takes: String,
    /// What it is sent when its form cannot be filled.
    pub on_unrenderable: String,
    /// How its connections are recognised.
    pub identity: Identity,
    /// Bodies it speaks for.
    #[serde(default)]
    pub body: Vec<Body>,
    /// Its server.
    pub push: Option<Push>,
    /// Beside its server, one for test traffic.
    pub sandbox: Option<Sandbox>,
    /// It collects, from a mailbox.
    pub mailbox: Option<Mailbox>,
    /// Agreements it becomes a party of.
    #[serde(default)]
    pub agreement: Vec<Agreement>,
}

/// How its connections are recognised: a digest, or an authority and a name.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Identity {
    /// SHA-256 of its leaf's public key, 64 hexadecimal digits.
    pub spki: Option<String>,
    /// PEM file.
    pub anchors: Option<String>,
    /// The name.
    pub san: Option<String>,
}

/// A body it speaks for.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Id, as its documents carry it.
    pub id: String,
    /// Name in words.
    pub name: String,
    /// Country.
    pub country: String,
    /// Zone of its dates.
    pub zone: String,
    /// First day.
    pub from: String,
}

/// Its server.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// Address.
    pub url: String,
    /// PEM file of the anchors of its leaf.
    pub anchors: String,
}

/// Its server for test traffic, where that is another.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// Address.
    pub url: String,
}

/// Its mailbox, of which nothing need be said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mailbox {}

/// An agreement it becomes a party of.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Its id.
    pub id: String,
    /// First day of membership.
    pub from: String,
}

/// The template for a member, as `--answers -` prints it.
#[must_use]
pub fn template(id: &MemberId) -> String {
    TEMPLATE.replace(EXAMPLE, id.as_str())
}

/// Reads an answers file.
///
/// # Errors
/// What is wrong and where, in words.
pub fn read(text: &str) -> Result<Answers, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_a_whole_set_of_answers() {
        let answers = read(TEMPLATE).unwrap();
        assert!(answers.identity.spki.is_some() && answers.push.is_some() && answers.sandbox.is_some());
        assert_eq!((answers.body.len(), answers.agreement.len()), (1, 1));
    }

    #[test]
    fn a_template_is_for_the_member_it_is_asked_for() {
        let id = MemberId::new("kz").unwrap();
        let answers = read(&template(&id)).unwrap();
        assert_eq!(answers.id.as_deref(), Some("kz"));
        assert!(template(&id).starts_with("# The answers of `coohub member new kz "));
        assert!(!template(&id).contains(EXAMPLE));
    }

    #[test]
    fn a_word_misspelt_does_not_pass() {
        for (old, new) in [("customs", "custom"), ("spki", "pin"), ("[push]", "[pull]"), ("zone", "timezone")]
        {
            assert!(read(&TEMPLATE.replace(old, new)).is_err(), "{new}");
        }
    }
}
