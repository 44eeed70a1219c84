//! `coohub explain CODE`: the page of a reason code, for whoever has the program and not its sources.

use super::{
    exit,
    output::Output,
    table::{Table, width},
};
use crate::{deliver::outcome::REFUSALS, model::reason::Reason, observe::alert::Kind, problem::near};

/// What stands before a code in the `type` of a problem.
const URN: &str = "urn:coohub:problem:";
/// Codes named where none is the one asked for.
const NEAR_MAX: usize = 3;

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code, as in not-entitled, the whole type of a problem, or the name of an alert; all codes when left out.
    pub code: Option<String>,
}

/// Prints the page of a code, or every code with the first sentence of its page; 0, or 64 for a code that there is not.
pub fn run(arguments: &Args, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
    let Some(asked) = &arguments.code else {
        let mut table = Table::new(["CODE", "STATUS", "MEANS"]);
        for reason in Reason::all() {
            let page = reason.page().replace('\n', " ");
            let first = page.split_once(". ").map_or(page.as_str(), |(first, _)| first).to_owned();
            table.row([reason.code().to_owned(), reason.status().to_string(), first]);
        }
        table.lines(width()).iter().for_each(|line| out.line(line));
        return exit::CLEAN;
    };
    let code = asked.strip_prefix(URN).unwrap_or(asked);
    if let Some(reason) = Reason::of(code) {
        out.line(format!("{code}\n\n{}", reason.page()));
        return exit::CLEAN;
    }
    if let Some((_, meaning)) = REFUSALS.iter().find(|(refusal, _)| *refusal == code) {
        out.line(format!(
            "{code}\n\nA target answered 422 with it: {meaning}. What it says of the document is with the attempt \
             (coohub queue show). Acts: the source, by an amendment; or operators on both sides."
        ));
        return exit::CLEAN;
    }
    if let Some(alert) = Kind::ALL.into_iter().find(|alert| alert.word() == code) {
        out.line(format!("{code}\n\nAn alert of the hub's. What to do: {}.", alert.todo()));
        return exit::CLEAN;
    }
    let mut close = near(code, Reason::all().map(Reason::code));
    close.truncate(NEAR_MAX);
    match close.is_empty() {
        true => err.line(format!("there is no code \"{code}\"; coohub explain lists all")),
        false => err.line(format!("there is no code \"{code}\"; did you mean {}?", close.join(", "))),
    }
    exit::USAGE
}
