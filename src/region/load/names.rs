//! Names across files: what is mentioned must exist, what is claimed must be claimed once.

use std::{cell::RefCell, collections::BTreeMap};

use jiff::civil;

use super::{
    folder::Folder,
    formats::{self, Abilities},
};
use crate::{
    format::{Table, codes::list::Library},
    model::{id::FormatId, value::Date},
    problem::{Found, Problem, Problems, Spot, nearest},
    region::address::is_one,
};

/// Most valid names listed in a problem when none is near.
pub const MENTIONS_SHOWN_AS_HINT_MAX: usize = 8;

/// What kind of name is mentioned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A member.
    Member,
    /// An agreement.
    Agreement,
    /// A format, whatever it can do.
    Format,
    /// A format the hub must be able to read.
    Read,
    /// A format the hub must be able to write.
    Written,
    /// A shared code list.
    Codes,
    /// An edition of the Harmonized System, where the region has a list of them.
    HsEdition,
}

/// The list of editions of the Harmonized System.
pub(super) const HS_EDITIONS: &str = "hs-editions";

/// Something that one holder only may have at a time.
#[derive(Debug)]
struct Claim {
    what: String,
    spot: Spot,
    from: civil::Date,
    until: civil::Date,
}

/// Everything mentioned and claimed so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    mentions: RefCell<Vec<(Kind, Found<String>)>>,
    claims: RefCell<Vec<Claim>>,
    endpoints: RefCell<Vec<Found<String>>>,
    sandboxes: RefCell<Vec<Found<String>>>,
}

impl Names {
    /// Writes down a mention.
    pub(super) fn mention(&self, kind: Kind, name: &Found<String>) {
        self.mentions.borrow_mut().push((kind, name.clone()));
    }

    /// Writes down a claim; `what` says it in words, equal words being equal claims.
    pub(super) fn claim(&self, what: String, spot: Spot, (from, until): (Option<&Date>, Option<&Date>)) {
        let from = from.map_or(civil::Date::MIN, Date::day);
        let until = until.map_or(civil::Date::MAX, Date::day);
        self.claims.borrow_mut().push(Claim { what, spot, from, until });
    }

    /// Writes down the address of an endpoint, or of a sandbox.
    pub(super) fn server(&self, url: &Found<String>, sandbox: bool) {
        let servers = if sandbox { &self.sandboxes } else { &self.endpoints };
        servers.borrow_mut().push(url.clone());
    }

    /// Looks up every mention and compares every claim.
    pub(super) fn check(
        &self,
        folder: &Folder,
        (tables, codes): (&BTreeMap<FormatId, Option<Table>>, &Library),
        problems: &Problems,
    ) {
        let editions = codes.list(HS_EDITIONS).map(|list| list.rows().iter().map(|row| row.code.as_str()));
        let known = Known {
            members: folder.members.keys().map(|id| id.as_str()).collect(),
            agreements: folder.agreements.keys().map(|id| id.as_str()).collect(),
            formats: tables
                .iter()
                .map(|(id, table)| (id.as_str(), table.as_ref().map(formats::abilities)))
                .collect(),
            codes: codes.names().collect(),
            editions: editions.map(Iterator::collect),
        };
        for (kind, name) in self.mentions.borrow().iter() {
            known.check(*kind, name).into_iter().for_each(|problem| problems.add(problem));
        }
        self.check_claims(problems);
        self.check_sandboxes(problems);
    }

    /// Test traffic to a sandbox must not reach anybody's endpoint.
    fn check_sandboxes(&self, problems: &Problems) {
        let endpoints = self.endpoints.borrow();
        for sandbox in self.sandboxes.borrow().iter() {
            if let Some(Found { spot, .. }) = endpoints.iter().find(|one| is_one(&one.value, &sandbox.value))
            {
                let reason = format!("is the endpoint of {}:{}", spot.file, spot.line);
                problems.add(sandbox.spot.problem(reason).hint("a sandbox is a server or path of its own"));
            }
        }
    }

