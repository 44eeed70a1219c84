//! The hub as a process of its own.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use crate::support::hub::{Community, PATIENCE};

/// A running `coohub serve`; dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    /// Kept open, or the hub could not write.
    _output: BufReader<ChildStdout>,
    pub(crate) port: u16,
}

impl Process {
    /// Starts the hub of a community and waits for the line that says it listens.
    pub(crate) async fn start(community: &Community) -> Self {
        let log = community.path("log.txt");
        let mut child = Command::new(env!("CARGO_BIN_EXE_coohub"))
            .arg("serve")
            .arg(community.folder())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let reading = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            (output, line)
        });
        let (output, line) = tokio::time::timeout(PATIENCE, reading).await.expect("it starts").unwrap();
        let port = line.trim().strip_prefix("listening on 127.0.0.1:").and_then(|port| port.parse().ok());
        let Some(port) = port else { panic!("it says {line:?}\n{}", std::fs::read_to_string(log).unwrap()) };
        Self { child, _output: output, port }
    }

    /// Kills it with SIGKILL, waits until it is gone, and starts it again on the same folder.
    pub(crate) async fn kill_and_start(&mut self, community: &Community) {
        self.kill();
        *self = Self::start(community).await;
    }

    fn kill(&mut self) {
        // SIGKILL: nothing of the hub runs after it. Whoever is dead already is dead enough.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
