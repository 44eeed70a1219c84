//! Which character set a push may be in: UTF-8, or that of a format its source sends.

use crate::{
    decode::{charset::Charset, document::Syntax},
    model::{finding::Finding, reason::Reason},
    region::member::{Form, Member},
};

use super::Push;

/// The character set of a document, before it is read.
///
/// # Errors
/// `not-utf8` for a set that no format of the member has, and where declaration and media type differ.
pub(super) fn permitted(push: &Push, source: &Member, syntax: Syntax) -> Result<Charset, Finding> {
    let charset = Charset::stated(syntax, &push.body, push.charset)?;
    let tables = source.sends.iter().filter_map(|form| match form {
        Form::Table(id) => push.region.tables.get(id),
        Form::Canonical(_) => None,
    });
    let own = tables.filter(|table| table.syntax == syntax).map(|table| table.charset);
    let own = own.filter(|own| !own.is_utf8()).collect::<Vec<_>>();
    if charset.is_utf8() || own.contains(&charset) {
        return Ok(charset);
    }
    let mut names = vec![Charset::UTF_8.name()];
    names.extend(own.iter().map(|own| own.name()));
    let advice =
        format!("this member's formats take {}; the document is {}", names.join(", "), charset.name());
    Err(Finding::severe(Reason::NotUtf8, advice))
}

/// Whether a document is in the set of its own format, now that the format is known.
///
/// # Errors
/// `not-utf8` when it is in that of another one.
pub(super) fn fits(push: &Push, form: &Form, charset: Charset) -> Result<(), Finding> {
    let own = match form {
        Form::Table(id) => push.region.tables.get(id).map(|table| table.charset),
        Form::Canonical(_) => None,
    };
    if charset.is_utf8() || own == Some(charset) {
        return Ok(());
    }
    let advice = format!("a document of the format {} is not in {}; send UTF-8", form.name(), charset.name());
    Err(Finding::severe(Reason::NotUtf8, advice))
}
