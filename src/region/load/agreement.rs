//! Reads an agreement's file.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use super::{
    super::agreement::{
        Agreement, COPIES_MAX, Copy, CopyView, Link, LinkState, PARK_DEFAULT, Party, ProofDemand, Union,
        UnionDelivery, Unseen,
    },
    Desk,
    member::value_id,
    names::Kind,
    value::{self, need_words, no_repeats},
};
use crate::{
    model::{
        dictionary::Field,
        id::{AgreementId, FormatId, MemberId},
        reason::Reason,
    },
    problem::{
        Found, Problem, nearest,
        section::{Section, Source},
    },
};

/// Every member, in a link.
const EVERY: &str = "*";
/// How long a change may wait for its certificate.
const PARK: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(365 * 24 * 60 * 60);
/// How soon customs may be asked to answer.
const ANSWER: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(365 * 24 * 60 * 60);

/// Reads the whole file; `None` only where a problem was recorded.
pub(super) fn read(id: &AgreementId, source: &Source, desk: &Desk<'_>) -> Option<Agreement> {
    source.read(desk.problems, |file| {
        value_id(file, id.as_str());
        let name = need_words(file, "name");
        let aliases = aliases(file, id, desk);
        let proof = file.choice("proof", &proofs());
        let proof_by_format = file.table("proof_by_format", |proofs| by_format(proofs, desk));
        let importing_party = importing_party(file);
        let parties = parties(file);
        let unions = file.tables("union", |union| read_union(union, &parties, desk));
        let copies = copies(file, desk);
        let links = file.tables("link", |link| read_link(link, desk));
        no_double_links(file, &links);
        Some(Agreement {
            id: id.clone(),
            name,
            aliases,
            parties,
            unions: unions.into_iter().flatten().collect(),
            proof,
            proof_by_format: proof_by_format.unwrap_or_default(),
            importing_party,
            copies,
            links: links.into_iter().flatten().collect(),
            hs_edition: mentioned(file, "hs_edition", Kind::HsEdition, desk),
            criteria: mentioned(file, "criteria", Kind::Codes, desk),
            unseen: unseen(file),
            answer_within: file.duration("answer_within", ANSWER),
            severe: severe(file),
        })
    })
}

/// A name from one of the region's code lists.
fn mentioned(file: &Section<'_>, key: &str, kind: Kind, desk: &Desk<'_>) -> Option<String> {
    let found = file.text(key)?;
    desk.names.mention(kind, &found);
    Some(found.value)
}

/// Aliases are compared without regard to case, with each other and with the ids of agreements.
fn aliases(file: &Section<'_>, id: &AgreementId, desk: &Desk<'_>) -> Vec<String> {
    let claim = |name: &str, spot| {
        desk.names.claim(format!("the agreement name \"{}\"", name.to_lowercase()), spot, (None, None));
    };
    claim(id.as_str(), file.spot());
    let aliases = file.texts("aliases").unwrap_or_default();
    for alias in aliases.iter().filter(|alias| !alias.value.eq_ignore_ascii_case(id.as_str())) {
        claim(&alias.value, alias.spot.clone());
    }
    aliases.into_iter().map(|alias| alias.value).collect()
}

