//! A folder of certificates issued before their link went live, one after the other.
//!
//! A document's message id is made from its bytes, so whoever runs it again repeats what was accepted and doubles nothing.
//! One at a time, in the order of the names: an amendment stays behind what it amends, and the hub's members are not kept
//! waiting.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Args, headers, media_type, read};
use crate::{
    cli::{
        exit,
        member::{Answer, Error, Member},
        output::Output,
        progress::Progress,
    },
    model::id::Digest,
    problem::unit::noun,
};

/// Where refusals stand in the folder, unless another file is named.
const REFUSED: &str = "refused.jsonl";
/// Most documents of one run.
const DOCUMENTS_MAX: usize = 1_000_000;
/// Longest wait before the same document is tried again, whatever `Retry-After` says.
const WAIT_MAX: Duration = Duration::from_secs(300);
/// Wait where the hub names none, or cannot be reached.
const WAIT_USUAL: Duration = Duration::from_secs(2);
/// Most bytes of a line that is looked at to know a file of refusals again.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Times in a row a document is tried that the hub does not take now.
const TRIES_MAX: u32 = 20;
/// Times in a row a document is tried while the hub cannot be reached.
const UNREACHED_MAX: u32 = 3;

/// What came of a run so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Summary {
    accepted: usize,
    repeated: usize,
    refused: usize,
}

/// What came of one document.
enum Came {
    Taken { before: bool },
    Refused(Answer),
    NotNow,
}

/// Pushes every document of a folder and says what came of it; what was refused is in a file.
///
/// # Errors
/// The folder or a file cannot be read or written; the hub cannot be reached. What was accepted stays accepted.
pub(super) async fn bring(
    arguments: &Args,
    member: &Member,
    folder: &Path,
    (out, err): (&mut Output<'_>, &mut Output<'_>),
) -> Result<u8, Error> {
    let mut refusals = Refusals::at(arguments, folder)?;
    let (documents, others) = documents(arguments, folder)?;
    let mut summary = Summary::default();
    let (mut progress, all) = (Progress::new(), count(documents.len()));
    let mut code = exit::CLEAN;
    for (number, (file, media_type)) in documents.iter().enumerate() {
        match document(arguments, member, file, media_type).await {
            Ok(Came::Taken { before: false }) => summary.accepted += 1,
            Ok(Came::Taken { before: true }) => summary.repeated += 1,
            Ok(Came::Refused(answer)) => {
                summary.refused += 1;
                refusals.add(file, &answer)?;
            }
            Ok(Came::NotNow) => code = exit::TRY_LATER,
            Err(Error::Unreachable(why)) => {
                progress.clear(err);
                err.line(format!("the hub cannot be reached: {why}"));
                code = exit::UNREACHABLE;
            }
            Err(error) => return Err(error),
        }
        if code != exit::CLEAN {
            progress.clear(err);
            err.line(format!("stopped at {}; run it again to go on", file.display()));
            break;
        }
        progress.at((count(number + 1), all), &words(summary), err);
    }
    progress.clear(err);
    out.line(format!("{} of {} documents: {}", summary.all(), documents.len(), words(summary)));
    if others > 0 {
        let is = noun(others, "file is no document", "files are no documents");
        let was = noun(others, "was", "were");
        out.line(format!("{others} {is} (.xml, .json, .csv) and {was} left out"));
    }
    if summary.refused > 0 {
        out.line(format!("refused: {}", refusals.path.display()));
    }
    Ok(if code == exit::CLEAN && summary.refused > 0 { exit::REFUSED_INPUT } else { code })
}

