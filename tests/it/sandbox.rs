//! Sandboxes as configured: what a file may say, what it inherits, which links are pointed out, who is live.

use coohub::region::{Region, notice, place::Place};

use crate::support::region::TestRegion;

const ANCHOR: &str = "a.pem";

/// Brazil, pushed to, with test links both ways between it and Argentina in place of the live ones.
fn joining(sandbox: &str) -> TestRegion {
    let push = "[push]\nurl = \"https://br.example:443/coo\"\nanchors = \"a.pem\"\nacknowledge = \"status\"\ntimeout = \"7s\"\naddresses = [\"192.0.2.7\"]\n";
    TestRegion::a14().edit("members/brazil.toml", "[mailbox]\n", &format!("{push}{sandbox}")).push_to(
        "argentina",
        "https://ar.example:443/coo",
        ANCHOR,
    )
}

fn link(from: &str, to: &str, state: &str) -> String {
    format!("[[link]]\nfrom = \"{from}\"\nto = \"{to}\"\nstate = \"{state}\"\n")
}

fn place(region: &Region, member: &str, test: bool) -> Option<Place> {
    let member = region.members.values().find(|one| one.id.as_str() == member).unwrap();
    region.place(member, test)
}

#[test]
fn what_a_sandbox_leaves_out_is_that_of_the_endpoint_but_for_addresses() {
    let region = joining("[sandbox]\nurl = \"https://test.br.example:443/coo\"\n").load();
    let brazil = &region.members.values().find(|one| one.id.as_str() == "brazil").unwrap();
    let (own, sandbox) = (brazil.server(Place::Own).unwrap(), brazil.server(Place::Sandbox).unwrap());
    assert_eq!(sandbox.url, "https://test.br.example:443/coo");
    assert_eq!(
        (&sandbox.anchors, sandbox.acknowledge, sandbox.timeout),
        (&own.anchors, own.acknowledge, own.timeout)
    );
    assert!(!own.addresses.mean("192.0.2.8".parse().unwrap()));
    assert!(sandbox.addresses.mean("192.0.2.8".parse().unwrap()));
    let own = "[sandbox]\nurl = \"https://test.br.example:443/coo\"\nanchors = \"b.pem\"\nacknowledge = \"echo\"\ntimeout = \"1s\"\n";
    let region = joining(own).load();
    let brazil = &region.members.values().find(|one| one.id.as_str() == "brazil").unwrap();
    let (own, sandbox) = (brazil.server(Place::Own).unwrap(), brazil.server(Place::Sandbox).unwrap());
    assert_ne!(
        (&sandbox.anchors, sandbox.acknowledge, sandbox.timeout),
        (&own.anchors, own.acknowledge, own.timeout)
    );
}

#[test]
fn an_endpoint_is_live_as_soon_as_any_link_to_it_is_in_pilot_or_live() {
    let agreement = "agreements/a14.toml";
    for (state, live) in [("test", false), ("pilot", true), ("live", true), ("suspended", true)] {
        let region = joining("").edit(agreement, "", &link("argentina", "brazil", state)).load();
        let expected = if live { None } else { Some(Place::Own) };
        assert_eq!(place(&region, "brazil", true), expected, "{state}");
        assert_eq!(place(&region, "brazil", false), Some(Place::Own), "{state}");
        assert_eq!(place(&region, "argentina", true), None, "the other way it stays live");
    }
}

#[test]
fn with_a_sandbox_test_traffic_goes_there_and_what_counts_does_not() {
    let region = joining("[sandbox]\nurl = \"https://test.br.example:443/coo\"\n").load();
    assert_eq!(place(&region, "brazil", true), Some(Place::Sandbox));
    assert_eq!(place(&region, "brazil", false), Some(Place::Own));
    assert_eq!(place(&TestRegion::a14().load(), "brazil", true), Some(Place::Own), "a mailbox");
}

#[test]
fn members_with_one_address_are_live_together() {
    let region = joining("").edit("agreements/a14.toml", "", &link("*", "brazil", "test")).edit(
        "members/argentina.toml",
        "https://ar.example:443/coo",
        "https://BR.example:443/coo",
    );
    assert_eq!(place(&region.load(), "brazil", true), None);
}

#[test]
fn an_agreement_that_has_nothing_to_do_with_a_member_does_not_make_it_live() {
    let other = "name = \"other\"\nimporting_party = [\"destinationCountry\"]\n[[party]]\ncountry = \"AR\"\nfrom = \"2020-01-01\"\n";
    let everybody = link("*", "*", "live");
    let region = joining("").edit("agreements/a14.toml", "", &link("*", "brazil", "test"));
    let region = region.file("agreements/other.toml", &format!("{other}{everybody}"));
    assert_eq!(place(&region.load(), "brazil", true), Some(Place::Own));
    let region =
        region.file("agreements/other.toml", &format!("{other}{}", link("argentina", "brazil", "pilot")));
    assert_eq!(place(&region.load(), "brazil", true), None, "named");
}

#[test]
fn a_sandbox_that_is_somebody_elses_endpoint_is_a_mistake() {
    let sandbox = "[sandbox]\nurl = \"https://ar.example.:443/coo\"\n";
    assert_eq!(
        joining(sandbox).problems(),
        [
            "members/brazil.toml:26:7: sandbox.url: is the endpoint of members/argentina.toml:20; a sandbox is a server or path of its own"
        ]
    );
}

#[test]
fn a_test_link_to_a_live_member_without_a_sandbox_is_pointed_out() {
    let said = |region: &TestRegion| -> Vec<String> {
        let notices = notice::notices(&region.load()).into_iter().map(|notice| notice.to_string());
        notices.filter(|line| line.contains("sandbox")).collect()
    };
    let links = link("brazil", "*", "test") + &link("*", "brazil", "test");
    let region = joining("").edit("agreements/a14.toml", "", &links);
    assert_eq!(said(&region), [""; 0], "nothing is live any more");
    let other = "name = \"other\"\nimporting_party = [\"destinationCountry\"]\n[[party]]\ncountry = \"AR\"\nfrom = \"2020-01-01\"\n";
    let region =
        region.file("agreements/other.toml", &format!("{other}{}", link("brazil", "argentina", "live")));
    assert_eq!(
        said(&region),
        [
            "agreements/a14.toml:17:1: link[2]: leads to live members without a [sandbox], whom test traffic never reaches: argentina; name one in the member's file, or test with others"
        ]
    );
    let region =
        region.edit("members/argentina.toml", "", "[sandbox]\nurl = \"https://ar.example:443/test\"\n");
    assert_eq!(said(&region), [""; 0]);
}
