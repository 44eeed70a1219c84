//! What would become of a push under a configuration: read, judged, routed and rendered like any other; nothing is kept,
//! nobody is told.

use std::collections::BTreeMap;

use super::{
    Config, Push,
    reading::{self, About},
};
use crate::{
    model::{finding::Finding, id::MemberId, key::Key, reason::Reason, value::Date},
    route::{
        plan::{self, Plan},
        rendition::{self, Content},
    },
    store::record::View,
};

/// What one target would get.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copy {
    /// Its form; that of the original, or the reason why it would get nothing yet.
    pub form: String,
    /// How much it would see.
    pub view: View,
    /// Canonical places that the form cannot carry.
    pub losses: Vec<String>,
}

/// Whom a push would go to, and as what; or why it would be rejected, severe findings first.
///
/// It is judged on the day it was received.
///
/// # Errors
/// The findings; none when its source is no member.
pub fn trial(push: &Push, config: &Config) -> Result<BTreeMap<MemberId, Copy>, Vec<Finding>> {
    let source = push
        .region
        .members
        .get(&push.source)
        .filter(|member| !member.suspended)
        .ok_or_else(|| vec![Finding::severe(Reason::UnknownPeer, "its source may not connect")])?;
    let today = Date::of(push.received);
    let read = reading::read(push, source, (&config.limits, &config.attachments), &today)?;
    let About::Certificate(key) = &read.about else { return Ok(BTreeMap::new()) };
    Ok(read.canonical.as_ref().map(|canonical| copies(push, key, canonical)).unwrap_or_default())
}

fn copies(push: &Push, subject: &Key, canonical: &[u8]) -> BTreeMap<MemberId, Copy> {
    let region = &push.region;
    let Some(certificate) = plan::stored(canonical) else { return BTreeMap::new() };
    let Some(agreement) = region.agreements.get(&subject.agreement) else { return BTreeMap::new() };
    let case = plan::Case {
        region,
        agreement,
        source: &push.source,
        certificate: &certificate,
        test: push.envelope.test,
    };
    let targets = plan::plan(&case).as_ref().map(Plan::targets).unwrap_or_default();
    let copy = |target: plan::Target| {
        let rendered = rendition::rendition(&rendition::Case {
            region,
            target: region.members.get(&target.member)?,
            view: &target.view,
            function: push.envelope.function,
            subject,
            certificate: &certificate,
            stored: None,
        });
        let form = match rendered.content {
            Content::Body(body) => body.format,
            Content::Original => "the original".to_owned(),
            Content::Held(reason) => format!("held: {}", reason.code()),
        };
        Some((target.member, Copy { form, view: rendered.view, losses: rendered.losses }))
    };
    targets.into_iter().filter_map(copy).collect()
}
