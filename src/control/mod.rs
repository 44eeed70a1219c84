//! The operator's door: a socket in the data folder, one command a connection.
//!
//! One line of JSON comes in, lines of JSON go out: items, then one last line that says how it ended ([`wire`]). Whoever
//! sees no last line knows that the answer was cut. The door only translates; what a command does is [`crate::operate`]'s.
//! Who asks is told by the system, not by the line: the user of the process at the other end.
//!
//! **Invariant:** the socket is its owner's alone, in a folder that is its owner's alone; it is made after the folder was
//! locked, so that it is always the running hub's. Whatever comes in is bounded: bytes of the line, connections, time.
//!
//! It is no members' door and knows nothing of TLS or HTTP: [`crate::listen`] does.

mod answer;
mod change;
mod place;
mod user;
pub mod wire;

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

use self::place::{Place, Places};
use self::wire::{LINE_BYTES_MAX, Line, problem};
use crate::{
    change::Change,
    model::reason::Reason,
    operate::{Operate, Operator, Progress, checklist::Checklist},
    stop::Tasks,
};

/// The socket in the data folder.
pub const FILE: &str = "control.sock";
/// Connections at once: beyond, the one that has waited longest without a command is closed; where commands are under way
/// on all of them, whoever comes is told to come again.
pub const CONNECTIONS_MAX: usize = 16;
/// Longest wait for the line of a command, and for the other end to take a part of the answer.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// The owner's only.
const MODE: u32 = 0o600;
/// Pause after a fault of accepting, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often is told how far a long work is.
const PROGRESS_PERIOD: Duration = Duration::from_millis(500);
/// Bytes of an answer written in one piece.
const CHUNK_BYTES: usize = 64 * 1024;

/// Those who are asked: what waits, the configuration, the checklists of members.
pub type Asked = (Operate, Change, Checklist);

/// The door, bound and not yet open.
#[derive(Debug)]
pub struct Control {
    socket: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Makes the socket in a data folder that this process owns; one that an earlier process left is removed.
    ///
    /// # Errors
    /// What the system says, such as that the path is too long for a socket.
    pub fn bind(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(MODE))?;
        Ok(Self { socket, path })
    }

    /// Where the socket is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Answers commands until the stop signal; then the socket is gone.
    pub async fn run(self, asked: Asked, tasks: Tasks) {
        let mut places = Places::new(CONNECTIONS_MAX);
        while !tasks.is_stopping() {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = tasks.stopping() => break,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let Some(place) = places.take().await else {
                // A line of this length always fits a fresh socket's buffer.
                let busy = problem(Reason::Busy, "too many commands at once; try again");
                let _ = stream.try_write(&busy.bytes());
                continue;
            };
            let asked = asked.clone();
            tasks.spawn(async move {
                converse(stream, &place, &asked).await;
            });
        }
        let _ = fs::remove_file(&self.path);
    }
}

/// One command and its answer.
async fn converse(mut stream: UnixStream, place: &Place, asked: &Asked) {
    let user = match stream.peer_cred() {
        Ok(peer) => user::name(peer.uid()),
        Err(error) => {
            tracing::error!(%error, "the user at the control socket cannot be told");
            return;
        }
    };
    let read = tokio::select! {
        read = tokio::time::timeout(IDLE_TIMEOUT, line(&mut stream)) => read,
        () = place.overtaken() => return,
    };
    if !place.begin() {
        return;
    }
    let lines = match read {
        Err(_) | Ok(Err(Unread::Gone)) => return,
        Ok(Err(Unread::TooLong)) => {
            let why = format!("a command is one line of at most {LINE_BYTES_MAX} bytes");
            vec![problem(Reason::BodyTooLarge, &why)]
        }
        Ok(Ok(line)) => match wire::Request::read(&line) {
            Ok(request) => {
                let operator = Operator { user, named: request.named };
                let told = request.progress.then_some(&mut stream);
                answered(asked, &operator, request.command, told).await
            }
            Err(refusal) => vec![problem(refusal.reason, &refusal.why)],
        },
    };
    // An operator that went away has its answer in the records.
    let _ = write(&mut stream, &lines).await;
}

/// The lines of the answer.
async fn answered(
    asked: &Asked,
    operator: &Operator,
    command: wire::Command,
    told: Option<&mut UnixStream>,
) -> Vec<Line> {
    let progress = Progress::default();
    followed(answer::answer(asked, operator, command, &progress), &progress, told).await
}

/// What some work comes to; while it lasts, whoever wants it is told how far it is.
async fn followed<T>(
    work: impl Future<Output = T>,
    progress: &Progress,
    mut told: Option<&mut UnixStream>,
) -> T {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(PROGRESS_PERIOD), if told.is_some() => {}
        }
        if let (Some((done, of)), Some(stream)) = (progress.now(), told.as_deref_mut()) {
            // The work waits for nobody. A line this short is taken whole or not at all; after one that was not, none comes.
            let line = Line::Progress { done, of }.bytes();
            if stream.try_write(&line).is_err() {
                told = None;
            }
        }
    }
}

enum Unread {
    TooLong,
    Gone,
}

/// Reads up to the first line end.
async fn line(stream: &mut UnixStream) -> Result<Vec<u8>, Unread> {
    let mut read = Vec::new();
    let mut chunk = [0_u8; 4096];
    loop {
        let count = stream.read(&mut chunk).await.map_err(|_| Unread::Gone)?;
        let part = chunk.get(..count).unwrap_or_default();
        if let Some(end) = part.iter().position(|byte| *byte == b'\n') {
            read.extend(part.iter().take(end));
            return if read.len() <= LINE_BYTES_MAX { Ok(read) } else { Err(Unread::TooLong) };
        }
        if count == 0 {
            return Err(Unread::Gone);
        }
        read.extend(part);
        if read.len() > LINE_BYTES_MAX {
            return Err(Unread::TooLong);
        }
    }
}

async fn write(stream: &mut UnixStream, lines: &[Line]) -> io::Result<()> {
    let bytes: Vec<u8> = lines.iter().flat_map(Line::bytes).collect();
    for chunk in bytes.chunks(CHUNK_BYTES) {
        tokio::time::timeout(IDLE_TIMEOUT, stream.write_all(chunk)).await.map_err(io::Error::other)??;
    }
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_wants_it_is_told_how_far_long_work_is() {
        let (mut hub, mut operator) = UnixStream::pair().unwrap();
        let progress = Progress::default();
        let work = async {
            progress.begin(3);
            let mut told = Vec::new();
            for _ in 0..3 {
                // The work lasts until its operator has read how far it is.
                told.push(line(&mut operator).await.ok().unwrap());
                progress.add(1);
            }
            told
        };
        let told = followed(work, &progress, Some(&mut hub)).await;
        let lines = (0..3).map(|done| Line::Progress { done, of: 3 }.bytes());
        let lines: Vec<_> = lines.map(|line| line.trim_ascii_end().to_vec()).collect();
        assert_eq!(told, lines);
    }
}
