//! Who is trusted to connect, to sign and to revoke, before and after.
//!
//! Revocations are compared one by one and apart from those they revoke: that somebody is cut off narrows, and a list
//! that is only fresher is words.

use std::collections::BTreeSet;

use x509_parser::prelude::{CertificateRevocationList, FromDer as _};

use super::{Effect, Told, day};
use crate::{
    model::{id::Digest, time::Timestamp},
    region::{
        member::Identity,
        signer::{Authority, RevocationReason, Signer},
    },
};

/// How a member may connect.
///
/// Anchored identities of one name are one identity, whose anchors come and go one by one: any of them suffices, so that
/// one goes lets nobody in.
pub(super) fn identities(told: &mut Told, old: &[Identity], new: &[Identity]) {
    let (gains, loses) = ("may connect with", "may no longer connect with");
    let mut before: Vec<_> = old.iter().filter(|one| !new.contains(one)).collect();
    for is in new.iter().filter(|one| !old.contains(one)) {
        let Some(was) = nearest(&before, is) else {
            told.say(Effect::Widens, "identity", format!("{gains} {}", identity(is)));
            continue;
        };
        before.retain(|one| !std::ptr::eq(*one, was));
        let under =
            |der: &Vec<u8>| format!("a leaf of {} under the anchor {}…", name(is), Digest::of(der).short());
        told.set(("identity", gains, loses), (anchors(was), anchors(is)), under);
        let lists = (&lists(was)[..], &lists(is)[..]);
        let what = format!("a leaf of {}", name(is));
        revocations(told, ("identity", &what), lists, (&serials(was), &serials(is)));
    }
    for gone in before {
        told.say(Effect::Narrows, "identity", format!("{loses} {}", identity(gone)));
    }
}

/// The anchored identity of the same name that shares the most anchors.
fn nearest<'a>(before: &[&'a Identity], is: &Identity) -> Option<&'a Identity> {
    let same = before.iter().filter(|was| !anchors(is).is_empty() && name(was) == name(is));
    let shared = |was: &&&Identity| anchors(was).iter().filter(|one| anchors(is).contains(one)).count();
    same.max_by_key(shared).copied()
}

/// Officials who sign for an issuing body.
pub(super) fn signers(told: &mut Told, body: &str, old: &[Signer], new: &[Signer]) {
    let shown = |signers: &[Signer]| signers.iter().map(signer).collect::<Vec<_>>();
    let (gains, loses) = sign_for(body);
    told.set(("body.signer", &gains, &loses), (&shown(old), &shown(new)), Clone::clone);
    for (was, is) in alike(old, new, signer) {
        let at = |signer: &Signer| signer.revoked.map(|revoked| revoked.at);
        let rank = |at: &Option<Timestamp>| (at.is_none(), *at);
        let what = format!("revoked as signer for {body}: {}", is.name);
        told.rank(("body.signer", &what), (&at(was), &at(is)), rank, |at| {
            at.map_or_else(|| "no".to_owned(), |at| format!("at {at}"))
        });
        let reason = |signer: &Signer| signer.revoked.map(|revoked| revoked.reason);
        if at(was) == at(is) && reason(was) != reason(is) {
            told.say(Effect::Widens, "body.signer", format!("{what}: for another reason"));
        }
    }
}

/// Authorities whose leaves sign for an issuing body.
pub(super) fn authorities(told: &mut Told, body: &str, old: &[Authority], new: &[Authority]) {
    let shown = |authorities: &[Authority]| authorities.iter().map(authority).collect::<Vec<_>>();
    let (gains, loses) = sign_for(body);
    told.set(("body.authority", &gains, &loses), (&shown(old), &shown(new)), Clone::clone);
    for (was, is) in alike(old, new, authority) {
        let lists = |one: &Authority| one.lists.iter().map(|list| list.digest).collect::<Vec<_>>();
        let revoked = |one: &Authority| {
            let of = |list: &crate::region::signer::RevocationList| {
                let of_one = |(serial, revocation): (&Vec<u8>, &crate::region::signer::Revocation)| {
                    (list.issuer.clone(), serial.clone(), Some((revocation.at, revocation.reason)))
                };
                list.revoked.iter().map(of_one).collect::<Vec<_>>()
            };
            one.lists.iter().flat_map(of).collect::<BTreeSet<_>>()
        };
        let what = format!("signatures for {body} by those {} admits", is.name);
        revocations(
            told,
            ("body.authority", &what),
            (&lists(was), &lists(is)),
            (&revoked(was), &revoked(is)),
        );
    }
}

/// Reasons for which a revocation counts whatever time a signature states.
pub(super) fn always(
    told: &mut Told,
    body: &str,
    old: &BTreeSet<RevocationReason>,
    new: &BTreeSet<RevocationReason>,
) {
    let word = |reason: &RevocationReason| {
        let of = RevocationReason::ALL.iter().find(|(one, ..)| one == reason);
        of.map_or("", |(_, word, _)| word)
    };
    for gone in old.difference(new) {
        let words = format!("a revocation for {} counts from its time on alone, for {body}", word(gone));
        told.say(Effect::Widens, "body.revoked_always", words);
    }
    for came in new.difference(old) {
        let words = format!("a revocation for {} counts always, for {body}", word(came));
        told.say(Effect::Narrows, "body.revoked_always", words);
    }
}

