//! What a test needs beyond the project itself, and the word it says when that is not there.

use std::{fs, path::Path, process::Command};

/// A file of the corpus that lies beside the project; `None`, with a word to the tester, when it does not.
///
/// A clone without the corpus is complete, so its absence never fails a test, not even with `COOHUB_TESTS=all`.
pub fn corpus(path: &str) -> Option<Vec<u8>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").join(path);
    let bytes = fs::read(file).ok();
    if bytes.is_none() {
        println!("skipped: needs ../shared/corpus/{path}");
    }
    bytes
}

/// Whether a program is installed; when it is not, the test says so, or fails if every test is demanded.
pub fn installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        assert_ne!(std::env::var("COOHUB_TESTS").as_deref(), Ok("all"), "needs {program}");
        println!("skipped: needs {program}");
    }
    found
}

/// A Python that has a module: `COOHUB_PYTHON`, else `python3`. Without one, as with a program that is not installed.
pub fn python(module: &str) -> Option<Command> {
    let program = std::env::var("COOHUB_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let import = Command::new(&program).args(["-c", &format!("import {module}")]).output();
    if import.is_ok_and(|done| done.status.success()) {
        return Some(Command::new(program));
    }
    assert_ne!(std::env::var("COOHUB_TESTS").as_deref(), Ok("all"), "needs {module}");
    println!("skipped: needs {module}");
    None
}
