//! The hub as a process of its own, and what it costs.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use super::community::Community;

/// Clock ticks of `/proc` in a second, as Linux has them everywhere.
const TICKS_PER_SECOND: u64 = 100;

/// A running `coohub serve`; dropped, it is killed.
pub(crate) struct Hub {
    child: Child,
    /// Kept open, or the hub could not write.
    _output: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
}

impl Hub {
    /// Starts it on a community's folder and waits until it listens.
    pub(crate) fn start(community: &Community) -> Self {
        let log = community.path("log.txt");
        let mut child = Command::new(env!("CARGO_BIN_EXE_coohub"))
            .arg("serve")
            .arg(community.path(""))
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening on 127.0.0.1:").and_then(|port| port.parse().ok());
        let Some(port) = port else { panic!("it says {line:?}\n{}", fs::read_to_string(log).unwrap()) };
        Self { child, _output: output, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) }
    }

    /// CPU used so far, user and system.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = [11, 12].map(|at| fields[at].parse::<u64>().unwrap()).iter().sum();
        Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
    }

    /// Resident memory in MiB: now, and the most there was.
    pub(crate) fn resident(&self) -> (u64, u64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
        };
        (of("VmRSS:"), of("VmHWM:"))
    }

    /// Kills it with SIGKILL and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.kill();
    }
}
