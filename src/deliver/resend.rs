//! A target asks for a certificate again: the officer at the desk has the goods before him and not the certificate.
//!
//! What is sent again is the hub's last word to that target about the number: the delivery whose turn it is, or else the
//! one that ended last. It goes out at once, ahead of its retry and of everything else that is due, under the same id and
//! with the same bytes; what the target answers is recorded as a further attempt. The request is on disk before it is
//! confirmed.

use std::{fmt, time::Duration};

use super::{Handles, entitlement::entitled, inbox::Inbox};
use crate::{
    model::{
        delivery::State,
        id::{AgreementId, DeliveryId, MemberId},
        reason::Reason,
        time::Timestamp,
    },
    region::Region,
    store::{
        Fault,
        history::History,
        record::Delivery,
        resend::{Asked, Resend},
    },
};

/// Takes requests of targets; cheap to clone.
#[derive(Clone)]
pub struct Desk {
    handles: Handles,
    inbox: Inbox,
}

/// Which certificate a target asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// Issuing body.
    pub issuer: String,
    /// Certificate number.
    pub number: String,
    /// Agreement, where more than one has the number.
    pub agreement: Option<AgreementId>,
}

/// What the hub answers to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It is on disk and goes out at once.
    Asked(DeliveryId),
    /// Not sent, for a coded reason; when it makes sense to ask again, where it does.
    Refused(Reason, Option<Duration>),
    /// More than one agreement has the number.
    Ambiguous(Vec<AgreementId>),
}

impl Desk {
    /// A desk over the deliveries of a hub.
    #[must_use]
    pub fn new(handles: Handles, inbox: Inbox) -> Self {
        Self { handles, inbox }
    }

