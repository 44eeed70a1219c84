//! What a document may cost before it is refused.
//!
//! The bytes of a body are bounded where it is received. These limits bound what the bytes may unfold into. Each has a
//! default that a certificate of a thousand goods lines passes with room to spare.

/// Bounds on one document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Nesting of elements, the document element counted.
    pub xml_depth_max: u32,
    /// Elements, comments and CDATA sections together: each becomes a node of the tree.
    pub xml_elements_max: usize,
    /// Attributes of one element, namespace declarations counted. The tree parser compares each with each.
    pub xml_element_attributes_max: usize,
    /// Attributes of the whole document, namespace declarations counted.
    pub xml_attributes_max: usize,
    /// Namespace declarations in scope at one element. A canonical form visits all of them at every element: with 61,
    /// a signature over 49,000 elements took a second to verify.
    pub xml_namespaces_max: usize,
    /// Bytes of a name: of an element or attribute with its prefix, a namespace, a JSON member, a CSV column. Names
    /// are copied to each node that bears them.
    pub name_bytes_max: usize,
    /// Bytes of the paths of all elements, attributes and JSON values together. What no field takes is kept with its
    /// path, so long names above many values would unfold into gigabytes.
    pub paths_bytes_max: usize,
    /// Bytes of one text as sent: an element's character data, an attribute's value, a JSON string or number.
    /// Real documents carry a scan or a PDF in one text.
    pub text_bytes_max: usize,
    /// Nesting of JSON objects and arrays, the outermost object counted.
    pub json_depth_max: usize,
    /// JSON values, containers counted.
    pub json_nodes_max: usize,
    /// Columns of a CSV file.
    pub csv_columns_max: usize,
    /// Rows of a CSV file, header not counted.
    pub csv_rows_max: usize,
    /// Cells of a CSV file, header not counted.
    pub csv_cells_max: usize,
    /// Bytes of one CSV cell.
    pub csv_cell_bytes_max: usize,
}

impl Limits {
    /// The limits the hub applies unless it is told otherwise.
    pub const DEFAULT: Self = Self {
        xml_depth_max: 64,
        xml_elements_max: 50_000,
        xml_element_attributes_max: 64,
        xml_attributes_max: 100_000,
        xml_namespaces_max: 32,
        name_bytes_max: 256,
        paths_bytes_max: 16 << 20,
        text_bytes_max: 1 << 20,
        json_depth_max: 64,
        json_nodes_max: 100_000,
        csv_columns_max: 256,
        csv_rows_max: 10_000,
        csv_cells_max: 100_000,
        csv_cell_bytes_max: 64 << 10,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
