//! What is kept of a text that no row maps: the text, except where it is a file.
//!
//! A scan or a picture of a signature stays in the original. Kept a second time it would only make every copy of the
//! remainder large; its media type, size and digest say which file it was.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{format::conversion, model::id::Digest};

/// Shortest base64 text, in characters, that is taken for a file where nothing says that it is one.
const FILE_CHARACTERS_MIN: usize = 512;

/// The text as it is kept.
#[must_use]
pub(super) fn kept(text: String) -> String {
    if let Some((head, body)) = conversion::embedded(&text) {
        return format!("{head} {}", named(body));
    }
    let coded =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=') || c.is_ascii_whitespace();
    if text.len() >= FILE_CHARACTERS_MIN && text.chars().all(coded) && !text.trim().contains(' ') {
        return format!("base64, {}", named(&text));
    }
    text
}

/// Size and digest of what a base64 text stands for.
fn named(body: &str) -> String {
    let packed: String = body.split_ascii_whitespace().collect();
    match STANDARD.decode(packed.as_bytes()) {
        Ok(bytes) => format!("{} bytes, sha256:{}", bytes.len(), Digest::of(&bytes).hex()),
        Err(_) => format!("{} characters, sha256:{}", body.len(), Digest::of(body.as_bytes()).hex()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_type_size_and_digest_and_every_other_text_is_kept() {
        let digest = Digest::of(b"hello").hex();
        let picture = "data:image/png;base64,aGVsbG8=".to_owned();
        assert_eq!(kept(picture), format!("data:image/png;base64, 5 bytes, sha256:{digest}"));
        let broken = kept("data:image/png;base64,a".to_owned());
        assert!(broken.starts_with("data:image/png;base64, 1 characters, sha256:"), "{broken}");
        for text in ["data: 12 boxes", "aGVsbG8=", "", "data:,hello"] {
            assert_eq!(kept(text.to_owned()), text);
        }
        let jws = format!("{}.{}.x", "a".repeat(600), "b".repeat(600));
        assert_eq!(kept(jws.clone()), jws);
    }

    #[test]
    fn base64_is_a_file_at_its_shortest_length_and_below_it_is_a_text() {
        let file = "A".repeat(FILE_CHARACTERS_MIN);
        assert!(kept(file.clone()).starts_with("base64, 384 bytes, sha256:"));
        let lines = file.as_bytes().chunks(64).map(|line| format!("{}\r\n", String::from_utf8_lossy(line)));
        assert!(kept(lines.collect()).starts_with("base64, 384 bytes, sha256:"));
        let text = "A".repeat(FILE_CHARACTERS_MIN - 1);
        assert_eq!(kept(text.clone()), text);
    }
}
