//! What one configuration changes of another: who gains or loses what, in words. Pure.
//!
//! Each value of a region is looked at, and taken apart field by field, so that a new field is a mistake of the compiler's
//! until somebody has decided what its change means. What is in files and decides nothing (comments, order) is named by
//! its file.

mod agreement;
mod format;
mod links;
mod member;
mod trust;

use std::{collections::BTreeMap, fmt};

use super::{
    Region,
    member::{Member, Reach},
};
use crate::{
    model::id::{AgreementId, FormatId, MemberId},
    problem::unit::duration_text,
};

/// What a difference means, the gravest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// Somebody sees more, may do more, or is trusted with more than before; or what was demanded is not any more.
    Widens,
    /// Somebody sees less or may do less.
    Narrows,
    /// Documents are read, written, judged or routed otherwise.
    Form,
    /// Something goes faster, slower, or is tried longer.
    Pace,
    /// Names and comments.
    Words,
}

/// What a difference is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum About {
    /// The community as a whole.
    Region,
    /// A member.
    Member(MemberId),
    /// An agreement.
    Agreement(AgreementId),
    /// A format table.
    Format(FormatId),
    /// A shared code list.
    Codes(String),
    /// A file that decides nothing.
    File(String),
}

/// One difference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Difference {
    /// What it means.
    pub effect: Effect,
    /// What it is about.
    pub about: About,
    /// The key in the file.
    pub key: &'static str,
    /// In words: what it is about does, gains or loses.
    pub words: String,
}

impl Effect {
    /// The word in answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Widens => "widens",
            Self::Narrows => "narrows",
            Self::Form => "form",
            Self::Pace => "pace",
            Self::Words => "words",
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Region => f.write_str("region"),
            Self::Member(id) => write!(f, "member {id}"),
            Self::Agreement(id) => write!(f, "agreement {id}"),
            Self::Format(id) => write!(f, "format {id}"),
            Self::Codes(name) => write!(f, "codes {name}"),
            Self::File(name) => write!(f, "file {name}"),
        }
    }
}

/// Everything that changes from `old` to `new`, the gravest first.
#[must_use]
pub fn difference(old: &Region, new: &Region) -> Vec<Difference> {
    let mut told = Told::default();
    region(old, new, &mut told);
    for (id, old, new) in pairs(&old.members, &new.members) {
        member::compare(told.about(About::Member(id.clone())), old, new);
    }
    let members = old.members.keys().chain(new.members.keys()).collect();
    for (id, old, new) in pairs(&old.agreements, &new.agreements) {
        agreement::compare(told.about(About::Agreement(id.clone())), &members, (old, new));
    }
    format::compare(&mut told, old, new);
    files(old, new, &mut told);
    let mut found = told.found;
    found.sort();
    found.dedup();
    found
}

/// What was found so far, and what is looked at.
#[derive(Debug)]
struct Told {
    about: About,
    found: Vec<Difference>,
}

impl Default for Told {
    fn default() -> Self {
        Self { about: About::Region, found: Vec::new() }
    }
}

impl Told {
    fn about(&mut self, about: About) -> &mut Self {
        self.about = about;
        self
    }

    fn say(&mut self, effect: Effect, key: &'static str, words: impl Into<String>) {
        let words = plain(&words.into());
        self.found.push(Difference { effect, about: self.about.clone(), key, words });
    }

