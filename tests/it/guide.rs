//! Plays the integrators' guide against a hub of its own: every command as it is written, every answer as it is shown.
//!
//! The commands of all ` ```sh ` blocks are one script, in order; what a block prints must be the ` ```text ` block that
//! follows it (`support::page`).

use std::{fs, path::Path, process::Command};

use crate::support::{
    need::installed,
    page::{blocks, copy, fits},
    port,
    serve::{Hub, certs},
};

const TEXT: &str = "docs/integrators.md";
/// Printed between blocks, so that it is known what printed what.
const MARK: &str = "=== block ";

/// A folder as the reader has it: region, leaves, settings; Corvania's server at a port that is free, tried often.
fn folder(port: u16) -> tempfile::TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    for part in ["partners", "docs"] {
        copy(&root.join(part), &folder.path().join(part));
    }
    let member = folder.path().join("partners/members/corvania.toml");
    let text = fs::read_to_string(&member).unwrap().replace(":9413/", &format!(":{port}/"));
    fs::write(&member, format!("{text}\n[retry]\nschedule = [\"500ms\"]\n")).unwrap();
    fs::write(
        folder.path().join("coohub.toml"),
        "[listen]\naddress = \"127.0.0.1:0\"\n[console]\naddress = \"\"\n[telemetry]\naddress = \"\"\n[delivery]\nresend_pause = \"0s\"\nbreaker_pause = \"1s\"\nbreaker_pause_max = \"1s\"\n",
    )
    .unwrap();
    certs(folder.path());
    folder
}

#[test]
fn the_integrators_guide_works_as_it_is_written() {
    let programs = ["bash", "curl", "jq", "openssl", "python3", "xxd"];
    if !programs.into_iter().all(installed) {
        return;
    }
    let port = port::free();
    let folder = folder(port);
    let hub = Hub::start(folder.path());
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(TEXT)).unwrap();
    let blocks = blocks(&text);
    let (mut script, mut expected) =
        ("set -euo pipefail\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n".to_owned(), vec![]);
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| block.info == "sh") {
        script.push_str(&format!("echo '{MARK}{}'\n{}", expected.len(), block.text()));
        let said = blocks.get(at + 1).filter(|next| next.info == "text");
        expected.push(said.map_or(Vec::new(), |said| said.lines.clone()));
    }
    assert!(expected.len() > 12, "{}", expected.len());
    let script = script
        .replace("localhost:8443", &format!("localhost:{}", hub.port))
        .replace(" 9413 ", &format!(" {port} "));
    let bin = Path::new(env!("CARGO_BIN_EXE_coohub")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let done = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("NO_PROXY", "localhost")
        .output()
        .unwrap();
    let printed = String::from_utf8(done.stdout).unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    for (number, part) in printed.split(MARK).skip(1).enumerate() {
        let found: Vec<&str> = part.lines().skip(1).collect();
        let said: Vec<&str> = expected[number].iter().map(String::as_str).collect();
        assert!(fits(&said, &found), "block {number} says {said:#?}, printed is {found:#?}\n{errors}");
    }
    assert_eq!(printed.split(MARK).skip(1).count(), expected.len(), "{errors}");
    assert!(done.status.success(), "{errors}");
}
