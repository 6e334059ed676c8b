//! `commands.md`: the command tree.

use clap::{Arg, Command};

/// What every command takes, said once.
const EVERYWHERE: &[&str] = &["config", "json", "help", "version"];

pub fn page() -> String {
    let mut root = doorward::cli::command();
    root.build();
    let mut page = "# Commands\n\nThe same as `--help` prints. Every command takes `--config FILE` (the configuration \
                    file); all but `config keys` take `--json`: one JSON value on standard output, everything else on standard error. \
                    Exit code 0, 1 when something was refused (one sentence on standard error), 2 for a wrong command line. `doorward` \
                    alone is `doorward serve`.\n"
        .to_owned();
    for command in root.get_subcommands() {
        tell(command, &mut page);
    }
    page
}

fn tell(command: &Command, page: &mut String) {
    if command.get_name() == "help" {
        return;
    }
    let name = command.get_bin_name().unwrap();
    let is_noun = command.has_subcommands();
    let level = if name.split(' ').count() > 2 { "###" } else { "##" };
    page.push_str(&format!("\n{level} {name}\n\n{}\n", command.get_about().unwrap()));
    if !is_noun {
        page.push_str(&format!("\n```text\n{}\n```\n", usage(command)));
        let options: Vec<String> = command.get_arguments().filter_map(option).collect();
        if !options.is_empty() {
            page.push_str(&format!("\n{}\n", options.join("\n")));
        }
        page.push_str(&examples(command));
    }
    for inner in command.get_subcommands() {
        tell(inner, page);
    }
}

fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.trim_start_matches("Usage: ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An option with what it is for.
fn option(option: &Arg) -> Option<String> {
    let name = option.get_id().as_str();
    if EVERYWHERE.contains(&name) {
        return None;
    }
    let value = option.get_value_names().filter(|_| option.get_action().takes_values()).map(|names| names[0].as_str());
    let written = match (option.get_long(), value) {
        (Some(long), Some(value)) => format!("--{long} {value}"),
        (Some(long), None) => format!("--{long}"),
        (None, value) => value.unwrap_or(name).to_owned(),
    };
    let help = option.get_help().unwrap().to_string();
    let mut words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    if let ([preset], true) = (option.get_default_values(), option.get_action().takes_values()) {
        words.push_str(&format!(" [default: {}]", preset.to_str().unwrap()));
    }
    if option.is_required_set() && option.get_long().is_some() {
        words.push_str(" (required)");
    }
    Some(format!("- `{written}`: {words}"))
}

fn examples(command: &Command) -> String {
    let after = command.get_after_help().unwrap().to_string();
    let lines: Vec<&str> = after.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    format!("\n```sh\n{}\n```\n", lines.join("\n"))
}