    /// A value that is another one.
    fn value<T: PartialEq>(
        &mut self,
        (effect, key, what): (Effect, &'static str, &str),
        (old, new): (&T, &T),
        text: impl Fn(&T) -> String,
    ) {
        if old != new {
            self.say(effect, key, format!("{what}: {}, was {}", text(new), text(old)));
        }
    }

    /// A value of which more is more: it widens or narrows.
    fn rank<T, R: Ord>(
        &mut self,
        (key, what): (&'static str, &str),
        (old, new): (&T, &T),
        rank: impl Fn(&T) -> R,
        text: impl Fn(&T) -> String,
    ) {
        let effect = match rank(new).cmp(&rank(old)) {
            std::cmp::Ordering::Less => Effect::Narrows,
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Greater => Effect::Widens,
        };
        self.say(effect, key, format!("{what}: {}, was {}", text(new), text(old)));
    }

    /// Things that came and went; whoever has one more may do more.
    fn set<T: PartialEq>(
        &mut self,
        (key, gains, loses): (&'static str, &str, &str),
        (old, new): (&[T], &[T]),
        text: impl Fn(&T) -> String,
    ) {
        for one in new.iter().filter(|one| !old.contains(one)) {
            self.say(Effect::Widens, key, format!("{gains} {}", text(one)));
        }
        for one in old.iter().filter(|one| !new.contains(one)) {
            self.say(Effect::Narrows, key, format!("{loses} {}", text(one)));
        }
    }
}

fn region(old: &Region, new: &Region, told: &mut Told) {
    let Region {
        id,
        name,
        hub,
        operators,
        go_live,
        certs: _,
        held: _,
        vouching: _,
        members: _,
        agreements: _,
        tables: _,
        codes: _,
        digest: _,
        files: _,
    } = old;
    let same = |text: &String| format!("\"{text}\"");
    told.value((Effect::Form, "id", "receipts name the community otherwise"), (id, &new.id), same);
    told.value((Effect::Form, "hub", "the hub speaks under another name"), (hub, &new.hub), same);
    told.value((Effect::Words, "name", "name"), (name, &new.name), same);
    let demanded = (operators, &new.operators);
    let what = "operators that a change which widens demands";
    told.rank(("change.operators", what), demanded, |n| std::cmp::Reverse(*n), ToString::to_string);
    let (required, age_max) =
        ((&go_live.required, &new.go_live.required), (&go_live.age_max, &new.go_live.age_max));
    let word = |required: &bool| if *required { "required" } else { "advised" }.to_owned();
    told.rank(
        ("go_live.checklist", "checklists before a link goes live"),
        required,
        |required| !*required,
        word,
    );
    told.rank(
        ("go_live.age_max", "age of a checklist that counts"),
        age_max,
        |age| *age,
        |age| duration_text(*age),
    );
}

/// Files that are others although nothing they decide is.
fn files(old: &Region, new: &Region, told: &mut Told) {
    let names = old.files.keys().chain(new.files.keys());
    let changed: std::collections::BTreeSet<&String> =
        names.filter(|name| old.files.get(*name) != new.files.get(*name)).collect();
    let explained = |name: &str, told: &Told| match name.split('/').collect::<Vec<_>>().as_slice() {
        ["members", file] => about(told, |about| matches!(about, About::Member(id) if is(id.as_str(), file))),
        ["agreements", file] => {
            about(told, |about| matches!(about, About::Agreement(id) if is(id.as_str(), file)))
        }
        ["formats", "codes", file] => {
            about(told, |about| matches!(about, About::Codes(name) if is(name, file)))
        }
        ["formats", folder, ..] => {
            about(told, |about| matches!(about, About::Format(id) if id.as_str() == *folder))
        }
        // What they decide shows in identities and issuing bodies as well, but not whole.
        ["certs", ..] => false,
        // Defaults show in members.
        _ => !told.found.is_empty(),
    };
    let pushed_to = |name: &str| {
        let file = name.strip_prefix("certs/");
        let trusts = |member: &Member| match &member.reach {
            Reach::Push(endpoint) => file.is_some_and(|file| endpoint.anchors.ends_with(file)),
            Reach::Mailbox { .. } => false,
        };
        old.members.values().chain(new.members.values()).any(trusts)
    };
    for name in changed {
        if explained(name, told) {
            continue;
        }
        told.about(About::File(name.clone()));
        // Who is trusted to be a target is decided by what is in the file.
        let decides = pushed_to(name);
        if held(old, new, name, decides, told) {
            continue;
        }
        let words = match (old.files.contains_key(name), new.files.contains_key(name)) {
            (false, _) if name.starts_with("certs/") => "is read now",
            (_, false) if name.starts_with("certs/") => "is not read any more",
            (false, _) => "came, and decides nothing",
            (_, false) => "went, and decided nothing",
            _ if name.starts_with("certs/") => "is another one",
            _ => "comments or order alone",
        };
        let effect = if decides { Effect::Widens } else { Effect::Words };
        told.say(effect, "", words);
    }
}

/// Which anchors and leaves come and go in a file of the certs folder that is named before and after; false: none.
fn held(old: &Region, new: &Region, name: &str, decides: bool, told: &mut Told) -> bool {
    let (Some(before), Some(after)) = (old.held.get(name), new.held.get(name)) else { return false };
    let effect = |effect| if decides { effect } else { Effect::Words };
    let came: Vec<_> = after.iter().filter(|one| !before.contains(one)).collect();
    let went: Vec<_> = before.iter().filter(|one| !after.contains(one)).collect();
    came.iter().for_each(|one| told.say(effect(Effect::Widens), "", format!("holds {one}")));
    went.iter().for_each(|one| told.say(effect(Effect::Narrows), "", format!("no longer holds {one}")));
    !came.is_empty() || !went.is_empty()
}

/// Words in one line that read as they are written: no name in a file makes a line of its own, or turns what stands beside.
fn plain(words: &str) -> String {
    let turns = |one: char| {
        one.is_control()
            || matches!(one, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut plain = String::new();
    for one in words.chars() {
        if turns(one) {
            plain.extend(one.escape_unicode());
        } else {
            plain.push(one);
        }
    }
    plain
}

fn about(told: &Told, is: impl Fn(&About) -> bool) -> bool {
    told.found.iter().any(|difference| is(&difference.about))
}

fn is(id: &str, file: &str) -> bool {
    file.strip_suffix(".toml") == Some(id)
}

/// Entries of two maps, side by side.
fn pairs<'a, Id: Ord, T>(
    old: &'a BTreeMap<Id, T>,
    new: &'a BTreeMap<Id, T>,
) -> impl Iterator<Item = (&'a Id, Option<&'a T>, Option<&'a T>)> {
    let gone = old.iter().filter(|(id, _)| !new.contains_key(id)).map(|(id, one)| (id, Some(one), None));
    gone.chain(new.iter().map(|(id, one)| (id, old.get(id), Some(one))))
}

/// A day, or none.
fn day(day: Option<&crate::model::value::Date>) -> String {
    day.map_or("open", crate::model::value::Date::as_str).to_owned()
}
