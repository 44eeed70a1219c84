//! What one target is sent: the certificate in its form and view, or the fallback its file names, or nothing.

use crate::{
    decode::document::Syntax,
    message,
    model::{
        certificate::{Certificate, Index},
        dictionary::Field,
        envelope::Function,
        id::Digest,
        key::Key,
        reason::Reason,
    },
    region::{
        Region,
        agreement::CopyView,
        member::{Form, Member, OnUnrenderable},
    },
    render,
    store::record::{Body, Role, View},
};

/// What is rendered for a target.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The community.
    pub region: &'a Region,
    /// The target.
    pub target: &'a Member,
    /// How much it sees.
    pub view: &'a CopyView,
    /// Message function, for the notice view.
    pub function: Function,
    /// Identity, with version.
    pub subject: &'a Key,
    /// The certificate.
    pub certificate: &'a Certificate,
    /// The same as it is stored, in canonical JSON: whoever takes that is sent the very bytes the receipt names.
    pub stored: Option<&'a Body>,
}

/// The result for one target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rendition {
    /// How much it shows.
    pub view: View,
    /// What is sent; `None` when the original is to go instead, or nothing can.
    pub content: Content,
    /// Canonical places the form cannot carry.
    pub losses: Vec<String>,
    /// Fields the target's form demands and the certificate does not have; empty when its form could be filled.
    pub unfilled: Vec<String>,
}

/// What goes over the wire.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// These bytes.
    Body(Body),
    /// The original, untouched.
    Original,
    /// Nothing, for this reason.
    Held(Reason),
}

/// The fields a target's form demands and the certificate does not have, as [`Rendition::unfilled`], without a rendition:
/// a table may demand some, the canonical profile and what shows less demand nothing.
#[must_use]
pub fn unfilled(case: &Case<'_>) -> Vec<String> {
    let table = match case.target.takes.form(&case.subject.agreement) {
        Form::Table(id) if *case.view == CopyView::Full => case.region.tables.get(id),
        _ => None,
    };
    let unfilled = table.map_or_else(Vec::new, |table| render::unfilled(table, case.certificate));
    unfilled.iter().map(ToString::to_string).collect()
}

/// Renders the certificate for a target.
#[must_use]
pub fn rendition(case: &Case<'_>) -> Rendition {
    match case.view {
        CopyView::Full => full(case),
        CopyView::Minimised(fields) => {
            let keep = |field: Field| fields.contains(&field);
            let part = case.certificate.only(keep);
            let syntax = canonical_syntax(&case.target.takes.form);
            let losses = case
                .certificate
                .iter()
                .filter(|(place, _)| !keep(place.field))
                .map(|(place, _)| place.path());
            let names = fields.iter().map(|field| field.path()).collect::<Vec<_>>().join(",");
            let body = canonical(syntax, &part, Digest::of(names.as_bytes()));
            Rendition {
                view: View::Minimised,
                content: Content::Body(body),
                losses: losses.collect(),
                unfilled: Vec::new(),
            }
        }
        CopyView::Notice => {
            let bytes = message::notice_view(case.function.word(), case.subject).to_string().into_bytes();
            Rendition {
                view: View::Notice,
                content: Content::Body(hub_message(bytes)),
                losses: Vec::new(),
                unfilled: Vec::new(),
            }
        }
    }
}

/// Weight of a certificate for a target's rate: its goods items, at least 1.
#[must_use]
pub fn weight(certificate: &Certificate) -> u32 {
    let items = Field::named("items[]").map_or(0, |items| certificate.count(items, Index::TOP));
    u32::try_from(items).unwrap_or(u32::MAX).max(1)
}

/// A hub message as a body.
#[must_use]
pub fn hub_message(bytes: Vec<u8>) -> Body {
    let table = Digest::of(&bytes);
    Body {
        role: Role::Rendering,
        format: message::FORM.into(),
        table,
        media_type: message::MEDIA_TYPE.into(),
        bytes,
    }
}

fn full(case: &Case<'_>) -> Rendition {
    let filled = |content, losses| Rendition { view: View::Full, content, losses, unfilled: Vec::new() };
    let form = case.target.takes.form(&case.subject.agreement);
    let table = match form {
        Form::Canonical(syntax) => {
            return filled(Content::Body(whole(case, *syntax)), Vec::new());
        }
        Form::Table(id) => case.region.tables.get(id),
    };
    // `check` refuses a region whose member takes a format that does not exist, so a missing table is not met here.
    let Some(table) = table else { return filled(Content::Held(Reason::Unrenderable), Vec::new()) };
    match render::render(table, case.certificate) {
        Ok(rendered) => {
            let body = Body {
                role: Role::Rendering,
                format: table.id.as_str().to_owned(),
                table: table.digest,
                media_type: rendered.media_type,
                bytes: rendered.bytes,
            };
            filled(Content::Body(body), rendered.losses.iter().map(|place| place.path()).collect())
        }
        Err(unrenderable) => Rendition {
            view: View::Full,
            content: fallback(case),
            losses: Vec::new(),
            unfilled: unrenderable.fields.iter().map(ToString::to_string).collect(),
        },
    }
}

fn fallback(case: &Case<'_>) -> Content {
    match case.target.takes.on_unrenderable {
        OnUnrenderable::Canonical(syntax) => Content::Body(whole(case, syntax)),
        OnUnrenderable::Original => Content::Original,
        OnUnrenderable::Hold => Content::Held(Reason::Unrenderable),
    }
}

/// The whole certificate in the canonical profile.
fn whole(case: &Case<'_>, syntax: Syntax) -> Body {
    match case.stored {
        Some(stored) if syntax == Syntax::Json => Body { role: Role::Rendering, ..stored.clone() },
        _ => canonical(syntax, case.certificate, Digest([0; 32])),
    }
}

fn canonical(syntax: Syntax, certificate: &Certificate, table: Digest) -> Body {
    let form = Form::Canonical(syntax);
    let bytes = match syntax {
        Syntax::Xml => render::canonical::to_xml(certificate),
        Syntax::Json | Syntax::Csv => render::canonical::to_json(certificate),
    };
    let media_type = if syntax == Syntax::Xml { Syntax::Xml.media_type() } else { Syntax::Json.media_type() };
    Body {
        role: Role::Rendering,
        format: form.name().to_owned(),
        table,
        media_type: media_type.to_owned(),
        bytes,
    }
}

fn canonical_syntax(form: &Form) -> Syntax {
    match form {
        Form::Canonical(syntax) => *syntax,
        Form::Table(_) => Syntax::Json,
    }
}
