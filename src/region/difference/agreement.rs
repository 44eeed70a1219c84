//! Two states of an agreement.

use std::{collections::BTreeSet, time::Duration};

use super::{Effect, Told, day, links};
use crate::{
    model::{dictionary::Field, id::MemberId, reason::Reason},
    problem::unit::duration_text,
    region::agreement::{Agreement, Copy, CopyView, Party, ProofDemand, Union, UnionDelivery, Unseen},
};

pub(super) fn compare(
    told: &mut Told,
    members: &BTreeSet<&MemberId>,
    (old, new): (Option<&Agreement>, Option<&Agreement>),
) {
    match (old, new) {
        (None, Some(new)) => {
            told.say(Effect::Widens, "", format!("is taken up: {}", new.name));
            links::compare(told, members, None, new);
            copies(told, &[], &new.copies);
        }
        (Some(_), None) => {
            told.say(Effect::Narrows, "", "is given up: nothing is taken or delivered under it any more");
        }
        (Some(old), Some(new)) => both(told, members, old, new),
        (None, None) => {}
    }
}

fn both(told: &mut Told, members: &BTreeSet<&MemberId>, old: &Agreement, new: &Agreement) {
    let Agreement {
        id: _,
        name,
        aliases,
        parties,
        unions,
        proof,
        proof_by_format,
        importing_party,
        copies: _,
        links: _,
        hs_edition,
        criteria,
        unseen,
        answer_within,
        severe,
    } = old;
    told.value((Effect::Words, "name", "name"), (name, &new.name), |text| format!("\"{text}\""));
    // A name is what brings a document under this agreement, with its parties and copies.
    told.set(
        ("aliases", "documents call it", "documents no longer call it"),
        (aliases, &new.aliases),
        Clone::clone,
    );
    let party = |party: &Party| {
        format!("{} ({} to {})", party.country, day(Some(&party.from)), day(party.until.as_ref()))
    };
    let shown = |parties: &[Party]| parties.iter().map(party).collect::<Vec<_>>();
    told.set(
        ("party", "has the party", "no longer has the party"),
        (&shown(parties), &shown(&new.parties)),
        Clone::clone,
    );
    let shown = |unions: &[Union]| unions.iter().map(union_text).collect::<Vec<_>>();
    told.set(
        ("union", "delivers for the union", "no longer delivers for the union"),
        (&shown(unions), &shown(&new.unions)),
        Clone::clone,
    );
    proofs(told, (proof, &new.proof), "proof", "proof demanded");
    let formats: BTreeSet<_> = proof_by_format.keys().chain(new.proof_by_format.keys()).collect();
    for format in formats {
        // What counts for it: its own demand, or the agreement's.
        let of = |agreement: &Agreement| agreement.proof_by_format.get(format).copied().or(agreement.proof);
        proofs(told, (&of(old), &of(new)), "proof_by_format", &format!("proof demanded of {format}"));
    }
    let fields = |fields: &Vec<Field>| fields.iter().map(|field| field.path()).collect::<Vec<_>>().join(", ");
    let importing = (importing_party, &new.importing_party);
    told.value((Effect::Widens, "importing_party", "the importing party is read from"), importing, fields);
    copies(told, &old.copies, &new.copies);
    links::compare(told, members, Some(old), new);
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    told.value(
        (Effect::Form, "hs_edition", "edition of the Harmonized System"),
        (hs_edition, &new.hs_edition),
        text,
    );
    told.value((Effect::Form, "criteria", "origin criteria"), (criteria, &new.criteria), text);
    unseen_ones(told, unseen, &new.unseen);
    let within = |within: &Option<Duration>| within.map_or_else(|| "any time".to_owned(), duration_text);
    let answers = (answer_within, &new.answer_within);
    told.value((Effect::Pace, "answer_within", "customs is to answer within"), answers, within);
    let code = |reason: &Reason| reason.code().to_owned();
    for gone in severe.iter().filter(|reason| !new.severe.contains(reason)) {
        told.say(Effect::Widens, "severe", format!("{} is a warning only", code(gone)));
    }
    for came in new.severe.iter().filter(|reason| !severe.contains(reason)) {
        told.say(Effect::Narrows, "severe", format!("{} is a reason to reject", code(came)));
    }
}

