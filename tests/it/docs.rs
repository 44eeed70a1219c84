//! What the documents claim and code can check.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use coohub::{
    crash::Point,
    decode::{proof::algorithm::Algorithm, wrapping::Wrapping},
    model::reason::Reason,
};

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_reason_code_has_its_page_and_no_page_is_left_over() {
    let pages = text("src/model/reasons.md");
    let sections: BTreeMap<&str, &str> =
        pages.split("\n## ").skip(1).filter_map(|section| section.split_once('\n')).collect();
    let mut written: Vec<&str> = pages.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let mut codes: Vec<&str> = Reason::all().map(Reason::code).collect();
    for reason in Reason::all() {
        let (code, status) = (reason.code(), format!("Status {}.", reason.status()));
        assert!(sections.get(code).is_some_and(|said| said.contains(&status)), "{code}: {status}");
    }
    written.sort_unstable();
    codes.sort_unstable();
    assert_eq!(written, codes);
}

#[test]
fn every_module_is_on_the_map() {
    let map = text("src/ARCHITECTURE.md");
    let modules = text("src/lib.rs");
    for module in modules.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let name = module.trim_end_matches(';');
        assert!(map.contains(&format!("[`{name}`]")), "{name} is not in ARCHITECTURE.md");
    }
}

#[test]
fn what_survives_is_told_for_every_point_where_the_process_may_die() {
    let map = text("src/ARCHITECTURE.md");
    let rows = map.split("## What survives").nth(1).unwrap().lines().filter(|line| line.starts_with("| "));
    let column = rows.filter_map(|row| row.split('|').nth(2));
    let mut told: Vec<&str> = column.flat_map(|labels| labels.split('`').skip(1).step_by(2)).collect();
    let mut labels = Point::ALL.map(Point::label).to_vec();
    told.sort_unstable();
    labels.sort_unstable();
    assert_eq!(told, labels);
}

/// The words of fenced blocks, comments left out, and of `code` in lines.
fn code(markdown: &str) -> BTreeSet<&str> {
    let (mut fenced, mut words) = (false, BTreeSet::new());
    let between = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-');
    for line in markdown.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else {
            let line = if fenced { line.split('#').next().unwrap_or_default() } else { line };
            let spans = line.split('`').enumerate().filter(|(number, _)| fenced || number % 2 == 1);
            words.extend(spans.flat_map(|(_, span)| span.split(between)));
        }
    }
    words
}

#[test]
fn every_key_and_word_of_a_format_table_is_documented() {
    let readme = text("partners/formats/README.md");
    let known = code(&readme);
    let reader = text("src/format/file.rs");
    let choices = text("src/format/mod.rs");
    let is_word = |word: &&str| {
        !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || c == b'_' || c == b'-')
    };
    let of_choices =
        choices.lines().filter(|line| line.contains(", Self::")).flat_map(|line| line.split('"'));
    let mut keys: BTreeSet<&str> = reader.split('"').chain(of_choices).filter(is_word).collect();
    keys.extend(Algorithm::ALL.map(Algorithm::word));
    keys.extend(Wrapping::ALL.map(Wrapping::word));
    assert!(
        keys.len() > 90
            && ["charset", "slashed", "rectification_digits"].iter().all(|key| keys.contains(key))
    );
    let missing: Vec<&str> = keys.into_iter().filter(|key| !known.contains(key)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "partners/formats/README.md does not say them");
}

#[test]
fn the_unit_gives_a_drain_its_time() {
    let unit = text("docs/install/coohub.service");
    let seconds = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
    let listen = coohub::config::Config::default().listen;
    let needed = listen.stop_notice + listen.drain_timeout + coohub::hub::CLOSE_TIMEOUT;
    assert!(std::time::Duration::from_secs(seconds.parse().unwrap()) >= needed, "{seconds} s, {needed:?}");
    assert!(unit.contains(&format!("RestartPreventExitStatus={}\n", coohub::cli::exit::CONFIGURATION)));
}

#[test]
fn every_link_of_the_handbook_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = root.join("docs");
    let mut broken = Vec::new();
    let pages = fs::read_dir(&docs).unwrap().flatten().map(|entry| entry.path());
    for page in pages.chain([root.join("README.md"), docs.join("monitoring/README.md")]) {
        if page.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if !link.contains("://") && !file.is_empty() && !page.parent().unwrap().join(file).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}

/// The first cells of the rows of a page's tables.
fn first_cells(page: &str) -> BTreeSet<&str> {
    page.lines().filter_map(|line| line.strip_prefix("| ")).filter_map(|row| row.split(" |").next()).collect()
}

#[test]
fn every_exit_code_and_every_command_can_be_looked_up() {
    let page = text("docs/commands.md");
    let cells = first_cells(&page);
    let exit = text("src/cli/exit.rs");
    let codes: Vec<&str> = exit
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split(" = ").nth(1)?.strip_suffix(';'))
        .collect();
    assert!(codes.len() > 9, "{codes:?}");
    let missing: Vec<&&str> = codes.iter().filter(|code| !cells.contains(*code)).collect();
    assert!(missing.is_empty(), "exit codes {missing:?}");
    let named: String = cells.into_iter().collect::<Vec<_>>().join(" ");
    let enumerated = text("src/cli/mod.rs");
    let commands = enumerated.split("pub enum Command {").nth(1).unwrap().split("\n}").next().unwrap();
    let commands = commands.lines().filter_map(|line| line.trim().split_once('(')).map(|(name, _)| name);
    let commands: Vec<String> = commands
        .filter(|name| name.bytes().all(|c| c.is_ascii_alphabetic()))
        .map(str::to_lowercase)
        .collect();
    assert!(commands.len() > 25, "{commands:?}");
    let missing: Vec<_> = commands.iter().filter(|name| !named.contains(&format!("`{name}"))).collect();
    assert!(missing.is_empty(), "commands {missing:?}");
}
