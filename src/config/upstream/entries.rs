//! The entries of `[[upstream]]`, from the file and from the environment: `DOORWARD__UPSTREAM__GOOGLE__CLIENT_ID` sets a key of the entry
//! `google`, and makes the entry when the file has none.

use config::{Config as Sources, ConfigError, ValueKind};
use serde_json::Value as Json;

use super::UpstreamConfig;
use crate::config::given::{Given, items};
use crate::config::mistakes::Mistakes;

/// The section, as keys have it.
const SECTION: &str = "upstream";

/// One entry before it is read: its id, and the keys that were given, the later before the earlier.
struct Entry {
    id: String,
    given: Vec<Given>,
}

/// Takes the entries out of what was given. Those of the file come first, in its order.
pub fn take(given: &mut Vec<Given>, mistakes: &mut Mistakes) -> Vec<UpstreamConfig> {
    let begin = format!("{SECTION}.");
    let (ours, others) =
        std::mem::take(given).into_iter().partition(|one: &Given| one.key == SECTION || one.key.starts_with(&begin));
    *given = others;
    let mut entries: Vec<Entry> = Vec::new();
    for one in ours {
        match one.key.strip_prefix(&begin).map(str::to_owned) {
            None => of_list(one, &mut entries, mistakes),
            Some(rest) => {
                let (id, key) = rest.split_once('.').unwrap_or((&rest, ""));
                let id = id.replace('_', "-");
                add(&mut entries, &id, Given { key: key.to_owned(), ..one });
            }
        }
    }
    let entries: Vec<UpstreamConfig> = entries.into_iter().filter_map(|entry| read(entry, mistakes)).collect();
    super::issuers::check(&entries, mistakes);
    entries
}

/// The tables of a file's `[[upstream]]`.
fn of_list(list: Given, entries: &mut Vec<Entry>, mistakes: &mut Mistakes) {
    let ValueKind::Array(tables) = &list.value.kind else {
        mistakes.add("upstream must be written as [[upstream]] with the keys of one provider below it");
        return;
    };
    for (at, table) in tables.iter().enumerate() {
        let id = table.clone().into_table().ok().and_then(|keys| keys.get("id")?.clone().into_string().ok());
        let (Some(id), ValueKind::Table(keys)) = (id, &table.kind) else {
            mistakes
                .add(format!("upstream: the provider number {} has no id: give it one, such as \"google\"", at + 1));
            continue;
        };
        if entries.iter().any(|entry| entry.id == id) {
            mistakes.add(format!("upstream.{id} is given twice: each provider has an id of its own"));
            continue;
        }
        let mut keys: Vec<_> = keys.iter().filter(|(key, _)| *key != "id").collect();
        keys.sort_by_key(|(key, _)| key.as_str());
        entries.push(Entry { id: id.clone(), given: Vec::new() });
        for (key, value) in keys {
            add(entries, &id, Given { key: key.clone(), value: value.clone(), ..list.clone() });
        }
    }
}

fn add(entries: &mut Vec<Entry>, id: &str, given: Given) {
    match entries.iter_mut().find(|entry| entry.id == id) {
        Some(entry) => entry.given.push(given),
        None => entries.push(Entry { id: id.to_owned(), given: vec![given] }),
    }
}

/// Reads one entry; what cannot be read is told key by key, and the rest is looked at without it.
fn read(entry: Entry, mistakes: &mut Mistakes) -> Option<UpstreamConfig> {
    let Entry { id, mut given } = entry;
    let defaults = serde_json::to_value(UpstreamConfig::default()).unwrap_or_default();
    let known: Vec<&String> = defaults.as_object().into_iter().flat_map(|keys| keys.keys()).collect();
    let full = |key: &str| format!("{SECTION}.{id}.{key}");
    given.retain_mut(|one| {
        let is_known = known.contains(&&one.key);
        if is_known && let (Some(Json::Array(_)), ValueKind::String(text)) = (defaults.get(&one.key), &one.value.kind) {
            one.value.kind = ValueKind::Array(items(text));
        }
        if !is_known {
            let known: Vec<_> = known.iter().map(|key| (full(key), one.value.clone())).collect();
            mistakes.add(Given { key: full(&one.key), ..one.clone() }.unknown(&known));
        }
        is_known
    });
    given.retain(|one| {
        let alone = parsed(std::slice::from_ref(one));
        alone.inspect_err(|why| mistakes.add(Given { key: full(&one.key), ..one.clone() }.unreadable(why))).is_ok()
    });
    let mut config = parsed(&given).ok()?;
    config.id = id;
    config.check(mistakes);
    Some(config)
}

