//! The command line, run in this process.

use std::{collections::BTreeMap, ffi::OsString};

use coohub::cli;

/// Exit code, standard output, standard error of `coohub` with these arguments and an empty environment.
pub fn coohub<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let arguments = std::iter::once("coohub".into()).chain(arguments.into_iter().map(Into::into));
    let code = cli::run(arguments, &BTreeMap::new(), &mut out, &mut err);
    (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}
