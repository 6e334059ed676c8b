//! Text that may stand in a line beside other text, on a page, in a terminal and in the log, and change nothing of it (Unicode UAX #9, UTR #36).
//!
//! Control characters move the cursor or end the line. Embeddings, overrides and isolates of the bidirectional algorithm turn what stands
//! after them around: a name with one can make another name of its neighbour.

/// Whether the character does something to the text around it.
pub fn is_active(c: char) -> bool {
    // Line and paragraph separators end a line as a control character does.
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether all of it can be shown as it is.
pub fn is_printable(text: &str) -> bool {
    !text.chars().any(is_active)
}

/// The text with escapes in place of characters that do something.
pub fn escaped(text: &str) -> String {
    let escape = |c: char| if is_active(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_other_text_around_is_active_and_what_letters_need_is_not() {
        for active in
            ["\u{202e}", "a\u{202a}b\u{202c}", "\u{2066}", "\u{2069}", "\n", "\u{1b}[2J", "\u{85}", "\u{2028}"]
        {
            assert!(!is_printable(active), "{active:?}");
            assert!(is_printable(&escaped(active)), "{active:?}");
        }
        // Joiners and marks belong to names in Persian, Hindi and Hebrew, and to emoji.
        for name in ["Ann Lee", "می‌خواهم", "क्‍ष", "שלום\u{200f}", "👩‍💻", "O’Neill"] {
            assert!(is_printable(name) && escaped(name) == name, "{name:?}");
        }
        assert_eq!(escaped("a\u{202e}b"), "a\\u{202e}b");
    }
}
