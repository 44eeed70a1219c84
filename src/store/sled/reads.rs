//! What the tree can be asked, by the scans of this folder.

use std::time::Duration;

use super::{
    action, asked, attachment, db::Db, deliveries, lanes, messages, news, parked, refused, register, shelf,
    signatures, traffic, unaddressed,
};
use crate::{
    model::{
        id::{DeliveryId, Digest, MemberId, MessageId, MessageKey},
        key::Key,
        reason::Reason,
        time::Timestamp,
    },
    store::{
        Fault,
        action::{Action, Trail},
        attachment::Kept,
        backlog::{Backlog, Listing, Page},
        claim::{Claim, Stream},
        engine::Reads,
        history::{Change, Of},
        lane::Lanes,
        news::{Late, Pair},
        pack::Packed,
        proof::{Proved, Provenance},
        read::ChainsAfter,
        reconciliation::Span,
        record::{Attempt, Counts, Delivery, Message, Receipted, Rejection, Role},
        refused::Refused,
        register::{Book, PackedEntry},
        sent::{Before, Sent},
        standing::Standing,
        traffic::Traffic,
    },
};

impl Reads for Db {
    fn standing(&self, key: &Key, earlier: Option<&str>) -> Result<Standing, Fault> {
        messages::standing(self, key, earlier)
    }

    fn receipt(&self, source: &MemberId, key: &MessageKey) -> Result<Option<Receipted>, Fault> {
        messages::receipt(self, source, key)
    }

    fn unrouted(&self, after: i64, most: u32) -> Result<Vec<Message>, Fault> {
        messages::unrouted(self, after, rows(most))
    }

    fn message(&self, id: MessageId) -> Result<Option<Message>, Fault> {
        messages::message(self, id)
    }

    fn find(&self, issuer: Option<&str>, number: &str, most: u32) -> Result<Vec<Message>, Fault> {
        messages::find(self, issuer, number, rows(most))
    }

    fn ending(&self, issuer: Option<&str>, number: (&str, &str), most: u32) -> Result<Vec<Message>, Fault> {
        messages::ending(self, issuer, number, rows(most))
    }

    fn body(&self, id: MessageId, role: Role) -> Result<Option<Packed>, Fault> {
        messages::body(self, id, role)
    }

    fn rendering(&self, id: DeliveryId) -> Result<Option<(i64, Packed)>, Fault> {
        messages::rendering(self, id)
    }

    fn rejections(&self, source: &MemberId, most: u32) -> Result<Vec<Rejection>, Fault> {
        asked::rejections(self, source, rows(most))
    }

    fn counts(&self) -> Result<Counts, Fault> {
        messages::counts(self)
    }

    fn refused(&self, from: i64) -> Result<Vec<Refused>, Fault> {
        refused::since(self, from)
    }

    fn due(&self, target: &MemberId, now: Timestamp, claim: &Claim) -> Result<Vec<Delivery>, Fault> {
        deliveries::due(self, target, now, claim)
    }

