//! The XML guard: every limit from both sides, every construct it refuses, and the classic attacks.

use super::{Limits, Syntax, refusal, small, verdict};

fn guarded(text: &str) -> &'static str {
    verdict(Syntax::Xml, text, &small())
}

fn by_default(text: &str) -> &'static str {
    verdict(Syntax::Xml, text, &Limits::default())
}

#[test]
fn nesting_passes_at_the_limit_and_not_past_it() {
    assert_eq!(guarded("<a><a><a><a/></a></a></a>"), "ok");
    assert_eq!(guarded("<a><a><a><a>x</a></a></a></a>"), "ok");
    assert_eq!(guarded("<a><a><a><a><a/></a></a></a></a>"), "xml-too-deep");
    assert_eq!(by_default(&("<a>".repeat(64) + &"</a>".repeat(64))), "ok");
    assert_eq!(by_default(&("<a>".repeat(65) + &"</a>".repeat(65))), "xml-too-deep");
}

#[test]
fn elements_comments_and_cdata_share_one_limit() {
    assert_eq!(guarded("<a><b/><b/><b/><!--c--><![CDATA[d]]></a>"), "ok");
    assert_eq!(guarded("<a><b/><b/><b/><b/><b/><b/></a>"), "xml-too-many-elements");
    assert_eq!(guarded("<a><b/><b/><b/><b/><b/><!--c--></a>"), "xml-too-many-elements");
    assert_eq!(guarded("<a><b/><b/><b/><b/><b/><![CDATA[d]]></a>"), "xml-too-many-elements");
}

#[test]
fn attributes_pass_at_the_limits_and_not_past_them() {
    assert_eq!(guarded("<a b='' c='' d=''/>"), "ok");
    assert_eq!(guarded("<a b='' c='' d='' e=''/>"), "xml-too-many-attributes");
    assert_eq!(guarded("<a b='' c='' xmlns:e='u'/>"), "ok");
    assert_eq!(guarded("<a b='' c='' d='' xmlns:e='u'/>"), "xml-too-many-attributes");
    assert_eq!(guarded("<a b='' c='' d=''><e f='' g=''/></a>"), "ok");
    assert_eq!(guarded("<a b='' c='' d=''><e f='' g='' h=''/></a>"), "xml-too-many-attributes");
}

#[test]
fn namespaces_in_scope_are_counted_along_the_path_only() {
    assert_eq!(guarded("<a xmlns:b='u'><c xmlns='v'/><c xmlns = 'v'/></a>"), "ok");
    assert_eq!(guarded("<a xmlns:b='u'><c xmlns='v'><d xmlns='w'/></c></a>"), "xml-too-many-attributes");
    assert_eq!(guarded("<a xmlns:b='u'><c xmlns='v'><d xmlns = 'w'/></c></a>"), "xml-too-many-attributes");
    let declared = |n: usize| (0..n).map(|n| format!(" xmlns:a{n}='u'")).collect::<String>();
    assert_eq!(by_default(&format!("<a{}/>", declared(32))), "ok");
    assert_eq!(by_default(&format!("<a{}/>", declared(33))), "xml-too-many-attributes");
}

#[test]
fn names_and_namespaces_pass_at_the_limit_and_not_past_it() {
    assert_eq!(guarded("<abcdefgh/>"), "ok");
    assert_eq!(guarded("<abcdefghi/>"), "xml-text-too-long");
    assert_eq!(guarded("<a abcdefgh=''/>"), "ok");
    assert_eq!(guarded("<a abcdefghi=''/>"), "xml-text-too-long");
    assert_eq!(guarded("<a xmlns='abcdefgh'/>"), "ok");
    assert_eq!(guarded("<a xmlns='abcdefghi'/>"), "xml-text-too-long");
    assert_eq!(guarded("<a b='abcdefghi'/>"), "ok");
}

#[test]
fn text_is_counted_across_comments_cdata_and_references() {
    assert_eq!(guarded("<a>123456789012</a>"), "ok");
    assert_eq!(guarded("<a>1234567890123</a>"), "xml-text-too-long");
    assert_eq!(guarded("<a>123456<!--c-->7890123</a>"), "xml-text-too-long");
    assert_eq!(guarded("<a>123456<![CDATA[7890123]]></a>"), "xml-text-too-long");
    assert_eq!(guarded("<a>123456789012&lt;</a>"), "xml-text-too-long");
    assert_eq!(guarded("<a b='123456789012'/>"), "ok");
    assert_eq!(guarded("<a b='1234567890123'/>"), "xml-text-too-long");
}