    /// Asks for the last word to a target about a certificate.
    ///
    /// **Durability:** on disk when it returns [`Answer::Asked`].
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn resend(&self, target: &MemberId, wanted: &Wanted) -> Result<Answer, Fault> {
        let Wanted { issuer, number, agreement } = wanted;
        let mut histories = self.handles.store.histories(issuer, number, agreement.as_ref(), target).await?;
        histories.retain(|history| !history.to_member.is_empty());
        let history = match histories.as_slice() {
            [] => return Ok(Answer::Refused(Reason::NotFound, None)),
            [history] => history,
            several => return Ok(Answer::Ambiguous(agreements(several))),
        };
        let region = self.handles.region.borrow().clone();
        let (at, config) = (self.handles.clock.now(), &self.handles.config);
        let case = Case { region: &region, held: self.handles.holds.why(target).is_some(), at };
        let delivery = match case.choose(&history.to_member, config.resend_pause) {
            Ok(delivery) => delivery,
            Err((reason, wait)) => return Ok(Answer::Refused(reason, wait)),
        };
        let resend = Resend { delivery: delivery.id, at, waiting_max: config.resends_waiting_per_member_max };
        let asked = self.handles.store.resend(resend).await?;
        if asked == Asked::Full {
            return Ok(Answer::Refused(Reason::TooManyRequests, Some(config.resend_pause)));
        }
        self.inbox.offer_again(target, delivery).await;
        tracing::info!(delivery.id = %delivery.id, target.id = %target, "a target asked for a delivery again");
        Ok(Answer::Asked(delivery.id))
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// The agreements of several certificates with one number.
#[must_use]
pub fn agreements(histories: &[History]) -> Vec<AgreementId> {
    histories.iter().map(|history| history.subject.agreement.clone()).collect()
}

/// The last word to a target: the delivery whose turn it is, or else the one that ended last.
#[must_use]
pub fn last_word(deliveries: &[Delivery]) -> Option<&Delivery> {
    let open = deliveries.iter().find(|delivery| !delivery.life.state.is_final());
    let head = open.filter(|delivery| delivery.life.state != State::Queued);
    head.or_else(|| deliveries.iter().rfind(|delivery| delivery.life.state.is_final()))
}

/// What a request is judged by.
#[derive(Clone, Copy)]
struct Case<'a> {
    region: &'a Region,
    /// Whether the target's lane is held.
    held: bool,
    at: Timestamp,
}

impl Case<'_> {
    /// The delivery to send again, or why none is.
    fn choose<'a>(
        &self,
        deliveries: &'a [Delivery],
        pause: Duration,
    ) -> Result<&'a Delivery, (Reason, Option<Duration>)> {
        let refused = |reason| Err((reason, None));
        let Some(delivery) = last_word(deliveries) else { return refused(Reason::NotFound) };
        if !entitled(self.region, delivery) {
            return refused(Reason::NotEntitled);
        }
        match delivery.life.state {
            State::Held { reason } => return refused(reason),
            State::Cancelled => return refused(Reason::OperatorHold),
            _ if self.held => return refused(Reason::OperatorHold),
            _ if delivery.rendered.is_none() => return refused(Reason::Unrenderable),
            _ => {}
        }
        let since = delivery.last.as_ref().map(|attempt| self.at.since(attempt.started));
        match since.and_then(|since| pause.checked_sub(since)).filter(|wait| !wait.is_zero()) {
            Some(wait) if delivery.asked.is_none() => Err((Reason::TooManyRequests, Some(wait))),
            _ => Ok(delivery),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{deliver::sample, region::agreement::LinkState, store::record::Attempt};

    const PAUSE: Duration = Duration::from_secs(10);
    const REFUSED: State = State::Refused { reason: Reason::Refused };
    const HELD: State = State::Held { reason: Reason::Unrenderable };
    const DUE: State = State::Due { at: Timestamp(99_000) };

    fn chain(states: &[State]) -> Vec<Delivery> {
        let of = |(number, state): (u8, &State)| {
            let mut delivery = sample::delivery(number);
            delivery.life.state = state.clone();
            delivery
        };
        (1..).zip(states).map(of).collect()
    }

    fn chosen(deliveries: &[Delivery], held: bool, link: LinkState) -> Result<i64, &'static str> {
        let region = sample::region(link);
        let case = Case { region: &region, held, at: Timestamp(20_000) };
        case.choose(deliveries, PAUSE).map(|delivery| delivery.sequence).map_err(|(reason, _)| reason.code())
    }

    #[test]
    fn the_last_word_is_what_waits_for_its_turn_or_else_what_ended_last() {
        let table: [(&[State], Result<i64, &str>); 10] = [
            (&[State::Delivered], Ok(1)),
            (&[State::Delivered, State::Delivered], Ok(2)),
            (&[State::Delivered, DUE, State::Queued], Ok(2)),
            (&[State::Delivered, REFUSED], Ok(2)),
            (&[State::Expired], Ok(1)),
            (&[State::Delivered, HELD, State::Queued], Err("unrenderable")),
            (&[State::Cancelled], Err("operator-hold")),
            // Its turn has not come: another certificate of the chain goes first.
            (&[State::Delivered, State::Queued], Ok(1)),
            (&[State::Queued], Err("not-found")),
            (&[], Err("not-found")),
        ];
        for (states, expected) in table {
            assert_eq!(chosen(&chain(states), false, LinkState::Live), expected, "{states:?}");
        }
    }

    #[test]
    fn who_may_not_have_it_or_stands_still_is_told_so() {
        let delivered = chain(&[State::Delivered]);
        assert_eq!(chosen(&delivered, false, LinkState::Suspended), Err("not-entitled"));
        assert_eq!(chosen(&delivered, true, LinkState::Live), Err("operator-hold"));
    }

    #[test]
    fn a_delivery_is_sent_again_once_in_a_pause() {
        let (mut deliveries, started) = (chain(&[State::Delivered]), Timestamp(20_000).minus(PAUSE));
        let attempt = |started| Attempt {
            number: 1,
            started,
            finished: started,
            outcome: "delivered".to_owned(),
            status: Some(200),
            detail: String::new(),
            answer: None,
            grade: None,
            receipt: None,
        };
        deliveries[0].last = Some(attempt(started));
        assert_eq!(chosen(&deliveries, false, LinkState::Live), Ok(1));
        deliveries[0].last = Some(attempt(Timestamp(started.0 + 1)));
        assert_eq!(chosen(&deliveries, false, LinkState::Live), Err("too-many-requests"));
        deliveries[0].asked = Some(Timestamp(19_999));
        assert_eq!(
            chosen(&deliveries, false, LinkState::Live),
            Ok(1),
            "it waits already: asking again is harmless"
        );
    }
}
