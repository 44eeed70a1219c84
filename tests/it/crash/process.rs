//! The hub as a process of its own.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    os::unix::process::ExitStatusExt as _,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use coohub::crash;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{
    hub::Community,
    patience::{PATIENCE, PATIENT, until},
};

const SIGABRT: i32 = 6;

/// A running `coohub serve`; dropped, it is killed.
pub(crate) struct Process {
    child: Child,
    /// Kept open, or the hub could not write.
    output: Option<BufReader<ChildStdout>>,
    pub(crate) port: u16,
}

impl Process {
    /// Starts the hub of a community and waits for the line that says it listens.
    pub(crate) async fn start(community: &Community) -> Self {
        Self::start_with(community, &[]).await
    }

    /// The same with variables in its environment.
    pub(crate) async fn start_with(community: &Community, variables: &[(&str, &str)]) -> Self {
        let mut process = Self::spawn(community, variables);
        let status = process.listens().await;
        assert!(status.is_none(), "it ends with {status:?}\n{}", log(community));
        process
    }

    /// Starts the hub and waits for nothing.
    pub(crate) fn spawn(community: &Community, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_coohub"))
            .arg("serve")
            .arg(community.folder())
            .env_remove(crash::VARIABLE)
            .envs(PATIENT)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(community.path("log.txt")).unwrap())
            .spawn()
            .unwrap();
        let output = child.stdout.take().map(BufReader::new);
        Self { child, output, port: 0 }
    }

    /// Waits until it listens; gives how it ended when it ends instead.
    pub(crate) async fn listens(&mut self) -> Option<ExitStatus> {
        let mut output = self.output.take().unwrap();
        let reading = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            (output, line)
        });
        let (output, line) =
            tokio::time::timeout(PATIENCE, reading).await.expect("it starts or ends").unwrap();
        self.output = Some(output);
        let Some(port) = line.trim().strip_prefix("listening on 127.0.0.1:") else {
            return Some(self.ended().await);
        };
        self.port = port.parse().unwrap();
        None
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        until("its end", async || self.child.try_wait().unwrap()).await
    }

    /// Kills it with SIGKILL, waits until it is gone, and starts it again on the same folder.
    pub(crate) async fn kill_and_start(&mut self, community: &Community) {
        self.kill();
        *self = Self::start(community).await;
    }

    /// Kills it with SIGKILL: nothing of the hub runs after it.
    pub(crate) fn kill(&mut self) {
        // Whoever is dead already is dead enough.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Stops it, and waits until none of its threads is in the middle of a call to the system.
    pub(crate) async fn freeze(&self) {
        self.signal("STOP");
        let tasks = format!("/proc/{}/task", self.child.id());
        let stopped = || {
            std::fs::read_dir(&tasks).unwrap().all(|task| {
                let state = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap_or_default();
                state.rsplit(") ").next().is_none_or(|rest| rest.starts_with('T'))
            })
        };
        until("the stop of all its threads", async || stopped().then_some(())).await;
    }

    /// Sends a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let signal = match name {
            "TERM" => Signal::TERM,
            "INT" => Signal::INT,
            "HUP" => Signal::HUP,
            "STOP" => Signal::STOP,
            other => panic!("no signal {other}"),
        };
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether a process died at the point it was told to.
pub(crate) fn aborted(status: ExitStatus) -> bool {
    status.signal() == Some(SIGABRT)
}

/// The end of what the hub logged.
pub(crate) fn log(community: &Community) -> String {
    let text = std::fs::read_to_string(community.path("log.txt")).unwrap_or_default();
    let lines: Vec<_> = text.lines().rev().take(20).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
