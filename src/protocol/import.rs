//! A file of accounts that come from another server: JSON, an object a line, with the members that `user create` has options for, and the seed of an
//! authenticator. A member that is null is as good as none.
//!
//! What is wrong is said with the name of the member and without its value, which may be a seed in the wrong place.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::authenticator::Seed;
use super::problem::Problems;

/// How many accounts are imported at once: while they are written, nobody else writes.
pub const MOST_AT_ONCE: usize = 10_000;
/// The members of a line.
const MEMBERS: [&str; 6] = ["email", "name", "email_verified", "roles", "claims", "totp"];
/// A member with a shorter name than this is named: no seed is so short.
const SHORTER_THAN_SEEDS: usize = 16;

/// An account that is to be imported, as its line says: whether it can be had so is for the registry.
#[derive(Clone, Debug)]
pub struct Line {
    /// The address to sign in with.
    pub email: String,
    /// The full name.
    pub name: String,
    /// Whether the person has proved the address.
    pub email_verified: bool,
    /// All roles.
    pub roles: Vec<String>,
    /// Standard claims by name.
    pub claims: BTreeMap<String, Value>,
    /// What the person's authenticator makes its codes of.
    pub seed: Option<Seed>,
}

/// The lines of a file that are not empty, with their numbers, counted from 1.
pub fn lines(file: &str) -> impl Iterator<Item = (usize, &str)> {
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    file.lines().enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim().is_empty())
}

impl Line {
    /// Reads a line.
    ///
    /// # Errors
    /// Everything that is wrong with it, member by member.
    pub fn read(line: &str) -> Result<Self, Problems> {
        let Ok(Value::Object(given)) = serde_json::from_str::<Value>(line) else {
            return Err(Problems::one("line", "must be a JSON object"));
        };
        let mut members = Members { given, problems: Problems::default() };
        let read = Self {
            email: members.text("email").unwrap_or_default(),
            name: members.text("name").unwrap_or_default(),
            email_verified: members.take("email_verified", "true or false", |value| value.as_bool()).unwrap_or(false),
            roles: members.take("roles", "a list of texts", texts).unwrap_or_default(),
            claims: members.take("claims", "an object", object).unwrap_or_default(),
            seed: members.seed(),
        };
        for missing in [("email", &read.email), ("name", &read.name)] {
            if missing.1.is_empty() && !members.problems.has(missing.0) {
                members.problems.add(missing.0, "is missing");
            }
        }
        members.end().unless_any(read)
    }
}

/// The members of a line that were not read yet.
struct Members {
    given: Map<String, Value>,
    problems: Problems,
}

impl Members {
    fn take<T>(&mut self, name: &str, what: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = self.given.remove(name).filter(|value| !value.is_null())?;
        let read = read(&value);
        if read.is_none() {
            self.problems.add(name, format!("must be {what}"));
        }
        read
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.take(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    fn seed(&mut self) -> Option<Seed> {
        let text = zeroize::Zeroizing::new(self.text("totp")?);
        Seed::exported(&text).map_err(|sentence| self.problems.add("totp", sentence)).ok()
    }

    /// What is left is not known.
    fn end(mut self) -> Problems {
        for name in self.given.keys() {
            let named = if name.len() < SHORTER_THAN_SEEDS { name.escape_debug().to_string() } else { "line".into() };
            self.problems.add(named, format!("has no place: the members of a line are {}", MEMBERS.join(", ")));
        }
        self.problems
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|one| one.as_str().map(str::to_owned)).collect()
}

fn object(value: &Value) -> Option<BTreeMap<String, Value>> {
    Some(value.as_object()?.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn a_line_is_read_whole() {
        let line = format!(
            r#"{{"email":"ann@example.org","name":"Ann Lee","email_verified":true,"roles":["editor"],"claims":{{"given_name":"Ann"}},"totp":"{SEED}"}}"#
        );
        let read = Line::read(&line).unwrap();
        assert_eq!(
            (read.email.as_str(), read.name.as_str(), read.email_verified),
            ("ann@example.org", "Ann Lee", true)
        );
        assert_eq!((read.roles, read.claims["given_name"].as_str()), (vec!["editor".to_owned()], Some("Ann")));
        assert_eq!(read.seed.unwrap().base32().as_str(), SEED);
        let least = Line::read(r#"{"email":"ann@example.org","name":"Ann","totp":null,"roles":null}"#).unwrap();
        assert!(!least.email_verified && least.seed.is_none() && least.roles.is_empty() && least.claims.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_by_the_member_and_never_with_its_value() {
        let whole = |rest: &str| format!(r#"{{"email":"ann@example.org","name":"Ann",{rest}}}"#);
        for (line, fields) in [
            ("ann@example.org".to_owned(), &["line"][..]),
            (format!("\"{SEED}\""), &["line"]),
            (r#"{"email":"ann@example.org","name":"Ann""#.to_owned(), &["line"]),
            ("{}".to_owned(), &["email", "name"]),
            (format!(r#"{{"email":7,"name":["{SEED}"]}}"#), &["email", "name"]),
            (whole(&format!(r#""email_verified":"{SEED}""#)), &["email_verified"]),
            (whole(&format!(r#""roles":"{SEED}","claims":"{SEED}""#)), &["roles", "claims"]),
            (whole(r#""roles":[7]"#), &["roles"]),
            (whole(&format!(r#""totp":"{SEED}1""#)), &["totp"]),
            (whole(&format!(r#""totp":{{"secret":"{SEED}"}}"#)), &["totp"]),
            (whole(&format!(r#""otp":"{SEED}""#)), &["otp"]),
            (whole(&format!(r#""{SEED}":true"#)), &["line"]),
        ] {
            let problems = Line::read(&line).unwrap_err();
            let found: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
            assert_eq!(found, fields, "{line}");
            assert!(!problems.to_string().contains("GEZD"), "{problems}");
        }
    }

    #[test]
    fn empty_lines_are_left_out_and_counted() {
        let found: Vec<(usize, &str)> = lines("\u{feff}{}\n\n  \r\n{ }\r\n").collect();
        assert_eq!(found, [(1, "{}"), (4, "{ }")]);
    }
}
