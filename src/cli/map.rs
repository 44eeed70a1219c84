//! `coohub map FILE --to FORMAT`: what a document becomes in another form, and what that form cannot carry.
//!
//! Nothing is sent or stored. It works on documents that are not issued and on formats the hub never writes for members,
//! and says so: the output is then a trace, not a document.

use std::path::PathBuf;

use super::{
    document::{self, Read},
    exit,
    output::Output,
};
use crate::{
    decode::{document::Syntax, wrapping::Wrapped},
    model::{certificate::Certificate, finding::any_severe, id::FormatId},
    region::{Region, member::Form},
    render,
};

/// Arguments of `map`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The document: .xml, .json or .csv.
    pub file: PathBuf,
    /// Form to render: a format id, `canonical`, `canonical-json` or `canonical-xml`.
    #[arg(long)]
    pub to: String,
    /// Format of the document; recognised when left out.
    #[arg(long)]
    pub from: Option<String>,
    /// Folder of the region.
    #[arg(long, default_value = "partners")]
    pub region: PathBuf,
}

/// The rendered document to `out`, findings and losses to `err`; 0 mapped, 65 refused.
pub fn run(arguments: &Args, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let (region, read) =
        match document::open(&arguments.region, &arguments.file, arguments.from.as_deref(), err) {
            Ok(opened) => opened,
            Err(code) => return code,
        };
    say(&read, &region, err);
    let form = if arguments.to == "canonical" {
        Some(Form::Canonical(Syntax::Json))
    } else {
        Form::named(&arguments.to)
    };
    match form {
        Some(Form::Canonical(syntax)) => {
            out.text(&canonical(syntax, &read.draft.certificate));
            if any_severe(&read.draft.findings) { exit::REFUSED_INPUT } else { exit::CLEAN }
        }
        Some(Form::Table(id)) => rendered(&region, &id, &read, out, err),
        None => {
            err.line(format!("{} is no form; see coohub formats list", arguments.to));
            exit::USAGE
        }
    }
}

/// What was recognised, what was found, and whether the document is issued at all.
fn say(read: &Read, region: &Region, err: &mut Output<'_>) {
    err.line(format!("recognised as {}", read.form.name()));
    let wrapped = read.proof.wrapped.iter().flat_map(Wrapped::findings);
    wrapped.for_each(|finding| err.line(finding.to_string()));
    read.draft.findings.iter().for_each(|finding| err.line(finding.to_string()));
    let identity = &read.draft.identity;
    let date = read.draft.certificate.top("issueDate");
    let signed = match &read.form {
        Form::Table(id) if region.tables.get(id).is_some_and(|table| table.signature.is_some()) => {
            read.proof.official.is_some()
        }
        _ => true,
    };
    let parts = [
        (identity.issuer.is_none(), "the issuing body"),
        (identity.number.is_none(), "the certificate number"),
        (date.is_none(), "the issue date"),
        (!signed, "the official's signature"),
    ];
    let lacking: Vec<&str> = parts.iter().filter(|(lacks, _)| *lacks).map(|(_, what)| *what).collect();
    if !lacking.is_empty() {
        err.line(format!("not issued: it lacks {}; the hub would refuse it", lacking.join(", ")));
    }
    for (path, _) in &read.draft.remainder {
        err.line(format!("not mapped, kept: {path}"));
    }
}

fn canonical(syntax: Syntax, certificate: &Certificate) -> Vec<u8> {
    if syntax == Syntax::Xml {
        render::canonical::to_xml(certificate)
    } else {
        render::canonical::to_json(certificate)
    }
}

fn rendered(region: &Region, id: &FormatId, read: &Read, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let Some(table) = region.tables.get(id) else {
        err.line(format!("the region has no format {id}; see coohub formats list"));
        return exit::USAGE;
    };
    if !table.writes {
        err.line(format!("a trace only: the hub never writes {id} for a member"));
    }
    match render::render(table, &read.draft.certificate) {
        Ok(rendered) => {
            rendered.losses.iter().for_each(|place| err.line(format!("lost: {}", place.path())));
            out.text(&rendered.bytes);
            exit::CLEAN
        }
        Err(unrenderable) => {
            unrenderable.fields.iter().for_each(|field| err.line(format!("cannot be filled: {field}")));
            exit::REFUSED_INPUT
        }
    }
}
