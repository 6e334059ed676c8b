//! A colour of the screen (sRGB): its contrast as WCAG 2.2 measures it, and its lightness as people see it (OKLCH, CSS Color 4 §9).

use std::fmt;
use std::str::FromStr;

/// The step in which a colour moves in lightness.
const STEP: f64 = 1.0 / 256.0;

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// Lightness from 0 to 1, and the two axes of the hue.
#[derive(Clone, Copy)]
struct Oklab {
    lightness: f64,
    a: f64,
    b: f64,
}

impl Colour {
    /// From red, green and blue.
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// The relative luminance, 0 to 1.
    pub fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// The contrast ratio, 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The nearest colour of the same hue, on the way to that lightness (0 is black, 1 is white), that will do; the end of the way if none does.
    pub(super) fn shifted(self, end: f64, will_do: impl Fn(&Self) -> bool) -> Self {
        let start = Oklab::from(self).lightness;
        let steps = ((end - start).abs() / STEP).ceil().max(1.0);
        let mut at = 0.0;
        let mut colour = self;
        while !will_do(&colour) && at < steps {
            at += 1.0;
            colour = self.with_lightness(start + (end - start) * at / steps);
        }
        colour
    }

    /// The same hue, lighter or darker by so much.
    pub(super) fn moved(self, by: f64) -> Self {
        self.with_lightness((Oklab::from(self).lightness + by).clamp(0.0, 1.0))
    }

    /// The same hue at another lightness; paler where the screen cannot show it as strong.
    fn with_lightness(self, lightness: f64) -> Self {
        let own = Oklab::from(self);
        let paler = |strength: f64| Oklab { lightness, a: own.a * strength, b: own.b * strength };
        let (mut least, mut most) = (0.0, 1.0);
        if paler(most).is_shown() {
            return paler(most).into();
        }
        for _ in 0..12 {
            let middle = f64::midpoint(least, most);
            if paler(middle).is_shown() { least = middle } else { most = middle }
        }
        paler(least).into()
    }
}

/// A channel, freed of its gamma.
fn linear(channel: u8) -> f64 {
    let part = f64::from(channel) / 255.0;
    if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 255")]
fn channel(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let part = if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (part * 255.0).round() as u8
}

impl Oklab {
    fn to_linear(self) -> [f64; 3] {
        let l = (self.lightness + 0.396_337_777_4 * self.a + 0.215_803_757_3 * self.b).powi(3);
        let m = (self.lightness - 0.105_561_345_8 * self.a - 0.063_854_172_8 * self.b).powi(3);
        let s = (self.lightness - 0.089_484_177_5 * self.a - 1.291_485_548_0 * self.b).powi(3);
        [
            4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
            -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
            -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
        ]
    }

    fn is_shown(self) -> bool {
        self.to_linear().iter().all(|part| (-0.0005..=1.0005).contains(part))
    }
}

impl From<Colour> for Oklab {
    fn from(colour: Colour) -> Self {
        let [red, green, blue] = colour.0.map(linear);
        let l = (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
        let m = (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
        let s = (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
        Self {
            lightness: 0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            a: 1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            b: 0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        }
    }
}

impl From<Oklab> for Colour {
    fn from(oklab: Oklab) -> Self {
        Self(oklab.to_linear().map(channel))
    }
}

impl FromStr for Colour {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix('#').ok_or(())?;
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(());
        }
        let [_, red, green, blue] = u32::from_str_radix(digits, 16).map_err(drop)?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        for (one, two, ratio) in [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#ffffff", 1.0),
            ("#777777", "#ffffff", 4.478),
            ("#767676", "#ffffff", 4.542),
            ("#ff0000", "#ffffff", 3.998),
            ("#0000ff", "#ffffff", 8.592),
        ] {
            assert!((colour(one).contrast(colour(two)) - ratio).abs() < 0.001, "{one} on {two}");
        }
    }

    #[test]
    fn a_colour_comes_back_from_oklab_as_it_went() {
        for text in ["#000000", "#ffffff", "#ff0000", "#00ff00", "#0000ff", "#1f5f8b", "#fed401"] {
            assert_eq!(Colour::from(Oklab::from(colour(text))), colour(text));
        }
    }

    #[test]
    fn a_colour_moves_no_further_than_it_must() {
        let white = colour("#ffffff");
        let text = colour("#3b82f6").shifted(0.0, |colour| colour.contrast(white) >= 4.5);
        assert!((4.5..4.7).contains(&text.contrast(white)), "{text}");
        assert_eq!(colour("#ffffff").shifted(0.0, |_| false), colour("#000000"));
    }
}
