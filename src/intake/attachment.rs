//! Attachments: taken ahead of the message that names them, and tidied away when none does.
//!
//! A message names its attachments by SHA-256: in `CoO-Attachment`, and in its document where the format has a place for
//! a digest. Whoever states the header states all of them. The bytes are never looked into.

use std::{collections::BTreeSet, time::Duration};

use super::Intake;
use crate::{
    model::{
        certificate::{Certificate, Place},
        dictionary::Field,
        finding::Finding,
        id::{Digest, MemberId},
        reason::Reason,
    },
    stop::Tasks,
    store::{
        Fault,
        attachment::{Attachment, Put, REMOVED_AT_ONCE_MAX},
    },
};

/// How often attachments that no message names are looked for.
pub const TIDY_PERIOD: Duration = Duration::from_secs(600);

/// Limits on attachments; read at start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Longest attachment, in bytes. Default 8 MiB.
    pub attachment_bytes_max: u32,
    /// Most attachments of one message. Default 16.
    pub attachments_per_message_max: usize,
    /// Bytes of one member's attachments that no message names, each counted as 4 KiB at least. Default 64 MiB.
    pub loose_attachment_bytes_per_member_max: u64,
    /// Age from which an attachment that no message names is removed. Default 7 days.
    pub loose_attachment_age_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attachment_bytes_max: 8 << 20,
            attachments_per_message_max: 16,
            loose_attachment_bytes_per_member_max: 64 << 20,
            loose_attachment_age_max: Duration::from_secs(7 * 24 * 3_600),
        }
    }
}

impl Intake {
    /// Keeps an attachment of a member under the digest of its bytes.
    ///
    /// **Durability:** on disk when it returns, unless there was no room.
    ///
    /// # Errors
    /// A fault is ours: the source may put the same again.
    pub async fn put(&self, member: &MemberId, media_type: String, bytes: Vec<u8>) -> Result<Put, Fault> {
        let attachment = Attachment {
            member: member.clone(),
            media_type,
            bytes,
            at: self.clock.now(),
            loose_bytes_max: self.attachments.loose_attachment_bytes_per_member_max,
        };
        self.store.put(attachment).await
    }

    /// Longest attachment taken, in bytes.
    #[must_use]
    pub fn attachment_bytes_max(&self) -> u32 {
        self.attachments.attachment_bytes_max
    }

    /// Removes attachments that no message named in time, until the stop signal.
    pub async fn tidy(self, tasks: Tasks) {
        while !tasks.is_stopping() {
            if let Err(fault) = self.tidy_once().await {
                tracing::error!(%fault, "attachments could not be looked through");
            }
            tokio::select! {
                () = tasks.stopping() => {}
                () = self.clock.sleep(TIDY_PERIOD) => {}
            }
        }
    }

    async fn tidy_once(&self) -> Result<(), Fault> {
        let before = self.clock.now().minus(self.attachments.loose_attachment_age_max);
        let whole = usize::try_from(REMOVED_AT_ONCE_MAX).unwrap_or(usize::MAX);
        loop {
            let removed = self.store.remove_loose(before).await?;
            if removed > 0 {
                tracing::info!(attachments = removed, "attachments that no message named were removed");
            }
            if removed < whole {
                return Ok(());
            }
        }
    }
}

/// What a document and its headers name, each once, in their order.
///
/// # Errors
/// A document that names what its headers leave out; more than a message may have.
pub(super) fn named(
    stated: &[Digest],
    certificate: &Certificate,
    limits: &Limits,
) -> Result<Vec<Digest>, Vec<Finding>> {
    let inside = in_document(certificate);
    let left_out = |(_, digest): &&(Place, Digest)| !stated.is_empty() && !stated.contains(digest);
    let findings: Vec<_> = inside.iter().filter(left_out).map(|(place, _)| differs(*place)).collect();
    if !findings.is_empty() {
        return Err(findings);
    }
    let mut met = BTreeSet::new();
    let all = stated.iter().copied().chain(inside.into_iter().map(|(_, digest)| digest));
    let named: Vec<_> = all.filter(|digest| met.insert(*digest)).collect();
    let most = limits.attachments_per_message_max;
    if named.len() > most {
        let advice = format!("a message names at most {most} attachments; this one names {}", named.len());
        return Err(vec![Finding::severe(Reason::TooManyAttachments, advice)]);
    }
    Ok(named)
}

/// The finding for each attachment that was not put.
pub(super) fn missing(digests: &[Digest]) -> Vec<Finding> {
    let finding = |digest: &Digest| {
        let advice =
            format!("put the bytes to /v1/attachments/{} first, then push this message again", digest.hex());
        Finding::severe(Reason::AttachmentMissing, advice)
    };
    digests.iter().map(finding).collect()
}

/// The SHA-256 digests a document names; digests of another kind are no names of attachments here.
fn in_document(certificate: &Certificate) -> Vec<(Place, Digest)> {
    let Some(field) = Field::named("attachments[].digest") else { return Vec::new() };
    let digest = |(index, value): (_, &crate::model::value::Value)| {
        Some((Place { field, index }, Digest::parse(&value.to_string())?))
    };
    certificate.all(field).filter_map(digest).collect()
}

fn differs(place: Place) -> Finding {
    let advice =
        "the document names an attachment that CoO-Attachment leaves out; name all of them there, or none";
    Finding::severe(Reason::EnvelopeMismatch, advice).about(place)
}

/// Certificate and attachments in one digest: what makes two messages the same certificate.
pub(super) fn content(canonical: Digest, attachments: &[Digest]) -> Digest {
    if attachments.is_empty() {
        return canonical;
    }
    let sorted: BTreeSet<_> = attachments.iter().collect();
    let bytes = [&canonical].into_iter().chain(sorted).flat_map(|digest| digest.0).collect::<Vec<_>>();
    Digest::of(&bytes)
}
