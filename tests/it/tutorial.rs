//! Does what `partners/formats/TUTORIAL.md` says, in a copy of `partners/`, and sees what it says one sees.
//!
//! Blocks that count: ` ```toml file=PATH ` is a whole file, ` ```toml add=PATH ` goes to a file's end, ` ```diff PATH `
//! changes lines of it, ` ```console ` holds commands behind `$ ` and what they print (`support::page`). With `COOHUB_BLESS=1` what is printed is written into the text.

use std::{fs, path::Path, process::Command};

use crate::support::page::{Block, blocks, copy, fits};

const TEXT: &str = "partners/formats/TUTORIAL.md";

/// Takes lines with `-` away, puts lines with `+` in; the others say where.
fn change(file: &Path, lines: &[String]) {
    let side = |other: char| -> String {
        let kept = lines.iter().filter(|line| !line.starts_with(other));
        kept.map(|line| format!("{}\n", line.get(1..).unwrap_or_default())).collect()
    };
    let (old, new) = (side('+'), side('-'));
    let text = fs::read_to_string(file).unwrap();
    assert_eq!(text.matches(&old).count(), 1, "{} has not once:\n{old}", file.display());
    fs::write(file, text.replacen(&old, &new, 1)).unwrap();
}

/// What a command prints, as a terminal shows it; `> FILE` at its end takes the answer.
fn run(command: &str, folder: &Path) -> String {
    let (command, answer) =
        command.split_once(" > ").map_or((command, None), |(left, file)| (left, Some(file)));
    let mut words = command.split(' ');
    assert_eq!(words.next(), Some("coohub"), "{command}");
    let screen = tempfile::tempfile().unwrap();
    let out = match answer {
        Some(file) => fs::File::create(folder.join(file)).unwrap(),
        None => screen.try_clone().unwrap(),
    };
    Command::new(env!("CARGO_BIN_EXE_coohub"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .stdout(out)
        .stderr(screen.try_clone().unwrap())
        .status()
        .unwrap();
    let mut screen = screen;
    std::io::Seek::rewind(&mut screen).unwrap();
    std::io::read_to_string(screen).unwrap()
}

/// The lines of a console block as they should be: what fits stays.
fn console(block: &Block, folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let commands = block.lines.iter().enumerate().filter(|(_, line)| line.starts_with("$ "));
    for (at, command) in commands {
        let said: Vec<&str> = block.lines[at + 1..]
            .iter()
            .map(String::as_str)
            .take_while(|line| !line.starts_with("$ "))
            .collect();
        let printed = run(&command[2..], folder);
        let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
        lines.push(command.clone());
        let right = if fits(&said, &printed) { said } else { printed };
        lines.extend(right.into_iter().map(ToOwned::to_owned));
    }
    lines
}

#[test]
fn the_tutorial_works_as_it_is_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join(TEXT)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    copy(&root.join("partners"), &folder.path().join("partners"));
    let mut mended = text.clone();
    let mut commands = 0;
    for block in blocks(&text) {
        if let Some(path) = block.path("file=") {
            let path = folder.path().join(path);
            assert!(!path.exists(), "{} is there already", path.display());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, block.text()).unwrap();
        } else if let Some(path) = block.path("add=") {
            let path = folder.path().join(path);
            let before = fs::read_to_string(&path).unwrap();
            fs::write(path, format!("{before}\n{}", block.text())).unwrap();
        } else if let Some(path) = block.info.strip_prefix("diff ") {
            change(&folder.path().join(path), &block.lines);
        } else if block.info == "console" {
            let lines = console(&block, folder.path());
            commands += 1;
            let is = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
            mended = mended.replacen(
                &format!("```console\n{}```", block.text()),
                &format!("```console\n{is}```"),
                1,
            );
        } else {
            panic!("a block says neither what it is nor where it goes: {}", block.info);
        }
    }
    assert!(commands >= 8, "{commands}");
    if std::env::var_os("COOHUB_BLESS").is_some() {
        fs::write(root.join(TEXT), mended).unwrap();
    } else {
        same(&text, &mended);
    }
}

/// The first lines that differ, so that the failure can be read.
fn same(text: &str, mended: &str) {
    for (number, (said, printed)) in text.lines().zip(mended.lines()).enumerate() {
        assert_eq!(said, printed, "{TEXT}:{}; COOHUB_BLESS=1 writes what is printed", number + 1);
    }
    assert_eq!(text, mended);
}
