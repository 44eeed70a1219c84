//! What became of a certificate, for one member that has to do with it: as its source, or because it was sent a copy.

use super::{
    Fault, READ_ROWS_MAX, Store,
    engine::Reads,
    record::{Cargo, Delivery, Stage},
};
use crate::model::{
    envelope::Function,
    id::{AgreementId, Digest, MemberId, MessageId, MessageKey},
    key::{Key, normal_form},
    time::Timestamp,
};

/// Most messages looked at for one number, the newest.
pub const CHANGES_MAX: u32 = 200;

/// Everything the store has about one certificate that concerns one member.
#[derive(Clone, Debug)]
pub struct History {
    /// Its identity; the number is as it was accepted last.
    pub subject: Key,
    /// Messages about it, oldest first.
    pub changes: Vec<Change>,
    /// What replaces it, oldest first: more than one where the issuing body replaced it twice.
    pub replacements: Vec<Replacement>,
    /// What else replaces the certificate that this one replaces, oldest first.
    pub rivals: Vec<Replacement>,
    /// Deliveries of the member's own messages, by message, in the order in which they were made.
    pub by_member: Vec<(MessageId, Vec<Delivery>)>,
    /// What the member was sent of it or is to be: certificates, cancellations, withdrawals; in the order of its lane.
    pub to_member: Vec<Delivery>,
}

/// A certificate in the place of another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// Its number.
    pub number: String,
    /// Whether the member was sent it.
    pub to_member: bool,
}

/// One message about a certificate.
#[derive(Clone, Debug)]
pub struct Change {
    /// The hub's id.
    pub message: MessageId,
    /// Who pushed it.
    pub source: MemberId,
    /// The source's own id.
    pub key: MessageKey,
    /// When it was received.
    pub received: Timestamp,
    /// Message function.
    pub function: Function,
    /// Identity, with version.
    pub subject: Key,
    /// Lineage of the certificate it replaces.
    pub earlier_lineage: Option<String>,
    /// Chain it belongs to.
    pub chain: i64,
    /// Digest of the body's bytes.
    pub digest: Digest,
    /// Whether it is test traffic.
    pub test: bool,
    /// The message of which it is a business duplicate.
    pub duplicate_of: Option<MessageId>,
    /// How far it is on its way to its targets.
    pub stage: Stage,
}

/// Which certificate is asked for.
pub(super) struct Of {
    pub(super) issuer: String,
    pub(super) number: String,
    pub(super) agreement: Option<AgreementId>,
}

impl Store {
    /// What became of the certificates of an issuing body that bear a number, for a member that pushed them or is sent
    /// them; of one agreement if named. The number as written goes before others of the same letters and digits.
    ///
    /// **Bounds:** the newest [`CHANGES_MAX`] messages.
    ///
    /// # Errors
    /// As every read, see [`Store::standing`].
    pub async fn histories(
        &self,
        issuer: &str,
        number: &str,
        agreement: Option<&AgreementId>,
        member: &MemberId,
    ) -> Result<Vec<History>, Fault> {
        let (issuer, number) = (issuer.to_owned(), number.to_owned());
        let of = Of { issuer, number, agreement: agreement.cloned() };
        let member = member.clone();
        self.read(move |db| histories(db, &of, &member)).await
    }
}

fn histories(db: &dyn Reads, of: &Of, member: &MemberId) -> Result<Vec<History>, Fault> {
    let changes = db.changes(of)?;
    let mut found = Vec::new();
    for history in certificates(&changes, &of.number) {
        let history = concerning(db, history, &changes, member)?;
        if !history.by_member.is_empty() || !history.to_member.is_empty() {
            found.push(history);
        }
    }
    Ok(found)
}

/// The certificates that bear a number, one per agreement and lineage; literally, or else by its normal form.
fn certificates(changes: &[Change], number: &str) -> Vec<History> {
    let bearing = |literally: bool| {
        let mut found: Vec<History> = Vec::new();
        let bears = |change: &&Change| match literally {
            true => change.subject.number == number,
            false => normal_form(&change.subject.number) == normal_form(number),
        };
        for change in changes.iter().filter(bears) {
            let same = |history: &&mut History| {
                history.subject.agreement == change.subject.agreement
                    && history.subject.lineage == change.subject.lineage
            };
            match found.iter_mut().find(same) {
                Some(history) => history.subject = change.subject.clone(),
                None => found.push(History {
                    subject: change.subject.clone(),
                    changes: Vec::new(),
                    replacements: Vec::new(),
                    rivals: Vec::new(),
                    by_member: Vec::new(),
                    to_member: Vec::new(),
                }),
            }
        }
        found
    };
    let literal = bearing(true);
    if literal.is_empty() { bearing(false) } else { literal }
}

/// Fills in what concerns a member.
fn concerning(
    db: &dyn Reads,
    mut history: History,
    changes: &[Change],
    member: &MemberId,
) -> Result<History, Fault> {
    let (agreement, lineage) = (history.subject.agreement.clone(), history.subject.lineage.clone());
    let of_agreement = || changes.iter().filter(|change| change.subject.agreement == agreement);
    let own = |change: &&Change| change.subject.lineage == lineage;
    history.changes = of_agreement().filter(own).cloned().collect();
    for change in history.changes.iter().filter(|change| change.source == *member) {
        history.by_member.push((change.message, db.of_message(change.message, READ_ROWS_MAX)?));
    }
    // A withdrawal bears the number of the copy withdrawn, whatever message brings it.
    let about = |delivery: &Delivery| delivery.subject.lineage == lineage;
    if let Some(change) = history.changes.last() {
        let sent = db.sent_to_member(change.chain, member, READ_ROWS_MAX)?;
        let others: Vec<_> = of_agreement().filter(|change| !own(change)).collect();
        history.replacements = replacing(&others, &sent, &lineage);
        let earlier = history.changes.iter().rev().find_map(|change| change.earlier_lineage.as_deref());
        history.rivals = earlier.map(|earlier| replacing(&others, &sent, earlier)).unwrap_or_default();
        history.to_member = sent.into_iter().filter(about).collect();
    }
    Ok(history)
}

/// The certificates, of some messages, that replace a lineage; one that was pushed twice is one.
fn replacing(messages: &[&Change], sent: &[Delivery], lineage: &str) -> Vec<Replacement> {
    let mut found: Vec<Replacement> = Vec::new();
    for message in messages.iter().filter(|message| message.earlier_lineage.as_deref() == Some(lineage)) {
        let came = |it: &Delivery| it.message == message.message && it.cargo == Cargo::Certificate;
        let (number, to_member) = (message.subject.number.clone(), sent.iter().any(came));
        match found.iter_mut().find(|known| known.number == number) {
            Some(known) => known.to_member |= to_member,
            None => found.push(Replacement { number, to_member }),
        }
    }
    found
}