fn proofs() -> [(&'static str, ProofDemand); 3] {
    [ProofDemand::Connection, ProofDemand::Official, ProofDemand::ExporterAndOfficial]
        .map(|demand| (demand.word(), demand))
}

fn by_format(proofs: &Section<'_>, desk: &Desk<'_>) -> BTreeMap<FormatId, ProofDemand> {
    let mut demands = BTreeMap::new();
    for (format, found) in proofs.all_texts() {
        desk.names.mention(Kind::Format, &Found { value: format.clone(), spot: found.spot });
        let demand = proofs.choice(&format, &self::proofs());
        demands.extend(FormatId::new(&format).zip(demand));
    }
    demands
}

/// At least one field, each of which holds a country code and stands outside lists.
fn importing_party(file: &Section<'_>) -> Vec<Field> {
    let mut fields = Vec::new();
    for found in value::need_texts(file, "importing_party") {
        let Some(field) = value::field(file, &found) else { continue };
        if !value::is_country_field(field) || !field.lists().is_empty() {
            let reason = format!("\"{field}\" does not hold the country of the whole certificate");
            file.add(found.spot.problem(reason));
        }
        fields.push(field);
    }
    fields
}

fn parties(file: &Section<'_>) -> Vec<Party> {
    let read = |party: &Section<'_>| {
        let found = party.need_text("country");
        let spot = found.spot.clone();
        let country = if party.has("country") { value::country(party, found) } else { None };
        let (from, until) = value::span(party);
        Some((Party { country: country?, from: from?, until }, spot))
    };
    let parties: Vec<_> = file.tables("party", read).into_iter().flatten().collect();
    if !file.has("party") {
        file.add(file.spot().problem("has no [[party]]"));
    }
    // A country that left may come back, so two spans are fine as long as they do not meet.
    for (position, (party, spot)) in parties.iter().enumerate() {
        let meets = |(other, _): &(Party, _)| {
            let ends = |p: &Party| p.until.as_ref().map_or(jiff::civil::Date::MAX, |until| until.day());
            other.country == party.country
                && other.from.day() <= ends(party)
                && party.from.day() <= ends(other)
        };
        if parties.iter().take(position).any(meets) {
            file.add(spot.problem(format!("\"{}\" is a party twice at the same time", party.country)));
        }
    }
    parties.into_iter().map(|(party, _)| party).collect()
}

fn read_union(union: &Section<'_>, parties: &[Party], desk: &Desk<'_>) -> Option<Union> {
    let code = union.need_text("code");
    if parties.iter().any(|party| party.country == code.value) {
        union.add(code.spot.problem(format!("\"{}\" is the code of a party", code.value)));
    }
    let members = value::need_texts(union, "members");
    for member in members.iter().filter(|m| parties.iter().all(|party| party.country != m.value)) {
        let problem = member.spot.problem(format!("\"{}\" is not a party of this agreement", member.value));
        let hint = nearest(&member.value, parties.iter().map(|party| party.country.as_str()));
        union.add(Problem { hint, ..problem });
    }
    Some(Union {
        code: code.value,
        members: members.into_iter().map(|member| member.value).collect(),
        deliver: union_delivery(union, desk)?,
    })
}

fn union_delivery(union: &Section<'_>, desk: &Desk<'_>) -> Option<UnionDelivery> {
    if !union.has("deliver") {
        union.missing("deliver");
    }
    let words = [("central", "central"), ("named", "named"), ("all", "all")];
    let central = union.text("central");
    match (union.choice("deliver", &words)?, central) {
        ("central", Some(found)) => member(&found, desk).map(UnionDelivery::Central),
        ("central", None) => {
            union.missing("central");
            None
        }
        (_, Some(_)) => {
            union.wrong("central", "belongs to deliver = \"central\" only");
            None
        }
        ("named", None) => Some(UnionDelivery::Named),
        _ => Some(UnionDelivery::All),
    }
}

fn member(found: &Found<String>, desk: &Desk<'_>) -> Option<MemberId> {
    desk.names.mention(Kind::Member, found);
    MemberId::new(&found.value)
}

fn copies(file: &Section<'_>, desk: &Desk<'_>) -> Vec<Copy> {
    let copies = file.tables("copy", |copy| read_copy(copy, desk));
    if copies.len() > COPIES_MAX {
        file.wrong("copy", format!("names {} copies, at most {COPIES_MAX} are allowed", copies.len()));
    }
    copies.into_iter().flatten().collect()
}

fn read_copy(copy: &Section<'_>, desk: &Desk<'_>) -> Option<Copy> {
    let name = need_words(copy, "name");
    let when = when(copy);
    let to = copy.need_text("to");
    let to = if copy.has("to") { member(&to, desk) } else { None };
    let view = view(copy);
    Some(Copy { name, when, to: to?, view: view? })
}

