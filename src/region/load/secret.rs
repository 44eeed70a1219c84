//! Whether a file that should be public holds a private key: what is read of it is kept whole, and can be had.

use serde_json::Value;

/// Members of a JWK that only private and shared keys have (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Whether there is a private section of PEM, or a private or shared key as JWK at any depth.
pub(super) fn is_in(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let private = |line: &str| line.contains("-----BEGIN ") && line.contains("PRIVATE KEY");
    text.lines().any(private) || serde_json::from_slice(bytes).is_ok_and(|value| is_of_jwk(&value))
}

fn is_of_jwk(value: &Value) -> bool {
    match value {
        Value::Array(entries) => entries.iter().any(is_of_jwk),
        Value::Object(members) => {
            members.iter().any(|(name, value)| PRIVATE.contains(&name.as_str()) || is_of_jwk(value))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_seen_in_every_wording_and_a_public_one_is_none() {
        let public = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        assert!(!is_in(public.as_bytes()) && !is_in(b"-----BEGIN PUBLIC KEY-----\n"));
        for kind in ["", "EC ", "RSA ", "ENCRYPTED ", "OPENSSH "] {
            assert!(is_in(format!("{public}-----BEGIN {kind}PRIVATE KEY-----\nAA==\n").as_bytes()), "{kind}");
        }
        let set =
            |member: &str| format!(r#"{{"keys": [{{"kty": "OKP", "crv": "Ed25519", "x": "AA"{member}}}]}}"#);
        assert!(!is_in(set("").as_bytes()) && !is_in(set(r#", "kid": "d""#).as_bytes()));
        for member in PRIVATE {
            assert!(is_in(set(&format!(r#", "{member}": "AA""#)).as_bytes()), "{member}");
        }
    }
}
