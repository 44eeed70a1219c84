//! Who is calling: leaves that are a member's, and those that nearly are.
//!
//! Method: members with one identity each, leaves from authorities in memory, a fixed time; no network.

use coohub::{
    authenticate::{Mismatch, Peer, Unknown, member_of},
    model::{time::Timestamp, value::Date},
    region::{
        Region,
        member::{Identity, Member},
    },
};
use rcgen::ExtendedKeyUsagePurpose;

use crate::support::pki::{Authority, Leaf, Wanted, id, member, region};

const AA: &str = "urn:coohub:member:aa";
const BB: &str = "urn:coohub:member:bb";

fn now() -> Timestamp {
    Timestamp::parse("2026-11-23T12:00:00Z").unwrap()
}

fn judge(region: &Region, leaf: &Leaf) -> Result<String, Unknown> {
    judge_at(region, leaf, now())
}

fn judge_at(region: &Region, leaf: &Leaf, at: Timestamp) -> Result<String, Unknown> {
    let peer = Peer::parse(&leaf.der, leaf.chain()).unwrap();
    member_of(region, &peer, at).map(|member| member.id.to_string())
}

fn named(name: &str) -> Wanted<'_> {
    let names: &'static [&'static str] = match name {
        AA => &[AA],
        BB => &[BB],
        _ => panic!("no such name"),
    };
    Wanted { names, ..Wanted::default() }
}

fn almost(name: &str, why: Mismatch) -> Result<String, Unknown> {
    Err(Unknown::Almost(id(name), why))
}

fn two(first: Identity, second: Identity) -> Region {
    region(vec![member("aa", vec![first]), member("bb", vec![second])])
}

#[test]
fn a_leaf_under_the_members_authority_with_its_name_is_the_member() {
    let (a, b) = (Authority::root("a"), Authority::root("b"));
    let region = two(a.vouches(AA, vec![]), b.vouches(BB, vec![]));
    assert_eq!(judge(&region, &a.leaf(&named(AA))), Ok("aa".into()));
    assert_eq!(judge(&region, &b.leaf(&named(BB))), Ok("bb".into()));
}

#[test]
fn an_authority_cannot_mint_another_members_name() {
    let (a, b) = (Authority::root("a"), Authority::root("b"));
    let region = two(a.vouches(AA, vec![]), b.vouches(BB, vec![]));
    assert_eq!(judge(&region, &a.leaf(&named(BB))), almost("bb", Mismatch::Chain));
    let both = Wanted { names: &[AA, BB], ..Wanted::default() };
    assert_eq!(judge(&region, &a.leaf(&both)), Ok("aa".into()), "its own name stays its own");
}

#[test]
fn a_self_signed_leaf_with_the_right_name_is_nobody() {
    let a = Authority::root("a");
    let region = region(vec![member("aa", vec![a.vouches(AA, vec![])])]);
    assert_eq!(judge(&region, &Leaf::self_signed(&named(AA))), almost("aa", Mismatch::Chain));
    // An authority of the same name and another key.
    assert_eq!(judge(&region, &Authority::root("a").leaf(&named(AA))), almost("aa", Mismatch::Chain));
}

#[test]
fn a_name_is_compared_exactly() {
    let a = Authority::root("a");
    let region = region(vec![member("aa", vec![a.vouches("hub.aa.example", vec![])])]);
    let leaf = |names: &[&str]| judge(&region, &a.leaf(&Wanted { names, ..Wanted::default() }));
    assert_eq!(leaf(&["hub.aa.example"]), Ok("aa".into()));
    for near in ["aa.example", "HUB.aa.example", "*.aa.example", "x.hub.aa.example", "urn:hub.aa.example"] {
        assert_eq!(leaf(&[near]), Err(Unknown::Nobody), "{near}");
    }
    assert_eq!(leaf(&[]), Err(Unknown::Nobody), "a common name is no name");
}

#[test]
fn a_pin_counts_from_its_first_to_its_last_day() {
    let leaf = Leaf::self_signed(&Wanted::default());
    let day = |text: &str| Date::new(text);
    let pinned = Identity::Pin { spki: leaf.spki, from: day("2026-11-01"), until: day("2026-11-23") };
    let region = region(vec![member("aa", vec![pinned])]);
    let at = |text: &str| judge_at(&region, &leaf, Timestamp::parse(text).unwrap());
    assert_eq!(at("2026-10-31T23:59:59Z"), almost("aa", Mismatch::PinOutOfDates));
    assert_eq!(at("2026-11-01T00:00:00Z"), Ok("aa".into()));
    assert_eq!(at("2026-11-23T23:59:59Z"), Ok("aa".into()));
    assert_eq!(at("2026-11-24T00:00:00Z"), almost("aa", Mismatch::PinOutOfDates));
}