/// `when` names a field outside lists, `is` the values that count.
fn when(copy: &Section<'_>) -> Option<(Field, Vec<String>)> {
    if copy.has("when") != copy.has("is") {
        copy.add(copy.spot().problem("\"when\" and \"is\" go together"));
    }
    if !copy.has("when") || !copy.has("is") {
        return None;
    }
    let (found, values) = (copy.text("when")?, value::need_texts(copy, "is"));
    let field = value::field(copy, &found)?;
    if field.kind().is_none() || !field.lists().is_empty() {
        copy.add(found.spot.problem(format!("\"{field}\" is or stands in a list")));
    }
    if value::is_country_field(field) {
        values.iter().for_each(|value| drop(value::country(copy, value.clone())));
    }
    Some((field, values.into_iter().map(|value| value.value).collect()))
}

fn view(copy: &Section<'_>) -> Option<CopyView> {
    let words = [("full", "full"), ("minimised", "minimised"), ("notice", "notice")];
    if !copy.has("view") {
        copy.missing("view");
    }
    let (view, has_fields) = (copy.choice("view", &words)?, copy.has("fields"));
    match view {
        "minimised" => {
            let names = value::need_texts(copy, "fields");
            Some(CopyView::Minimised(names.iter().filter_map(|found| value::field(copy, found)).collect()))
        }
        _ if has_fields => {
            copy.wrong("fields", "belongs to view = \"minimised\" only");
            None
        }
        "full" => Some(CopyView::Full),
        _ => Some(CopyView::Notice),
    }
}

fn read_link(link: &Section<'_>, desk: &Desk<'_>) -> Option<Link> {
    let side = |key: &str| {
        let found = link.need_text(key);
        if !link.has(key) || found.value == EVERY { None } else { member(&found, desk) }
    };
    let (from, to) = (side("from"), side("to"));
    if !link.has("state") {
        link.missing("state");
    }
    let words = [
        ("test", LinkState::Test),
        ("pilot", LinkState::Pilot),
        ("live", LinkState::Live),
        ("suspended", LinkState::Suspended),
    ];
    let state = link.choice("state", &words)?;
    if from.is_some() && from == to {
        link.wrong("to", "is the member it comes from");
    }
    let (live_from, paper_until) = (value::date(link, "live_from"), value::date(link, "paper_until"));
    if live_from.as_ref().zip(paper_until.as_ref()).is_some_and(|(from, until)| until.day() < from.day()) {
        link.wrong("paper_until", "lies before \"live_from\"");
    }
    Some(Link { from, to, state, live_from, paper_until, spot: link.spot() })
}

/// Two links between the same two would make the state a matter of order.
fn no_double_links(file: &Section<'_>, links: &[Option<Link>]) {
    for (position, link) in links.iter().enumerate() {
        let Some(link) = link else { continue };
        let same = |other: &&Link| other.from == link.from && other.to == link.to;
        if links.iter().take(position).flatten().any(|other| same(&other)) {
            file.wrong("link", format!("entry {} repeats an earlier link", position + 1));
        }
    }
}

/// What is done with changes of unseen certificates; `park` says how long they wait.
fn unseen(file: &Section<'_>) -> Unseen {
    let park = file.duration("park", PARK);
    let parked = Unseen::Park(park.unwrap_or(PARK_DEFAULT));
    let words = [("forward", Unseen::Forward), ("park", parked), ("reject", Unseen::Reject)];
    let unseen = file.choice("unseen", &words).unwrap_or(Unseen::Forward);
    if park.is_some() && unseen != parked {
        file.wrong("park", "belongs to unseen = \"park\" only");
    }
    unseen
}

fn severe(file: &Section<'_>) -> Vec<Reason> {
    let codes = file.texts("severe").unwrap_or_default();
    no_repeats(file, &codes);
    let read = |found: &Found<String>| {
        let reason = Reason::of(&found.value);
        if reason.is_none() {
            let problem = found.spot.problem(format!("\"{}\" is not a reason code", found.value));
            let hint = nearest(&found.value, Reason::all().map(Reason::code));
            file.add(Problem { hint, ..problem });
        }
        reason
    };
    codes.iter().filter_map(read).collect()
}
