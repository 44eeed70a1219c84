//! A page of documentation that is played: its fenced blocks, and whether what is printed is what it says.
//!
//! A line `…` stands for any number of lines, `…` in a line for any text.

use std::{fs, path::Path};

const LEFT_OUT: char = '…';

/// A fenced block: what stands behind the fence, and the lines.
pub struct Block {
    pub info: String,
    pub lines: Vec<String>,
}

impl Block {
    /// The path of a block with this word before it: `file=PATH`.
    pub fn path(&self, word: &str) -> Option<&str> {
        self.info.split(' ').find_map(|part| part.strip_prefix(word))
    }

    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// Every block, in order.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(block),
            (Some(info), None) => open = Some(Block { info: info.to_owned(), lines: Vec::new() }),
            (None, Some(mut block)) => {
                block.lines.push(line.to_owned());
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

/// Whether lines are as expected; see the head.
pub fn fits(expected: &[&str], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first.chars().eq([LEFT_OUT]) => {
            (0..=found.len()).any(|skipped| fits(rest, &found[skipped..]))
        }
        (Some((first, rest)), Some((line, others))) => line_fits(first, line) && fits(rest, others),
        _ => false,
    }
}

fn line_fits(expected: &str, found: &str) -> bool {
    let mut parts = expected.split(LEFT_OUT);
    let Some(mut rest) = found.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        (rest, last) = (&rest[at + part.len()..], Some(part));
    }
    last.map_or(rest.is_empty(), |last| found.ends_with(last))
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_is_left_out_may_be_anything_and_nothing_else() {
    assert!(
        fits(&["a", "…", "d"], &["a", "b", "c", "d"]) && fits(&["…"], &[]) && fits(&["x … z"], &["x y z"])
    );
    for (expected, found) in
        [(&["a", "…", "d"][..], &["a", "b"][..]), (&["x … z"], &["x y"]), (&["a"], &["a", "b"])]
    {
        assert!(!fits(expected, found), "{expected:?}");
    }
}
