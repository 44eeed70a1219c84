//! Reads a member's file.

use std::collections::BTreeMap;

use super::{
    super::member::{Form, Identity, IssuingBody, Member, OnUnrenderable, Takes},
    Desk,
    names::Kind,
    pace::{self, Defaults},
    reach, signer,
    value::{self, need_words},
};
use crate::{
    decode::document::Syntax,
    model::{
        id::{AgreementId, Digest, MemberId},
        value::Date,
    },
    problem::{
        Found, Problem, Spot, nearest,
        section::{Section, Source},
    },
};

/// Most goods items a member may say it takes in one certificate.
pub(super) const ITEMS_MAX: u32 = 10_000;
/// Items taken where the file does not say.
const ITEMS_DEFAULT: u32 = 1_000;

/// Reads the whole file; `None` only where a problem was recorded.
pub(super) fn read(id: &MemberId, source: &Source, defaults: &Defaults, desk: &Desk<'_>) -> Option<Member> {
    source.read(desk.problems, |file| {
        value_id(file, id.as_str());
        let name = need_words(file, "name");
        let suspended = file.flag("suspended").unwrap_or(false);
        let identities = identities(file, desk);
        let bodies = file.tables("body", |body| read_body(body, desk)).into_iter().flatten().collect();
        let customs = customs(file, desk);
        let sends = sends(file, desk);
        if !file.has("takes") {
            file.missing("takes");
        }
        let takes = file.table("takes", |takes| read_takes(takes, desk)).flatten();
        let reach = reach::read(file, desk);
        let pace = defaults.with(file);
        let (reach, sandbox) = reach.unzip();
        Some(Member {
            id: id.clone(),
            name,
            suspended,
            identities,
            bodies,
            customs,
            sends,
            takes: takes?,
            reach: reach?,
            sandbox: sandbox?,
            rate: pace.rate,
            concurrency: pace.concurrency,
            maintenance: pace::maintenance(file),
            retry: pace.policy()?,
            inbound: pace.inbound,
            spot: Spot { line: 0, column: 0, key: String::new(), ..file.spot() },
        })
    })
}

/// Checks that an `id` written in a file is the file's name.
pub(super) fn value_id(file: &Section<'_>, id: &str) {
    if let Some(found) = file.text("id").filter(|found| found.value != id) {
        let reason = format!("\"{}\" is not the file's name \"{id}\"", found.value);
        file.add(found.spot.problem(reason).hint("rename the file or leave the key out"));
    }
}

fn identities(file: &Section<'_>, desk: &Desk<'_>) -> Vec<Identity> {
    let entries = file.tables("identity", |identity| read_identity(identity, desk));
    if entries.is_empty() && !file.has("identity") {
        file.add(file.spot().problem("has no [[identity]]: nobody could connect as this member"));
    }
    entries.into_iter().flatten().collect()
}

fn read_identity(identity: &Section<'_>, desk: &Desk<'_>) -> Option<Identity> {
    let pin = identity.text("spki");
    let (anchors, san) = (identity.text("anchors"), identity.text("san"));
    let revocations = identity.texts("revocations").unwrap_or_default();
    let from = value::date(identity, "from");
    let until = value::end(identity, from.as_ref());
    match (pin, anchors, san) {
        (Some(pin), None, None) => read_pin(identity, &pin, (from, until), desk),
        (None, Some(anchors), Some(san)) => {
            if from.is_some() || until.is_some() {
                identity.wrong("from", "dates belong to a pin; an anchored leaf carries its own");
            }
            let ders = desk.certs.anchors(&anchors, desk.problems);
            for der in &ders {
                let what = format!("san \"{}\" under anchor {}", san.value, Digest::of(der).hex());
                desk.names.claim(what, san.spot.clone(), (None, None));
            }
            let revocations =
                revocations.iter().flat_map(|file| desk.certs.revocations(file, desk.problems)).collect();
            read_san(identity, san).map(|san| Identity::Anchored { anchors: ders, san, revocations })
        }
        _ => {
            let reason = "must have either \"spki\", or \"anchors\" and \"san\"";
            identity.add(identity.spot().problem(reason));
            None
        }
    }
}

fn read_pin(
    identity: &Section<'_>,
    pin: &Found<String>,
    (from, until): (Option<Date>, Option<Date>),
    desk: &Desk<'_>,
) -> Option<Identity> {
    let spki = signer::digest(identity, pin)?;
    let what = format!("pin {}", spki.hex());
    desk.names.claim(what, pin.spot.clone(), (from.as_ref(), until.as_ref()));
    Some(Identity::Pin { spki, from, until })
}