/// What revocation lists say of one identity or authority: their digests, and what they revoke.
fn revocations<T: Ord>(
    told: &mut Told,
    (key, what): (&'static str, &str),
    (old, new): (&[Digest], &[Digest]),
    (was, is): (&BTreeSet<T>, &BTreeSet<T>),
) {
    if old == new {
        return;
    }
    match (old.is_empty(), new.is_empty()) {
        (true, false) => told.say(Effect::Narrows, key, format!("{what}: revocation lists are looked at")),
        (false, true) => told.say(Effect::Widens, key, format!("{what}: no revocation list is looked at")),
        _ => {}
    }
    let (gone, came) = (was.difference(is).count(), is.difference(was).count());
    if gone > 0 {
        told.say(Effect::Widens, key, format!("{what}: revocations that count no more: {gone}"));
    }
    if came > 0 {
        told.say(Effect::Narrows, key, format!("{what}: further revocations: {came}"));
    }
    if gone == 0 && came == 0 {
        told.say(Effect::Words, key, format!("{what}: the revocation lists are others, and revoke the same"));
    }
}

/// Those that are the same before and after, but for what their text leaves out.
fn alike<'a, T>(old: &'a [T], new: &'a [T], text: impl Fn(&T) -> String) -> Vec<(&'a T, &'a T)> {
    let same = |is: &'a T| old.iter().find(|was| text(was) == text(is)).map(|was| (was, is));
    new.iter().filter_map(same).collect()
}

fn sign_for(body: &str) -> (String, String) {
    (format!("signatures count for {body} by"), format!("signatures no longer count for {body} by"))
}

fn identity(identity: &Identity) -> String {
    match identity {
        Identity::Pin { spki, from, until } => {
            format!("the key {}… ({} to {})", spki.short(), day(from.as_ref()), day(until.as_ref()))
        }
        Identity::Anchored { san, anchors, revocations: _ } => {
            let anchors: Vec<_> = anchors.iter().map(|der| format!("{}…", Digest::of(der).short())).collect();
            format!("a leaf of {san} under the anchors {}", anchors.join(", "))
        }
    }
}

fn name(identity: &Identity) -> &str {
    match identity {
        Identity::Pin { .. } => "",
        Identity::Anchored { san, .. } => san,
    }
}

fn anchors(identity: &Identity) -> &[Vec<u8>] {
    match identity {
        Identity::Pin { .. } => &[],
        Identity::Anchored { anchors, .. } => anchors,
    }
}

fn lists(identity: &Identity) -> Vec<Digest> {
    match identity {
        Identity::Pin { .. } => Vec::new(),
        Identity::Anchored { revocations, .. } => revocations.iter().map(|der| Digest::of(der)).collect(),
    }
}

fn signer(signer: &Signer) -> String {
    let Signer { leaf, name, window, revoked: _, leaf_ends: _, spot: _ } = signer;
    format!("{name} ({}…, {} to {})", leaf.short(), window.from, end(window.until))
}

fn authority(authority: &Authority) -> String {
    let Authority { name, window, anchors, admits, lists: _, lists_age_max, stale, spot: _ } = authority;
    let of = Digest::of(format!("{anchors:?}{admits:?}{lists_age_max:?}{stale:?}").as_bytes());
    format!("those {name} admits ({}…, {} to {})", of.short(), window.from, end(window.until))
}

/// What the lists of an identity revoke: issuer, serial number.
fn serials(identity: &Identity) -> BTreeSet<(Vec<u8>, Vec<u8>)> {
    let Identity::Anchored { revocations, .. } = identity else { return BTreeSet::new() };
    let of = |der: &Vec<u8>| {
        let Ok((_, list)) = CertificateRevocationList::from_der(der) else { return Vec::new() };
        let issuer = list.issuer().as_raw().to_vec();
        let serials = list.iter_revoked_certificates().map(|one| one.raw_serial().to_vec());
        serials.map(|serial| (issuer.clone(), serial)).collect()
    };
    revocations.iter().flat_map(of).collect()
}

