//! Whatever the guard lets through, the tree parser and the proofs must take without harm.
#![no_main]

use coohub::decode::{guard, limit::Limits, proof, xml::Tree};
use coohub_fuzz::depth;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::DEFAULT;
    if guard::checked(bytes, &limits).is_err() {
        assert!(Tree::parse(bytes, &limits).is_err(), "the tree takes what the guard refused");
        return;
    }
    let Ok(tree) = Tree::parse(bytes, &limits) else { return };
    assert!(depth(&tree.document().root) <= usize::try_from(limits.xml_depth_max).unwrap_or(usize::MAX));
    let _ = proof::verify(proof::Profile::XmldsigCod, &tree, &proof::algorithm::Algorithm::ALL);
});
