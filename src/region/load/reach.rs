//! How a member is reached: an address the hub pushes to, or a mailbox the member collects from.

use std::{ops::RangeInclusive, time::Duration};

use super::{
    super::member::{Acknowledge, Endpoint, Reach},
    Desk,
};
use crate::problem::{Found, section::Section};

/// Longest address, in characters.
pub(super) const URL_CHARACTERS_MAX: usize = 2_048;

const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(300);
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
const LEASE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);
const LEASE_DEFAULT: Duration = Duration::from_secs(300);

/// Reads `[push]` or `[mailbox]`: exactly one must be there.
pub(super) fn read(file: &Section<'_>, desk: &Desk<'_>) -> Option<Reach> {
    let push = file.table("push", |push| endpoint(push, desk));
    let mailbox = file.table("mailbox", |mailbox| Reach::Mailbox {
        lease: mailbox.duration("lease", LEASE).unwrap_or(LEASE_DEFAULT),
    });
    match (push, mailbox) {
        (Some(endpoint), None) => endpoint.map(Reach::Push),
        (None, Some(mailbox)) => Some(mailbox),
        (Some(_), Some(_)) => {
            file.wrong("mailbox", "stands beside [push]: a member has one or the other");
            None
        }
        (None, None) => {
            if !file.has("push") && !file.has("mailbox") {
                file.add(file.spot().problem("has neither [push] nor [mailbox]"));
            }
            None
        }
    }
}

fn endpoint(push: &Section<'_>, desk: &Desk<'_>) -> Option<Endpoint> {
    let url = push.need_text("url");
    let good = !push.has("url") || check_url(push, &url);
    let anchors = push.need_text("anchors");
    if push.has("anchors") {
        let _ = desk.certs.anchors(&anchors, desk.problems);
    }
    let acknowledge = push
        .choice("acknowledge", &[("echo", Acknowledge::Echo), ("status", Acknowledge::Status)])
        .unwrap_or(Acknowledge::Echo);
    let timeout = push.duration("timeout", TIMEOUT).unwrap_or(TIMEOUT_DEFAULT);
    good.then(|| Endpoint { url: url.value, anchors: desk.certs.path(&anchors.value), acknowledge, timeout })
}

/// An address is `https`, names host and port, and carries no user, query or fragment.
fn check_url(push: &Section<'_>, url: &Found<String>) -> bool {
    let reason = match url.value.parse::<hyper::Uri>() {
        _ if url.value.chars().count() > URL_CHARACTERS_MAX => "is longer than 2048 characters",
        Err(_) => "is not a URL",
        Ok(uri) if uri.scheme_str() != Some("https") => "must begin with https://",
        Ok(uri) if uri.port_u16().is_none() => "must name its port",
        Ok(uri) if uri.authority().is_some_and(|a| a.as_str().contains('@')) => "must not name a user",
        Ok(uri) if uri.query().is_some() => "must have no query",
        Ok(_) if url.value.contains('#') => "must have no fragment",
        Ok(_) => return true,
    };
    push.add(url.spot.problem(reason).hint("write it as \"https://customs.example:443/coo\""));
    false
}