fn end(until: Option<Timestamp>) -> String {
    until.map_or_else(|| "open".to_owned(), |until| until.to_string())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::*;
    use crate::{
        problem::Spot,
        region::signer::{Admits, Revocation, RevocationList, Stale, Window},
    };

    fn told(compare: impl FnOnce(&mut Told)) -> Vec<(Effect, String)> {
        let mut told = Told::default();
        compare(&mut told);
        told.found.into_iter().map(|one| (one.effect, one.words)).collect()
    }

    fn signer(revoked: Option<i64>) -> [Signer; 1] {
        let revoked =
            revoked.map(|at| Revocation { at: Timestamp(at), reason: RevocationReason::KeyCompromise });
        let window = Window { from: Timestamp(0), until: None };
        let leaf = Digest::of(b"leaf");
        [Signer { leaf, name: "Maria".into(), window, revoked, leaf_ends: None, spot: Spot::default() }]
    }

    fn authority(made: &str, serials: &[u8]) -> [Authority; 1] {
        let one = Revocation { at: Timestamp(1), reason: RevocationReason::Unspecified };
        let list = RevocationList {
            digest: Digest::of(made.as_bytes()),
            issuer: Vec::new(),
            this_update: Timestamp(0),
            next_update: Timestamp(9),
            revoked: serials.iter().map(|serial| (vec![*serial], one)).collect::<BTreeMap<_, _>>(),
            file: String::new(),
        };
        [Authority {
            name: "the chamber".into(),
            window: Window { from: Timestamp(0), until: None },
            anchors: Vec::new(),
            admits: Admits::ListedOnly,
            lists: if made.is_empty() { Vec::new() } else { vec![list] },
            lists_age_max: Some(Duration::from_secs(1)),
            stale: Stale::Refuse,
            spot: Spot::default(),
        }]
    }

    #[test]
    fn who_is_revoked_or_revoked_earlier_is_narrowed_and_only_the_way_back_widens() {
        let effects = |old, new| {
            let told = told(|told| signers(told, "XA1", &signer(old), &signer(new)));
            told.into_iter().map(|(effect, _)| effect).collect::<Vec<_>>()
        };
        assert_eq!(effects(None, Some(5)), [Effect::Narrows]);
        assert_eq!(effects(Some(5), Some(3)), [Effect::Narrows]);
        assert_eq!(effects(Some(3), Some(5)), [Effect::Widens]);
        assert_eq!(effects(Some(5), None), [Effect::Widens]);
        assert_eq!(effects(Some(5), Some(5)), []);
    }

    #[test]
    fn the_anchors_of_an_identity_come_and_go_one_by_one() {
        let one = |anchors: &[&str]| {
            let anchors = anchors.iter().map(|der| der.as_bytes().to_vec()).collect();
            Identity::Anchored { anchors, san: "hub.example".into(), revocations: Vec::new() }
        };
        let told = |old: &[Identity], new: &[Identity]| {
            let told = told(|told| identities(told, old, new));
            told.into_iter().map(|(effect, words)| format!("{} {words}", effect.word())).collect::<Vec<_>>()
        };
        let words = |words: &str, anchor: &str| {
            format!(
                "{words} a leaf of hub.example under the anchor {}…",
                Digest::of(anchor.as_bytes()).short()
            )
        };
        let came = |anchor| words("widens may connect with", anchor);
        let went = |anchor| words("narrows may no longer connect with", anchor);
        assert_eq!(told(&[one(&["a", "b"])], &[one(&["b"])]), [went("a")]);
        assert_eq!(told(&[one(&["b"])], &[one(&["b", "a"])]), [came("a")]);
        assert_eq!(told(&[one(&["a", "b"])], &[one(&["b", "c"])]), [came("c"), went("a")]);
        assert_eq!(told(&[one(&["a", "b"])], &[one(&["b", "a"])]), [""; 0], "in another order");
        // The one that is as it was is not what the other is compared with.
        assert_eq!(told(&[one(&["a"]), one(&["b"])], &[one(&["a", "c"]), one(&["b"])]), [came("c")]);
        assert_eq!(told(&[one(&["a"]), one(&["b"])], &[one(&["b", "a"])]).len(), 2, "whose lists count?");
        let mut other = one(&["a"]);
        if let Identity::Anchored { san, .. } = &mut other {
            "other.example".clone_into(san);
        }
        let all = told(&[one(&["a"])], &[other]);
        assert!(
            all[0].starts_with("widens may connect with a leaf of other.example under the anchors "),
            "{all:?}"
        );
        assert!(all[1].starts_with("narrows may no longer connect with a leaf of hub.example "), "{all:?}");
    }

    #[test]
    fn a_fresher_list_is_words_and_what_it_revokes_or_gives_back_is_told_by_number() {
        let told = |old: &[Authority], new: &[Authority]| {
            let told = told(|told| authorities(told, "XA1", old, new));
            told.into_iter().map(|(effect, words)| format!("{} {words}", effect.word())).collect::<Vec<_>>()
        };
        let of = "signatures for XA1 by those the chamber admits";
        let fresher = format!("words {of}: the revocation lists are others, and revoke the same");
        assert_eq!(told(&authority("a", &[1]), &authority("b", &[1])), [fresher]);
        let both = [
            format!("widens {of}: revocations that count no more: 1"),
            format!("narrows {of}: further revocations: 2"),
        ];
        assert_eq!(told(&authority("a", &[1]), &authority("b", &[2, 3])), both);
        let none = told(&authority("a", &[]), &authority("", &[]));
        assert_eq!(none[0], format!("widens {of}: no revocation list is looked at"));
        assert_eq!(told(&authority("a", &[1]), &authority("a", &[1])), [""; 0]);
    }
}
