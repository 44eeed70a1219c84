//! What an XML document becomes.

use super::{Syntax, accepted};
use crate::decode::document::{Node, Scalar};

fn root(text: &str) -> Node {
    accepted(Syntax::Xml, text).document.root
}

#[test]
fn an_element_keeps_local_name_namespace_attributes_and_position() {
    let root = root("<p:Root xmlns:p='urn:x' xmlns='urn:y' a='1' p:b='2'>\n  <é/><Leaf/>\n</p:Root>");
    assert_eq!(
        (root.name.as_str(), root.space.as_deref(), root.scalar),
        ("Root", Some("urn:x"), Scalar::Branch)
    );
    assert_eq!(root.attributes, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
    let leaf = root.child("Leaf").unwrap();
    assert_eq!((leaf.space.as_deref(), leaf.scalar, leaf.text.as_str()), (Some("urn:y"), Scalar::Text, ""));
    assert_eq!((leaf.line, leaf.column), (2, 7));
}

#[test]
fn text_runs_across_comments_cdata_and_references() {
    let root = root("<a>8408<!-- x -->.90<![CDATA[.90 <b>]]>&amp;&#x41;</a>");
    assert_eq!((root.scalar, root.text.as_str()), (Scalar::Text, "8408.90.90 <b>&A"));
}

#[test]
fn text_is_kept_as_written_and_white_space_between_elements_is_not() {
    let root = root("<a>\n <b>  two\n   lines </b>\n <c> </c>\n</a>");
    assert_eq!(root.text, "");
    assert_eq!(root.child("b").unwrap().text, "  two\n   lines ");
    assert_eq!(root.child("c").unwrap().text, " ");
}

#[test]
fn text_beside_elements_is_not_lost() {
    let root = root("<a>before<b/> after</a>");
    assert_eq!((root.scalar, root.text.as_str()), (Scalar::Branch, "before after"));
}

#[test]
fn positions_stay_right_after_a_byte_order_mark_and_many_lines() {
    let root = root("\u{FEFF}<a>\r\n\r\n<b/>\r\n   <c/></a>");
    let places: Vec<_> = root.children.iter().map(|node| (node.line, node.column)).collect();
    assert_eq!(places, [(3, 1), (4, 4)]);
    assert_eq!((root.line, root.column), (1, 1));
}
