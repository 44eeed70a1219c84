//! Whether a delivery may still go out under the region as it is now. Pure.

use crate::{
    model::id::MemberId,
    region::{Region, agreement::LinkState},
    store::record::{Cargo, Delivery},
};

/// Whether the target may have it: a member in good standing, and the link open for this kind of traffic.
///
/// Test traffic passes over links in `test` only, live traffic over links in `pilot` or `live` only, so the one never
/// reaches an endpoint that is open for the other. A response uses the link its certificate came over. A notice tells
/// a source about its own message and needs no link.
#[must_use]
pub fn entitled(region: &Region, delivery: &Delivery) -> bool {
    let standing = region.members.get(&delivery.target).is_some_and(|member| !member.suspended);
    standing
        && match delivery.cargo {
            Cargo::Certificate | Cargo::Cancellation => {
                is_open(region, delivery, &delivery.source, &delivery.target)
            }
            Cargo::Response => is_open(region, delivery, &delivery.target, &delivery.source),
            Cargo::Notice => delivery.source == delivery.target,
        }
}

fn is_open(region: &Region, delivery: &Delivery, from: &MemberId, to: &MemberId) -> bool {
    let link =
        region.agreements.get(&delivery.subject.agreement).and_then(|agreement| agreement.link(from, to));
    match link {
        Some(LinkState::Test) => delivery.test,
        Some(LinkState::Pilot | LinkState::Live) => !delivery.test,
        Some(LinkState::Suspended) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::sample;

    #[test]
    fn test_traffic_and_live_traffic_never_share_a_link() {
        let cases = [
            (LinkState::Test, true, true),
            (LinkState::Test, false, false),
            (LinkState::Pilot, true, false),
            (LinkState::Pilot, false, true),
            (LinkState::Live, true, false),
            (LinkState::Live, false, true),
            (LinkState::Suspended, true, false),
            (LinkState::Suspended, false, false),
        ];
        for (state, test, expected) in cases {
            let mut delivery = sample::delivery(1);
            delivery.test = test;
            assert_eq!(entitled(&sample::region(state), &delivery), expected, "{state:?}, test: {test}");
        }
    }

    #[test]
    fn a_member_that_is_gone_or_suspended_gets_nothing() {
        let delivery = sample::delivery(1);
        let mut region = sample::region(LinkState::Live);
        region.members.get_mut(&delivery.target).unwrap().suspended = true;
        assert!(!entitled(&region, &delivery));
        region.members.remove(&delivery.target);
        assert!(!entitled(&region, &delivery));
    }

    #[test]
    fn an_agreement_that_is_gone_closes_its_links() {
        let mut region = sample::region(LinkState::Live);
        region.agreements.clear();
        assert!(!entitled(&region, &sample::delivery(1)));
    }

    #[test]
    fn a_response_goes_back_over_the_link_of_its_certificate() {
        let mut delivery = sample::delivery(1);
        delivery.cargo = Cargo::Response;
        assert!(
            !entitled(&sample::region(LinkState::Live), &delivery),
            "there is no link from target to source"
        );
        std::mem::swap(&mut delivery.source, &mut delivery.target);
        assert!(entitled(&sample::region(LinkState::Live), &delivery));
        assert!(!entitled(&sample::region(LinkState::Suspended), &delivery));
    }

    #[test]
    fn a_notice_reaches_its_source_even_when_the_link_is_shut() {
        let mut delivery = sample::delivery(1);
        delivery.cargo = Cargo::Notice;
        delivery.target = delivery.source.clone();
        assert!(entitled(&sample::region(LinkState::Suspended), &delivery));
    }
}
