//! Trying a document: what the region's own tables make of it, without sending or keeping anything.

pub mod trace;

use crate::{
    decode::{
        self,
        charset::Charset,
        document::Syntax,
        limit::Limits,
        proof::{self, Proof},
        wrapping,
    },
    map::{self, Draft},
    model::{finding::Finding, reason::Reason},
    region::{Region, member::Form},
};

/// A document as the region reads it.
#[derive(Debug)]
pub struct Read {
    /// The form it was recognised as.
    pub form: Form,
    /// What its table makes of it.
    pub draft: Draft,
    /// Its signatures, verified.
    pub proof: Proof,
}

/// Reads a document as one of the region's formats, or the one named.
///
/// # Errors
/// Findings, at least one severe.
pub fn read(
    region: &Region,
    syntax: Syntax,
    bytes: &[u8],
    named: Option<&str>,
) -> Result<Read, Vec<Finding>> {
    let one = |finding| vec![finding];
    // XML says itself what set it is in; delimited text has it from the table named.
    let own = region.tables.values().find(|table| Some(table.id.as_str()) == named);
    let own = own.map(|table| table.charset).filter(|_| syntax == Syntax::Csv);
    let charset = Charset::stated(syntax, bytes, own).map_err(one)?;
    let decoded = decode::decode_in(charset, syntax, bytes, &Limits::DEFAULT).map_err(one)?;
    if decoded.wrapped.is_none() && map::canonical::recognises(syntax, &decoded.document) {
        let draft = map::canonical::map(&decoded.document);
        return Ok(Read { form: Form::Canonical(syntax), draft, proof: Proof::default() });
    }
    let wanted = |id: &str| named.is_none_or(|named| named == id);
    let mut tables = region.tables.values().filter(|table| wanted(table.id.as_str()));
    let Some(table) = tables.find(|table| table.takes(&decoded)) else {
        let hint =
            wrapping::foreign(&decoded.document.root).map_or(String::new(), |hint| format!("; {hint}"));
        let advice = format!("no format table of the region recognises this document{hint}");
        return Err(vec![Finding::severe(Reason::FormatUnknown, advice)]);
    };
    let mut proof = match (table.signature, &decoded.tree) {
        (Some(profile), Some(tree)) => proof::verify(profile, tree, &table.algorithms)?,
        _ => Proof::default(),
    };
    proof.wrapped = decoded.wrapped.clone();
    let mut draft = map::map(table, &decoded.document);
    draft.findings.extend(table.schema.iter().flat_map(|schema| schema.check(&decoded, bytes)));
    Ok(Read { form: Form::Table(table.id.clone()), draft, proof })
}
