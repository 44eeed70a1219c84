//! `coohub route FILE`: every member considered for a document, and why it would or would not get it.

use std::path::PathBuf;

use super::{document, exit, output::Output};
use crate::{
    model::{id::MemberId, value::Value},
    operate::trial::Read,
    region::{
        Region,
        agreement::{Agreement, CopyView},
    },
    route::plan::{self, Candidate},
};

/// Arguments of `route`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The document: .xml, .json or .csv.
    pub file: PathBuf,
    /// Member that would push it; found by the issuing body when left out.
    #[arg(long)]
    pub source: Option<String>,
    /// Agreement, where the document names none.
    #[arg(long)]
    pub agreement: Option<String>,
    /// As test traffic.
    #[arg(long)]
    pub test: bool,
    /// Folder of the region.
    #[arg(long, default_value = "partners")]
    pub region: PathBuf,
}

/// Every candidate to `out`; 0 when somebody would get it, 65 when the document is refused.
pub fn run(arguments: &Args, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let (region, read) = match document::open(&arguments.region, &arguments.file, None, err) {
        Ok(opened) => opened,
        Err(code) => return code,
    };
    let (source, agreement) = match whose(arguments, &region, &read) {
        Ok(found) => found,
        Err(why) => {
            err.line(why);
            return exit::REFUSED_INPUT;
        }
    };
    let case = plan::Case {
        region: &region,
        agreement,
        source: &source,
        certificate: &read.draft.certificate,
        test: arguments.test,
    };
    match plan::plan(&case) {
        Ok(plan) => {
            out.line(format!("{} from {source} under {}", read.form.name(), agreement.id));
            plan.findings.iter().for_each(|finding| out.line(finding.to_string()));
            plan.candidates.iter().for_each(|candidate| out.line(words(candidate)));
            exit::CLEAN
        }
        Err(finding) => {
            err.line(finding.to_string());
            exit::REFUSED_INPUT
        }
    }
}

/// The member that would push the document, and the agreement it is under.
fn whose<'a>(arguments: &Args, region: &'a Region, read: &Read) -> Result<(MemberId, &'a Agreement), String> {
    let issuer = read.draft.identity.issuer.as_deref().unwrap_or_default();
    let by_issuer = || {
        region.members.values().find(|member| member.body(issuer).is_some()).map(|member| member.id.clone())
    };
    let source = match &arguments.source {
        Some(name) => MemberId::new(name).filter(|id| region.members.contains_key(id)),
        None => by_issuer(),
    };
    let source = source.ok_or("no member speaks for the issuing body; name one with --source")?;
    let stated = match read.draft.certificate.top("agreement.code") {
        Some(Value::Text(code) | Value::Code(code)) => Some(code.as_str()),
        _ => None,
    };
    let name = arguments
        .agreement
        .as_deref()
        .or(stated)
        .ok_or("the document names no agreement; name one with --agreement")?;
    let agreement = region.agreement(name).ok_or("the region has no such agreement")?;
    Ok((source, agreement))
}

fn words(candidate: &Candidate) -> String {
    let Candidate { member, because, view, decision, .. } = candidate;
    match (decision, view) {
        (Ok(()), CopyView::Full) => format!("{member}: gets the whole certificate, {because}"),
        (Ok(()), CopyView::Minimised(fields)) => {
            format!("{member}: gets {} fields, {because}", fields.len())
        }
        (Ok(()), CopyView::Notice) => format!("{member}: gets a notice, {because}"),
        (Err(obstacle), _) => format!("{member}: gets nothing, {because}: {}", obstacle.why),
    }
}
