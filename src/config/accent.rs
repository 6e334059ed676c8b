//! The accent: one colour of the operator's choice, and the colours that the pages make of it.
//!
//! Whatever is chosen, text keeps a contrast of 4.5:1 and the outline of a control 3:1 (WCAG 2.2 §1.4.3, §1.4.11), on the light pages and
//! on the dark ones. A colour that lacks it moves in lightness alone, in OKLCH, and no further than it must.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::colour::Colour;

/// The contrast of text.
const TEXT: f64 = 4.5;
/// The contrast of text on a dark ground, where no more than [`TEXT`] looks dull.
const TEXT_IN_THE_DARK: f64 = 7.0;
/// The contrast of what bounds a control or shows the focus.
const CONTROL: f64 = 3.0;
/// From this contrast on, white on the accent looks better than a darker text, and the accent is darkened for it.
const NEARLY_TEXT: f64 = 3.0;

const WHITE: Colour = Colour::new(0xff, 0xff, 0xff);
const INK: Colour = Colour::new(0x14, 0x14, 0x14);

/// What pages are drawn on: around the sheet, and the sheet itself.
#[derive(Clone, Copy, Debug)]
pub struct Grounds {
    /// Around the sheet.
    pub paper: Colour,
    /// The sheet.
    pub sheet: Colour,
}

/// The light pages' grounds.
pub const LIGHT: Grounds = Grounds { paper: Colour::new(0xf6, 0xf4, 0xf0), sheet: Colour::new(0xff, 0xff, 0xff) };
/// The dark pages' grounds.
pub const DARK: Grounds = Grounds { paper: Colour::new(0x11, 0x12, 0x14), sheet: Colour::new(0x1a, 0x1b, 0x1e) };

/// The accent as configured: `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Accent(Colour);

/// What the pages make of the accent on one pair of grounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Fills the button that matters.
    pub fill: Colour,
    /// The same under the pointer.
    pub pressed: Colour,
    /// Text on either of them.
    pub on_fill: Colour,
    /// The outline of that button.
    pub edge: Colour,
    /// Links, the mark and the ring around what has the focus.
    pub ink: Colour,
}

impl Accent {
    /// The colours on these grounds.
    pub fn palette(self, grounds: Grounds) -> Palette {
        let dark = grounds.sheet.luminance() < 0.5;
        let away = if dark { 1.0 } else { 0.0 };
        let stands_out = |colour: &Colour, least: f64| {
            colour.contrast(grounds.paper) >= least && colour.contrast(grounds.sheet) >= least
        };
        // A dark accent would sink into a dark sheet. On a white one, a pale accent keeps its colour and gets an outline.
        let base = if dark { self.0.shifted(away, |colour| stands_out(colour, CONTROL)) } else { self.0 };
        let (on_fill, further) = if base.contrast(WHITE) >= NEARLY_TEXT { (WHITE, 0.0) } else { (INK, 1.0) };
        let fill = base.shifted(further, |colour| colour.contrast(on_fill) >= TEXT);
        Palette {
            fill,
            pressed: fill.moved(if further > 0.0 { 0.05 } else { -0.05 }),
            on_fill,
            edge: fill.shifted(away, |colour| stands_out(colour, CONTROL)),
            ink: self.0.shifted(away, |colour| stands_out(colour, if dark { TEXT_IN_THE_DARK } else { TEXT })),
        }
    }
}

impl FromStr for Accent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("brand.accent is '{text}', but must be a colour such as #0b6b5b");
        text.parse().map(Self).map_err(|()| wrong())
    }
}

impl TryFrom<String> for Accent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Accent> for String {
    fn from(accent: Accent) -> Self {
        accent.to_string()
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every accent of a grid over the whole cube: 4,913 of them, the corners among them.
    fn accents() -> impl Iterator<Item = Accent> {
        let steps = || (0..=16u8).map(|step| step.saturating_mul(16));
        steps().flat_map(move |r| steps().flat_map(move |g| steps().map(move |b| Accent(Colour::new(r, g, b)))))
    }

    #[test]
    fn whatever_accent_is_chosen_contrast_is_kept_in_light_and_dark() {
        for accent in accents() {
            for grounds in [LIGHT, DARK] {
                let palette = accent.palette(grounds);
                for fill in [palette.fill, palette.pressed] {
                    assert!(fill.contrast(palette.on_fill) >= TEXT, "text on {accent}: {palette:?}");
                }
                for ground in [grounds.paper, grounds.sheet] {
                    assert!(palette.ink.contrast(ground) >= TEXT, "{accent} as text: {palette:?}");
                    assert!(palette.edge.contrast(ground) >= CONTROL, "the outline of {accent}: {palette:?}");
                }
            }
        }
    }

    #[test]
    fn an_accent_that_has_the_contrast_stays_as_it_is() {
        for text in ["#1f5f8b", "#0b6b5b", "#7a1fa2", "#a3271f"] {
            let accent: Accent = text.parse().unwrap();
            let palette = accent.palette(LIGHT);
            assert_eq!((palette.fill, palette.edge, palette.ink), (accent.0, accent.0, accent.0), "{text}");
        }
        let yellow: Accent = "#ffd400".parse().unwrap();
        assert_eq!(yellow.palette(LIGHT).fill, yellow.0);
        assert_eq!(yellow.palette(DARK).ink, yellow.0);
    }

    #[test]
    fn an_accent_is_written_with_six_digits() {
        assert_eq!("#1F5f8b".parse::<Accent>().unwrap().to_string(), "#1f5f8b");
        for wrong in ["", "#", "1f5f8b", "#1f5f8", "#1f5f8b0", "#1f5f8g", "#+1f5f8", "blue", "#1f5f8b;", "#ééé"] {
            assert!(wrong.parse::<Accent>().unwrap_err().contains("brand.accent"), "{wrong}");
        }
    }
}
