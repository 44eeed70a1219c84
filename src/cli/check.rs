//! `coohub check`: proves settings and region without binding a port or opening the store.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{exit, output::Output};
use crate::{
    change::too_much,
    clock::Clock,
    config::{self, Config},
    files::Files,
    hub::identity,
    problem::{PROBLEMS_SHOWN_MAX, Problem, Problems, Spot},
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

/// What was found in a folder.
struct Found {
    problems: Vec<Problem>,
    notices: Vec<Problem>,
    region: Option<Region>,
}

/// Writes every problem and notice, then a summary; 0 when there is no problem, 78 otherwise.
pub fn check(arguments: &Args, environment: &BTreeMap<String, String>, out: &mut Output<'_>) -> u8 {
    report(&look(arguments, environment), out)
}

/// Whether there is no problem.
pub(super) fn is_right(arguments: &Args, environment: &BTreeMap<String, String>) -> bool {
    look(arguments, environment).problems.is_empty()
}

fn look(arguments: &Args, environment: &BTreeMap<String, String>) -> Found {
    let found = Problems::default();
    let config = config::load(&arguments.folder, environment, &found);
    // With bad settings the region is still worth a look, where it stands by default.
    let config = config.unwrap_or_else(|| Config::default().at(&arguments.folder));
    let certs = (!arguments.without_certs).then_some(config.identity.certs.as_path());
    let in_region = Problems::default();
    let files = Files::at(&config.region.folder);
    let region = load::load(&files, certs, &in_region);
    let in_certs = Problems::default();
    let own = if arguments.without_certs {
        None
    } else {
        identity::load(&config.identity, &config.console, &in_certs)
    };
    let place = config.region.folder.strip_prefix(&arguments.folder).unwrap_or(&config.region.folder);
    let mut problems = found.sorted();
    let volume = config.store.volume().err();
    problems.extend(volume.map(|fault| at("store.encrypted_volume_required", &fault.to_string())));
    let alerts = &config.alerts;
    let anchors = alerts.unfit_anchors().filter(|_| !arguments.without_certs);
    let of_alerts = anchors.into_iter().chain(alerts.unfit_folder());
    problems.extend(of_alerts.map(|problem| below(&arguments.folder, problem)));
    problems.extend(in_certs.sorted().into_iter().map(|problem| below(&arguments.folder, problem)));
    problems.extend(in_region.sorted().into_iter().map(|problem| within(place, problem)));
    // Without leaves read, what there is to notice about signers cannot be known.
    let noticed = region.iter().filter(|_| !arguments.without_certs);
    let noticed = noticed.flat_map(all_notices).map(|notice| within(place, notice));
    let reached = !config.listen.address.ip().is_loopback();
    let of_own = own.iter().flat_map(|own| {
        let keys = identity::open_keys(&config.identity, &config.console);
        own.notices(Clock::Real.now(), reached).into_iter().chain(keys)
    });
    let of_own = of_own.map(|notice| below(&arguments.folder, notice));
    let much = too_much(&files.kept()).map(|much| {
        let text = format!("its files are too much to be kept, so nobody can go back to them: {much}");
        at("region.folder", &text).hint("where two operators are demanded it is not applied")
    });
    let notices = of_node(&config).chain(much).chain(of_own).chain(noticed).collect();
    Found { problems, notices, region }
}

/// What is to be known of the engine, and of the address at which machines watch.
fn of_node(config: &Config) -> impl Iterator<Item = Problem> {
    let said =
        [("store.engine", config.store.engine.warning()), ("telemetry.address", config.telemetry.warning())];
    said.into_iter().filter_map(|(key, warning)| Some(at(key, warning?)))
}

/// Something about a setting, wherever it was set.
fn at(key: &str, reason: &str) -> Problem {
    Spot { key: key.to_owned(), ..Spot::file(config::FILE) }.problem(reason)
}

/// What is worth a second look now.
fn all_notices(region: &Region) -> Vec<Problem> {
    let mut notices = notice::notices(region);
    notices.extend(notice::signer::notices(region, Clock::Real.now()));
    notices.extend(notice::leaf::notices(region, Clock::Real.now()));
    notices.extend(identity::open_keys_of_members(region));
    notices.sort();
    notices
}

fn report(found: &Found, out: &mut Output<'_>) -> u8 {
    let Found { problems, notices, region } = found;
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