#[test]
fn document_types_instructions_and_foreign_entities_are_refused() {
    assert_eq!(by_default("<!DOCTYPE a><a/>"), "xml-dtd");
    assert_eq!(by_default("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "xml-dtd");
    assert_eq!(by_default("<a><?php 1 ?></a>"), "xml-instruction");
    assert_eq!(by_default("<?xml-stylesheet href='x'?><a/>"), "xml-instruction");
    assert_eq!(by_default("<a/><?xml version='1.0'?>"), "xml-instruction");
    assert_eq!(by_default("<a>&lt;&gt;&amp;&apos;&quot;&#65;&#x41;</a>"), "ok");
    assert_eq!(by_default("<a>&nbsp;</a>"), "xml-entity");
    assert_eq!(by_default("<a b='&nbsp;'/>"), "xml-entity");
    assert_eq!(by_default("<a b='& '/>"), "xml-entity");
    assert_eq!(by_default("<a>&</a>"), "xml-malformed");
}

#[test]
fn characters_that_xml_forbids_are_refused_however_written() {
    assert_eq!(by_default("<a>\0</a>"), "nul-character");
    assert_eq!(by_default("<a>&#0;</a>"), "nul-character");
    assert_eq!(by_default("<a>&#x00;</a>"), "nul-character");
    assert_eq!(by_default("<a b='&#0;'/>"), "nul-character");
    for reference in ["&#1;", "&#xD800;", "&#xFFFE;", "&#x110000;", "&#;", "&#x;", "&#-1;", "&#99999999999;"]
    {
        assert_eq!(by_default(&format!("<a>{reference}</a>")), "xml-malformed", "{reference}");
        assert_eq!(by_default(&format!("<a b='{reference}'/>")), "xml-malformed", "{reference}");
    }
    for character in ['\u{1}', '\u{1F}', '\u{FFFE}', '\u{FFFF}'] {
        assert_eq!(by_default(&format!("<a>{character}</a>")), "xml-malformed", "{character:?}");
        assert_eq!(by_default(&format!("<a b='{character}'/>")), "xml-malformed", "{character:?}");
        assert_eq!(by_default(&format!("<a><!--{character}--></a>")), "xml-malformed", "{character:?}");
    }
}

#[test]
fn only_utf8_is_taken_with_or_without_byte_order_mark() {
    assert_eq!(by_default("\u{FEFF}<?xml version='1.0' encoding='utf-8'?><a/>"), "ok");
    assert_eq!(by_default("<?xml version='1.0' encoding='UTF-8' standalone='yes'?><a/>"), "ok");
    assert_eq!(by_default("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"), "not-utf8");
    assert_eq!(by_default("<?xml version='1.1'?><a/>"), "xml-malformed");
    assert_eq!(verdict(Syntax::Xml, b"<a>\xE9</a>", &Limits::default()), "not-utf8");
    assert_eq!(verdict(Syntax::Xml, b"\xFF\xFE<\0a\0/\0>\0", &Limits::default()), "not-utf8");
    assert_eq!(verdict(Syntax::Xml, b"<\0a\0/\0>\0", &Limits::default()), "nul-character");
}

#[test]
fn what_is_not_one_well_formed_document_is_refused() {
    for text in [
        "",
        " ",
        "x",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>x",
        "<a b=c/>",
        "<a b='1' b='2'/>",
        "<a:b/>",
        "<a b='<'/>",
    ] {
        assert_eq!(by_default(text), "xml-malformed", "{text}");
    }
}

#[test]
fn a_refusal_says_where_and_shows_no_value() {
    let found = refusal(Syntax::Xml, "<n:Root xmlns:n='u'>\n  <é/><Item>SECRET&unknown;</Item>\n</n:Root>");
    let position = found.position.clone().unwrap();
    assert_eq!((position.path.as_str(), position.line, position.column), ("/Root/Item", 2, 19));
    assert!(!found.to_string().contains("SECRET"));
    let found = refusal(Syntax::Xml, "<a>\n<b>\n</a>");
    assert_eq!(found.position.unwrap().line, 3);
}

#[test]
fn classic_attacks_stop_at_the_guard() {
    let entity = |depth: u32| format!("<!ENTITY l{depth} '{}'>", format!("&l{};", depth - 1).repeat(10));
    let laughs: String = (1..10).map(entity).collect();
    let laughs = format!("<!DOCTYPE a [<!ENTITY l0 'lol'>{laughs}]><a>&l9;</a>");
    assert_eq!(by_default(&laughs), "xml-dtd");
    let external = "<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>";
    assert_eq!(by_default(external), "xml-dtd");
    assert_eq!(by_default(&"<a>".repeat(200_000)), "xml-too-deep");
    let flood: String = (0..20_000).map(|n| format!(" a{n}='' ")).collect();
    assert_eq!(by_default(&format!("<a{flood}/>")), "xml-too-many-attributes");
    let flood: String = (0..20_000).map(|n| format!(" xmlns:a{n}='u'")).collect();
    assert_eq!(by_default(&format!("<a{flood}/>")), "xml-too-many-attributes");
    let comments = format!("<a>{}</a>", "<!---->".repeat(60_000));
    assert_eq!(by_default(&comments), "xml-too-many-elements");
}

#[test]
fn a_certificate_of_a_thousand_lines_passes() {
    let line = format!("<Goods id='g'>{}</Goods>", "<Field>value</Field>".repeat(40));
    assert_eq!(by_default(&format!("<COD>{}</COD>", line.repeat(1_000))), "ok");
}
