//! The hub in a process of its own, as an operator runs it.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use super::patience::PATIENT;

/// A hub in a process of its own; killed when it is dropped.
pub struct Hub {
    process: Child,
    pub port: String,
}

impl Hub {
    /// Starts it from a folder with region, leaves and settings; it is ready when this returns.
    pub fn start(folder: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_coohub"))
            .arg("serve")
            .current_dir(folder)
            .env_clear()
            .envs(PATIENT)
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut ports =
            said.filter_map(|line| Some(line.strip_prefix("listening on 127.0.0.1:")?.to_owned()));
        let Some(port) = ports.next() else {
            panic!("{}", fs::read_to_string(folder.join("log")).unwrap());
        };
        Self { process, port }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Makes development leaves in a folder.
pub fn certs(folder: &Path) {
    let made = Command::new(env!("CARGO_BIN_EXE_coohub"))
        .args(["certs", "dev"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
}
