//! What `map` and `route` share: a file on disk to a draft, by the region's own tables.

use std::{fs, path::Path};

use super::{exit, output::Output};
use crate::{
    decode::document::Syntax,
    model::{finding::Finding, reason::Reason},
    operate::trial::{self, Read},
    problem::{Problem, Problems},
    region::{self, Region},
};

/// Loads a region without its anchors and leaves: documents need none.
///
/// # Errors
/// Every problem.
pub fn region(folder: &Path) -> Result<Region, Vec<Problem>> {
    let problems = Problems::default();
    region::load::load(folder, None, &problems).ok_or_else(|| problems.sorted())
}

/// Loads a region and reads a file as one of its formats, or the one named.
///
/// # Errors
/// The exit code; why is written to `err`.
pub fn open(
    folder: &Path,
    file: &Path,
    named: Option<&str>,
    err: &mut Output<'_>,
) -> Result<(Region, Read), u8> {
    let region = region(folder).map_err(|problems| {
        problems.iter().for_each(|problem| err.line(problem.to_string()));
        exit::CONFIGURATION
    })?;
    let read = read(&region, file, named).map_err(|findings| {
        findings.iter().for_each(|finding| err.line(finding.to_string()));
        exit::REFUSED_INPUT
    })?;
    Ok((region, read))
}

/// Syntax by a file's name: `.xml`, `.json`, `.csv`.
#[must_use]
pub fn syntax(file: &Path) -> Option<Syntax> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "xml" => Some(Syntax::Xml),
        "json" => Some(Syntax::Json),
        "csv" => Some(Syntax::Csv),
        _ => None,
    }
}

/// Media type by a file's name, for attachments.
#[must_use]
pub fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("pdf") => "application/pdf",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        Some("tif" | "tiff") => "image/tiff",
        Some("txt") => "text/plain",
        _ => syntax(file).map_or("application/octet-stream", Syntax::media_type),
    }
}

/// Reads a file as one of the region's formats, or the one named.
///
/// # Errors
/// Findings, at least one severe; a file that cannot be read is one.
fn read(region: &Region, file: &Path, named: Option<&str>) -> Result<Read, Vec<Finding>> {
    let refused = |reason: Reason, advice: String| vec![Finding::severe(reason, advice)];
    let syntax = syntax(file).ok_or_else(|| {
        refused(Reason::MediaType, "name the file .xml, .json or .csv after what it holds".into())
    })?;
    let bytes = fs::read(file).map_err(|error| {
        refused(Reason::NotFound, format!("{} cannot be read: {}", file.display(), error.kind()))
    })?;
    trial::read(region, syntax, &bytes, named)
}
