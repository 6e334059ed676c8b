//! The notes of the sample API: the same for everybody, less what each has deleted. They live in memory, and are back at the next start.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

/// The notes that everybody begins with.
const NOTES: &[&str] = &["Water the plants", "Answer Ann", "Read RFC 9700 to the end"];
/// Of how many people it is known what they have deleted; beyond that all get their notes back.
const MOST: usize = 1000;

/// A note.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Note {
    /// Its number, from 1.
    id: u32,
    /// What it says.
    text: &'static str,
}

/// What people have deleted, by their id. A copy is the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Notebook(Arc<Mutex<HashMap<String, HashSet<u32>>>>);

impl Notebook {
    /// The notes of a person.
    pub fn of(&self, person: &str) -> Vec<Note> {
        let deleted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let deleted = deleted.get(person);
        let all = (1..).zip(NOTES).map(|(id, text)| Note { id, text });
        all.filter(|note| !deleted.is_some_and(|deleted| deleted.contains(&note.id))).collect()
    }

    /// Deletes a note; the others, or `None` when there is no such note.
    pub fn remove(&self, person: &str, id: u32) -> Option<Vec<Note>> {
        self.of(person).iter().find(|note| note.id == id)?;
        let mut deleted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if deleted.len() >= MOST && !deleted.contains_key(person) {
            deleted.clear();
        }
        deleted.entry(person.to_owned()).or_default().insert(id);
        drop(deleted);
        Some(self.of(person))
    }
}
