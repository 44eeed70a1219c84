//! What is allowed but worth a second look: said by `check` and `plan`, never in the way of a reload.

pub mod leaf;
pub mod signer;

use super::{
    Region,
    agreement::{Agreement, Link, LinkState, ProofDemand},
    fill,
    member::{Acknowledge, Form, Member, Reach},
};
use crate::{
    model::id::MemberId,
    problem::{Problem, Spot},
};

/// Everything worth a second look, by file.
#[must_use]
pub fn notices(region: &Region) -> Vec<Problem> {
    let mut notices = Vec::new();
    for member in region.members.values() {
        notices.extend(acknowledge(member));
        notices.extend(suspended(member));
        notices.extend(weight(member));
        notices.extend(silent(member));
        notices.extend(apart(region, member));
        notices.extend(region.agreements.values().filter_map(|agreement| signers(region, member, agreement)));
    }
    for agreement in region.agreements.values() {
        notices.extend(no_links(agreement));
        notices.extend(agreement.links.iter().filter_map(|link| no_sandbox(region, agreement, link)));
        notices.extend(
            agreement.parties.iter().filter_map(|party| no_customs(region, agreement, &party.country)),
        );
    }
    notices.extend(fill::falls_back(region));
    notices.sort();
    notices.dedup();
    notices
}

fn of_member(member: &Member, key: &str, text: impl Into<String>) -> Problem {
    Spot { key: key.to_owned(), ..member.spot.clone() }.problem(text)
}

fn of_agreement(agreement: &Agreement, key: &str, text: impl Into<String>) -> Problem {
    let spot = Spot::file(&format!("agreements/{}.toml", agreement.id));
    Spot { key: key.to_owned(), ..spot }.problem(text)
}

fn acknowledge(member: &Member) -> Option<Problem> {
    let Reach::Push(endpoint) = &member.reach else { return None };
    (endpoint.acknowledge == Acknowledge::Status).then(|| {
        let text = "any 2xx counts as stored: the answer does not prove that this delivery is meant";
        of_member(member, "push.acknowledge", text)
    })
}

/// A test link to members that are live and have no place for test traffic.
fn no_sandbox(region: &Region, agreement: &Agreement, link: &Link) -> Option<Problem> {
    let meant = |to: &&Member| {
        let from = |from: &&MemberId| **from != to.id && agreement.entry(from, &to.id) == Some(link);
        agreement.concerns(to) && region.members.keys().any(|id| from(&id))
    };
    if link.state != LinkState::Test {
        return None;
    }
    let shut = region.members.values().filter(|to| region.place(to, true).is_none()).filter(meant);
    let shut: Vec<&str> = shut.map(|to| to.id.as_str()).collect();
    (!shut.is_empty()).then(|| {
        let text = format!(
            "leads to live members without a [sandbox], whom test traffic never reaches: {}",
            shut.join(", ")
        );
        link.spot.problem(text).hint("name one in the member's file, or test with others")
    })
}

fn suspended(member: &Member) -> Option<Problem> {
    member.suspended.then(|| of_member(member, "suspended", "may neither connect nor be delivered to"))
}

fn weight(member: &Member) -> Option<Problem> {
    let (items, weight) = (member.takes.items_max, member.rate.weight.get());
    (items > weight).then(|| {
        let text = format!(
            "a certificate of {items} items (takes.items_max) is heavier than a whole period ({weight}): the rest of \
             its weight is paid in the periods after it"
        );
        of_member(member, "rate.weight", text)
    })
}

fn silent(member: &Member) -> Option<Problem> {
    let sends = !member.sends.is_empty();
    match (sends, member.bodies.is_empty()) {
        (true, true) => {
            Some(of_member(member, "sends", "speaks for no issuing body, so nothing it sends is accepted"))
        }
        (false, false) => {
            Some(of_member(member, "body", "may send no format, so its issuing bodies cannot be heard"))
        }
        _ => None,
    }
}

/// A customs whose country is party to nothing: no certificate will ever name it.
fn apart(region: &Region, member: &Member) -> Option<Problem> {
    let party = |country: &String| {
        region
            .agreements
            .values()
            .any(|agreement| agreement.parties.iter().any(|party| party.country == *country))
    };
    let country = member.customs.iter().find(|country| !party(country))?;
    Some(of_member(
        member,
        "customs",
        format!("{country} is party to no agreement, so no certificate goes there"),
    ))
}

/// A member that sends what must be signed, with a body for which nobody may sign.
fn signers(region: &Region, member: &Member, agreement: &Agreement) -> Option<Problem> {
    let signed = |form: &&Form| region.proof_demanded(agreement, form) != ProofDemand::Connection;
    let form = member.sends.iter().find(signed)?;
    let body = member.bodies.iter().find(|body| {
        body.signers.is_empty()
            && body.authorities.is_empty()
            && agreement.parties.iter().any(|party| party.country == body.country)
    })?;
    let text = format!(
        "\"{}\" has no signer, but {} takes {} from it only with an official's signature",
        body.id,
        agreement.id,
        form.name()
    );
    Some(of_member(member, "body.signer", text))
}

fn no_links(agreement: &Agreement) -> Option<Problem> {
    let text = "there is no link, so nothing is delivered under this agreement";
    agreement.links.is_empty().then(|| of_agreement(agreement, "link", text))
}

fn no_customs(region: &Region, agreement: &Agreement, country: &str) -> Option<Problem> {
    region.customs_of(country).is_none().then(|| {
        let text = format!("no member receives for {country}: certificates for it cannot be delivered");
        of_agreement(agreement, "party", text)
    })
}