impl Summary {
    fn all(self) -> usize {
        self.accepted + self.repeated + self.refused
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn words(summary: Summary) -> String {
    let Summary { accepted, repeated, refused } = summary;
    format!("{accepted} accepted, {repeated} accepted before, {refused} refused")
}

/// The documents of a folder by name, with their media types; and how many files are none.
fn documents(arguments: &Args, folder: &Path) -> Result<(Vec<(PathBuf, String)>, usize), Error> {
    let unread = |error: &std::io::Error| Error::Request(format!("{}: {}", folder.display(), error.kind()));
    let (mut documents, mut others) = (Vec::new(), 0);
    for entry in fs::read_dir(folder).map_err(|error| unread(&error))? {
        let path = entry.map_err(|error| unread(&error))?.path();
        match media_type(arguments, &path) {
            _ if !path.is_file() || path.ends_with(REFUSED) => {}
            Some(media_type) => documents.push((path, media_type)),
            None => others += 1,
        }
    }
    if documents.len() > DOCUMENTS_MAX {
        return Err(Error::Request(format!(
            "{} holds {} documents, at most {DOCUMENTS_MAX} go in one run",
            folder.display(),
            documents.len()
        )));
    }
    documents.sort();
    Ok((documents, others))
}

/// Pushes one document, and waits as the hub asks.
async fn document(arguments: &Args, member: &Member, file: &Path, media_type: &str) -> Result<Came, Error> {
    let body = Bytes::from(read(file)?);
    let id = format!("bulk-{}", Digest::of(&body).hex());
    let (mut tries, mut unreached) = (0, 0);
    loop {
        let mut headers = headers(arguments);
        headers.push(("coo-bulk", "?1".to_owned()));
        let answer = match member.push(&id, media_type, headers, body.clone()).await {
            Ok(answer) => answer,
            Err(Error::Unreachable(why)) => {
                unreached += 1;
                if unreached >= UNREACHED_MAX {
                    return Err(Error::Unreachable(why));
                }
                tokio::time::sleep(WAIT_USUAL).await;
                continue;
            }
            Err(error) => return Err(error),
        };
        unreached = 0;
        match answer.status {
            200 => return Ok(Came::Taken { before: true }),
            202 => return Ok(Came::Taken { before: false }),
            429 | 503 => {
                tries += 1;
                if tries >= TRIES_MAX {
                    return Ok(Came::NotNow);
                }
                tokio::time::sleep(wait(answer.header("retry-after"))).await;
            }
            _ => return Ok(Came::Refused(answer)),
        }
    }
}

/// How long to wait; the hub says it in seconds.
fn wait(retry_after: Option<&str>) -> Duration {
    let asked = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    asked.unwrap_or(WAIT_USUAL).min(WAIT_MAX)
}

/// What was refused, a line of JSON each; no file when nothing was.
struct Refusals {
    path: PathBuf,
    file: Option<File>,
}

impl Refusals {
    fn at(arguments: &Args, folder: &Path) -> Result<Self, Error> {
        let path = arguments.refusals.clone().unwrap_or_else(|| folder.join(REFUSED));
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unwritten(&path, &error)),
            Ok(found) if found.is_file() && is_earlier(&path) => {
                fs::remove_file(&path).map_err(|error| unwritten(&path, &error))?;
            }
            Ok(_) => {
                let why = "is there, and no run before wrote it; name another file with --refusals";
                return Err(Error::Request(format!("{}: {why}", path.display())));
            }
        }
        Ok(Self { path, file: None })
    }

    fn add(&mut self, file: &Path, answer: &Answer) -> Result<(), Error> {
        let Self { path, file: to } = self;
        let problem = answer.json();
        let part = |name: &str| problem.get(name).cloned().unwrap_or(Value::Null);
        let line = json!({
            "file": file.file_name().map(|name| name.to_string_lossy()),
            "status": answer.status,
            "code": part("code"),
            "detail": part("detail"),
            "errors": part("errors"),
        });
        let to = match to {
            Some(to) => to,
            None => to.insert(File::create(&*path).map_err(|error| unwritten(path, &error))?),
        };
        writeln!(to, "{line}").map_err(|error| unwritten(path, &error))
    }
}

/// Whether a file is what an earlier run wrote, by its first line.
fn is_earlier(path: &Path) -> bool {
    let mut line = String::new();
    let read =
        File::open(path).and_then(|file| BufReader::new(file.take(LINE_BYTES_MAX)).read_line(&mut line));
    let refusal = serde_json::from_str::<Value>(&line).unwrap_or_default();
    read.is_ok()
        && (line.is_empty() || ["file", "status", "code"].iter().all(|key| refusal.get(key).is_some()))
}

fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    Error::Request(format!("{}: {}", path.display(), error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_refusals_is_known_again_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let earlier = |text: &str| {
            fs::write(&path, text).unwrap();
            is_earlier(&path)
        };
        assert!(earlier(
            "{\"file\":\"a.csv\",\"status\":422,\"code\":\"x\",\"detail\":null,\"errors\":null}\n"
        ));
        assert!(earlier(""), "a run that was cut off");
        assert!(!earlier("number;date\n1;2\n") && !earlier("[listen]\n") && !earlier("{\"number\": 1}"));
    }

    #[test]
    fn the_hub_says_how_long_to_wait_and_not_for_ever() {
        assert_eq!(wait(Some("7")), Duration::from_secs(7));
        assert_eq!(wait(Some("300")), WAIT_MAX);
        assert_eq!(wait(Some("301")), WAIT_MAX);
        assert_eq!(wait(Some("soon")), WAIT_USUAL);
        assert_eq!(wait(None), WAIT_USUAL);
    }
}
