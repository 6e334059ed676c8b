//! The result: a table for people, in Markdown so that it can be put into a page as it is, and JSON for machines.

use serde::Serialize;

use crate::floor::Floor;
use crate::round::Spread;

/// Where the generator counts as too busy to fill the server.
const BUSY: f64 = 0.95;

/// All that was measured.
#[derive(Serialize)]
pub struct Report {
    /// What was measured, how, and where.
    pub about: Vec<(&'static str, String)>,
    /// The floors that were measured beside.
    pub floors: Vec<FloorCost>,
    /// One row for each operation.
    pub rows: Vec<Row>,
    /// What a reader must know to trust the figures.
    pub notes: Vec<String>,
}

/// What a floor took.
#[derive(Serialize)]
pub struct FloorCost {
    /// Which.
    pub floor: Floor,
    /// Microseconds of CPU for one request.
    pub micros: f64,
}

/// What was measured of one thing.
#[derive(Clone, Serialize)]
pub struct Row {
    /// As `--only` takes it.
    pub name: String,
    /// In words.
    pub title: String,
    /// The median.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// How many times a floor, or the cost before, that is.
    pub ratio: Option<Spread>,
    /// Of what.
    pub of: Option<&'static str>,
    /// What is to be reached: of the ratio where there is one, else of the value.
    pub target: Option<f64>,
    /// Whether it is.
    pub met: Option<bool>,
    /// The highest share of its core that the generator was busy, beside the operation or its floor.
    pub generator: Option<f64>,
    /// The share of its core that the server was busy: less than all of it where it waits for the disk, the database or the generator.
    pub server: Option<f64>,
    /// Operations in a second, with the server on one core.
    pub per_second: Option<f64>,
}

impl Row {
    /// A row without a floor.
    pub fn plain(name: &str, title: &str, value: f64, unit: &'static str, target: Option<f64>) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            value,
            unit,
            ratio: None,
            of: None,
            target,
            met: None,
            generator: None,
            server: None,
            per_second: None,
        }
        .judged()
    }

    /// How many times the cost of another row this one is, by their ratios to the same floor.
    pub fn times(self, other: &Self, of: &'static str, target: f64) -> Self {
        let spread = |row: &Self| row.ratio.unwrap_or(Spread { median: 1.0, low: 1.0, high: 1.0 });
        let (small, large) = (spread(other), spread(&self));
        let ratio =
            Spread { median: large.median / small.median, low: large.low / small.high, high: large.high / small.low };
        Self { ratio: Some(ratio), of: Some(of), target: Some(target), ..self }.judged()
    }

    /// With its verdict: what is shown, rounded, is what counts.
    pub fn judged(mut self) -> Self {
        let (reached, digits) = match &self.ratio {
            Some(ratio) => (ratio.median, 100.0),
            None => (self.value, 10.0),
        };
        self.met = self.target.map(|target| (reached * digits).round() / digits <= target);
        self
    }

    fn cells(&self) -> Vec<String> {
        let of = self.of.map(|of| format!(" {of}")).unwrap_or_default();
        vec![
            self.title.clone(),
            format!("{:.1} {}", self.value, self.unit),
            self.ratio.map(|ratio| format!("{:.2}{of}", ratio.median)).unwrap_or_default(),
            self.ratio.map(|ratio| format!("{:.2} to {:.2}", ratio.low, ratio.high)).unwrap_or_default(),
            self.target
                .map(|target| {
                    if self.ratio.is_some() { format!("{target:.2}{of}") } else { format!("{target:.0} {}", self.unit) }
                })
                .unwrap_or_default(),
            match self.met {
                Some(true) => "met".to_owned(),
                Some(false) => format!("missed by {:.1} %", self.excess()),
                None => String::new(),
            },
        ]
    }

    /// How much too much it is, in per cent.
    fn excess(&self) -> f64 {
        let reached = self.ratio.map_or(self.value, |ratio| ratio.median);
        self.target.map_or(0.0, |target| 100.0 * (reached / target - 1.0))
    }
}

impl Report {
    /// For people.
    pub fn text(&self) -> String {
        let heads = ["operation", "takes", "median ratio", "lowest to highest", "to reach", "verdict"];
        let mut lines = vec![heads.map(str::to_owned).to_vec()];
        lines.extend(self.rows.iter().map(Row::cells));
        // A column that says nothing is left out.
        for column in (1..heads.len()).rev() {
            if lines.iter().skip(1).all(|line| line[column].is_empty()) {
                lines.iter_mut().for_each(|line| drop(line.remove(column)));
            }
        }
        let mut text = table(&lines);
        if !self.floors.is_empty() {
            text.push('\n');
        }
        for FloorCost { floor, micros } in &self.floors {
            text.push_str(&format!("{}: {}; {micros:.1} µs of CPU in this run.\n", floor.name(), floor.words()));
        }
        text.push('\n');
        for (what, value) in &self.about {
            text.push_str(&format!("{what}: {value}\n"));
        }
        for note in self.notes.iter().cloned().chain(self.busy()) {
            text.push_str(&format!("note: {note}\n"));
        }
        text
    }

