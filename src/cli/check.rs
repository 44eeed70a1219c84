//! `coohub check`: proves settings and region without binding a port or opening the store.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{exit, output::Output};
use crate::{
    clock::Clock,
    config::{self, Config},
    hub::identity,
    problem::{PROBLEMS_SHOWN_MAX, Problem, Problems},
    region::{Region, load, notice},
};

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Folder the hub runs from, with coohub.toml and the region's folder.
    #[arg(default_value = ".")]
    pub folder: PathBuf,
    /// Leave out the files of anchors, leaves and revocation lists.
    #[arg(long)]
    pub without_certs: bool,
}

/// Writes every problem and notice, then a summary; 0 when there is no problem, 78 otherwise.
pub fn check(arguments: &Args, environment: &BTreeMap<String, String>, out: &mut Output<'_>) -> u8 {
    let found = Problems::default();
    let config = config::load(&arguments.folder, environment, &found);
    // With bad settings the region is still worth a look, where it stands by default.
    let config = config.unwrap_or_else(|| Config::default().at(&arguments.folder));
    let certs = (!arguments.without_certs).then_some(config.identity.certs.as_path());
    let in_region = Problems::default();
    let region = load::load(&config.region.folder, certs, &in_region);
    let in_certs = Problems::default();
    if !arguments.without_certs {
        let _ = identity::load(&config.identity, &in_certs);
    }
    let place = config.region.folder.strip_prefix(&arguments.folder).unwrap_or(&config.region.folder);
    let mut problems = found.sorted();
    problems.extend(in_certs.sorted().into_iter().map(|problem| below(&arguments.folder, problem)));
    problems.extend(in_region.sorted().into_iter().map(|problem| within(place, problem)));
    // Without leaves read, what there is to notice about signers cannot be known.
    let noticed = region.iter().filter(|_| !arguments.without_certs);
    let noticed = noticed.flat_map(all_notices);
    let notices: Vec<_> = noticed.map(|notice| within(place, notice)).collect();
    report(&problems, &notices, region.as_ref(), out)
}

/// What is worth a second look now.
fn all_notices(region: &Region) -> Vec<Problem> {
    let mut notices = notice::notices(region);
    notices.extend(notice::signer::notices(region, Clock::Real.now()));
    notices.sort();
    notices
}

fn report(problems: &[Problem], notices: &[Problem], region: Option<&Region>, out: &mut Output<'_>) -> u8 {
    problems.iter().take(PROBLEMS_SHOWN_MAX).for_each(|problem| out.line(problem.to_string()));
    if problems.len() > PROBLEMS_SHOWN_MAX {
        out.line(format!("and {} more", problems.len() - PROBLEMS_SHOWN_MAX));
    }
    notices.iter().for_each(|notice| out.line(format!("notice: {notice}")));
    if let Some(region) = region {
        out.line(summary(region));
    }
    if problems.is_empty() {
        out.line(format!("no problem, {}", counted(notices.len(), "notice")));
        return exit::CLEAN;
    }
    out.line(counted(problems.len(), "problem"));
    exit::CONFIGURATION
}

fn summary(region: &Region) -> String {
    let links = region.agreements.values().map(|agreement| agreement.links.len()).sum();
    format!(
        "{} ({}): {}, {}, {}, {}; configuration {}",
        region.name,
        region.id,
        counted(region.members.len(), "member"),
        counted(region.agreements.len(), "agreement"),
        counted(region.tables.len(), "format"),
        counted(links, "link"),
        region.digest.hex(),
    )
}

fn counted(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// A file's name as seen from the folder checked.
fn below(folder: &Path, problem: Problem) -> Problem {
    let file = Path::new(&problem.file);
    let file = file.strip_prefix(folder).unwrap_or(file).display().to_string();
    Problem { file, ..problem }
}

fn within(place: &Path, problem: Problem) -> Problem {
    Problem { file: place.join(&problem.file).display().to_string(), ..problem }
}
