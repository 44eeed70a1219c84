//! `coohub member new ID`: one file more, and what else is to be done.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::{
    answers::{self, Answers},
    asking::Asking,
    proving::Proving,
    written,
};
use crate::{
    cli::{check, exit, output::Output},
    config::{self, Config},
    model::id::MemberId,
    problem::Problems,
};

/// Arguments of `member new`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its id, which names its file: 1 to 64 of lower-case letters, digits, "." and "-".
    pub id: String,
    /// TOML file with every answer, instead of questions; "-" prints one to fill in.
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Folder the hub runs from, with coohub.toml.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
}

/// Writes the member's file, says what its agreements need, and checks the region: 0 when it is written and at most PEM
/// files are still to come, 78 when the region is not right for another reason; 64, 65 or 74 when nothing is written.
pub(super) fn run(
    arguments: &Args,
    environment: &BTreeMap<String, String>,
    (out, err): (&mut Output<'_>, &mut Output<'_>),
) -> u8 {
    let Some(id) = MemberId::new(&arguments.id) else {
        err.line(format!(
            "\"{}\" is no id: 1 to 64 of lower-case letters, digits, \".\" and \"-\"",
            arguments.id
        ));
        return exit::USAGE;
    };
    if arguments.answers.as_deref() == Some(Path::new("-")) {
        out.text(answers::template(&id).as_bytes());
        return exit::CLEAN;
    }
    let config = config::load(&arguments.dir, environment, &Problems::default());
    let region = config.unwrap_or_else(|| Config::default().at(&arguments.dir)).region.folder;
    let file = region.join("members").join(format!("{id}.toml"));
    // Said before all the questions; what makes sure is that the file is created new.
    if file.exists() {
        err.line(format!("{} is there already, and is left as it is", file.display()));
        return exit::REFUSED_INPUT;
    }
    let answers = match answers(arguments, (&id, &region), out) {
        Ok(answers) => answers,
        Err(why) => {
            err.line(why);
            return exit::REFUSED_INPUT;
        }
    };
    if let Err(error) = create(&file, &written::file(&answers)) {
        err.line(format!("{} cannot be written: {}", file.display(), error.kind()));
        return exit::STORAGE;
    }
    out.line(format!("written: {}", file.display()));
    tell(&id, &answers, (&region, &file), out);
    checked(&arguments.dir, &file, environment, out)
}

/// Checks the folder with the new file, and says whether what is wrong may wait.
fn checked(folder: &Path, file: &Path, environment: &BTreeMap<String, String>, out: &mut Output<'_>) -> u8 {
    let look = |without_certs: bool| check::Args { folder: folder.to_owned(), without_certs };
    if check::check(&look(false), environment, out) == exit::CLEAN {
        return exit::CLEAN;
    }
    let written = file.display();
    if check::is_right(&look(true), environment) {
        out.line(format!(
            "{written} is written; what is wrong is with PEM files alone: once they are there, coohub check"
        ));
        return exit::CLEAN;
    }
    out.line(format!("{written} is written, and stays; mend what is told above, then coohub check"));
    exit::CONFIGURATION
}

fn answers(
    arguments: &Args,
    (id, region): (&MemberId, &Path),
    out: &mut Output<'_>,
) -> Result<Answers, String> {
    match &arguments.answers {
        Some(file) => {
            let text = fs::read_to_string(file)
                .map_err(|error| format!("{} cannot be read: {}", file.display(), error.kind()))?;
            let answers = answers::read(&text).map_err(|why| format!("{}: {why}", file.display()))?;
            match &answers.id {
                Some(other) if other != id.as_str() => {
                    Err(format!("{} is about \"{other}\", and \"{id}\" was asked for", file.display()))
                }
                _ => proved(&answers, (id, region), file).map(|()| answers),
            }
        }
        None => {
            let proving = Proving::new(id, region);
            let wrong = |answers: &Answers| proving.added(answers);
            let asking = Asking::new(&mut io::stdin().lock(), out, &wrong).all();
            asking.map_err(|error| error.to_string())
        }
    }
}

/// Judges answers whole, as questions are judged one by one: a file that will not do must not stand in the way of its mended
/// answers.
fn proved(answers: &Answers, (id, region): (&MemberId, &Path), file: &Path) -> Result<(), String> {
    let wrong = Proving::new(id, region).added(answers);
    if wrong.is_empty() {
        return Ok(());
    }
    let wrong = wrong.iter().map(|why| format!("{}: {why}", file.display())).collect::<Vec<_>>().join("\n");
    Err(format!("{wrong}\nnothing is written"))
}

/// Writes a file that is not there yet.
fn create(file: &Path, text: &str) -> io::Result<()> {
    let mut new = OpenOptions::new().write(true).create_new(true).open(file)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()
}

/// What is left to the operator: files that others wrote are not touched.
fn tell(id: &MemberId, answers: &Answers, (region, file): (&Path, &Path), out: &mut Output<'_>) {
    for (agreement, lines) in written::agreements(id, answers) {
        let file = region.join("agreements").join(format!("{agreement}.toml"));
        out.line(format!("\nto be added at the end of {}:\n", file.display()));
        out.text(lines.as_bytes());
    }
    out.line(format!(
        "\nthen take \"{}\" out of {}, put its PEM files into the certs folder (without them the hub does not start again), \
         check and apply\n",
        written::SUSPENDED,
        file.display()
    ));
}
