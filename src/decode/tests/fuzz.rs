//! Nothing a sender can write makes the stage panic. Mutations are seeded, so a failure repeats.

use proptest::prelude::*;

use super::{Limits, Syntax, decode};
use crate::decode::proof::{Profile, algorithm::Algorithm, verify};

const SEEDS: [(Syntax, &str); 6] = [
    (
        Syntax::Xml,
        "\u{FEFF}<?xml version='1.0' encoding='utf-8'?><a:b xmlns:a='u' c='&lt;'>x<!--y--><![CDATA[z]]>&#65;<d/></a:b>",
    ),
    (
        Syntax::Xml,
        "<ns:Envelope xmlns:ns='http://www.w3.org/2001/12/soap-envelope'><ns:CertOrigin><CODEH id='CODEH'><CODExporter><COD id='COD'>é</COD></CODExporter></CODEH></ns:CertOrigin></ns:Envelope>",
    ),
    (Syntax::Json, r#"{"a":[1,-2.50e+3,{"b":"\u00e9\uD83D\uDE00\n"}],"c":[[true,false],[null]],"d":{}}"#),
    (Syntax::Json, "\u{FEFF}{\"é\":\"\\\\\", \"\\u0061\":\"ü\"}"),
    (Syntax::Csv, "\u{FEFF}HS,Name\r\n8408,\"two\r\nlines \"\"q\"\"\"\r\n0101,é\r\n"),
    (Syntax::Csv, "a\n\"\"\n"),
];
const TOKENS: [&[u8]; 16] = [
    b"<",
    b">",
    b"&",
    b";",
    b"\"",
    b"'",
    b"\\u",
    b"<!--",
    b"]]>",
    b"<?",
    b"<!DOCTYPE",
    b"\xEF\xBB\xBF",
    b"\0",
    b"{",
    b"[",
    b"xmlns:x='",
];

/// xorshift64*, so that the same mutations come on every machine.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % bound.max(1)
    }

    pub(super) fn mutate(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        let to = (at + self.below(8)).min(bytes.len());
        match self.below(5) {
            0 if !bytes.is_empty() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
            1 => drop(bytes.drain(at..to)),
            2 => drop(bytes.splice(at..at, TOKENS[self.below(TOKENS.len())].iter().copied())),
            3 => {
                let copied = bytes[at..to].to_vec();
                let place = self.below(bytes.len());
                drop(bytes.splice(place..place, copied));
            }
            _ => bytes.truncate(self.below(bytes.len() + 1)),
        }
    }
}

fn read(syntax: Syntax, bytes: &[u8]) {
    let Ok(decoded) = decode(syntax, bytes, &Limits::default()) else { return };
    if let Some(tree) = &decoded.tree {
        let _ = verify(Profile::XmldsigCod, tree, &Algorithm::ALL);
    }
}

#[test]
fn mutated_documents_never_panic() {
    let mut dice = Dice(0x00C0_FFEE);
    for _ in 0..2_000 {
        for (syntax, seed) in SEEDS {
            let mut bytes = seed.as_bytes().to_vec();
            for _ in 0..=dice.below(4) {
                dice.mutate(&mut bytes);
            }
            read(syntax, &bytes);
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text: String, bytes: Vec<u8>) {
        for syntax in [Syntax::Xml, Syntax::Json, Syntax::Csv] {
            read(syntax, text.as_bytes());
            read(syntax, &bytes);
        }
    }

    #[test]
    fn arbitrary_markup_never_panics(text in r#"([<>/=&;!?\[\]\-"' abx:]|<a>|</a>|<a b='|xmlns:a='u'|&#x4[01];|<!--|-->|<!\[CDATA\[|\]\]>){0,40}"#) {
        read(Syntax::Xml, text.as_bytes());
    }
}
