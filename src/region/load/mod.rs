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
mod signer;
mod value;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::Path};

use self::{certs::Certs, folder::Folder, names::Names, pace::Defaults};
use super::Region;
use crate::{
    format::codes::list::Library,
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

/// The settings of `region.toml`.
struct Head {
    id: String,
    name: String,
    hub: String,
    defaults: Defaults,
}

/// Reads, checks and digests a region folder; `None`, with at least one new problem, when anything is wrong.
///
/// Paths of anchors, leaves and revocation lists are relative to `certs`. Without `certs` they are not read: such a
/// region shows whether the folder is right, admits no peer by an anchor and knows no signer given by a leaf.
/// File names in problems are relative to `folder`.
#[must_use]
pub fn load(folder: &Path, certs: Option<&Path>, problems: &Problems) -> Option<Region> {
    let found = Problems::default();
    let region = read(folder, certs, &found);
    let found = found.sorted();
    let clean = found.is_empty();
    found.into_iter().for_each(|problem| problems.add(problem));
    region.filter(|_| clean)
}

fn read(root: &Path, certs: Option<&Path>, problems: &Problems) -> Option<Region> {
    let desk = Desk { problems, names: Names::default(), certs: Certs::new(certs) };
    let folder = Folder::open(root, problems);
    let head = folder.region.as_ref().map(|file| file.read(problems, read_head));
    let defaults = head.as_ref().map(|head| head.defaults.clone()).unwrap_or_default();
    let members: Vec<_> =
        folder.members.iter().map(|(id, file)| member::read(id, file, &defaults, &desk)).collect();
    let agreements: Vec<_> =
        folder.agreements.iter().map(|(id, file)| agreement::read(id, file, &desk)).collect();
    let tables = formats::read(&folder, problems);
    let codes = Library::load(&folder.codes(), problems);
    desk.names.check(&folder, (&tables, &codes), problems);
    let head = head?;
    Some(Region {
        id: head.id,
        name: head.name,
        hub: head.hub,
        members: by_id(members, |member| member.id.clone())?,
        agreements: by_id(agreements, |agreement| agreement.id.clone())?,
        tables: tables.into_iter().filter_map(|(id, table)| Some((id, table?))).collect(),
        codes,
        digest: folder.digest(&desk.certs),
    })
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
        defaults: file.table("defaults", Defaults::read).unwrap_or_default(),
    }
}
