//! Two states of a member.

use std::time::Duration;

use super::{Effect, Told, day, trust};
use crate::{
    problem::unit::duration_text,
    region::{
        member::{
            Acknowledge, Endpoint, Form, InboundRate, IssuingBody, Member, OnUnrenderable, Rate, Reach, Takes,
        },
        place::Place,
    },
};

/// The keys of an endpoint, in the order of its fields.
const PUSH: [&str; 7] = [
    "push.url",
    "push.anchors",
    "push.addresses",
    "push.leaf",
    "push.acknowledge",
    "push.receipt_keys",
    "push.timeout",
];
/// Those of a sandbox.
const SANDBOX: [&str; 7] = [
    "sandbox.url",
    "sandbox.anchors",
    "sandbox.addresses",
    "sandbox.leaf",
    "sandbox.acknowledge",
    "sandbox.receipt_keys",
    "sandbox.timeout",
];

pub(super) fn compare(told: &mut Told, old: Option<&Member>, new: Option<&Member>) {
    match (old, new) {
        (None, Some(new)) => joins(told, new),
        (Some(_), None) => told.say(Effect::Narrows, "", "leaves: may neither connect nor be delivered to"),
        (Some(old), Some(new)) => both(told, old, new),
        (None, None) => {}
    }
}

fn joins(told: &mut Told, new: &Member) {
    let bodies: Vec<&str> = new.bodies.iter().map(|body| body.id.as_str()).collect();
    let list = |items: &[&str]| if items.is_empty() { "nobody".to_owned() } else { items.join(", ") };
    let customs: Vec<&str> = new.customs.iter().map(String::as_str).collect();
    let state = if new.suspended { ", suspended" } else { "" };
    let words = format!("joins{state}: issues for {}, receives for {}", list(&bodies), list(&customs));
    told.say(Effect::Widens, "", words);
}