fn parsed(given: &[Given]) -> Result<UpstreamConfig, ConfigError> {
    let builder = given.iter().fold(Sources::builder(), |builder, one| {
        builder.clone().set_override(&one.key, one.value.clone()).unwrap_or(builder)
    });
    builder.build()?.try_deserialize()
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Register};
    use crate::protocol::upstream::ProviderKind;

    fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own.toml");
        std::fs::write(&path, file).unwrap();
        let variables = variables.iter().map(|(name, value)| (format!("DOORWARD__{name}"), (*value).to_owned()));
        Config::load(Some(&path), variables).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn providers_stand_in_the_order_of_the_file_and_those_of_the_environment_follow() {
        let file = "[[upstream]]\nid = \"work\"\nkind = \"oidc\"\nissuer = \"https://id.test\"\nclient_id = \"a\"\n\
                    roles = { \"Eng Team\" = [\"developer\"] }\nclaims = { name = \"display\" }\nregister = \"closed\"\n\
                    [[upstream]]\nid = \"github\"\nclient_id = \"b\"\nclient_secret = \"c\"\n";
        let variables = [
            ("UPSTREAM__GOOGLE__CLIENT_ID", "d"),
            ("UPSTREAM__GOOGLE__CLIENT_SECRET", "e"),
            ("UPSTREAM__GOOGLE__HOSTED_DOMAINS", "a.test, b.test"),
            ("UPSTREAM__GOOGLE__TRUST_EMAIL", "false"),
            ("UPSTREAM__WORK__CLIENT_ID", "f"),
        ];
        let config = load(file, &variables).unwrap();
        let of = |at: usize| &config.upstream[at];
        assert_eq!(config.upstream.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["work", "github", "google"]);
        assert_eq!((of(0).client_id.as_str(), of(0).register), ("f", Register::Closed));
        assert_eq!(of(0).roles["Eng Team"], ["developer"]);
        assert_eq!((of(0).name.as_str(), of(1).name.as_str(), of(2).name.as_str()), ("work", "GitHub", "Google"));
        assert_eq!((of(1).kind(), of(2).kind()), (ProviderKind::Github, ProviderKind::Google));
        assert_eq!(of(2).hosted_domains, ["a.test", "b.test"]);
        assert_eq!(of(2).trust_email, Some(false));
    }

    #[test]
    fn what_is_wrong_with_a_provider_is_told_with_its_key() {
        let google = "[[upstream]]\nid = \"google\"\nclient_id = \"a\"\nclient_secret = \"b\"\n";
        for (file, told) in [
            ("[[upstream]]\nclient_id = \"a\"\n", "number 1 has no id"),
            ("[upstream]\nid = \"google\"\n", "upstream.id"),
            (&format!("{google}{google}"), "upstream.google is given twice"),
            (&format!("{google}clent_id = \"x\"\n"), "'upstream.google.client_id'"),
            (&format!("{google}register = \"maybe\"\n"), "upstream.google.register (in "),
            (&format!("{google}enabled = \"perhaps\"\n"), "upstream.google.enabled (in "),
        ] {
            let said = load(file, &[]).unwrap_err();
            assert!(said.contains(told), "{told} is not in: {said}");
        }
        assert!(load("", &[("UPSTREAM__GOOGLE", "x")]).unwrap_err().contains("DOORWARD__UPSTREAM__GOOGLE"));
        assert!(load("", &[("UPSTREAM__GOOGLE__CLIENTID", "x")]).unwrap_err().contains("'upstream.google.client_id'"));
        assert!(load(google, &[]).is_ok());
    }
}
