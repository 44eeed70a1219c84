//! What the folder would have made of the certificates that came last: the same certificates, read under both
//! configurations, and what differs.
//!
//! It works beside live traffic: one certificate at a time, on one thread, and after each it rests as long as it worked,
//! so that it never has more than half a processor. What is told is what the certificate is about and which reason,
//! member, form or field differs; never what the certificate says.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use super::{Answer, Change, wrong};
use crate::{
    files::Files,
    intake::{
        self, Content, Push,
        trial::{Copy, trial},
    },
    model::{
        envelope::Envelope,
        finding::Finding,
        id::{Digest, MemberId},
        time::Timestamp,
    },
    operate::Progress,
    region::Region,
    store::{
        Fault,
        reconciliation::{After, Span},
        record::{Message, Role},
    },
};

/// Most certificates read again.
pub const REPLAYED_MAX: usize = 10_000;
/// Messages read at once.
const PAGE_MESSAGES: usize = 200;
/// How far back the first look goes; each one after it goes as far again as all before it.
const FIRST_LOOK: Duration = Duration::from_secs(60);
/// How far back the last look goes.
const AGE_MAX: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// Lost fields named of one copy; the rest is counted.
const FIELDS_NAMED_MAX: usize = 5;

/// What came of reading certificates again.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Replayed {
    /// Certificates read.
    pub read: usize,
    /// Of them, those that neither configuration takes as they stand in the store: what only a header said is not kept.
    pub unread: usize,
    /// Those for which something differs, newest first.
    pub otherwise: Vec<Otherwise>,
}

/// A certificate for which something differs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Otherwise {
    /// The message's id.
    pub message: String,
    /// Who pushed it.
    pub source: MemberId,
    /// Issuing body.
    pub issuer: String,
    /// Certificate number.
    pub number: String,
    /// What differs, in words.
    pub words: Vec<String>,
}

/// What became of a certificate under one configuration.
type Tried = Result<BTreeMap<MemberId, Copy>, Vec<Finding>>;

impl Change {
    /// Reads the certificates accepted last under the folder's configuration and under the one that runs, and tells
    /// what differs; changes nothing.
    ///
    /// **Bounds:** [`REPLAYED_MAX`] certificates, of the last 400 days.
    ///
    /// # Errors
    /// A fault of the store.
    pub async fn replay(&self, most: usize, progress: &Progress) -> Answer<Replayed> {
        let folder = self.ground.folder();
        let new = match self.read(Files::at(folder)).await? {
            Ok(read) => Arc::new(read.candidate.region),
            Err(problems) => return Ok(Err(wrong(folder, problems))),
        };
        let old = self.region.borrow().clone();
        let config = Arc::new(intake::Config::default());
        let mut replayed = Replayed::default();
        let messages = self.last(&old, most.min(REPLAYED_MAX)).await?;
        progress.begin(u64::try_from(messages.len()).unwrap_or(u64::MAX));
        for message in messages {
            progress.add(1);
            let Some(push) = self.again(&message, &old).await? else { continue };
            let (new, config) = (new.clone(), config.clone());
            let work = move || {
                let began = std::time::Instant::now();
                let before = trial(&push, &config);
                let after = trial(&Push { region: new, ..push }, &config);
                (before, after, began.elapsed())
            };
            let tried = tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Panicked)?;
            let (before, after, worked) = tried;
            tokio::time::sleep(worked).await;
            replayed.read += 1;
            if before.is_err() && after.is_err() {
                replayed.unread += 1;
            }
            let words = otherwise(&before, &after);
            if !words.is_empty() {
                replayed.otherwise.push(Otherwise {
                    message: message.id.to_string(),
                    source: message.source,
                    issuer: message.subject.issuer,
                    number: message.subject.number,
                    words,
                });
            }
        }
        Ok(Ok(replayed))
    }

    /// The messages with a document that were accepted last, newest first.
    async fn last(&self, region: &Region, most: usize) -> Result<Vec<Message>, Fault> {
        let mut found = Vec::new();
        let now = self.ledger.now();
        // What came in this very moment counts too.
        let (mut until, mut back, end) = (now.plus(FIRST_LOOK), FIRST_LOOK * 2, now.minus(AGE_MAX));
        while found.len() < most && until > end {
            let from = until.minus(back);
            let mut slice = Vec::new();
            for source in region.members.keys() {
                slice.extend(self.last_of(source, (from, until), most).await?);
            }
            slice.sort_by_key(|message| std::cmp::Reverse(message.sequence));
            found.extend(slice);
            (until, back) = (from, back.saturating_mul(2));
        }
        found.truncate(most);
        Ok(found)
    }

    /// The last messages of one member within a span.
    async fn last_of(
        &self,
        source: &MemberId,
        (from, until): (Timestamp, Timestamp),
        most: usize,
    ) -> Result<VecDeque<Message>, Fault> {
        let (mut last, mut after) = (VecDeque::new(), None);
        loop {
            let page = self.store.pushed_within(source, Span { from, until, after }, PAGE_MESSAGES).await?;
            let Some((newest, _)) = page.last() else { return Ok(last) };
            after = Some(After { at: newest.received, sequence: newest.sequence });
            let documents = page
                .into_iter()
                .map(|(message, _)| message)
                .filter(|message| message.function.has_document());
            last.extend(documents);
            while last.len() > most {
                last.pop_front();
            }
        }
    }

    /// The push a message came with, as far as it is kept; the headers the document may be silent about are those that
    /// are known of it.
    async fn again(&self, message: &Message, region: &Arc<Region>) -> Result<Option<Push>, Fault> {
        let Some(original) = self.store.body(message.id, Role::Original).await? else { return Ok(None) };
        let Some((content, charset)) = Content::of(&message.media_type) else { return Ok(None) };
        let signature = self.store.body(message.id, Role::Signature).await?;
        let subject = &message.subject;
        Ok(Some(Push {
            region: region.clone(),
            source: message.source.clone(),
            key: message.key.clone(),
            envelope: Envelope {
                function: message.function,
                agreement: Some(subject.agreement.to_string()),
                issuer: Some(subject.issuer.clone()),
                number: Some(subject.number.clone()),
                test: message.test,
                ..Envelope::original()
            },
            epoch: None,
            content,
            charset,
            signature: signature.and_then(|body| String::from_utf8(body.bytes).ok()),
            digest: Digest::of(&original.bytes),
            body: original.bytes.into(),
            received: message.received,
        }))
    }
}