fn proofs(
    told: &mut Told,
    change: (&Option<ProofDemand>, &Option<ProofDemand>),
    key: &'static str,
    what: &str,
) {
    let rank = |proof: &Option<ProofDemand>| {
        std::cmp::Reverse(match proof {
            Some(ProofDemand::Connection) => 0,
            None => 1,
            Some(ProofDemand::Official) => 2,
            Some(ProofDemand::ExporterAndOfficial) => 3,
        })
    };
    let text =
        |proof: &Option<ProofDemand>| proof.map_or("as the form can carry", ProofDemand::word).to_owned();
    told.rank((key, what), change, rank, text);
}

fn unseen_ones(told: &mut Told, old: &Unseen, new: &Unseen) {
    let what = "a change of a certificate that was never here is";
    let text = |unseen: &Unseen| match unseen {
        Unseen::Forward => "passed on".to_owned(),
        Unseen::Park(most) => format!("kept for {}, then passed on", duration_text(*most)),
        Unseen::Reject => "rejected".to_owned(),
    };
    let rank = |unseen: &Unseen| match unseen {
        Unseen::Reject => 0,
        Unseen::Park(_) => 1,
        Unseen::Forward => 2,
    };
    if rank(old) == rank(new) {
        told.value((Effect::Pace, "unseen", what), (old, new), text);
    } else {
        told.rank(("unseen", what), (old, new), rank, text);
    }
}

fn union_text(union: &Union) -> String {
    let Union { code, members, deliver } = union;
    let to = match deliver {
        UnionDelivery::Central(member) => format!("to {member}"),
        UnionDelivery::Named => "to the country the document names".to_owned(),
        UnionDelivery::All => "to all".to_owned(),
    };
    format!("{code} of {} {to}", members.join(", "))
}

fn copies(told: &mut Told, old: &[Copy], new: &[Copy]) {
    let same = |one: &Copy, other: &Copy| one.name == other.name && one.to == other.to;
    for copy in new {
        match old.iter().find(|old| same(old, copy)) {
            None => told.say(Effect::Widens, "copy", format!("{} gets copies: {}", copy.to, copy_text(copy))),
            Some(old) => compare_copies(told, old, copy),
        }
    }
    for gone in old.iter().filter(|gone| !new.iter().any(|copy| same(gone, copy))) {
        told.say(Effect::Narrows, "copy", format!("{} no longer gets copies: {}", gone.to, copy_text(gone)));
    }
}

fn copy_text(copy: &Copy) -> String {
    let Copy { name, when, to: _, view } = copy;
    let when = when.as_ref().map(|(field, is)| format!(" when {} is {}", field.path(), is.join(" or ")));
    format!("{name}, {}{}", view_text(view), when.unwrap_or_default())
}

fn view_text(view: &CopyView) -> String {
    match view {
        CopyView::Full => "everything".to_owned(),
        CopyView::Minimised(fields) => format!("{} fields", fields.len()),
        CopyView::Notice => "key and state".to_owned(),
    }
}

fn compare_copies(told: &mut Told, old: &Copy, new: &Copy) {
    let Copy { name, when, to, view } = old;
    if when != &new.when {
        told.say(Effect::Widens, "copy.when", format!("{to} gets copies in other cases: {}", copy_text(new)));
    }
    if let (CopyView::Minimised(old), CopyView::Minimised(new)) = (view, &new.view) {
        let (gains, loses) =
            (format!("{to} sees in copies ({name})"), format!("{to} no longer sees in copies ({name})"));
        told.set(("copy.fields", &gains, &loses), (old, new), |field| field.path().to_owned());
        return;
    }
    let rank = |view: &CopyView| match view {
        CopyView::Notice => 0,
        CopyView::Minimised(_) => 1,
        CopyView::Full => 2,
    };
    told.rank(("copy.view", &format!("{to} sees in copies ({name})")), (view, &new.view), rank, view_text);
}