#[test]
fn old_and_new_pin_overlap_during_a_rotation() {
    let (old, new) = (Leaf::self_signed(&Wanted::default()), Leaf::self_signed(&Wanted::default()));
    let until = Identity::Pin { spki: old.spki, from: None, until: Date::new("2026-11-30") };
    let from = Identity::Pin { spki: new.spki, from: Date::new("2026-11-15"), until: None };
    let region = region(vec![member("aa", vec![until, from])]);
    assert_eq!(judge(&region, &old), Ok("aa".into()));
    assert_eq!(judge(&region, &new), Ok("aa".into()));
}

#[test]
fn a_leaf_out_of_its_validity_is_nobody_even_when_pinned() {
    let past = Leaf::self_signed(&Wanted { years: (2020, 2026), ..Wanted::default() });
    let future = Leaf::self_signed(&Wanted { years: (2027, 2030), ..Wanted::default() });
    let region = two(past.pinned(), future.pinned());
    assert_eq!(judge(&region, &past), Err(Unknown::Expired));
    assert_eq!(judge(&region, &future), Err(Unknown::NotYetValid));
    let last = Timestamp::parse("2026-01-01T00:00:00Z").unwrap();
    assert_eq!(judge_at(&region, &past, last), Ok("aa".into()));
    assert_eq!(judge_at(&region, &past, Timestamp(last.0 + 1000)), Err(Unknown::Expired));
}

#[test]
fn a_leaf_for_servers_is_no_client() {
    let a = Authority::root("a");
    let wanted = Wanted { usage: Some(ExtendedKeyUsagePurpose::ServerAuth), ..named(AA) };
    let region = region(vec![member("aa", vec![a.vouches(AA, vec![])])]);
    assert_eq!(judge(&region, &a.leaf(&wanted)), Err(Unknown::NotForClients));
    let unsaid = Wanted { usage: None, ..named(AA) };
    assert_eq!(judge(&region, &a.leaf(&unsaid)), Ok("aa".into()));
}

#[test]
fn a_revoked_leaf_is_nobody_and_an_uncovered_one_too() {
    let (a, other) = (Authority::root("a"), Authority::root("other"));
    let with = |lists| region(vec![member("aa", vec![a.vouches(AA, lists)])]);
    let leaf = a.leaf(&Wanted { serial: 7, ..named(AA) });
    assert_eq!(judge(&with(vec![]), &leaf), Ok("aa".into()));
    assert_eq!(judge(&with(vec![a.revoking(&[8], 2100)]), &leaf), Ok("aa".into()));
    assert_eq!(judge(&with(vec![a.revoking(&[7], 2100)]), &leaf), almost("aa", Mismatch::Revoked));
    let unknown = almost("aa", Mismatch::RevocationUnknown);
    assert_eq!(judge(&with(vec![other.revoking(&[8], 2100)]), &leaf), unknown, "a list of another authority");
    assert_eq!(judge(&with(vec![a.revoking(&[8], 2026)]), &leaf), unknown, "a list past its renewal");
    assert_eq!(judge(&with(vec![b"not a list".to_vec()]), &leaf), unknown);
}

#[test]
fn a_leaf_behind_a_revoked_intermediate_is_nobody() {
    let root = Authority::root("root");
    let between = root.under("between", 5);
    let leaf = between.leaf(&Wanted { serial: 7, ..named(AA) });
    let with = |lists| region(vec![member("aa", vec![root.vouches(AA, lists)])]);
    assert_eq!(judge(&with(vec![]), &leaf), Ok("aa".into()));
    let leaf_known = between.revoking(&[], 2100);
    assert_eq!(judge(&with(vec![leaf_known.clone()]), &leaf), Ok("aa".into()), "the leaf's list is enough");
    let both = with(vec![leaf_known, root.revoking(&[5], 2100)]);
    assert_eq!(judge(&both, &leaf), almost("aa", Mismatch::Revoked));
    let only_root = with(vec![root.revoking(&[], 2100)]);
    assert_eq!(judge(&only_root, &leaf), almost("aa", Mismatch::RevocationUnknown));
}

#[test]
fn a_leaf_that_fits_two_members_is_neither() {
    let a = Authority::root("a");
    let leaf = a.leaf(&named(AA));
    let region = two(leaf.pinned(), a.vouches(AA, vec![]));
    assert_eq!(judge(&region, &leaf), Err(Unknown::Ambiguous(id("aa"), id("bb"))));
}

#[test]
fn a_suspended_member_is_nobody() {
    let leaf = Leaf::self_signed(&Wanted::default());
    let suspended = Member { suspended: true, ..member("aa", vec![leaf.pinned()]) };
    assert_eq!(judge(&region(vec![suspended]), &leaf), Err(Unknown::Suspended(id("aa"))));
}

#[test]
fn a_leaf_that_cannot_be_read_is_no_peer() {
    let leaf = Leaf::self_signed(&Wanted::default());
    assert!(Peer::parse(&leaf.der[..leaf.der.len() - 1], Vec::new()).is_err());
    assert!(Peer::parse(b"", Vec::new()).is_err());
}