/// What differs, in words. Pure.
fn otherwise(before: &Tried, after: &Tried) -> Vec<String> {
    let why = |findings: &[Finding]| {
        findings.first().map_or("its source is no member", |finding| finding.reason.code()).to_owned()
    };
    let (before, after) = match (before, after) {
        (Ok(before), Ok(after)) => (before, after),
        (Ok(_), Err(findings)) => return vec![format!("would be rejected: {}", why(findings))],
        (Err(findings), Ok(_)) => return vec![format!("would be accepted, not rejected: {}", why(findings))],
        (Err(before), Err(after)) if why(before) != why(after) => {
            return vec![format!("would be rejected: {}, not {}", why(after), why(before))];
        }
        (Err(_), Err(_)) => return Vec::new(),
    };
    let members: BTreeSet<&MemberId> = before.keys().chain(after.keys()).collect();
    let told = members.into_iter().filter_map(|member| match (before.get(member), after.get(member)) {
        (None, Some(copy)) => Some(format!("would go to {member} as well, as {}", copy.form)),
        (Some(_), None) => Some(format!("would not go to {member}")),
        (Some(before), Some(after)) => copies(member, before, after),
        (None, None) => None,
    });
    told.collect()
}

fn copies(member: &MemberId, before: &Copy, after: &Copy) -> Option<String> {
    let mut words = Vec::new();
    if before.form != after.form {
        words.push(format!("as {}, not {}", after.form, before.form));
    }
    if before.view != after.view {
        words.push(format!("in the {} view, not {}", after.view.word(), before.view.word()));
    }
    for (which, of, without) in [("losing", after, before), ("no longer losing", before, after)] {
        let fields: Vec<&str> =
            of.losses.iter().filter(|one| !without.losses.contains(one)).map(String::as_str).collect();
        let rest = fields.len().saturating_sub(FIELDS_NAMED_MAX);
        let named = fields.into_iter().take(FIELDS_NAMED_MAX).collect::<Vec<_>>().join(", ");
        match (named.is_empty(), rest) {
            (true, _) => {}
            (false, 0) => words.push(format!("{which} {named}")),
            (false, rest) => words.push(format!("{which} {named} and {rest} more")),
        }
    }
    (!words.is_empty()).then(|| format!("would go to {member} {}", words.join("; ")))
}