fn read_san(identity: &Section<'_>, san: Found<String>) -> Option<String> {
    let clean = !san.value.is_empty() && san.value.bytes().all(|b| b.is_ascii_graphic() && b != b'*');
    if !clean {
        let problem = san.spot.problem("is neither a DNS name nor a URI");
        identity.add(problem.hint("a SAN is compared character by character; wildcards are not read"));
    }
    clean.then_some(san.value)
}

fn read_body(body: &Section<'_>, desk: &Desk<'_>) -> Option<IssuingBody> {
    let id = body.need_text("id");
    let name = need_words(body, "name");
    let country = body.need_text("country");
    let country = if body.has("country") { value::country(body, country) } else { None };
    let zone = body.need_text("zone");
    if body.has("zone") {
        check_zone(body, &zone);
    }
    let (from, until) = value::span(body);
    let signers = signer::signers(body, &zone.value, desk);
    let authorities = signer::authorities(body, &zone.value, desk);
    let revoked_always = signer::revoked_always(body);
    if body.has("id") {
        let what = format!("issuing body \"{}\"", id.value);
        desk.names.claim(what, id.spot.clone(), (from.as_ref(), until.as_ref()));
    }
    Some(IssuingBody {
        id: id.value,
        name,
        country: country?,
        zone: zone.value,
        from: from?,
        until,
        signers,
        authorities,
        revoked_always,
    })
}

fn check_zone(body: &Section<'_>, zone: &Found<String>) {
    if jiff::tz::TimeZone::get(&zone.value).is_err() {
        let problem = zone.spot.problem(format!("\"{}\" is not an IANA time zone", zone.value));
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        body.add(Problem { hint: nearest(&zone.value, names.iter().map(String::as_str)), ..problem });
    }
}

fn customs(file: &Section<'_>, desk: &Desk<'_>) -> Vec<String> {
    let countries = value::countries(file, "customs");
    for (position, country) in countries.iter().enumerate() {
        // Named twice in one list is a problem already.
        if countries.iter().take(position).all(|earlier| earlier.value != country.value) {
            desk.names.claim(format!("country \"{}\"", country.value), country.spot.clone(), (None, None));
        }
    }
    countries.into_iter().map(|country| country.value).collect()
}

fn sends(file: &Section<'_>, desk: &Desk<'_>) -> Vec<Form> {
    let forms = file.texts("sends").unwrap_or_default();
    value::no_repeats(file, &forms);
    forms.iter().filter_map(|found| form(file, found, Kind::Read, desk)).collect()
}

/// A form by name; a table is written down as a mention of `kind`.
fn form(section: &Section<'_>, found: &Found<String>, kind: Kind, desk: &Desk<'_>) -> Option<Form> {
    let form = Form::named(&found.value);
    match &form {
        Some(Form::Table(_)) => desk.names.mention(kind, found),
        Some(Form::Canonical(_)) => {}
        None => {
            let hint = "use canonical-xml, canonical-json or the name of a folder in formats/";
            section.add(found.spot.problem(format!("\"{}\" is not a form", found.value)).hint(hint));
        }
    }
    form
}

fn read_takes(takes: &Section<'_>, desk: &Desk<'_>) -> Option<Takes> {
    let main = takes.need_text("form");
    let main = if takes.has("form") { form(takes, &main, Kind::Written, desk) } else { None };
    let words = [
        ("canonical-xml", OnUnrenderable::Canonical(Syntax::Xml)),
        ("canonical-json", OnUnrenderable::Canonical(Syntax::Json)),
        ("original", OnUnrenderable::Original),
        ("hold", OnUnrenderable::Hold),
    ];
    let on_unrenderable = takes.choice("on_unrenderable", &words).unwrap_or(OnUnrenderable::Hold);
    let items_max = value::nonzero(takes, "items_max", ITEMS_MAX).map_or(ITEMS_DEFAULT, u32::from);
    let mut per_agreement = BTreeMap::new();
    for (agreement, found) in takes.entries("per_agreement") {
        let spot =
            Spot { key: format!("{}.{agreement}", takes.spot_of("per_agreement").key), ..found.spot.clone() };
        desk.names.mention(Kind::Agreement, &Found { value: agreement.clone(), spot });
        let form = form(takes, &found, Kind::Written, desk);
        per_agreement.extend(AgreementId::new(&agreement).zip(form));
    }
    Some(Takes { form: main?, per_agreement, on_unrenderable, items_max })
}
