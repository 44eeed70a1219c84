//! Whether a delivery may still go out under the region as it is now. Pure.

use crate::{
    decode::{self, document::Syntax},
    map,
    model::{certificate::Certificate, dictionary::Field, id::MemberId},
    region::{
        Region,
        agreement::{CopyView, LinkState},
        member::Endpoint,
    },
    route::plan,
    store::{
        record::{Body, Cargo, Delivery, View},
        sent::{Sent, is_addressed},
    },
};

/// Whether the target may have it: a member in good standing, and the link open for this kind of traffic.
///
/// Test traffic passes over links in `test` only, live traffic over links in `pilot` or `live` only; and where a member is
/// live, test traffic goes to its sandbox or not at all ([`crate::region::place`]). A response uses the link its certificate
/// came over. A notice tells a source about its own message and needs no link.
#[must_use]
pub fn entitled(region: &Region, delivery: &Delivery) -> bool {
    let target = region.members.get(&delivery.target).filter(|member| !member.suspended);
    target.is_some_and(|target| region.place(target, delivery.test).is_some())
        && match delivery.cargo {
            Cargo::Certificate | Cargo::Cancellation => {
                is_open(region, delivery, &delivery.source, &delivery.target)
            }
            Cargo::Response => is_open(region, delivery, &delivery.target, &delivery.source),
            Cargo::Notice | Cargo::Digest => delivery.source == delivery.target,
        }
}

/// The server it goes to, if it may go and is pushed.
pub(super) fn server<'a>(region: &'a Region, delivery: &Delivery) -> Option<&'a Endpoint> {
    let target = region.members.get(&delivery.target).filter(|_| entitled(region, delivery))?;
    target.server(region.place(target, delivery.test)?)
}

