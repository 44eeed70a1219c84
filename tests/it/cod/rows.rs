//! Each table row by row against each XSD: the same leaves in the same order, demanded alike, as long.

use coohub::format::{
    Table,
    conversion::Form,
    plan::{Does, Element, Plan, Repeat, Row},
};

use crate::formats::table;

use super::{
    VERSIONS, is_newer,
    schema::{Leaf, Schema, schema},
};

/// A leaf of a plan.
struct Planned<'p> {
    /// Path below `Envelope`, without prefixes.
    at: String,
    row: &'p Row,
    /// Whether an element above it may be left out whole.
    optional: bool,
}

/// The leaves of a plan, in order of output.
fn leaves(plan: &Plan) -> Vec<Planned<'_>> {
    fn walk<'p>(plan: &'p Plan, element: &Element, above: (&str, bool), found: &mut Vec<Planned<'p>>) {
        let optional = above.1 || element.optional;
        for child in element.children.iter().filter(|child| !child.attribute) {
            let repeats = if child.repeat == Repeat::Once { "" } else { "[]" };
            let at = format!("{}{}{repeats}", above.0, child.name);
            if let Some((row, _)) = child.leaf {
                let (at, row, optional) = (at, &plan.rows[row], optional || child.optional);
                found.push(Planned { at, row, optional });
            } else {
                walk(plan, child, (&format!("{at}/"), optional), found);
            }
        }
    }
    let mut found = Vec::new();
    walk(plan, &plan.root, ("", false), &mut found);
    found
}

/// What an XSD has for a form, frame and form in one, in order.
fn wanted(schema: &Schema, form: &str) -> Vec<Leaf> {
    let below = format!("CertOrigin/CODEH/CODExporter/COD/{form}/");
    let inside =
        schema.forms[form].iter().map(|leaf| Leaf { at: format!("{below}{}", leaf.at), ..leaf.clone() });
    let mut all = schema.frame.clone();
    let here = all.iter().position(|leaf| leaf.at.ends_with("CODExporter/Signature")).unwrap();
    all.splice(here..here, inside);
    all
}

/// What is wrong with a plan by an XSD.
fn differences(plan: &Plan, schema: &Schema) -> Vec<String> {
    let form = plan.variant.as_deref().unwrap();
    let (planned, wanted) = (leaves(plan), wanted(schema, form));
    let names = |leaves: Vec<&str>| leaves.into_iter().map(ToOwned::to_owned).collect::<Vec<_>>();
    let ours = names(planned.iter().map(|leaf| leaf.at.as_str()).collect());
    let theirs = names(wanted.iter().map(|leaf| leaf.at.as_str()).collect());
    let lacks = theirs.iter().filter(|at| !ours.contains(at)).map(|at| format!("{form} has no row for {at}"));
    let strange = ours.iter().filter(|at| !theirs.contains(at)).map(|at| format!("{form} knows no {at}"));
    let mut wrong: Vec<String> = lacks.chain(strange).collect();
    if wrong.is_empty() && ours != theirs {
        wrong.push(format!("{form} has another order: {ours:?}"));
    }
    for leaf in &wanted {
        if let Some(planned) = planned.iter().find(|planned| planned.at == leaf.at) {
            wrong.extend(differs(planned, leaf).map(|what| format!("{form}: {} {what}", leaf.at)));
        }
    }
    wrong
}

fn differs(planned: &Planned<'_>, leaf: &Leaf) -> Option<String> {
    let Does::Field(field) = &planned.row.does else {
        let drops = matches!(planned.row.does, Does::Drop);
        return (!drops && planned.row.required != leaf.required).then(|| "is demanded otherwise".to_owned());
    };
    if planned.row.required != leaf.required {
        return Some(format!("required: {} in the table", planned.row.required));
    }
    if leaf.required && !leaf.certain && !planned.optional {
        return Some("is demanded although what is around it may be left out".to_owned());
    }
    let coded = matches!(field.form, Form::Code(_));
    (leaf.max.is_some() && !coded && field.max != leaf.max)
        .then(|| format!("max: {:?}, XSD {:?}", field.max, leaf.max))
}

/// Where a table of several versions cannot be as each of its XSDs.
const KNOWN: [(&str, &str); 1] = [
    // An element of 1.8.2, which the table writes.
    ("1.8.3", "knows no CertOrigin/CODEH/EH/EHLocality"),
];

#[test]
fn every_element_of_every_form_has_its_row_in_order_demanded_and_as_long_as_the_xsd_says() {
    for (version, id) in VERSIONS {
        let Some(schema) = schema(version) else { return };
        let table: Table = table(id);
        let forms = table.plans.iter().filter_map(|plan| plan.variant.clone());
        let forms: Vec<String> = forms.filter(|form| !is_newer(version, form)).collect();
        let mut sorted = forms.clone();
        sorted.sort();
        assert_eq!(sorted, schema.forms.keys().cloned().collect::<Vec<_>>(), "forms of {version}");
        let plans = table.plans.iter().filter(|plan| forms.contains(plan.variant.as_ref().unwrap()));
        let wrong = plans.flat_map(|plan| differences(plan, &schema));
        let known = |what: &String| KNOWN.iter().any(|(at, text)| *at == version && what.contains(text));
        assert_eq!(wrong.filter(|what| !known(what)).collect::<Vec<_>>(), Vec::<String>::new(), "{version}");
    }
}
