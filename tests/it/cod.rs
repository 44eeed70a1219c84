//! The ALADI certificate of origin, every version and form: the tables against the XSDs nobody here wrote, against the
//! requirement matrix of the specification, and against the traps real documents set.
//!
//! Full and minimal certificates are made from the tables themselves; what makes that no circle is that the XSDs judge
//! what is written.

mod made;
mod matrix;
mod rows;
mod schema;
mod traps;
mod valid;

/// Each XSD that libxml2 compiles, with the table that reads its documents.
const VERSIONS: [(&str, &str); 4] =
    [("1.8.2", "aladi-cod"), ("1.8.3", "aladi-cod"), ("2.0.0", "aladi-cod-2"), ("4.1.0", "aladi-cod-4")];

/// Forms of the table that an XSD does not have yet.
fn is_newer(version: &str, form: &str) -> bool {
    version == "1.8.2" && form == "FormA72"
}
