//! Rows in columns, no wider than the terminal.

use std::time::Duration;

/// Widest column but the last, in characters.
const COLUMN_CHARACTERS_MAX: usize = 48;
/// Between two columns.
const GAP: &str = "  ";

/// A table: a head and rows of as many cells.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with its head.
    pub(super) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned).to_vec()] }
    }

    /// Adds a row.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    /// The lines; each cut, with an ellipsis, to `width` characters if one is given.
    pub(super) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let columns = self.rows.first().map_or(0, Vec::len);
        let longest = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).min(COLUMN_CHARACTERS_MAX)
        };
        let widths: Vec<usize> = (0..columns).map(longest).collect();
        let line = |row: &Vec<String>| {
            let last = row.len().saturating_sub(1);
            let cells =
                row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column == last {
                    true => cell.clone(),
                    false => format!("{:width$}", cut(cell, Some(*width))),
                });
            cut(cells.collect::<Vec<_>>().join(GAP).trim_end(), width)
        };
        self.rows.iter().map(line).collect()
    }
}

/// The width of the terminal that standard output is, if it is one.
pub(super) fn width() -> Option<usize> {
    size().map(|(width, _)| width)
}

/// Its width and height, in characters.
pub(super) fn size() -> Option<(usize, usize)> {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    size.map(|(width, height)| (usize::from(width.0), usize::from(height.0)))
}

/// Text of at most `most` characters; an ellipsis stands for what was cut.
pub(super) fn cut(text: &str, most: Option<usize>) -> String {
    match most {
        Some(most) if text.chars().count() > most => {
            text.chars().take(most.saturating_sub(1)).chain(['…']).take(most).collect()
        }
        _ => text.to_owned(),
    }
}

/// A duration in its largest unit: `45s`, `12m`, `3h`, `5d`.
pub(super) fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["member", "why"]);
        table.row(["almora".to_owned(), "held by an operator, who is away".to_owned()]);
        table.row(["тест".to_owned(), String::new()]);
        table
    }

    #[test]
    fn columns_stand_under_their_heads_and_nothing_hangs_over() {
        assert_eq!(table().lines(None), ["member  why", "almora  held by an operator, who is away", "тест"]);
        let narrow = table().lines(Some(20));
        assert_eq!(narrow, ["member  why", "almora  held by an …", "тест"]);
        for width in 0..60 {
            assert!(table().lines(Some(width)).iter().all(|line| line.chars().count() <= width));
        }
    }

    #[test]
    fn an_age_has_one_unit() {
        let words = [0, 59, 60, 3_599, 3_600, 172_799, 172_800].map(|s| age(Duration::from_secs(s)));
        assert_eq!(words, ["0s", "59s", "1m", "59m", "1h", "47h", "2d"]);
    }
}
