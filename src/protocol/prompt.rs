//! The `prompt` parameter (OpenID Connect Core §3.1.2.1).

use super::rejection::Rejection;

/// What the client wants the person to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Prompt {
    /// Nothing may be shown.
    #[serde(default, skip_serializing_if = "is_no")]
    pub none: bool,
    /// Sign in again.
    #[serde(default, skip_serializing_if = "is_no")]
    pub login: bool,
    /// Consent again.
    #[serde(default, skip_serializing_if = "is_no")]
    pub consent: bool,
    /// Choose the account: we ask to sign in, where any account can be named.
    #[serde(default, skip_serializing_if = "is_no")]
    pub select_account: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_no(asked: &bool) -> bool {
    !asked
}

/// Reads the list of values; those that are not known are ignored, as §3.1.2.1 advises, such as `create`, which asks for what the
/// sign-in page offers anyway.
///
/// # Errors
/// [`Rejection::ContradictoryPrompt`] for `none` beside any other value.
pub fn parse(text: Option<&str>) -> Result<Prompt, Rejection> {
    let mut prompt = Prompt::default();
    let mut others = false;
    for value in text.unwrap_or_default().split(' ').filter(|value| !value.is_empty()) {
        others |= value != "none";
        match value {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => {}
        }
    }
    if prompt.none && others { Err(Rejection::ContradictoryPrompt) } else { Ok(prompt) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompt_is_a_list_of_which_unknown_values_are_ignored_and_none_stands_alone() {
        assert_eq!(parse(None), Ok(Prompt::default()));
        assert_eq!(parse(Some("login consent")), Ok(Prompt { login: true, consent: true, ..Prompt::default() }));
        assert_eq!(parse(Some("none login")), Err(Rejection::ContradictoryPrompt));
        assert_eq!(parse(Some("none create")), Err(Rejection::ContradictoryPrompt));
        assert_eq!(parse(Some("create Login Welcome back!")), Ok(Prompt::default()));
        assert_eq!(parse(Some("create login")), Ok(Prompt { login: true, ..Prompt::default() }));
    }
}
