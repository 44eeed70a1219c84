//! What a test needs beyond the project itself, and the word it says when that is not there.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

/// Says so past what holds back the words of a test that passes.
pub fn skipped(needs: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: needs {needs}");
}

/// A file of the corpus that lies beside the project; `None`, with a word to the tester, when it does not.
///
/// A clone without the corpus is complete, so its absence never fails a test, not even with `COOHUB_TESTS=all`.
pub fn corpus(path: &str) -> Option<Vec<u8>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").join(path);
    let bytes = fs::read(file).ok();
    if bytes.is_none() {
        skipped(&format!("../shared/corpus/{path}"));
    }
    bytes
}

/// Whether a program is installed; when it is not, the test says so, or fails if every test is demanded.
pub fn installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        assert_ne!(std::env::var("COOHUB_TESTS").as_deref(), Ok("all"), "needs {program}");
        skipped(program);
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
    skipped(module);
    None
}

/// A file system of its own and of a size, in memory; dropped, it is gone.
pub struct Small {
    folder: tempfile::TempDir,
}

impl Small {
    pub fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Writes zeros into a file until `left` bytes or fewer are free; gives its path, to remove it again.
    pub fn fill(&self, left: u64) -> PathBuf {
        let ballast = self.folder.path().join("ballast");
        let mut file = fs::File::create(&ballast).unwrap();
        let free = || {
            let system = rustix::fs::statvfs(self.folder.path()).unwrap();
            system.f_bavail * system.f_frsize
        };
        while free() > left {
            let chunk = vec![0; usize::try_from((free() - left).min(1 << 20)).unwrap()];
            if file.write_all(&chunk).is_err() {
                break;
            }
        }
        ballast
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

/// A small file system; without the right to mount one, the test says so, or fails if every test is demanded.
pub fn small(bytes: u64) -> Option<Small> {
    let folder = tempfile::tempdir().unwrap();
    let size = format!("size={bytes}");
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
    if mount.is_ok_and(|done| done.status.success()) {
        return Some(Small { folder });
    }
    assert_ne!(std::env::var("COOHUB_TESTS").as_deref(), Ok("all"), "needs root, to mount a tmpfs");
    skipped("root, to mount a tmpfs");
    None
}
