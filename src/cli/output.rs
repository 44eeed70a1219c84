//! Where a command writes its answer; a reader that goes away (`coohub check | head`) is no failure.

use std::io::{self, Write};

use super::exit;

/// A writer of lines that remembers its first failure.
pub struct Output<'a> {
    to: &'a mut dyn Write,
    failed: Option<io::ErrorKind>,
}

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output").field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl<'a> Output<'a> {
    /// Writes to `to`.
    pub fn new(to: &'a mut dyn Write) -> Self {
        Self { to, failed: None }
    }

    /// Writes a line; nothing after a failure.
    pub fn line(&mut self, text: impl AsRef<str>) {
        if self.failed.is_none() {
            self.failed = writeln!(self.to, "{}", text.as_ref()).err().map(|error| error.kind());
        }
    }

    /// Writes a document byte for byte, with a line end behind it where it has none.
    pub fn text(&mut self, bytes: &[u8]) {
        let end: &[u8] = if bytes.ends_with(b"\n") { b"" } else { b"\n" };
        for part in [bytes, end] {
            if self.failed.is_none() {
                self.failed = self.to.write_all(part).err().map(|error| error.kind());
            }
        }
    }

    /// Writes a part of a line, at once.
    pub fn part(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = self.to.write_all(text.as_bytes()).err().map(|error| error.kind());
        }
        self.flush();
    }

    /// Flushes what was written so far.
    pub fn flush(&mut self) {
        if self.failed.is_none() {
            self.failed = self.to.flush().err().map(|error| error.kind());
        }
    }

    /// Flushes, and gives the exit code: `code`, unless the output could not be written.
    #[must_use]
    pub fn finish(mut self, code: u8) -> u8 {
        self.flush();
        match self.failed {
            None | Some(io::ErrorKind::BrokenPipe) => code,
            Some(_) if code == exit::CLEAN => exit::STORAGE,
            Some(_) => code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn code_after(kind: io::ErrorKind, code: u8) -> u8 {
        let mut to = Broken(kind);
        let mut output = Output::new(&mut to);
        output.line("answer");
        output.finish(code)
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is() {
        assert_eq!(code_after(io::ErrorKind::BrokenPipe, exit::CLEAN), exit::CLEAN);
        assert_eq!(code_after(io::ErrorKind::StorageFull, exit::CLEAN), exit::STORAGE);
        assert_eq!(code_after(io::ErrorKind::StorageFull, exit::CONFIGURATION), exit::CONFIGURATION);
    }
}