    fn next_due(
        &self,
        target: &MemberId,
        stream: Stream,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Fault> {
        deliveries::next_due(self, target, stream, now)
    }

    fn next_asked(&self, target: &MemberId, stream: Stream) -> Result<Option<Timestamp>, Fault> {
        asked::first(self, target, stream)
    }

    fn headless(&self, after: &ChainsAfter, most: u32) -> Result<(Vec<(MemberId, i64)>, ChainsAfter), Fault> {
        deliveries::headless(self, after, rows(most))
    }

    fn targets(&self) -> Result<Vec<MemberId>, Fault> {
        deliveries::targets(self)
    }

    fn overdue(
        &self,
        target: Option<&MemberId>,
        before: Timestamp,
        most: u32,
    ) -> Result<Vec<Delivery>, Fault> {
        deliveries::overdue(self, target, before, rows(most))
    }

    fn held_for(&self, reason: Reason, after: i64, most: u32) -> Result<Vec<Delivery>, Fault> {
        deliveries::held_for(self, reason, after, rows(most))
    }

    fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>, Fault> {
        deliveries::delivery(self, id)
    }

    fn of_message(&self, id: MessageId, most: u32) -> Result<Vec<Delivery>, Fault> {
        deliveries::of_message(self, id, rows(most))
    }

    fn attempts(&self, id: DeliveryId, most: u32) -> Result<Vec<Attempt>, Fault> {
        deliveries::attempts(self, id, rows(most))
    }

    fn sent_to(&self, id: MessageId, most: u32) -> Result<Vec<Sent>, Fault> {
        deliveries::sent_to(self, id, rows(most))
    }

    fn before(&self, id: MessageId) -> Result<Before, Fault> {
        deliveries::before(self, id)
    }

    fn parked(&self, after: i64, most: u32) -> Result<Vec<Message>, Fault> {
        parked::list(self, after, rows(most))
    }

    fn unaddressed(&self, after: i64, most: u32) -> Result<Vec<Message>, Fault> {
        unaddressed::list(self, after, rows(most))
    }

    fn unaddressed_count(&self) -> Result<u32, Fault> {
        unaddressed::count(self)
    }

    fn lanes(&self) -> Result<Lanes, Fault> {
        lanes::all(self)
    }

    fn digests_due(&self, now: Timestamp, period: Duration) -> Result<Vec<Pair>, Fault> {
        news::due(self, now, period)
    }

    fn late(&self, target: &MemberId, before: Timestamp) -> Result<Vec<Late>, Fault> {
        news::late(self, target, before)
    }

    fn late_of(&self, pair: &Pair, before: Timestamp, most: u32) -> Result<Vec<Delivery>, Fault> {
        news::late_of(self, pair, before, rows(most))
    }

    fn changes(&self, of: &Of) -> Result<Vec<Change>, Fault> {
        messages::changes(self, of)
    }

    fn sent_to_member(&self, chain: i64, member: &MemberId, most: u32) -> Result<Vec<Delivery>, Fault> {
        deliveries::sent_to_member(self, chain, member, rows(most))
    }

    fn trail(&self, message: MessageId, target: &MemberId) -> Result<Option<Trail>, Fault> {
        action::trail(self, message, target)
    }

    fn actions(
        &self,
        about: Option<&str>,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<(i64, Action)>, Fault> {
        action::actions(self, about, before, rows(most))
    }

    fn entries(
        &self,
        book: Book,
        name: Option<&str>,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<PackedEntry>, Fault> {
        register::entries(self, book, name, before, rows(most))
    }

    fn backlog(&self, target: &MemberId, now: Timestamp) -> Result<Backlog, Fault> {
        shelf::backlog(self, target, now)
    }

    fn list(&self, listing: &Listing, most: u32) -> Result<Page, Fault> {
        shelf::list(self, listing, rows(most))
    }

    fn pushed(
        &self,
        source: &MemberId,
        span: &Span,
        most: u32,
    ) -> Result<Vec<(Message, Vec<Delivery>)>, Fault> {
        shelf::pushed(self, source, span, rows(most))
    }

    fn sent(&self, target: &MemberId, span: &Span, most: u32) -> Result<Vec<Delivery>, Fault> {
        shelf::sent(self, target, span, rows(most))
    }

    fn traffic(&self, target: &MemberId, from: Timestamp, until: Timestamp) -> Result<Vec<Traffic>, Fault> {
        traffic::traffic(self, target, from, until)
    }

    fn proved(&self, id: MessageId) -> Result<Option<Proved>, Fault> {
        signatures::proved(self, id)
    }

    fn provenance(&self, message: i64) -> Result<Provenance, Fault> {
        signatures::provenance(self, message)
    }

    fn leaf(&self, digest: Digest) -> Result<Option<Vec<u8>>, Fault> {
        signatures::leaf(self, digest)
    }

    fn signed_by(&self, leaf: Digest, most: u32) -> Result<Vec<MessageId>, Fault> {
        signatures::signed_by(self, leaf, rows(most))
    }

    fn attachment(&self, member: &MemberId, digest: Digest) -> Result<Option<Kept>, Fault> {
        attachment::kept(self, member, digest)
    }

    fn attachment_bytes(&self, member: &MemberId, digest: Digest) -> Result<Option<Packed>, Fault> {
        attachment::packed(self, member, digest)
    }

    fn deliveries_naming(&self, target: &MemberId, digest: Digest) -> Result<Vec<DeliveryId>, Fault> {
        attachment::deliveries(self, target, digest)
    }
}

/// Rows wanted, as a length.
fn rows(most: u32) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX)
}