/// Whether what it carries came over a link in pilot: it counts, and the paper beside it prevails.
pub(super) fn is_pilot(region: &Region, delivery: &Delivery) -> bool {
    let agreement = region.agreements.get(&delivery.subject.agreement);
    let link = |from: &MemberId, to: &MemberId| agreement.and_then(|agreement| agreement.link(from, to));
    let state = match delivery.cargo {
        Cargo::Certificate | Cargo::Cancellation => link(&delivery.source, &delivery.target),
        Cargo::Response => link(&delivery.target, &delivery.source),
        Cargo::Notice | Cargo::Digest => None,
    };
    state == Some(LinkState::Pilot)
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

/// The most that a delivery's target may see of its certificate under the rules as they are now; `None`: nothing.
///
/// A certificate that names no importing country, or none that the rules know, may go where an operator said.
pub(super) fn allowed(region: &Region, delivery: &Delivery, certificate: &Certificate) -> Option<CopyView> {
    let agreement = region.agreements.get(&delivery.subject.agreement)?;
    let (source, test) = (&delivery.source, delivery.test);
    let addressed = is_addressed(&delivery.because).then_some(CopyView::Full);
    let Ok(plan) = plan::plan(&plan::Case { region, agreement, source, certificate, test }) else {
        return addressed;
    };
    let named = plan.targets().into_iter().find(|target| target.member == delivery.target);
    named.map(|target| target.view).or(addressed.filter(|_| plan.is_unaddressed(source)))
}

/// Whether what was rendered for one view shows no more than another allows.
pub(super) fn shows_no_more(view: View, body: &Body, allowed: &CopyView) -> bool {
    match (allowed, view) {
        (CopyView::Full, _) | (CopyView::Minimised(_) | CopyView::Notice, View::Notice) => true,
        (CopyView::Minimised(fields), View::Minimised) => shows_only(body, fields),
        (CopyView::Minimised(_), View::Full) | (CopyView::Notice, View::Full | View::Minimised) => false,
    }
}

/// A minimised view is canonical, so its fields can be told.
fn shows_only(body: &Body, fields: &[Field]) -> bool {
    let syntax = if body.media_type == Syntax::Xml.media_type() { Syntax::Xml } else { Syntax::Json };
    let Ok(decoded) = decode::decode(syntax, &body.bytes, &decode::limit::Limits::DEFAULT) else {
        return false;
    };
    let shown = map::canonical::map(&decoded.document).certificate;
    shown.iter().all(|(place, _)| fields.contains(&place.field))
}

/// Whether the target's copy is still a whole one: nothing later of its certificate showed it less or withdrew it.
///
/// A cancelled certificate stays what it was for those who hold it.
pub(super) fn still_whole(delivery: &Delivery, sent: &[Sent]) -> bool {
    let of_copy = |sent: &&Sent| {
        sent.sequence > delivery.sequence
            && sent.target == delivery.target
            && sent.subject.lineage == delivery.subject.lineage
            && !sent.is_cancellation()
    };
    let last = sent.iter().rev().find(of_copy);
    last.is_none_or(|sent| sent.cargo == Cargo::Certificate && sent.view == View::Full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        deliver::sample,
        model::{
            delivery::State,
            envelope::Function,
            id::{DeliveryId, MessageId},
        },
        region::{
            agreement::Link,
            member::{Member, Reach},
        },
    };

    /// A later word to the target of `delivery`, the sequence after it.
    fn later(delivery: &Delivery, cargo: Cargo, function: Function, view: View) -> Sent {
        Sent {
            sequence: delivery.sequence + 1,
            target: delivery.target.clone(),
            delivery: DeliveryId(uuid::Uuid::nil()),
            message: MessageId(uuid::Uuid::nil()),
            function,
            subject: delivery.subject.clone(),
            earlier_lineage: None,
            replaced: false,
            cargo,
            view,
            addressed: false,
            state: State::Queued,
            hold: None,
        }
    }

    #[test]
    fn a_copy_stays_whole_until_a_later_word_shows_less_or_withdraws_it() {
        let delivery = sample::delivery(1);
        let after =
            |cargo, function, view| still_whole(&delivery, &[later(&delivery, cargo, function, view)]);
        assert!(still_whole(&delivery, &[]));
        assert!(after(Cargo::Certificate, Function::Amendment, View::Full));
        assert!(after(Cargo::Cancellation, Function::Cancellation, View::Full));
        assert!(!after(Cargo::Certificate, Function::Amendment, View::Minimised));
        assert!(!after(Cargo::Cancellation, Function::Amendment, View::Full), "withdrawn");
        let before =
            Sent { sequence: 0, ..later(&delivery, Cargo::Cancellation, Function::Amendment, View::Full) };
        assert!(still_whole(&delivery, &[before]), "it was sent again since");
    }

    #[test]
    fn a_rendering_passes_as_long_as_it_shows_no_more_than_is_allowed_now() {
        let field = |path: &str| Field::named(path).unwrap();
        let json = |bytes: &[u8]| Body { media_type: "application/json".into(), ..sample::body(bytes) };
        let body = json(br#"{"number": "A-1", "title": "Tea"}"#);
        let minimised = |paths: &[&str]| CopyView::Minimised(paths.iter().map(|path| field(path)).collect());
        let cases = [
            (View::Full, CopyView::Full, true),
            (View::Notice, CopyView::Full, true),
            (View::Full, minimised(&["number"]), false),
            (View::Minimised, minimised(&["number", "title", "issueDate"]), true),
            (View::Minimised, minimised(&["number"]), false),
            (View::Notice, minimised(&["number"]), true),
            (View::Minimised, CopyView::Notice, false),
            (View::Notice, CopyView::Notice, true),
        ];
        for (view, allowed, expected) in cases {
            assert_eq!(shows_no_more(view, &body, &allowed), expected, "{view:?} under {allowed:?}");
        }
    }

    #[test]
    fn where_nothing_names_a_target_only_an_operators_word_stands() {
        // No field of the agreement names an importing party, and the copy rule that named the target is cut.
        let region = sample::region(LinkState::Live);
        let cases = [
            ("copy rule \"transit\"", false),
            ("addressed by root: by their letter", true),
            ("addressed by an operator, as the version before; replay by root: their disk", true),
            ("replay by root: their disk; addressed by an operator", true),
            ("copy rule \"transit\"; replay by root: addressed by mistake", false),
        ];
        for (because, expected) in cases {
            let delivery = Delivery { because: because.to_owned(), ..sample::delivery(1) };
            let allowed = allowed(&region, &delivery, &Certificate::default());
            assert_eq!(allowed, expected.then_some(CopyView::Full), "{because}");
        }
    }

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
    fn test_traffic_goes_to_a_sandbox_to_what_is_not_live_or_nowhere() {
        let mut delivery = sample::delivery(1);
        delivery.test = true;
        let mut region = sample::region(LinkState::Test);
        let of = |region: &Region, delivery: &Delivery| server(region, delivery).map(|one| one.url.clone());
        let own = Some("https://localhost/kg".to_owned());
        assert_eq!(of(&region, &delivery), own);
        let agreement = region.agreements.values_mut().next().unwrap();
        let other = Link { from: None, state: LinkState::Live, ..agreement.links[0].clone() };
        agreement.links.push(other);
        let lone = region.members.clone();
        assert_eq!(of(&region, &delivery), own, "nobody is there who could send what counts");
        let third = Member { id: MemberId::new("kz").unwrap(), ..lone.values().next().unwrap().clone() };
        region.members.insert(third.id.clone(), third);
        assert_eq!(of(&region, &delivery), None, "live");
        let kg = region.members.get_mut(&delivery.target).unwrap();
        let Reach::Push(endpoint) = &kg.reach else { panic!("it is pushed to") };
        kg.sandbox = Some(Endpoint { url: "https://localhost/test".to_owned(), ..endpoint.clone() });
        assert_eq!(of(&region, &delivery).as_deref(), Some("https://localhost/test"));
        delivery.source = MemberId::new("kz").unwrap();
        delivery.test = false;
        assert_eq!(of(&region, &delivery), own, "what counts never goes to a sandbox");
    }

    #[test]
    fn what_comes_over_a_link_in_pilot_is_marked_and_its_answer_too() {
        for (state, expected) in
            [(LinkState::Pilot, true), (LinkState::Live, false), (LinkState::Test, false)]
        {
            let mut delivery = sample::delivery(1);
            assert_eq!(is_pilot(&sample::region(state), &delivery), expected, "{state:?}");
            delivery.cargo = Cargo::Response;
            std::mem::swap(&mut delivery.source, &mut delivery.target);
            assert_eq!(is_pilot(&sample::region(state), &delivery), expected, "{state:?}, back");
            delivery.cargo = Cargo::Notice;
            assert!(!is_pilot(&sample::region(state), &delivery));
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

    #[test]
    fn a_notice_of_test_traffic_goes_where_all_test_traffic_does() {
        let of = |region: &Region, test: bool| {
            let source = MemberId::new("kg").unwrap();
            let notice = Delivery {
                cargo: Cargo::Notice,
                source: source.clone(),
                target: source,
                test,
                ..sample::delivery(1)
            };
            server(region, &notice).map(|endpoint| endpoint.url.clone())
        };
        let mut region = sample::region(LinkState::Live);
        let own = of(&region, false);
        assert_eq!((own.as_deref(), of(&region, true)), (Some("https://localhost/kg"), None));
        let kg = region.members.values_mut().find(|member| member.id.as_str() == "kg").unwrap();
        let Reach::Push(endpoint) = &kg.reach else { panic!("it is pushed to") };
        kg.sandbox = Some(Endpoint { url: "https://localhost/test".to_owned(), ..endpoint.clone() });
        assert_eq!((of(&region, false), of(&region, true).as_deref()), (own, Some("https://localhost/test")));
    }
}
