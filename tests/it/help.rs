//! What the command line tells of itself: completions for shells, manual pages.

use std::{fs, path::Path};

use coohub::{cli, config::DEFAULT, model::reason::Reason};

use crate::support::command;

fn coohub(arguments: &[&str]) -> (u8, String) {
    let (code, out, _) = coohub_with_errors(arguments);
    (code, out)
}

fn coohub_with_errors(arguments: &[&str]) -> (u8, String, String) {
    command::coohub(arguments)
}

/// Every command that `--help` names.
fn commands() -> Vec<String> {
    let (_, help) = coohub(&["--help"]);
    let list = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let words = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    words.filter_map(|line| line.split_whitespace().next()).map(ToOwned::to_owned).collect()
}

#[test]
fn each_shell_gets_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let (code, script) = coohub(&["completions", shell]);
        assert_eq!(code, 0);
        for command in commands() {
            assert!(script.contains(&command), "{shell} does not know {command}");
        }
    }
    assert_eq!(coohub(&["completions", "telnet"]).0, cli::exit::USAGE);
}

#[test]
fn each_command_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(coohub(&["man", folder.path().to_str().unwrap()]).0, 0);
    let page = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap_or_default();
    assert!(page("coohub.1").contains("certificates of origin"));
    let commands = commands();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands.iter().filter(|command| *command != "help") {
        assert!(!page(&format!("coohub-{command}.1")).is_empty(), "{command}");
    }
    assert_eq!(coohub(&["man", Path::new("/proc/nowhere").to_str().unwrap()]).0, cli::exit::STORAGE);
}

#[test]
fn every_code_is_explained_without_the_sources() {
    let (code, all) = coohub(&["explain"]);
    assert_eq!((code, all.lines().count()), (0, Reason::all().count() + 1));
    for reason in Reason::all() {
        let (code, page) = coohub(&["explain", reason.code()]);
        assert_eq!(code, 0);
        assert!(page.starts_with(reason.code()) && page.contains(" Acts: "), "{page}");
        assert!(!page.contains("## "), "one page and no more: {page}");
        assert!(all.lines().any(|line| line.starts_with(reason.code())), "{}", reason.code());
    }
    assert_eq!(coohub(&["explain", "urn:coohub:problem:busy"]), coohub(&["explain", "busy"]));
}

#[test]
fn a_code_that_there_is_not_is_answered_with_those_near() {
    let (code, page) = coohub(&["explain", "unanswered"]);
    assert!(code == 0 && page.contains("What to do: see coohub queue --state unanswered"), "{page}");
    let (code, out, err) = coohub_with_errors(&["explain", "not-entitld"]);
    assert_eq!((code, out.as_str()), (cli::exit::USAGE, ""));
    assert!(err.contains("did you mean not-entitled"), "{err}");
    let (code, _, err) = coohub_with_errors(&["explain", "zzz"]);
    assert_eq!(code, cli::exit::USAGE);
    assert!(err.contains("coohub explain lists all"), "{err}");
}

#[test]
fn the_defaults_are_told_with_what_they_mean() {
    assert_eq!(coohub(&["config", "default"]), (0, DEFAULT.to_owned()));
}
