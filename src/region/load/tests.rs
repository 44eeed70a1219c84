//! What only shows inside: the rest is told by edits to whole regions in `tests/it/config/broken.toml`.

use super::*;

#[test]
fn a_region_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Region>();
}

#[test]
fn the_built_in_retry_policy_is_one() {
    let policy = Defaults::default().policy().unwrap();
    let delay = |failures| policy.delay(failures, None, 0).as_secs();
    assert_eq!((delay(1), delay(2), delay(8), delay(100)), (30, 60, 21_600, 21_600));
    assert_eq!(policy.expiry.as_secs(), 14 * 86_400);
}