    /// For machines: one value.
    ///
    /// # Errors
    /// When a number is none.
    pub fn json(mut self) -> serde_json::Result<String> {
        self.notes.extend(self.busy());
        let about: serde_json::Map<String, serde_json::Value> =
            self.about.iter().map(|(what, value)| ((*what).to_owned(), value.as_str().into())).collect();
        serde_json::to_string(&serde_json::json!({
            "about": about, "floors": self.floors, "rows": self.rows, "notes": self.notes
        }))
    }

    /// The generator was the slower one somewhere.
    fn busy(&self) -> Option<String> {
        let busy: Vec<&str> = self
            .rows
            .iter()
            .filter(|row| row.generator.is_some_and(|share| share > BUSY))
            .map(|row| &*row.name)
            .collect();
        (!busy.is_empty()).then(|| {
            format!(
                "the generator used more than {:.0} % of its core in {}: the server could not be filled there, and an idle server \
                 pays more per request",
                BUSY * 100.0,
                busy.join(", ")
            )
        })
    }
}

/// A Markdown table whose columns stand below one another; the first is for words, the others for numbers.
fn table(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0).max(3);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let cell = if column == 0 { format!("| {cell:<width$} ") } else { format!("| {cell:>width$} ") };
            text.push_str(&cell);
        }
        text.push_str("|\n");
        if at == 0 {
            let rule = |(column, width): (usize, &usize)| match column {
                0 => format!("| {} ", "-".repeat(*width)),
                _ => format!("| {}: ", "-".repeat(width - 1)),
            };
            text.push_str(&widths.iter().enumerate().map(rule).collect::<String>());
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let ratio = Row {
            ratio: Some(Spread { median: 1.054, low: 1.0, high: 1.2 }),
            of: Some("S"),
            generator: Some(0.99),
            ..Row::plain("tokens", "client credentials", 243.21, "µs", Some(1.05))
        };
        let memory = Row::plain("memory", "memory, idle", 30.26, "MiB", Some(22.0));
        Report {
            about: vec![("server", "0.1.0".to_owned())],
            floors: Vec::new(),
            rows: vec![ratio.judged(), memory],
            notes: Vec::new(),
        }
    }

    #[test]
    fn what_is_shown_is_what_counts() {
        let rows = report().rows;
        assert_eq!((rows[0].met, rows[1].met), (Some(true), Some(false)));
        assert_eq!(Row::plain("a", "a", 30.04, "ms", Some(30.0)).met, Some(true));
        assert_eq!(Row::plain("a", "a", 30.06, "ms", Some(30.0)).met, Some(false));
        assert_eq!(Row::plain("a", "a", 30.06, "ms", None).met, None);
    }

    #[test]
    fn the_table_is_markdown_and_its_columns_stand_below_one_another() {
        let text = report().text();
        let lines: Vec<&str> = text.lines().take(4).collect();
        let bars = |line: &str| {
            line.char_indices().filter(|(_, c)| *c == '|').map(|(at, _)| line[..at].chars().count()).collect::<Vec<_>>()
        };
        assert!(lines.iter().all(|line| bars(line) == bars(lines[0]) && bars(line).len() == 7), "{text}");
        assert!(lines[2].contains(" 1.05 S |") && lines[2].ends_with(" met |"), "{text}");
        assert!(lines[3].contains("missed by 37.5 %") && lines[3].contains(" 22 MiB |"), "{text}");
    }

    #[test]
    fn a_column_without_words_is_left_out() {
        let report = Report {
            rows: vec![Row::plain("a", "a", 1.0, "ms", None)],
            floors: Vec::new(),
            about: Vec::new(),
            notes: Vec::new(),
        };
        assert_eq!(report.text().lines().next(), Some("| operation |  takes |"));
    }

    #[test]
    fn a_generator_at_its_limit_is_told() {
        assert!(report().text().contains("note: the generator used more than 95 % of its core in tokens"));
    }

    #[test]
    fn the_json_is_one_value_with_all_of_it() {
        let value: serde_json::Value = serde_json::from_str(&report().json().unwrap()).unwrap();
        assert_eq!(value["about"]["server"], "0.1.0");
        assert_eq!(value["rows"][0]["ratio"]["median"], 1.054);
        assert_eq!(value["rows"][1]["met"], false);
        assert_eq!(value["notes"].as_array().map(Vec::len), Some(1));
    }
}
