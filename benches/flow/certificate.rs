//! The certificate everybody pushes: an XML document of about 4 KB, another number each time.

/// A shipped sample with one item; its items and its number are replaced.
const SAMPLE: &str =
    include_str!("../../partners/formats/mec-origine-xml/samples/corvania-brisca-posteriori.xml");
/// Goods items of a certificate: with four, it has 4 KB.
const ITEMS: usize = 4;

/// Makes certificates; everything that does not differ is made once.
pub(crate) struct Template(String);

impl Template {
    pub(crate) fn new() -> Self {
        let (before, rest) = SAMPLE.split_once("  <CertificatAnterieur>").unwrap();
        let (_, after) = rest.split_once("</CertificatAnterieur>\n").unwrap();
        let text = format!("{before}{after}");
        let (head, rest) = text.split_once("    <Article>").unwrap();
        let (item, tail) = rest.split_once("</Article>\n").unwrap();
        let items: String = (1..=ITEMS)
            .map(|number| {
                let item = item.replacen("<Numero>1<", &format!("<Numero>{number}<"), 1);
                format!("    <Article>{item}</Article>\n")
            })
            .collect();
        Self(format!("{head}{items}{tail}").replace("CVN/2026/000421", "{number}").replace("XB", "{to}"))
    }

    /// The certificate of a number, bound for a country.
    pub(crate) fn certificate(&self, number: u64, to: &str) -> String {
        self.0.replace("{number}", &name(number)).replace("{to}", to)
    }

    /// What cancels it.
    pub(crate) fn cancellation(number: u64) -> String {
        serde_json::json!({
            "function": "cancellation",
            "agreement": "mecta",
            "issuer": "CVN-DOUANES",
            "number": name(number),
            "version": 1,
            "reason": {"code": "other", "text": "issued in error"},
            "decided": "2026-08-10",
        })
        .to_string()
    }
}

/// The certificate number.
pub(crate) fn name(number: u64) -> String {
    format!("CVN/2026/{number:08}")
}

/// The number in a certificate number.
pub(crate) fn number(name: &str) -> Option<u64> {
    name.rsplit('/').next()?.parse().ok()
}
