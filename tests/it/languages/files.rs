//! The files of words in `locales/`, and the templates beside them: nothing is missing in any language, nothing is said beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use doorward::language::Language;
use doorward::protocol::rejection::{Audience, Rejection};

/// Templates that are not for people who read a language of their own: the demo is in English.
const ENGLISH: &[&str] = &["demo_guide.html", "demo_outbox.html"];

/// The files, by their tag.
fn files() -> BTreeMap<String, String> {
    let entries = std::fs::read_dir("locales").unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|end| end == "ftl"));
    let tag = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.map(|path| (tag(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

/// The messages of a file: what stands behind each key.
fn messages(text: &str) -> BTreeMap<String, String> {
    let mut messages: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let begins = line.split_once(" = ").filter(|_| line.starts_with(|c: char| c.is_ascii_alphabetic()));
        if let Some((key, words)) = begins {
            current = key.to_owned();
            assert!(messages.insert(current.clone(), words.to_owned()).is_none(), "{key} stands there twice");
        } else if let Some(words) = messages.get_mut(&current) {
            *words += &format!("\n{line}");
        }
    }
    messages
}

/// What a message takes: the names behind `$`.
fn arguments(message: &str) -> BTreeSet<String> {
    let name = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect();
    message.split('$').skip(1).map(name).collect()
}

/// The tags of a message, sorted.
fn tags(message: &str) -> Vec<String> {
    let mut tags: Vec<String> =
        message.split('<').skip(1).map(|rest| rest.split_once('>').unwrap_or((rest, "")).0.to_owned()).collect();
    tags.sort();
    tags
}

#[test]
fn every_language_says_everything_with_the_same_arguments_and_tags() {
    let files = files();
    let english = messages(&files["en"]);
    let rules: Vec<&Rejection> = Rejection::ALL.iter().collect();
    for (tag, text) in files.iter().filter(|(tag, _)| *tag != "en") {
        let own = messages(text);
        let missing: Vec<_> = english.keys().filter(|key| !own.contains_key(*key)).collect();
        assert!(missing.is_empty(), "{tag}.ftl lacks {missing:?}");
        let beyond: Vec<_> = own
            .keys()
            .filter(|key| !english.contains_key(*key) && rules.iter().all(|rule| rule.reason() != *key))
            .collect();
        assert!(beyond.is_empty(), "{tag}.ftl says what en.ftl does not: {beyond:?}");
        for rule in rules.iter().filter(|rule| rule.audience() == Audience::Pages) {
            assert!(own.contains_key(rule.reason()), "{tag}.ftl lacks the words of {rule:?}");
        }
        for (key, words) in &english {
            assert_eq!(arguments(&own[key]), arguments(words), "{key} of {tag}.ftl takes other arguments");
            assert_eq!(tags(&own[key]), tags(words), "{key} of {tag}.ftl has other tags");
        }
    }
}

#[test]
fn every_file_of_words_is_in_the_program() {
    let loaded: BTreeSet<String> = Language::all().map(|language| language.tag().to_owned()).collect();
    let there: BTreeSet<String> = files().into_keys().collect();
    assert_eq!(loaded, there, "cargo does not see a new file by itself: touch src/language.rs");
}

#[test]
fn messages_hold_no_markup_but_the_few_tags_and_no_straight_quotes() {
    const TAGS: &[&str] =
        &["strong", "strong class=\"name\"", "/strong", "span class=\"name\"", "/span", "code", "/code"];
    for (tag, text) in files() {
        for (key, words) in messages(&text) {
            for found in tags(&words) {
                assert!(TAGS.contains(&found.as_str()), "{key} of {tag}.ftl has the tag <{found}>");
            }
            let beside = TAGS.iter().fold(words.clone(), |words, tag| words.replace(&format!("<{tag}>"), ""));
            assert!(!beside.contains(['"', '<', '>', '&']) || beside.contains("->"), "{key} of {tag}.ftl: {beside}");
        }
    }
}

/// All files below a folder with one of these endings, with what stands in them.
fn texts(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(folder).to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == ending) {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// What stands in quotes right behind one of these beginnings.
fn quoted<'a>(text: &'a str, beginnings: &[&str]) -> Vec<&'a str> {
    let behind =
        |beginning: &&str| text.match_indices(*beginning).map(|(at, found)| at + found.len()).collect::<Vec<_>>();
    let places = beginnings.iter().flat_map(behind);
    places.filter_map(|at| text[at..].split('"').next()).collect()
}

#[test]
fn every_key_that_is_asked_for_is_there_and_every_key_is_asked_for() {
    let english = messages(&files()["en"]);
    let sources: Vec<_> = [texts("templates", "html"), texts("templates", "txt"), texts("src", "rs")].concat();
    for (path, text) in &sources {
        let asked = quoted(text, &["page.t(\"", ".say(\"", ".words(\"", ".t(\"", "words.t(\""]);
        for key in asked.into_iter().filter(|key| !key.starts_with("no-such")) {
            assert!(english.contains_key(key), "{path} asks for '{key}', which en.ftl lacks");
        }
    }
    let all: String = sources.into_iter().map(|(_, text)| text).chain(files().into_values()).collect();
    let is_used = |key: &str| all.contains(&format!("\"{key}\"")) || all.contains(&format!("{{ {key} }}"));
    let unused: Vec<_> = english.keys().filter(|key| !is_used(key) && *key != "language-name").collect();
    assert!(unused.is_empty(), "nobody asks for {unused:?}");
}

/// What of a template a person would read as it stands: text between tags, and attributes that are read out.
fn said(template: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = template;
    // What askama does is not said; in its place stands a sign that parts words.
    while let Some(at) = rest.find('{') {
        let end = ["{{", "{%", "{#"].iter().zip(["}}", "%}", "#}"]).find(|(open, _)| rest[at..].starts_with(**open));
        let (until, close) = end.map_or((at + 1, 0), |(_, close)| (at + rest[at..].find(close).unwrap(), close.len()));
        text.push_str(&rest[..at]);
        rest = &rest[until + close..];
    }
    text.push_str(rest);
    let mut found = Vec::new();
    let mut is_code = false;
    for part in text.split('<') {
        let (tag, words) = part.split_once('>').unwrap_or(("", part));
        for attribute in ["aria-label=\"", "title=\"", "alt=\"", "placeholder=\""] {
            found.extend(quoted(tag, &[attribute]).into_iter().map(str::to_owned));
        }
        is_code = tag.starts_with("style") || tag.starts_with("script");
        if !is_code {
            found.push(words.to_owned());
        }
    }
    assert!(!is_code, "a template ends in a script");
    found.retain(|words| words.contains(|c: char| c.is_alphabetic()));
    found
}

#[test]
fn no_template_says_anything_that_is_not_in_the_files_of_words() {
    assert_eq!(
        said("{% if a %}<p title=\"x\">Hello {{ b }}</p>{# no #}<style>p { a: b }</style>{% endif %}"),
        ["x", "Hello "]
    );
    assert_eq!(said("<p class=\"q\">{{ page.t(\"sign-in\") }} · 1</p>"), [""; 0]);
    let mut complaints = Vec::new();
    for (path, text) in [texts("templates", "html"), texts("templates", "txt")].concat() {
        if !ENGLISH.iter().any(|name| path.ends_with(name)) {
            complaints.extend(said(&text).into_iter().map(|words| format!("{path}: {}", words.trim())));
        }
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
