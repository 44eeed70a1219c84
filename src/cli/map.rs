//! `coohub map FILE --to FORMAT`: what a document becomes in another form, and what that form cannot carry; with `--trace`,
//! field by field.
//!
//! Nothing is sent or stored. It works on documents that are not issued and on formats the hub never writes for members,
//! and says so: the output is then a trace, not a document.

use std::path::PathBuf;

use super::{document, exit, output::Output};
use crate::{
    decode::{document::Syntax, wrapping::Wrapped},
    model::{certificate::Certificate, finding::any_severe, id::FormatId},
    operate::trial::{
        Read,
        trace::{self, Trace},
    },
    region::{Region, member::Form},
    render, validate,
};

/// Arguments of `map`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The document: .xml, .json or .csv.
    pub file: PathBuf,
    /// Form to render: a format id, `canonical`, `canonical-json` or `canonical-xml`.
    #[arg(long, required_unless_present = "trace")]
    pub to: Option<String>,
    /// Show each field: where it stands, the row that reads it, what it is, and where it goes or why it is lost.
    #[arg(long)]
    pub trace: bool,
    /// The trace for programs.
    #[arg(long, requires = "trace")]
    pub json: bool,
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
    let form = match arguments.to.as_deref() {
        None => None,
        Some("canonical") => Some(Form::Canonical(Syntax::Json)),
        Some(name) => match Form::named(name) {
            Some(form) => Some(form),
            None => return unknown(name, err),
        },
    };
    match (&form, arguments.trace) {
        (form, true) => traced(arguments.json, &region, (&read, form.as_ref()), out, err),
        (Some(Form::Canonical(syntax)), false) => {
            out.text(&canonical(*syntax, &read.draft.certificate));
            if any_severe(&read.draft.findings) { exit::REFUSED_INPUT } else { exit::CLEAN }
        }
        (Some(Form::Table(id)), false) => rendered(&region, id, &read, out, err),
        (None, false) => exit::USAGE,
    }
}

fn unknown(name: &str, err: &mut Output<'_>) -> u8 {
    err.line(format!("{name} is no form; see coohub formats list"));
    exit::USAGE
}

/// Every field and where it goes.
fn traced(
    as_json: bool,
    region: &Region,
    (read, form): (&Read, Option<&Form>),
    out: &mut Output<'_>,
    err: &mut Output<'_>,
) -> u8 {
    let target = match form {
        Some(form) => match trace::table(region, form) {
            Some(table) => Some(table),
            None => return unknown(form.name(), err),
        },
        None => None,
    };
    let Some(trace) = Trace::of(region, read, target) else { return unknown(read.form.name(), err) };
    if as_json {
        out.line(serde_json::to_string_pretty(&trace.json()).unwrap_or_default());
    } else {
        trace.lines().iter().for_each(|line| out.line(line));
    }
    let clean = trace.is_complete() && !any_severe(&read.draft.findings);
    if clean { exit::CLEAN } else { exit::REFUSED_INPUT }
}

/// What was recognised, what was found, and whether the document is issued at all.
fn say(read: &Read, region: &Region, err: &mut Output<'_>) {
    err.line(format!("recognised as {}", read.form.name()));
    let wrapped = read.proof.wrapped.iter().flat_map(Wrapped::findings);
    wrapped.for_each(|finding| err.line(finding.to_string()));
    let agreement = read.draft.certificate.text("agreement.code");
    let agreement = agreement.and_then(|name| region.agreement(&name));
    let look = validate::look(&read.draft, region, agreement);
    read.draft.findings.iter().chain(&look).for_each(|finding| err.line(finding.to_string()));
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
