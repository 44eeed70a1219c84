//! The samples beside a table: each must map to its golden certificate, and the laws must hold on it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    cli::document,
    decode::{self, document::Syntax, limit::Limits},
    format::Table,
    map,
    model::{certificate::Certificate, finding::Level},
    render,
};

/// What a golden file's name ends in.
const GOLDEN: &str = ".canonical.json";

/// Every sample of a table, and what is wrong with it.
pub(super) fn check(table: &Table, folder: &Path) -> (usize, Vec<(PathBuf, String)>) {
    let samples = samples(&folder.join("samples"), table.syntax);
    let mut wrong = Vec::new();
    for sample in &samples {
        let said = match one(table, sample) {
            Ok(said) => said,
            Err(why) => vec![why],
        };
        wrong.extend(said.into_iter().map(|why| (sample.clone(), why)));
    }
    (samples.len(), wrong)
}

fn samples(folder: &Path, syntax: Syntax) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| document::syntax(path) == Some(syntax) && !path.to_string_lossy().ends_with(GOLDEN))
        .collect();
    paths.sort();
    paths
}

/// What is wrong with one sample; the error: it cannot even be read.
fn one(table: &Table, sample: &Path) -> Result<Vec<String>, String> {
    let decoded = read(table.syntax, sample)?;
    if !table.takes(&decoded) {
        return Err("the table does not recognise it; see [recognise]".to_owned());
    }
    let draft = map::map(table, &decoded.document);
    let severe = draft.findings.iter().filter(|finding| finding.level == Level::Severe);
    let mut wrong: Vec<String> = severe.map(ToString::to_string).collect();
    wrong.extend(golden(sample, &draft.certificate).err());
    wrong.extend(laws(table, &draft.certificate));
    Ok(wrong)
}

fn read(syntax: Syntax, file: &Path) -> Result<decode::Decoded, String> {
    let bytes = fs::read(file).map_err(|error| format!("cannot be read: {}", error.kind()))?;
    decode::decode(syntax, &bytes, &Limits::DEFAULT).map_err(|finding| finding.to_string())
}

/// The certificate beside the sample is the one it gives.
fn golden(sample: &Path, found: &Certificate) -> Result<(), String> {
    let file = sample.with_extension("canonical.json");
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let hint = "coohub map SAMPLE --to canonical prints it";
    if !file.is_file() {
        return Err(format!("there is no {name} beside it; {hint}"));
    }
    let golden = read(Syntax::Json, &file).map_err(|why| format!("{name}: {why}; {hint}"))?;
    let wanted = map::canonical::map(&golden.document).certificate;
    let differs = |a: &Certificate, b: &Certificate| {
        let place = a.iter().find(|(place, value)| b.at(place.field, place.index) != Some(value));
        place.map(|(place, _)| place.path())
    };
    match differs(found, &wanted).or_else(|| differs(&wanted, found)) {
        None => Ok(()),
        Some(place) => Err(format!("does not give {name}: they differ at {place}; {hint} as it is now")),
    }
}

/// Reading a rendering gives what is said to arrive; within its own format a certificate comes back whole.
fn laws(table: &Table, certificate: &Certificate) -> Vec<String> {
    let rendered = match render::render(table, certificate) {
        Ok(rendered) => rendered,
        Err(unrenderable) => {
            return unrenderable
                .fields
                .iter()
                .map(|field| format!("cannot be written again: {field}"))
                .collect();
        }
    };
    let mut wrong: Vec<String> =
        rendered.losses.iter().map(|place| format!("{} is lost in its own format", place.path())).collect();
    match decode::decode(table.syntax, &rendered.bytes, &Limits::DEFAULT) {
        Ok(decoded) => {
            let again = map::map(table, &decoded.document).certificate;
            if again != render::project(table, certificate) {
                wrong.push("reading it again gives another certificate than the rendering says".to_owned());
            }
        }
        Err(finding) => wrong.push(format!("written again it cannot be read: {finding}")),
    }
    wrong
}
