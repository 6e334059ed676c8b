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
        if let Some(name) = line.strip_prefix('[') {
            let section = name.trim_end_matches(']');
            page.push_str(&format!("\n## [{section}]\n\n{}", head(&["key", "default", "what"])));
        } else if let Some((key, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            page.push_str(&row(&[code(key), code(value), comment(above.iter().copied(), "#")]));
        }
        if line.starts_with('#') { above.push(line) } else { above.clear() }
    }
    page
}
