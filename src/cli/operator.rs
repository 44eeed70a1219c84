//! Asking the running hub: the socket in its data folder, one request, its answer as text or as JSON.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    time::Duration,
};

use serde_json::{Value, json};

use super::{exit, output::Output, progress::Progress};
use crate::{
    config,
    control::{
        self,
        wire::{Command, Line, Request},
    },
    model::reason::Reason,
    problem::Problems,
};

/// Longest wait for the next line of an answer that should come soon.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(600);

/// Which hub is asked, and how the answer is shown.
#[derive(Debug, clap::Args)]
pub struct At {
    /// Folder the hub runs from, with coohub.toml.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The answer as JSON, an object a line; where there are several kinds of them, each says its own as "kind".
    #[arg(long)]
    pub json: bool,
}

/// Who does something, and why; kept for ever.
#[derive(Debug, clap::Args)]
pub struct Acting {
    /// Why, in your words.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Your name, recorded beside the system's user.
    #[arg(long = "as", value_name = "NAME")]
    pub named: Option<String>,
}

/// What the hub answered: the items, and what its last line says.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) items: Vec<Value>,
    pub(super) end: Value,
}

/// Why there is no answer: the exit code, the reason code of a refusal, and words; before them, the problems it is about.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) exit: u8,
    pub(super) code: Option<String>,
    pub(super) words: String,
    pub(super) problems: Vec<Value>,
}

impl Failed {
    pub(super) fn new(exit: u8, words: impl Into<String>) -> Self {
        Self { exit, code: None, words: words.into(), problems: Vec::new() }
    }

    /// Says it, and gives the exit code.
    pub(super) fn tell(&self, at: &At, out: &mut Output<'_>, err: &mut Output<'_>) -> u8 {
        for problem in &self.problems {
            match at.json {
                true => out.line(of_kind("problem", problem.clone())),
                false => err.line(text(problem, "problem")),
            }
        }
        if at.json {
            let problem = json!({"problem": {"code": self.code, "detail": self.words}});
            out.line(of_kind("refusal", problem));
        }
        match &self.code {
            Some(code) => err.line(format!("{code}: {}", self.words)),
            None => err.line(&self.words),
        }
        self.exit
    }
}

/// Asks the hub that runs from a folder.
pub(super) fn ask(
    at: &At,
    environment: &BTreeMap<String, String>,
    named: Option<&str>,
    command: Command,
) -> Result<Answer, Failed> {
    let request = Request::new(named.map(str::to_owned), command);
    asked(at, environment, (request, Some(ANSWER_TIMEOUT)), &mut |_, _| {})
}

/// Asks for something that may take as long as it does; a terminal is shown how far it is, where that is known.
pub(super) fn ask_long(
    at: &At,
    environment: &BTreeMap<String, String>,
    (named, command): (Option<&str>, Command),
    err: &mut Output<'_>,
) -> Result<Answer, Failed> {
    let mut progress = Progress::new();
    let request = Request { progress: progress.is_seen(), ..Request::new(named.map(str::to_owned), command) };
    let answer = asked(at, environment, (request, None), &mut |done, of| progress.at((done, of), "", err));
    progress.clear(err);
    answer
}

/// Hears how much is done, of how much.
type Told<'a> = &'a mut dyn FnMut(u64, u64);

fn asked(
    at: &At,
    environment: &BTreeMap<String, String>,
    (request, patience): (Request, Option<Duration>),
    told: Told<'_>,
) -> Result<Answer, Failed> {
    let problems = Problems::default();
    let Some(config) = config::load(&at.dir, environment, &problems) else {
        let words: Vec<_> = problems.sorted().iter().map(ToString::to_string).collect();
        return Err(Failed::new(exit::CONFIGURATION, words.join("\n")));
    };
    let path = config.store.folder.join(control::FILE);
    let stream =
        UnixStream::connect(&path).map_err(|error| unreachable(&path.display().to_string(), &error))?;
    converse(stream, (&request, patience), told).unwrap_or_else(|error| {
        let words = format!("the hub's answer was cut ({}); what was asked for may be done", error.kind());
        Err(Failed::new(exit::TRY_LATER, words))
    })
}

