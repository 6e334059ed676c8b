//! `settings.md`: `config.toml` as a table.

use doorward::config::DEFAULTS;

use super::{code, comment, head, row};

pub fn page() -> String {
    let mut page = format!(
        "# Settings\n\n{}\n\n{}\n\n`doorward config keys` prints the file, `doorward config check` says what is wrong with yours.\n",
        comment(DEFAULTS.lines().filter(|line| line.starts_with("# Doorward")), "#"),
        comment(DEFAULTS.lines().skip(2), "#"),
    );
    let mut above: Vec<&str> = Vec::new();
    for line in DEFAULTS.lines() {
        // A provider's keys are comments without a space: there is none by default.
        let is_sample = line.starts_with('#') && !line.starts_with("# ");
        let line = if is_sample { &line[1..] } else { line };
        if line.starts_with('[') {
            let (about, value) = if is_sample {
                (comment(above.iter().copied(), "#") + "\n\n", "sample")
            } else {
                (String::new(), "default")
            };
            page.push_str(&format!("\n## {line}\n\n{about}{}", head(&["key", value, "what"])));
        } else if let Some((key, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            page.push_str(&row(&[code(key), code(value), comment(above.iter().copied(), "#")]));
        }
        if line.starts_with('#') { above.push(line) } else { above.clear() }
    }
    page
}
