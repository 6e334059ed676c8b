//! Lists are read page by page, each page from the place where the one before it ended: what is added or ended meanwhile shifts nothing.

use std::fmt;
use std::str::FromStr;

use crate::clock::Timestamp;

/// A place in a list that is ordered by the time of making, then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When the last thing before it was made.
    pub at: Timestamp,
    /// The id of that thing.
    pub id: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.seconds(), self.id)
    }
}

/// A text that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (seconds, id) = text.split_once('.').ok_or(NoCursor)?;
        let at = Timestamp::from_seconds(seconds.parse().map_err(|_| NoCursor)?);
        Ok(Self { at, id: id.to_owned() })
    }
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where the page before it ended; `None` for the first one.
    pub after: Option<Cursor>,
    /// The most things on it, 1 to 1000.
    pub limit: u16,
}

impl Page {
    /// The most things of any page.
    pub const MOST: u16 = 1000;

    /// The page after this place, as long as it may be.
    pub fn after(after: Option<Cursor>) -> Self {
        Self { after, limit: Self::MOST }
    }

    /// How many things are wanted.
    fn length(&self) -> u16 {
        self.limit.clamp(1, Self::MOST)
    }

    /// Seconds and id of the place where it begins, and how many rows to read: one more than are wanted, which tells whether more follow.
    pub fn bounds(&self) -> (i64, &str, i64) {
        let (seconds, id) = self.after.as_ref().map_or((i64::MIN, ""), |after| (after.at.seconds(), after.id.as_str()));
        (seconds, id, i64::from(self.length()) + 1)
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next page begins, when there is one.
    pub next: Option<Cursor>,
}

impl<T> Listed<T> {
    /// Makes a page of the rows that were read within its bounds.
    pub fn of(mut rows: Vec<T>, page: &Page, place: impl Fn(&T) -> Cursor) -> Self {
        let length = usize::from(page.length());
        let more = rows.len() > length;
        rows.truncate(length);
        let next = rows.last().filter(|_| more).map(place);
        Self { items: rows, next }
    }

    /// The same page of something else.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Listed<U> {
        Listed { items: self.items.into_iter().map(view).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_begins_and_the_last_one_does_not() {
        let place = |n: &i64| Cursor { at: Timestamp::from_seconds(*n), id: format!("a.{n}") };
        let page = Page { after: None, limit: 2 };
        assert_eq!(page.bounds(), (i64::MIN, "", 3));
        let listed = Listed::of(vec![1, 2, 3], &page, place);
        assert_eq!((listed.items, listed.next.clone()), (vec![1, 2], Some(place(&2))));
        assert_eq!(listed.next.unwrap().to_string().parse(), Ok(place(&2)));
        assert_eq!(Listed::of(vec![1, 2], &page, place).next, None);
        assert_eq!(Page { after: None, limit: 0 }.bounds().2, 2);
        assert_eq!(Page { after: Some(place(&7)), limit: u16::MAX }.bounds(), (7, "a.7", 1001));
        for wrong in ["", "7", "a.b", ".7"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(NoCursor));
        }
    }
}