fn unreachable(path: &str, error: &io::Error) -> Failed {
    let words = match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            format!("no hub is running: nobody answers at {path}; start one with coohub serve")
        }
        io::ErrorKind::PermissionDenied => {
            format!("{path} is for the hub's own user; run the command as that user")
        }
        kind => format!("{path} cannot be reached: {kind}"),
    };
    Failed::new(exit::UNREACHABLE, words)
}

fn converse(
    mut stream: UnixStream,
    (request, patience): (&Request, Option<Duration>),
    told: Told<'_>,
) -> io::Result<Result<Answer, Failed>> {
    stream.set_read_timeout(patience)?;
    // A hub that has no room says so without reading; the answer tells more than a broken pipe.
    let sent = stream.write_all(&request.bytes());
    let mut items = Vec::new();
    for line in BufReader::new(stream).lines() {
        match serde_json::from_str(&line?)? {
            Line::Progress { done, of } => told(done, of),
            Line::Item(item) => items.push(item),
            Line::End(end) => return Ok(Ok(Answer { items, end })),
            Line::Problem { code, detail } => {
                let exit = code_of(&code);
                return Ok(Err(Failed { exit, code: Some(code), words: detail, problems: items }));
            }
        }
    }
    sent?;
    Err(io::ErrorKind::UnexpectedEof.into())
}

fn code_of(reason: &str) -> u8 {
    match Reason::of(reason) {
        Some(Reason::Busy | Reason::ChangeUnderWay | Reason::DecisionOvertaken) => exit::TRY_LATER,
        Some(Reason::Fault) => exit::STORAGE,
        Some(Reason::CommandMalformed) => exit::USAGE,
        Some(Reason::ConfigurationWrong) => exit::CONFIGURATION,
        _ => exit::REFUSED_INPUT,
    }
}

/// Asks for something to be done and says what came of it.
pub(super) fn act(
    at: &At,
    acting: &Acting,
    environment: &BTreeMap<String, String>,
    command: Command,
) -> Result<Answer, Failed> {
    ask(at, environment, acting.named.as_deref(), command)
}

/// The same of an answer with several kinds of things in it: `kind` says of each which it is.
pub(super) fn tell_kinds(
    answer: &Answer,
    kind: impl Fn(&Value) -> &'static str,
    end: &'static str,
    out: &mut Output<'_>,
) {
    answer.items.iter().for_each(|item| out.line(of_kind(kind(item), item.clone())));
    if !answer.end.is_null() {
        out.line(of_kind(end, answer.end.clone()));
    }
}

/// An object with its kind, as a line.
pub(super) fn of_kind(kind: &str, mut value: Value) -> String {
    if let Value::Object(members) = &mut value {
        members.insert("kind".to_owned(), kind.into());
    }
    value.to_string()
}

/// The answer as JSON: every item, and the last line where it says anything.
pub(super) fn tell_json(answer: &Answer, out: &mut Output<'_>) {
    answer.items.iter().for_each(|item| out.line(item.to_string()));
    if !answer.end.is_null() {
        out.line(answer.end.to_string());
    }
}

/// A member of a JSON object as text; a dash for none.
pub(super) fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::wire::Replay;

    #[test]
    fn how_far_it_is_comes_before_the_answer_and_is_no_part_of_it() {
        let (mut hub, ours) = UnixStream::pair().unwrap();
        for line in [
            Line::Progress { done: 1, of: 4 },
            Line::Progress { done: 3, of: 4 },
            Line::Item(json!({"delivery": "x"})),
            Line::End(json!({"did": "replay"})),
        ] {
            hub.write_all(&line.bytes()).unwrap();
        }
        let request = Request { progress: true, ..Request::new(None, Command::Replay(Replay::default())) };
        assert!(String::from_utf8(request.bytes()).unwrap().contains("\"progress\":true"));
        let mut told = Vec::new();
        let answer =
            converse(ours, (&request, None), &mut |done, of| told.push((done, of))).unwrap().unwrap();
        assert_eq!(told, [(1, 4), (3, 4)]);
        assert_eq!((answer.items.len(), answer.end["did"].as_str()), (1, Some("replay")));
    }
}