fn both(told: &mut Told, old: &Member, new: &Member) {
    let Member {
        id: _,
        name,
        suspended,
        identities,
        bodies,
        customs,
        sends,
        takes,
        reach,
        sandbox,
        rate,
        concurrency,
        maintenance,
        retry,
        inbound,
        spot: _,
    } = old;
    told.value((Effect::Words, "name", "name"), (name, &new.name), |text| format!("\"{text}\""));
    match (suspended, new.suspended) {
        (false, true) => told.say(Effect::Narrows, "suspended", "may neither connect nor be delivered to"),
        (true, false) => told.say(Effect::Widens, "suspended", "may connect and be delivered to again"),
        _ => {}
    }
    trust::identities(told, identities, &new.identities);
    for body in &new.bodies {
        let before = bodies.iter().find(|old| old.id == body.id);
        match before {
            Some(old) => compare_bodies(told, old, body),
            None => told.say(Effect::Widens, "body", format!("may issue for {}", of_body(body))),
        }
    }
    for gone in bodies.iter().filter(|old| new.body(&old.id).is_none()) {
        told.say(Effect::Narrows, "body", format!("may no longer issue for {}", gone.id));
    }
    told.set(("customs", "receives for", "no longer receives for"), (customs, &new.customs), Clone::clone);
    let form = |form: &Form| form.name().to_owned();
    told.set(("sends", "may send", "may no longer send"), (sends, &new.sends), form);
    compare_takes(told, takes, &new.takes);
    compare_reach(told, (reach, sandbox.as_ref()), new);
    told.value((Effect::Pace, "rate", "is delivered"), (rate, &new.rate), rate_text);
    let pace = |key, what| (Effect::Pace, key, what);
    told.value(
        pace("concurrency", "deliveries at once"),
        (concurrency, &new.concurrency),
        ToString::to_string,
    );
    let windows = |maintenance: &crate::region::maintenance::Maintenance| match maintenance.windows.as_slice()
    {
        [] => "none".to_owned(),
        windows => windows.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    told.value(pace("maintenance", "maintenance"), (maintenance, &new.maintenance), windows);
    told.value(pace("retry", "is tried again after"), (retry, &new.retry), |retry| {
        let schedule: Vec<_> = retry.schedule().iter().copied().map(duration_text).collect();
        let (expiry, most) = (duration_text(retry.expiry), duration_text(retry.retry_after_max));
        let jitter = retry.jitter_percent;
        format!(
            "{}, given up after {expiry} (jitter {jitter} %, Retry-After up to {most})",
            schedule.join(" ")
        )
    });
    told.value(pace("inbound", "may ask"), (inbound, &new.inbound), |inbound| {
        let InboundRate { per_second, burst, connections_max } = inbound;
        format!("{per_second} a second, {burst} at once, over {connections_max} connections")
    });
}

fn of_body(body: &IssuingBody) -> String {
    format!(
        "{} ({}, {}), {} to {}",
        body.id,
        body.name,
        body.country,
        day(Some(&body.from)),
        day(body.until.as_ref())
    )
}

fn compare_bodies(told: &mut Told, old: &IssuingBody, new: &IssuingBody) {
    let IssuingBody { id, name, country, zone, from, until, signers, authorities, revoked_always } = old;
    let form = |what: &str| format!("{what} of {id}");
    let same = |text: &String| text.clone();
    told.value((Effect::Words, "body.name", &form("name")), (name, &new.name), same);
    told.value((Effect::Widens, "body.country", &form("country")), (country, &new.country), same);
    told.value((Effect::Form, "body.zone", &form("time zone")), (zone, &new.zone), same);
    let first = format!("first day on which it may issue for {id}");
    told.rank(
        ("body.from", &first),
        (from, &new.from),
        |from| std::cmp::Reverse(from.day()),
        |d| day(Some(d)),
    );
    let last = format!("last day on which it may issue for {id}");
    let rank =
        |until: &Option<crate::model::value::Date>| (until.is_none(), until.as_ref().map(|day| day.day()));
    told.rank(("body.until", &last), (until, &new.until), rank, |until| day(until.as_ref()));
    trust::signers(told, id, signers, &new.signers);
    trust::authorities(told, id, authorities, &new.authorities);
    trust::always(told, id, revoked_always, &new.revoked_always);
}

fn compare_takes(told: &mut Told, old: &Takes, new: &Takes) {
    let Takes { form, per_agreement, on_unrenderable, items_max } = old;
    let name = |form: &Form| form.name().to_owned();
    let of = |key, what| (Effect::Form, key, what);
    told.value(of("takes.form", "takes"), (form, &new.form), name);
    let agreements: std::collections::BTreeSet<_> =
        per_agreement.keys().chain(new.per_agreement.keys()).collect();
    for agreement in agreements {
        let what = format!("takes under {agreement}");
        told.value(
            (Effect::Form, "takes.per_agreement", &what),
            (old.form(agreement), new.form(agreement)),
            name,
        );
    }
    let otherwise = |on: &OnUnrenderable| match on {
        OnUnrenderable::Canonical(_) => "the canonical profile".to_owned(),
        OnUnrenderable::Original => "the original".to_owned(),
        OnUnrenderable::Hold => "nothing until somebody looks".to_owned(),
    };
    let what = "gets, of what its form cannot carry";
    told.value(of("takes.on_unrenderable", what), (on_unrenderable, &new.on_unrenderable), otherwise);
    let items = (items_max, &new.items_max);
    told.value(of("takes.items_max", "goods items of one certificate"), items, ToString::to_string);
}

fn compare_reach(told: &mut Told, (old, sandbox): (&Reach, Option<&Endpoint>), new: &Member) {
    match (old, &new.reach) {
        (Reach::Push(old), Reach::Push(new)) => compare_endpoints(told, Place::Own, (old, new)),
        (Reach::Mailbox { lease: old }, Reach::Mailbox { lease: new }) => {
            let lease = |lease: &Duration| duration_text(*lease);
            told.value((Effect::Pace, "mailbox.lease", "what it collects is its for"), (old, new), lease);
        }
        (_, Reach::Push(new)) => told.say(Effect::Widens, "push", format!("is delivered to at {}", new.url)),
        (_, Reach::Mailbox { .. }) => told.say(Effect::Form, "mailbox", "collects from a mailbox"),
    }
    compare_sandboxes(told, sandbox, new.sandbox.as_ref());
}

fn compare_sandboxes(told: &mut Told, old: Option<&Endpoint>, new: Option<&Endpoint>) {
    match (old, new) {
        (Some(old), Some(new)) => compare_endpoints(told, Place::Sandbox, (old, new)),
        (None, Some(new)) => {
            told.say(Effect::Widens, "sandbox", format!("is sent test traffic at {}", new.url));
        }
        (Some(_), None) => told.say(Effect::Narrows, "sandbox", "names no sandbox for test traffic any more"),
        (None, None) => {}
    }
}

fn compare_endpoints(told: &mut Told, place: Place, (old, new): (&Endpoint, &Endpoint)) {
    // What the file of the anchors holds is told of the file.
    let Endpoint { url, anchors, trusted: _, addresses, leaf, acknowledge, receipt_keys, timeout } = old;
    let (section, of) = match place {
        Place::Own => (PUSH, ""),
        Place::Sandbox => (SANDBOX, "test traffic: "),
    };
    let [url_key, anchors_key, addresses_key, leaf_key, acknowledge_key, keys_key, timeout_key] = section;
    let what = |words: &str| format!("{of}{words}");
    let same = |text: &String| text.clone();
    told.value((Effect::Widens, url_key, &what("is delivered to at")), (url, &new.url), same);
    let path = |path: &std::path::PathBuf| path.display().to_string();
    let trusted = what("its server is trusted by");
    told.value((Effect::Widens, anchors_key, &trusted), (anchors, &new.anchors), path);
    if url == &new.url && addresses != &new.addresses {
        told.say(Effect::Widens, addresses_key, what("its name may stand for other addresses"));
    }
    if leaf != &new.leaf {
        told.say(Effect::Form, leaf_key, what("is shown another leaf of the hub"));
    }
    let stored = |acknowledge: &Acknowledge| match acknowledge {
        Acknowledge::Echo => "an echo".to_owned(),
        Acknowledge::Signed => "a signed receipt".to_owned(),
        Acknowledge::Status => "any 2xx".to_owned(),
    };
    let proves_less = |acknowledge: &Acknowledge| match acknowledge {
        Acknowledge::Signed => 0,
        Acknowledge::Echo => 1,
        Acknowledge::Status => 2,
    };
    let counts = what("counts as stored");
    told.rank((acknowledge_key, &counts), (acknowledge, &new.acknowledge), proves_less, stored);
    let (gains, loses) =
        (what("signs its receipts also with the key"), what("no longer signs its receipts with the key"));
    told.set((keys_key, &gains, &loses), (receipt_keys, &new.receipt_keys), |key| key.id.clone());
    let time = |timeout: &Duration| duration_text(*timeout);
    told.value((Effect::Pace, timeout_key, &what("has time to answer")), (timeout, &new.timeout), time);
}

fn rate_text(rate: &Rate) -> String {
    let Rate { count, weight, period, burst } = rate;
    format!("{count} certificates or {weight} items in {}, {burst} at once", duration_text(*period))
}
