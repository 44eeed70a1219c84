//! CPU of mapping and rendering one certificate of about 4.5 KB. The guard and the parser are excluded: see
//! `benches/decode.rs`.
//!
//! Expected: some sixty values, each with a path of its own and a place in a tree, so tens of microseconds each way.
//! Reads the real ALADI sample where it lies beside the project, else the shipped one that is most like it.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{fs, hint::black_box, path::Path};

use coohub::{
    decode::{decode, document::Document, document::Syntax, limit::Limits},
    format::Table,
    map,
    model::id::FormatId,
    problem::Problems,
    render,
};
use criterion::{Criterion, criterion_group, criterion_main};

fn table(name: &str) -> Table {
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("partners/formats");
    let id = FormatId::new(name).unwrap();
    Table::load(&id, &formats.join(name), &formats.join("codes"), name, &Problems::default()).unwrap()
}

fn document(syntax: Syntax, bytes: &[u8]) -> Document {
    decode(syntax, bytes, &Limits::default()).map_err(|finding| finding.to_string()).unwrap().document
}

fn stages(criterion: &mut Criterion) {
    let real = fs::read("../shared/corpus/aladi-cod/A14-FormA18-unsigned.xml");
    let xml = real
        .unwrap_or_else(|_| fs::read("partners/formats/aladi-cod/samples/a18-forma18-lanas.xml").unwrap());
    let json = fs::read("partners/formats/edi3-coo/samples/almora-corvania-tea.json").unwrap();
    for (name, syntax, bytes) in [("aladi-cod", Syntax::Xml, xml), ("edi3-coo", Syntax::Json, json)] {
        let table = table(name);
        let document = document(syntax, &bytes);
        let certificate = map::map(&table, &document).certificate;
        let mut group = criterion.benchmark_group(format!("{name} {} bytes", bytes.len()));
        group.bench_function("recognise", |b| b.iter(|| table.recognises(black_box(&document))));
        group.bench_function("map", |b| b.iter(|| map::map(&table, black_box(&document))));
        group.bench_function("render", |b| b.iter(|| render::trace(&table, black_box(&certificate))));
        group.bench_function("render with bytes", |b| {
            b.iter(|| render::bytes(&table, &render::trace(&table, black_box(&certificate)).document));
        });
        group.bench_function("canonical JSON", |b| {
            b.iter(|| render::canonical::to_json(black_box(&certificate)))
        });
        group.bench_function("canonical XML", |b| {
            b.iter(|| render::canonical::to_xml(black_box(&certificate)))
        });
    }
}

criterion_group!(benches, stages);
criterion_main!(benches);
