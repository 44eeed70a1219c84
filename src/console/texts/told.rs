//! What an act came to, or why it was not done, in a sentence.

use crate::model::reason::Reason;

/// What an act came to, by its word in the address it leads back to; `None` for a word that is none.
pub(in crate::console) fn did(word: &str) -> Option<&'static str> {
    Some(match word {
        "hold" => "Held. Nothing goes on there until it is let go on.",
        "release" => "Released. It goes on.",
        "cancel" => "Ended. It is not delivered.",
        "replay" => "It is delivered again.",
        "attempt" => "It is tried at once.",
        "address" => "It is sent to the member.",
        "apply" => "Applied. It runs.",
        "propose" => "Proposed. It runs once another operator has confirmed it.",
        "confirm" => "Confirmed and applied. It runs.",
        "rollback" => {
            "Gone back and applied. What the folder had instead was moved aside, below .aside in it. Files in certs/ are not put back."
        }
        "role" => "The account has another role; its sessions have ended.",
        "disabled" => "The account was changed; its sessions have ended.",
        _ => return None,
    })
}

/// A sentence for a reason that comes without more words.
pub(in crate::console) fn plain(reason: Reason) -> &'static str {
    match reason {
        Reason::SignInRefused => "Name and password do not belong together, or the account is disabled.",
        Reason::RoleTooLow => {
            "Your role does not allow this. An administrator gives another one: coohub account role."
        }
        Reason::FormForged => "The form was old or not from this console. Load the page anew and try again.",
        Reason::NotSignedIn => "Your session has ended. Sign in again.",
        Reason::NotFound => "There is no such page.",
        Reason::MediaType => "A form or a JSON object is taken, and nothing else.",
        Reason::CommandMalformed => "The form or the JSON object cannot be read.",
        Reason::QueryInvalid => "What stands behind the question mark of the address cannot be read.",
        Reason::Timeout => "It took too long.",
        Reason::Busy => "The hub has no room at the moment. Try again.",
        Reason::Fault => "The hub could not do it; its log says why.",
        _ => "The hub does not do this.",
    }
}
