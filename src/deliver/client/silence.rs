//! Why no answer came: the cause in a chain of errors.

use std::error::Error;

use super::connect::Unconnected;
use crate::deliver::outcome::Silence;

/// Finds the cause: in TLS 1.3 a refused identity shows up at the first read only.
pub(super) fn silence(error: &(dyn Error + 'static)) -> Silence {
    let (mut connecting, mut handshaking) = (false, false);
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(client) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            connecting = client.is_connect();
        }
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Silence::Tls(tls.to_string());
        }
        match error.downcast_ref() {
            Some(Unconnected::Late(phase, after)) => return Silence::Timeout(*phase, *after),
            Some(Unconnected::Elsewhere(address)) => return Silence::Elsewhere(*address),
            Some(Unconnected::Handshake(_)) => handshaking = true,
            None => {}
        }
        // An io::Error hides what it wraps from `source`.
        cause = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    let root = root(error);
    match (handshaking, connecting) {
        (true, _) => Silence::Tls(root),
        (false, true) => Silence::Unreachable(root),
        (false, false) => Silence::Broken(root),
    }
}

/// The words of the innermost error.
pub(super) fn root(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    // Some end in the address of a manual.
    let words = last.to_string();
    words.split_once(": https://").map_or_else(|| words.clone(), |(words, _)| words.to_owned())
}
