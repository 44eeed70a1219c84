//! What the hub takes from a member after a restore: a pure decision.
//!
//! A message the store knows is answered before this. Of others, a member that has not compared may send only what it
//! sends knowingly: it names the epoch. Without the gate an amendment could meet a hub that forgot the original.

use crate::{
    model::{finding::Finding, reason::Reason},
    store::epoch::Epoch,
};

/// Why a push is not taken now, if it is not.
pub(super) fn gate(epoch: Epoch, compared: bool, stated: Option<u64>) -> Option<Finding> {
    match stated {
        Some(number) if number == epoch.number => None,
        Some(_) => {
            let advice = format!("the hub is in epoch {}; see GET /v1/reconciliation", epoch.number);
            Some(Finding::severe(Reason::EpochUnknown, advice))
        }
        None if compared => None,
        None => {
            let advice = "the hub was put back from a backup: compare with GET /v1/reconciliation, push again what is \
                missing with CoO-Epoch, complete with POST /v1/reconciliation";
            Some(Finding::severe(Reason::NotCompared, advice))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_not_compared_sends_only_what_names_the_epoch() {
        let epoch = Epoch { number: 7, newest: None };
        let table = [
            (true, None, None),
            (true, Some(7), None),
            (true, Some(6), Some("epoch-unknown")),
            (false, None, Some("not-compared")),
            (false, Some(7), None),
            (false, Some(8), Some("epoch-unknown")),
        ];
        for (compared, stated, expected) in table {
            let found = gate(epoch, compared, stated).map(|finding| finding.reason.code());
            assert_eq!(found, expected, "{compared} {stated:?}");
        }
    }
}
