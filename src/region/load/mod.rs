//! Reads a region folder: every file once, every problem at once, then the whole or nothing.
//!
//! Each file is read for itself; what it says about others (a link's members, a member's formats) is written down as a
//! mention, what it claims for itself alone (a body, a country's customs, a pin) as a claim. When all files are read,
//! mentions are looked up and claims compared. Known names are the *files* found, so one broken member's file does not
//! make every link to it wrong as well.

mod agreement;
mod certs;
mod folder;
mod formats;
mod member;
mod names;
mod pace;
mod reach;
mod revocation;
mod secret;
mod signer;
mod value;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, ops::RangeInclusive, path::Path, time::Duration};

use self::{certs::Certs, folder::Folder, names::Names, pace::Defaults};
use super::{Region, fill, golive::GoLive};
use crate::{
    files::Files,
    format::codes::list::Library,
    model::id::Digest,
    problem::{Problems, section::Section},
};

pub use self::{
    folder::{
        AGREEMENTS_MAX, FILE_BYTES_MAX, FORMAT_FILE_BYTES_MAX, FORMAT_FILES_MAX, FORMATS_MAX, MEMBERS_MAX,
    },
    names::MENTIONS_SHOWN_AS_HINT_MAX,
    signer::{AUTHORITIES_MAX, SIGNERS_MAX},
};

/// What a file's reader needs beside the file: where to write down mentions, claims and certificates read.
#[derive(Debug)]
struct Desk<'a> {
    problems: &'a Problems,
    names: Names,
    certs: Certs<'a>,
}

/// How old a checklist may be allowed to be.
const CHECKLIST_AGE: RangeInclusive<Duration> =
    Duration::from_secs(60 * 60)..=Duration::from_secs(3_650 * 24 * 60 * 60);
/// Most operators a change can demand.
const OPERATORS_MAX: u64 = 2;

/// The settings of `region.toml`.
struct Head {
    id: String,
    name: String,
    hub: String,
    operators: u32,
    go_live: GoLive,
    defaults: Defaults,
}

/// Reads, checks and digests a region folder, or the files of one; `None`, with at least one new problem, when anything is wrong.
///
/// Paths of anchors, leaves and revocation lists are relative to `certs`. Without `certs` they are not read: such a
/// region shows whether the folder is right, admits no peer by an anchor and knows no signer given by a leaf.
/// File names in problems are relative to `folder`.
#[must_use]
pub fn load(folder: impl Into<Files>, certs: Option<&Path>, problems: &Problems) -> Option<Region> {
    let found = Problems::default();
    let region = read(&folder.into(), certs, &found);
    let found = found.sorted();
    let clean = found.is_empty();
    found.into_iter().for_each(|problem| problems.add(problem));
    region.filter(|_| clean)
}

fn read(files: &Files, certs: Option<&Path>, problems: &Problems) -> Option<Region> {
    let desk = Desk { problems, names: Names::default(), certs: Certs::new(certs) };
    let folder = Folder::open(files, problems);
    let head = folder.region.as_ref().map(|file| file.read(problems, read_head));
    let defaults = head.as_ref().map(|head| head.defaults.clone()).unwrap_or_default();
    let mut vouching = BTreeMap::new();
    let member = |(id, file)| {
        let member = member::read(id, file, &defaults, &desk);
        vouching.insert(id.clone(), desk.certs.vouching());
        member
    };
    let members: Vec<_> = folder.members.iter().map(member).collect();
    let agreements: Vec<_> =
        folder.agreements.iter().map(|(id, file)| agreement::read(id, file, &desk)).collect();
    let tables = formats::read(&folder, problems);
    let codes = Library::load(folder.codes(), problems);
    desk.names.check(&folder, (&tables, &codes), problems);
    let head = head?;
    let certs = desk.certs.read();
    let files = folder.digests(&certs);
    let region = Region {
        id: head.id,
        name: head.name,
        hub: head.hub,
        operators: head.operators,
        go_live: head.go_live,
        members: by_id(members, |member| member.id.clone())?,
        agreements: by_id(agreements, |agreement| agreement.id.clone())?,
        tables: tables.into_iter().filter_map(|(id, table)| Some((id, table?))).collect(),
        codes,
        digest: digest(&files),
        files,
        certs,
        held: desk.certs.held(),
        vouching,
    };
    fill::held(&region).into_iter().for_each(|problem| problems.add(problem));
    Some(region)
}

/// The configuration version: over the name and content of every file read, certificates included.
fn digest(files: &BTreeMap<String, Digest>) -> Digest {
    let lines = files.iter().map(|(name, digest)| format!("{}  {name}\n", digest.hex()));
    Digest::of(lines.collect::<String>().as_bytes())
}

fn by_id<Id: Ord, T>(entries: Vec<Option<T>>, id: impl Fn(&T) -> Id) -> Option<BTreeMap<Id, T>> {
    entries.into_iter().map(|entry| entry.map(|entry| (id(&entry), entry))).collect()
}

fn read_head(file: &Section<'_>) -> Head {
    let name = |key: &str| {
        let found = file.need_text(key);
        if !found.value.is_empty() && crate::model::id::MemberId::new(&found.value).is_none() {
            file.add(found.spot.problem(format!("\"{}\" is not a name", found.value)).hint(value::NAME_HINT));
        }
        found.value
    };
    Head {
        id: name("id"),
        name: value::need_words(file, "name"),
        hub: name("hub"),
        operators: file.table("change", operators).unwrap_or(1),
        go_live: file.table("go_live", go_live).unwrap_or_default(),
        defaults: file.table("defaults", Defaults::read).unwrap_or_default(),
    }
}

/// What is asked of members before a link of theirs goes live.
fn go_live(section: &Section<'_>) -> GoLive {
    let usual = GoLive::default();
    let required = section.choice("checklist", &[("advised", false), ("required", true)]);
    let age_max = section.duration("age_max", CHECKLIST_AGE);
    GoLive { required: required.unwrap_or(usual.required), age_max: age_max.unwrap_or(usual.age_max) }
}

/// Operators that a change which widens demands.
fn operators(section: &Section<'_>) -> u32 {
    let operators = section.count("operators", 1..=OPERATORS_MAX);
    operators.and_then(|operators| u32::try_from(operators).ok()).unwrap_or(1)
}