    fn check_claims(&self, problems: &Problems) {
        let claims = self.claims.borrow();
        let mut earlier: BTreeMap<&str, Vec<&Claim>> = BTreeMap::new();
        for claim in claims.iter() {
            let same = earlier.entry(&claim.what).or_default();
            if let Some(other) = same.iter().find(|o| o.from <= claim.until && claim.from <= o.until) {
                let Spot { file, line, .. } = &other.spot;
                problems.add(claim.spot.problem(format!("{} is claimed by {file}:{line} too", claim.what)));
            }
            same.push(claim);
        }
    }
}

/// The names a region has.
#[derive(Default)]
struct Known<'a> {
    members: Vec<&'a str>,
    agreements: Vec<&'a str>,
    formats: BTreeMap<&'a str, Option<Abilities>>,
    codes: Vec<&'a str>,
    editions: Option<Vec<&'a str>>,
}

impl Known<'_> {
    fn check(&self, kind: Kind, name: &Found<String>) -> Option<Problem> {
        let formats = || self.formats.keys().copied().collect::<Vec<_>>();
        let forms = || ["canonical-json", "canonical-xml"].into_iter().chain(formats()).collect();
        match kind {
            Kind::Member => absent("member", name, self.members.clone()),
            Kind::Agreement => absent("agreement", name, self.agreements.clone()),
            Kind::Format => absent("format", name, formats()),
            Kind::Codes => absent("code list", name, self.codes.clone()),
            Kind::HsEdition => {
                self.editions.as_ref().and_then(|editions| absent("HS edition", name, editions.clone()))
            }
            Kind::Read => absent("format", name, forms())
                .or_else(|| self.unable(name, |abilities| abilities.reads, "cannot be read")),
            Kind::Written => absent("format", name, forms())
                .or_else(|| self.unable(name, |abilities| abilities.writes, "cannot be written")),
        }
    }

    fn unable(&self, name: &Found<String>, able: impl Fn(&Abilities) -> bool, what: &str) -> Option<Problem> {
        let abilities = self.formats.get(name.value.as_str()).and_then(Option::as_ref)?;
        let hint = format!("formats/{}/format.toml says so", name.value);
        (!able(abilities)).then(|| name.spot.problem(format!("\"{}\" {what}", name.value)).hint(hint))
    }
}

fn absent(kind: &str, name: &Found<String>, known: Vec<&str>) -> Option<Problem> {
    if known.contains(&name.value.as_str()) {
        return None;
    }
    let problem = name.spot.problem(format!("there is no {kind} \"{}\"", name.value));
    let few = (1..=MENTIONS_SHOWN_AS_HINT_MAX).contains(&known.len());
    let all = few.then(|| format!("there are: {}", known.join(", ")));
    let hint = nearest(&name.value, known).or(all);
    Some(Problem { hint, ..problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_the_hub_cannot_read_or_write_is_named() {
        let formats = BTreeMap::from([
            ("aladi-cod", Some(Abilities { reads: true, writes: false })),
            ("mec-csv", Some(Abilities { reads: false, writes: true })),
            ("broken", None),
        ]);
        let known = Known { formats, ..Known::default() };
        let found = |name: &str| Found { value: name.to_owned(), spot: Spot::file("members/brisca.toml") };
        let check = |kind, name| known.check(kind, &found(name)).map(|problem| problem.to_string());
        assert_eq!(check(Kind::Read, "aladi-cod"), None);
        assert_eq!(
            check(Kind::Written, "aladi-cod").as_deref(),
            Some(
                "members/brisca.toml: \"aladi-cod\" cannot be written; formats/aladi-cod/format.toml says so"
            )
        );
        assert_eq!(
            check(Kind::Read, "mec-csv").as_deref(),
            Some("members/brisca.toml: \"mec-csv\" cannot be read; formats/mec-csv/format.toml says so")
        );
        assert_eq!(check(Kind::Written, "broken"), None, "its own problems are enough");
    }
}
