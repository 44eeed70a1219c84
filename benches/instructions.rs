//! Instructions per stage, counted by callgrind: the same number on a busy machine as on an idle one, so a change of a
//! few per cent is a change of the code.
//!
//! Expected: every stage linear in the goods items. The step from 100 to 1,000 items must cost at most eleven times; more
//! means that something scans the certificate for each value.
//! What a stage is given is handed back, so that freeing it is not counted.
//! Needs valgrind and `cargo install gungraun-runner --version 0.20.0`; without them `cargo bench --bench instructions`
//! says so and the other benches are not concerned.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{fs, hint::black_box, path::Path};

use coohub::{
    decode::{decode, document::Document, document::Syntax, guard, limit::Limits},
    format::Table,
    map,
    model::{
        certificate::{Certificate, Index, Place},
        dictionary::Field,
        id::FormatId,
    },
    problem::Problems,
    render,
};
use gungraun::{library_benchmark, library_benchmark_group, main};

/// A table, a certificate of so many items, and its document, parsed and not.
struct Subject {
    table: Table,
    certificate: Certificate,
    bytes: Vec<u8>,
    document: Document,
}

fn subject(format: &str, sample: &str, items: usize) -> Subject {
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners/formats");
    let (id, folder) = (FormatId::new(format).unwrap(), formats.join(format));
    let table = Table::load(&id, &folder, &formats.join("codes"), format, &Problems::default()).unwrap();
    let sample = fs::read(folder.join("samples").join(sample)).unwrap();
    let one = map::map(&table, &read(table.syntax, &sample)).certificate;
    let certificate = if items == 0 { one } else { with_items(&one, items) };
    // A signed format is read as it came: the hub cannot write it.
    let bytes = if table.writes { render::render(&table, &certificate).unwrap().bytes } else { sample };
    let document = read(table.syntax, &bytes);
    Subject { table, certificate, bytes, document }
}

fn read(syntax: Syntax, bytes: &[u8]) -> Document {
    decode(syntax, bytes, &Limits::DEFAULT).map_err(|finding| finding.to_string()).unwrap().document
}

/// The certificate with its first item so many times.
fn with_items(one: &Certificate, items: usize) -> Certificate {
    let list = Field::named("items[]").unwrap();
    let first = Index::TOP.inside(0).unwrap();
    let mut many = one.only(|field| field.lists().first() != Some(&list));
    for (place, value) in
        one.iter().filter(|(place, _)| place.field.lists() == [list] && place.index == first)
    {
        for position in 0..items {
            let index = Index::TOP.inside(position).unwrap();
            many.set(Place { field: place.field, index }, value.clone());
        }
    }
    many
}

fn cod() -> Subject {
    subject("aladi-cod", "a18-forma18-lanas.xml", 0)
}

fn edi3(items: usize) -> Subject {
    subject("edi3-coo", "almora-corvania-tea.json", items)
}

fn origine(items: usize) -> Subject {
    subject("mec-origine-xml", "corvania-estalia-vins.xml", items)
}

#[library_benchmark]
#[bench::cod(cod())]
fn guards(subject: Subject) -> (bool, Subject) {
    (guard::checked(black_box(&subject.bytes), &Limits::DEFAULT).is_ok(), subject)
}

#[library_benchmark]
#[bench::cod(cod())]
#[bench::edi3_0001(edi3(1))]
#[bench::edi3_0010(edi3(10))]
#[bench::edi3_0100(edi3(100))]
#[bench::edi3_1000(edi3(1000))]
#[bench::origine_0100(origine(100))]
#[bench::origine_1000(origine(1000))]
fn decodes(subject: Subject) -> (Document, Subject) {
    (read(subject.table.syntax, black_box(&subject.bytes)), subject)
}

#[library_benchmark]
#[bench::cod(cod())]
#[bench::edi3_0001(edi3(1))]
#[bench::edi3_0010(edi3(10))]
#[bench::edi3_0100(edi3(100))]
#[bench::edi3_1000(edi3(1000))]
#[bench::origine_0100(origine(100))]
#[bench::origine_1000(origine(1000))]
fn maps(subject: Subject) -> (map::Draft, Subject) {
    (map::map(&subject.table, black_box(&subject.document)), subject)
}

#[library_benchmark]
#[bench::cod(cod())]
#[bench::edi3_0001(edi3(1))]
#[bench::edi3_0010(edi3(10))]
#[bench::edi3_0100(edi3(100))]
#[bench::edi3_1000(edi3(1000))]
#[bench::origine_0100(origine(100))]
#[bench::origine_1000(origine(1000))]
fn renders(subject: Subject) -> (Vec<u8>, Subject) {
    let traced = render::trace(&subject.table, black_box(&subject.certificate));
    (render::bytes(&subject.table, &traced.document), subject)
}

library_benchmark_group!(name = stages, benchmarks = [guards, decodes, maps, renders]);
main!(library_benchmark_groups = stages);
