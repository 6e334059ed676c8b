//! Command lines parse: every `doorward ...` of a block by the real command tree, and every option that a sentence names exists in its
//! command. The changelog tells of former ones, so it is left out.

use clap::Command;

use super::{blocks, pages, spans};

#[test]
fn every_command_line_of_a_page_parses() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (path, page) in pages() {
        for block in blocks(&page).iter().filter(|block| is_shell(&block.info)) {
            for line in command_lines(&block.text) {
                seen += 1;
                if let Err(why) = parses(&line) {
                    wrong.push(format!("{path}, block at line {}: {}\n{why}", block.line, line.join(" ")));
                }
            }
        }
    }
    assert!(seen > 60, "only {seen} command lines were found");
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_option_that_a_sentence_names_exists() {
    let mut root = doorward::cli::command();
    root.build();
    let mut wrong = Vec::new();
    for (path, page) in pages().iter().filter(|(path, _)| path != "CHANGELOG.md") {
        for span in spans(page) {
            wrong.extend(unknown(&root, &span).map(|what| format!("{path}: `{span}`: there is no {what}")));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Whether the command tree takes these arguments.
pub(super) fn parses(arguments: &[String]) -> Result<(), String> {
    let line = std::iter::once("doorward".to_owned()).chain(arguments.iter().cloned());
    match doorward::cli::command().try_get_matches_from(line) {
        Ok(_) => Ok(()),
        // `--help` and `--version` are no mistakes.
        Err(why) if !why.use_stderr() => Ok(()),
        Err(why) => Err(why.to_string()),
    }
}

/// What a span names and the command tree has not: `client create|update --pkce nonce`, with or without `doorward`.
fn unknown(root: &Command, span: &str) -> Option<String> {
    let words: Vec<&str> = span.split_whitespace().collect();
    let (is_ours, words) = match words.split_first() {
        Some((&"doorward", rest)) => (true, rest),
        _ => (false, words.as_slice()),
    };
    let mut open = vec![root];
    let mut depth = 0;
    for word in words.iter().take_while(|word| !word.starts_with('-')) {
        if open.iter().all(|command| !command.has_subcommands()) {
            break;
        }
        let found: Option<Vec<&Command>> =
            word.split('|').flat_map(|name| open.iter().map(move |command| command.find_subcommand(name))).collect();
        match found {
            Some(found) => open = found,
            None if is_ours || depth > 1 => return Some(format!("command {word}")),
            None => return None,
        }
        depth += 1;
    }
    if !is_ours && depth < 2 {
        return None;
    }
    let has = |command: &Command, name: &str| {
        let is_long = |arg: &clap::Arg| arg.get_long() == Some(name);
        command.get_arguments().any(is_long) || ["config", "help", "version"].contains(&name)
    };
    let options = words.iter().filter_map(|word| word.strip_prefix("--"));
    let names = options.map(|option| option.split(['=', ',', ')']).next().unwrap()).filter(|name| !name.is_empty());
    names.into_iter().find(|name| !open.iter().all(|command| has(command, name))).map(|name| format!("--{name}"))
}

/// Whether a block is for a shell: one that says nothing may be.
fn is_shell(info: &str) -> bool {
    matches!(info.split(' ').next(), Some("" | "sh" | "bash"))
}

/// The arguments of every `doorward` of a script.
pub(super) fn command_lines(script: &str) -> Vec<Vec<String>> {
    simple_commands(script).into_iter().filter_map(|words| ours(&words)).collect()
}

/// The arguments of `doorward`, when that is what these words run: by itself, by cargo, or beside a running container or as somebody else.
fn ours(words: &[String]) -> Option<Vec<String>> {
    let is_setting = |word: &String| word.split_once('=').is_some_and(|(name, _)| !name.starts_with('-'));
    let begin = words.iter().position(|word| !is_setting(word))?;
    let words = &words[begin..];
    let is_doorward = |word: &String| word == "doorward" || word.ends_with("/doorward");
    let at = match words[0].as_str() {
        "cargo" if words.get(1).is_some_and(|word| word == "run") && !words.contains(&"-p".to_owned()) => {
            words.iter().position(|word| word == "--")?
        }
        "docker" | "podman" | "kubectl" if words.contains(&"exec".to_owned()) => words.iter().rposition(is_doorward)?,
        // `-u doorward doorward ...`
        "sudo" | "runuser" => {
            let is_program = |at: &usize| !words[*at].starts_with('-') && words[at - 1] != "-u";
            (1..words.len()).find(is_program).filter(|at| is_doorward(&words[*at]))?
        }
        _ if is_doorward(&words[0]) => 0,
        _ => return None,
    };
    Some(words[at + 1..].to_vec())
}

/// The simple commands of a script, as words: as much of a shell as these pages need.
fn simple_commands(script: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                let inside: String = letters.by_ref().take_while(|other| *other != letter).collect();
                word.get_or_insert_default().push_str(&inside);
            }
            '\\' => {
                let next = letters.next().unwrap_or('\n');
                if next != '\n' {
                    word.get_or_insert_default().push(next);
                }
            }
            '#' if word.is_none() => while letters.next_if(|other| *other != '\n').is_some() {},
            '\n' | '|' | ';' | '&' | '(' | ')' | '>' | '<' => {
                commands.last_mut().unwrap().extend(word.take().filter(|word| word != "$"));
                commands.push(if matches!(letter, '>' | '<') { vec!["to a file".to_owned()] } else { Vec::new() });
            }
            ' ' | '\t' => commands.last_mut().unwrap().extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    commands.last_mut().unwrap().extend(word);
    commands.retain(|words| !words.is_empty());
    commands
}

#[test]
fn command_lines_are_found_as_a_shell_would_run_them() {
    let found = |script: &str| -> Vec<String> { command_lines(script).iter().map(|words| words.join(" ")).collect() };
    assert_eq!(found("echo 'a b' | doorward user show \"Ann Lee\" # x"), ["user show Ann Lee"]);
    assert_eq!(found("A=1 ./target/release/doorward --config f serve"), ["--config f serve"]);
    assert_eq!(found("cargo run -- demo\ncargo build\ncargo run -p doorward-load -- --memory"), ["demo"]);
    assert_eq!(found("docker compose exec doorward doorward client list"), ["client list"]);
    assert_eq!(found("doorward config keys > doorward.toml && x=$(doorward key list)"), ["config keys", "key list"]);
    assert_eq!(found("doorward client create \\\n    --type spa"), ["client create --type spa"]);
    assert_eq!(found("sudo -u doorward doorward key list"), ["key list"]);
    assert!(found("docker build -t doorward .\nsudo install -g doorward a b").is_empty());

    let mut root = doorward::cli::command();
    root.build();
    assert_eq!(unknown(&root, "client create|update --pkce nonce"), None);
    assert_eq!(unknown(&root, "client create|update --pkzip nonce").unwrap(), "--pkzip");
    assert_eq!(unknown(&root, "doorward klient list").unwrap(), "command klient");
    assert_eq!(unknown(&root, "user id"), None);
    assert!(parses(&["client".to_owned(), "list".to_owned(), "--tipe".to_owned()]).is_err());
}
