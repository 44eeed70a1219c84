//! What the fuzz targets share: the shipped tables, and the laws of mapping and rendering.

use std::{fs, path::Path, sync::LazyLock};

use coohub::{
    decode::{
        charset::Charset,
        decode_in,
        document::{Document, Node, Syntax},
        limit::Limits,
    },
    format::{self, Table},
    map,
    model::{certificate::Certificate, id::FormatId},
    problem::Problems,
    render,
};

/// The root of the project.
const PROJECT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Every shipped table and both canonical ones.
pub static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let folder = Path::new(PROJECT).join("partners/formats");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("the shipped formats")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| folder.join(name).join(format::FILE_NAME).exists())
        .collect();
    names.sort();
    let shipped = names.iter().map(|name| {
        let id = FormatId::new(name).expect("a folder named as a format");
        let problems = Problems::default();
        let table = Table::load(&id, &folder.join(name), &folder.join("codes"), name, &problems);
        table.unwrap_or_else(|| panic!("{:#?}", problems.sorted()))
    });
    let canonical = [format::canonical::json(), format::canonical::xml()].into_iter().flatten().cloned();
    shipped.chain(canonical).collect()
});

/// Small code lists under the names of the shipped ones, so that loading a table costs no time.
pub fn codes() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/codes"))
}

/// A document, if the bytes are one in UTF-8.
pub fn read(syntax: Syntax, bytes: &[u8]) -> Option<Document> {
    read_in(Charset::UTF_8, syntax, bytes)
}

fn read_in(charset: Charset, syntax: Syntax, bytes: &[u8]) -> Option<Document> {
    decode_in(charset, syntax, bytes, &Limits::DEFAULT).ok().map(|decoded| decoded.document)
}

/// Reading a rendering gives exactly what the projection says, whatever the certificate.
pub fn law(table: &Table, certificate: &Certificate) {
    let traced = render::trace(table, certificate);
    let bytes = render::bytes(table, &traced.document);
    // A document past the decoder's limits is never sent, and a certificate that large is never accepted.
    let Some(document) = read_in(table.charset, table.syntax, &bytes) else { return };
    if !traced.unfilled.is_empty() && table.plan_of(&document).is_none() {
        return;
    }
    let again = map::map(table, &document);
    assert_eq!(again.certificate, traced.arrives, "{}\n{}", table.id, String::from_utf8_lossy(&bytes));
    assert_eq!(again.remainder, Vec::new(), "{}", table.id);
}

/// How deep a tree is; recursion is bounded by the limit under test.
pub fn depth(node: &Node) -> usize {
    1 + node.children.iter().map(depth).max().unwrap_or(0)
}
