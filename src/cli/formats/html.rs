//! The matrix as one page: no script, nothing fetched, light and dark, on screen and on paper.

use super::{
    matrix::{Matrix, named},
    words,
};
use crate::{
    model::dictionary::Field,
    render::coverage::{Entry, NO_SUCH_FIELD, Pair, Unfillable},
};

const STYLE: &str = include_str!("matrix.css");

/// The page.
pub(super) fn page(matrix: &Matrix<'_>) -> String {
    let title = format!("Formats of {}", escape(matrix.community));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<header>\n<p class=\"over\">{}</p>\n<h1>What each format carries of every other</h1>\n{INTRODUCTION}</header>\n\
         <main>\n",
        escape(matrix.community)
    );
    out.push_str(&table(matrix));
    for (source, row) in matrix.entries.iter().zip(&matrix.pairs) {
        out.push_str(&source_section(matrix, source, row));
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

const INTRODUCTION: &str = "\
<p>Read a row as a source and a column as a target. The number in a cell is how many of the source's fields the target \
has <strong>no place</strong> for; the fuller the colour, the larger the share that arrives. \
A cell with a <span class=\"corner-key\"></span>marked corner stands for a pair where the target demands a field that no \
document of the source can ever give: such a certificate is not written in that form, the member's fallback applies. Every cell leads to its lists below.</p>\n\
<p>Told from the tables, not from samples: a certificate that leaves a field empty loses nothing by it.</p>\n\
<ul class=\"legend\" aria-label=\"Legend\">\n\
<li><span class=\"key\" style=\"--share:100\"></span>all arrives</li>\n\
<li><span class=\"key\" style=\"--share:60\"></span>60 %</li>\n\
<li><span class=\"key\" style=\"--share:20\"></span>20 %</li>\n\
<li><span class=\"key trace\"></span>for traces only: the hub never writes this form for a member</li>\n\
</ul>\n";

fn table(matrix: &Matrix<'_>) -> String {
    let mut out = String::from(
        "<div class=\"scroll\" role=\"region\" aria-label=\"The matrix\" tabindex=\"0\">\n<table id=\"matrix\">\n\
         <thead>\n<tr><th scope=\"col\" class=\"corner\"><span>source</span> <b aria-hidden=\"true\">→</b> <span>target</span></th>\
         <th scope=\"col\" class=\"count\"><span>fields</span></th>",
    );
    for target in &matrix.entries {
        out.push_str(&format!("<th scope=\"col\" class=\"head\"><span>{}</span></th>", escape(&target.id)));
    }
    out.push_str("</tr>\n</thead>\n<tbody>\n");
    for (source, row) in matrix.entries.iter().zip(&matrix.pairs) {
        out.push_str(&format!(
            "<tr><th scope=\"row\"><a href=\"#{id}\">{id}</a></th><td class=\"count\">{}</td>",
            source.coverage.fills.len(),
            id = escape(&source.id),
        ));
        matrix.entries.iter().zip(row).for_each(|(target, pair)| out.push_str(&cell(source, target, pair)));
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n</div>\n");
    out
}

fn cell(source: &Entry<'_>, target: &Entry<'_>, pair: &Pair) -> String {
    let mut classes = Vec::new();
    if !target.table.writes {
        classes.push("trace");
    }
    if source.id == target.id {
        classes.push("same");
    }
    let lost = pair.lost.len();
    let (shown, said) = match lost {
        0 => ("✓".to_owned(), "all arrive".to_owned()),
        lost => (lost.to_string(), format!("{lost} lost")),
    };
    let never = match pair.unfillable.len() {
        0 => String::new(),
        1 => ", 1 can never be filled".to_owned(),
        several => format!(", {several} can never be filled"),
    };
    if !never.is_empty() {
        classes.push("never");
    }
    format!(
        "<td class=\"{}\" style=\"--share:{}\"><a href=\"#{}\" aria-label=\"{} to {}: {said}{never}\"><span \
         aria-hidden=\"true\">{shown}</span></a></td>",
        classes.join(" "),
        share(pair),
        anchor(source, target),
        escape(&source.id),
        escape(&target.id),
    )
}

/// How much of a source arrives, in percent.
fn share(pair: &Pair) -> usize {
    let all = pair.arrives.len() + pair.lost.len();
    (pair.arrives.len() * 100).checked_div(all).unwrap_or(100)
}

fn anchor(source: &Entry<'_>, target: &Entry<'_>) -> String {
    format!("{}--{}", escape(&source.id), escape(&target.id))
}

fn source_section(matrix: &Matrix<'_>, source: &Entry<'_>, row: &[Pair]) -> String {
    let mut out = format!(
        "<section class=\"source\" id=\"{id}\" aria-labelledby=\"{id}-name\">\n<h2 id=\"{id}-name\">From {id}</h2>\n\
         <p class=\"what\">{}. {} fields, {}. Source: {}. <a class=\"back\" href=\"#matrix\">To the matrix</a></p>\n",
        escape(&source.table.title),
        source.coverage.fills.len(),
        words(source.table),
        escape(&source.table.source),
        id = escape(&source.id),
    );
    for (target, pair) in matrix.entries.iter().zip(row) {
        if source.id != target.id || !pair.lost.is_empty() || !pair.unfillable.is_empty() {
            out.push_str(&details(source, target, pair));
        } else {
            let anchor = anchor(source, target);
            out.push_str(&format!(
                "<article id=\"{anchor}\">\n<h3>to itself</h3>\n<p>Everything arrives.</p>\n</article>\n"
            ));
        }
    }
    out.push_str("</section>\n");
    out
}

fn details(source: &Entry<'_>, target: &Entry<'_>, pair: &Pair) -> String {
    let trace = if target.table.writes { "" } else { " <small>for traces only</small>" };
    let mut out = format!(
        "<article id=\"{}\">\n<h3><span class=\"from\">{} → </span>{}{trace}</h3>\n",
        anchor(source, target),
        escape(&source.id),
        escape(&target.id),
    );
    if !pair.unfillable.is_empty() {
        out.push_str(
            "<h4 class=\"never\">Demanded, and the source never has it</h4>\n<ul class=\"misses\">\n",
        );
        pair.unfillable.iter().for_each(|miss| out.push_str(&missing(miss)));
        out.push_str("</ul>\n");
    }
    if !pair.lost.is_empty() {
        out.push_str(&format!("<h4>{} lost</h4>\n{}", pair.lost.len(), list(&pair.lost)));
    }
    out.push_str(&format!(
        "<details><summary>{} arrive, {} %</summary>\n{}</details>\n</article>\n",
        pair.arrives.len(),
        share(pair),
        list(&pair.arrives)
    ));
    out
}

fn missing(miss: &Unfillable) -> String {
    let why = if miss.why == NO_SUCH_FIELD { String::new() } else { format!(": {}", escape(&miss.why)) };
    format!(
        "<li><code>{}</code>, which is <code>{}</code>{why}</li>\n",
        escape(&miss.at),
        escape(&named(miss.field))
    )
}

fn list(fields: &[Field]) -> String {
    let mut out = String::from("<ul class=\"fields\">\n");
    for field in fields {
        let id = match field.row().wco_id {
            "-" => String::new(),
            id => format!(" <abbr title=\"WCO Data Model id\">{}</abbr>", escape(id)),
        };
        out.push_str(&format!("<li><code>{}</code>{id}</li>\n", escape(field.path())));
    }
    out.push_str("</ul>\n");
    out
}

/// Text that means nothing in HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
