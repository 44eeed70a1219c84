//! Identifiers in formats that have a URI (RFC 3986) for each.
//!
//! Most identifiers are none: `AR004A13260000000200`. Such a one stands behind a prefix of ours, with what a URI cannot
//! hold percent-encoded, and comes out again as it was. One that is a URI stays as it is.

/// The identifier of a text.
pub(super) fn read(prefix: &str, text: &str) -> String {
    let ours = text.strip_prefix(prefix).map(|rest| decoded(rest).unwrap_or_else(|| rest.to_owned()));
    ours.unwrap_or_else(|| text.to_owned())
}

/// The text of an identifier.
pub(super) fn write(prefix: &str, id: &str) -> String {
    if is_uri(id) && !id.starts_with(prefix) {
        return id.to_owned();
    }
    let encode = |byte: u8| match byte {
        b'%' => "%25".to_owned(),
        byte if is_allowed(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    format!("{prefix}{}", id.bytes().map(encode).collect::<String>())
}

/// Whether a text has a scheme and only characters of a URI.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    let named = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    named && rest.bytes().all(is_allowed) && decoded(rest).is_some() && rest.matches('#').count() < 2
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte)
}

/// The text with every `%41` as the byte it stands for; `None` where one is broken or the bytes are no text.
fn decoded(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "urn:coohub:id:";

    #[test]
    fn a_uri_stays_and_everything_else_stands_behind_our_prefix() {
        for uri in
            ["id:wfa.org.au", "wfa.org.au:coo:WBC208897", "https://a.example/x?y=%20#z", "urn:x:%CE%9B"]
        {
            assert_eq!(write(OURS, uri), uri);
        }
        for (id, text) in [
            ("AR004A13260000000200", "urn:coohub:id:AR004A13260000000200"),
            ("BY RU 2/7", "urn:coohub:id:BY%20RU%202/7"),
            ("№ 5", "urn:coohub:id:%E2%84%96%205"),
            ("12:3", "urn:coohub:id:12:3"),
            ("100%", "urn:coohub:id:100%25"),
            ("a:100%", "urn:coohub:id:a:100%25"),
            ("urn:coohub:id:x", "urn:coohub:id:urn:coohub:id:x"),
        ] {
            assert_eq!(write(OURS, id), text);
        }
    }

    #[test]
    fn every_identifier_comes_out_as_it_went_in() {
        for id in
            ["AR 1", "x:y", "№:7", "a%20b", "%", "urn:coohub:id:%41", "a#b#c:d", "s:a#b#c", "\"<>\\^`{|}"]
        {
            assert_eq!(read(OURS, &write(OURS, id)), id);
        }
        assert_eq!(read(OURS, "urn:coohub:id:100%"), "100%");
    }
}
