//! What several nouns take: lists that an empty value clears, a time in seconds, a part of a long list, and a yes.

use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::output::{note, value};
use crate::failure::Failure;
use crate::protocol::edit::Edit;
use crate::protocol::page::{Cursor, Listed, Page};

/// The list that is to take the place of the former one; `None` when nothing was given. An empty value is no entry, so alone it clears the list.
pub(super) fn list(given: Vec<String>) -> Option<Vec<String>> {
    let is_given = !given.is_empty();
    is_given.then(|| given.into_iter().filter(|entry| !entry.is_empty()).collect())
}

/// What is to happen to a text that may be missing; an empty value takes it away.
pub(super) fn edit(given: Option<String>) -> Edit<String> {
    match given {
        None => Edit::Keep,
        Some(text) => Edit::from(Some(text).filter(|text| !text.is_empty())),
    }
}

/// A time such as 90s, 15m, 24h or 7d, in seconds.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<u32>().ok().map(|number| i64::from(number) * seconds)
}

/// Which part of a list is wanted.
#[derive(Args, Clone, Debug)]
pub(super) struct Part {
    /// At most so many [default: all].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Go on where a list with --limit ended, as it said.
    #[arg(long, value_name = "PLACE", value_parser = cursor)]
    after: Option<Cursor>,
}

fn cursor(text: &str) -> Result<Cursor, String> {
    text.parse().map_err(|_| {
        format!("'{}' is no place in a list: a list with --limit says where it ended", text.escape_debug())
    })
}

impl Part {
    /// Whether all is wanted.
    pub const fn is_whole(&self) -> bool {
        self.limit.is_none() && self.after.is_none()
    }

    /// Reads it page by page, each when the one before it has come; says where it ended when more follows.
    pub async fn read<T: Serialize>(
        self,
        read: impl AsyncFn(Page) -> Result<Listed<T>, Failure>,
    ) -> Result<Vec<Value>, Failure> {
        let (mut things, mut after) = (Vec::new(), self.after);
        let most = self.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        loop {
            let wanted = u16::try_from(most - things.len()).unwrap_or(Page::MOST).min(Page::MOST);
            let listed = read(Page { after, limit: wanted }).await?;
            things.extend(listed.items.iter().map(value));
            after = listed.next;
            match &after {
                None => return Ok(things),
                Some(place) if things.len() >= most => {
                    note(format!("There are more: go on with --after '{place}'"));
                    return Ok(things);
                }
                Some(_) => {}
            }
        }
    }
}

/// `--yes`.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Yes {
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

impl Yes {
    /// Asks whether it is to be done, unless that was said.
    ///
    /// # Errors
    /// When the answer is not yes.
    pub fn or_ask(self, question: &str) -> Result<(), Failure> {
        if self.yes {
            return Ok(());
        }
        note(format!("{question} Type yes:"));
        let mut answer = String::new();
        match std::io::stdin().read_line(&mut answer) {
            Ok(_) if answer.trim() == "yes" => Ok(()),
            _ => Err(Failure::internal("nothing was done: confirm with yes, or give --yes")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_clears_a_list_and_nothing_leaves_it() {
        let given = |texts: &[&str]| list(texts.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(given(&[]), None);
        assert_eq!(given(&[""]), Some(vec![]));
        assert_eq!(given(&["", "a"]), Some(vec!["a".to_owned()]));
    }
}
