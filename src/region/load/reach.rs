//! How a member is reached: an address the hub pushes to, and beside it one for test traffic; or a mailbox the member
//! collects from.

use std::{ops::RangeInclusive, path::PathBuf, sync::Arc, time::Duration};

use ipnet::IpNet;

use super::{
    super::{
        address::{Addresses, NETWORKS_MAX, network},
        member::{Acknowledge, ClientLeaf, Endpoint, Reach},
    },
    Desk,
};
use crate::{
    evidence::key::PublicKey,
    problem::{Found, section::Section},
};

/// Longest address, in characters.
pub(super) const URL_CHARACTERS_MAX: usize = 2_048;

const TIMEOUT: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(300);
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);
const LEASE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);
const LEASE_DEFAULT: Duration = Duration::from_secs(300);

/// What a sandbox leaves out is that of the endpoint beside it, which may be wrong itself.
#[derive(Clone, Copy)]
struct Beside<'a>(Option<&'a Endpoint>);

/// Reads `[push]` or `[mailbox]`, exactly one of which must be there, and the `[sandbox]` beside `[push]`.
pub(super) fn read(file: &Section<'_>, desk: &Desk<'_>) -> Option<(Reach, Option<Endpoint>)> {
    let push = file.table("push", |push| endpoint(push, None, desk));
    let own = push.as_ref().and_then(Option::as_ref);
    let sandbox = file.table("sandbox", |sandbox| endpoint(sandbox, Some(Beside(own)), desk));
    let mailbox = file.table("mailbox", |mailbox| Reach::Mailbox {
        lease: mailbox.duration("lease", LEASE).unwrap_or(LEASE_DEFAULT),
    });
    match (push, mailbox) {
        (Some(endpoint), None) => Some((Reach::Push(endpoint?), sandbox.flatten())),
        (None, Some(mailbox)) => {
            if file.has("sandbox") {
                let reason = "stands beside [mailbox]: test entries are collected with test=true";
                file.wrong("sandbox", reason);
            }
            Some((mailbox, None))
        }
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

/// An endpoint; one `beside` another is a sandbox.
fn endpoint(push: &Section<'_>, beside: Option<Beside<'_>>, desk: &Desk<'_>) -> Option<Endpoint> {
    let own = beside.and_then(|Beside(own)| own);
    let url = push.need_text("url");
    let good = !push.has("url") || check_url(push, &url);
    if push.has("url") && good {
        desk.names.server(&url, beside.is_some());
    }
    let (anchors, trusted) = anchors(push, beside, desk);
    let leaf = leaf(push, desk).or_else(|| own?.leaf.clone());
    let words =
        [("echo", Acknowledge::Echo), ("signed", Acknowledge::Signed), ("status", Acknowledge::Status)];
    let usual = own.map_or(Acknowledge::Echo, |own| own.acknowledge);
    let acknowledge = push.choice("acknowledge", &words).unwrap_or(usual);
    let receipt_keys = receipt_keys(push, acknowledge, beside, desk);
    let usual = own.map_or(TIMEOUT_DEFAULT, |own| own.timeout);
    let timeout = push.duration("timeout", TIMEOUT).unwrap_or(usual);
    let addresses = addresses(push, &url);
    let url = url.value;
    good.then_some(Endpoint { url, anchors, trusted, addresses, leaf, acknowledge, receipt_keys, timeout })
}

/// The file of the anchors, and what it holds.
fn anchors(push: &Section<'_>, beside: Option<Beside<'_>>, desk: &Desk<'_>) -> (PathBuf, Arc<[Vec<u8>]>) {
    if let Some(Beside(own)) = beside
        && !push.has("anchors")
    {
        return own.map(|own| (own.anchors.clone(), own.trusted.clone())).unwrap_or_default();
    }
    let anchors = push.need_text("anchors");
    let read = || desk.certs.anchors(&anchors, desk.problems);
    let trusted = if push.has("anchors") { read().into() } else { Arc::default() };
    (desk.certs.path(&anchors.value), trusted)
}

/// The leaf shown to this member alone; with it goes its key.
fn leaf(push: &Section<'_>, desk: &Desk<'_>) -> Option<ClientLeaf> {
    match (push.text("leaf"), push.text("key")) {
        (Some(leaf), Some(key)) => Some(desk.certs.client_leaf(&leaf, &key, desk.problems)),
        (None, None) => None,
        (Some(_), None) => {
            push.wrong("leaf", "stands without its key");
            None
        }
        (None, Some(_)) => {
            push.wrong("key", "stands without its leaf");
            None
        }
    }
}

/// The keys of signed receipts: there where such receipts are asked for, and only there.
fn receipt_keys(
    push: &Section<'_>,
    acknowledge: Acknowledge,
    beside: Option<Beside<'_>>,
    desk: &Desk<'_>,
) -> Vec<PublicKey> {
    let signs = |Beside(own): Beside<'_>| match own {
        Some(own) => (own.acknowledge == Acknowledge::Signed).then(|| own.receipt_keys.clone()),
        None => Some(Vec::new()),
    };
    let inherited = beside.and_then(signs);
    match (acknowledge, push.text("receipt_keys")) {
        (Acknowledge::Signed, Some(file)) => desk.certs.keys(&file, desk.problems),
        (Acknowledge::Signed, None) if inherited.is_some() => inherited.unwrap_or_default(),
        (Acknowledge::Signed, None) => {
            push.missing("receipt_keys");
            Vec::new()
        }
        (_, Some(_)) => {
            push.wrong("receipt_keys", "has no use without acknowledge = \"signed\"");
            Vec::new()
        }
        (_, None) => Vec::new(),
    }
}

/// The addresses the URL's host may stand for.
fn addresses(push: &Section<'_>, url: &Found<String>) -> Addresses {
    let texts = push.texts("addresses").unwrap_or_default();
    if texts.len() > NETWORKS_MAX || (texts.is_empty() && push.has("addresses")) {
        push.wrong("addresses", format!("holds {} entries; allowed: 1 to {NETWORKS_MAX}", texts.len()));
    }
    let read = |text: &Found<String>| {
        let network = network(&text.value);
        if network.is_none() {
            let problem =
                text.spot.problem(format!("\"{}\" is neither an address nor a network", text.value));
            push.add(problem.hint("write \"192.0.2.7\", \"10.20.0.0/16\" or \"2001:db8::/32\""));
        }
        network
    };
    let named: Vec<IpNet> = texts.iter().filter_map(read).collect();
    let uri = url.value.parse::<hyper::Uri>().ok();
    let addresses = Addresses::new(uri.as_ref().and_then(hyper::Uri::host).unwrap_or_default(), named);
    if addresses.contradicts() {
        push.wrong("addresses", "does not hold the address in url");
    }
    addresses
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
