//! What is to happen to a value that may be missing: left alone, set, or taken away (RFC 7396 says the same with absence, a value and null).

/// A change of a value that may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edit<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes this.
    Set(T),
    /// It is taken away.
    Clear,
}

impl<T> Edit<T> {
    /// Makes the change; tells whether there was one to make.
    pub fn apply(self, place: &mut Option<T>) -> bool {
        match self {
            Self::Keep => return false,
            Self::Set(value) => *place = Some(value),
            Self::Clear => *place = None,
        }
        true
    }
}

impl<T> From<Option<T>> for Edit<T> {
    /// To a value, or to none.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Clear, Self::Set)
    }
}
