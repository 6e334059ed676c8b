//! `[brand]`: how the pages look.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Accent, Mistakes};
use crate::protocol::printable::is_printable;

/// The largest logo, in bytes: with it a page stays below 30 KB.
const LARGEST_LOGO: u64 = 20_000;

/// `[brand]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BrandConfig {
    /// The name on the pages.
    pub name: String,
    /// The file of the logo; empty for our own mark.
    pub logo: PathBuf,
    /// The colour of what matters.
    pub accent: Accent,
}

impl BrandConfig {
    pub(super) fn check(&self, mistakes: &mut Mistakes) {
        if !(1..=60).contains(&self.name.chars().count()) {
            mistakes.add("brand.name must have 1 to 60 characters");
        }
        if !is_printable(&self.name) {
            mistakes.add("brand.name may have no characters that control the text around them");
        }
    }

    /// Reads the logo, if there is one.
    ///
    /// # Errors
    /// A sentence: it cannot be read, is too large, or is neither SVG nor PNG.
    pub fn read_logo(&self) -> Result<Option<Logo>, String> {
        if self.logo.as_os_str().is_empty() {
            return Ok(None);
        }
        Logo::read(&self.logo).map(Some).map_err(|why| format!("brand.logo: {}: {why}", self.logo.display()))
    }
}

/// A logo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// What the file holds.
    pub bytes: Vec<u8>,
    /// What it is, by its content.
    pub kind: LogoKind,
    /// Its width and height, in a unit of its own; a square when it does not say.
    pub size: (u32, u32),
}

/// The kinds of picture that a logo can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoKind {
    /// Scalable Vector Graphics.
    Svg,
    /// Portable Network Graphics.
    Png,
}

impl Logo {
    fn read(path: &Path) -> Result<Self, String> {
        let metadata = std::fs::metadata(path).map_err(|error| format!("it cannot be read: {error}"))?;
        if metadata.len() > LARGEST_LOGO {
            return Err(format!("it has {} bytes, but {LARGEST_LOGO} is the most", metadata.len()));
        }
        let bytes = std::fs::read(path).map_err(|error| format!("it cannot be read: {error}"))?;
        Self::of(bytes).ok_or_else(|| "it is neither an SVG nor a PNG file".to_owned())
    }

    fn of(bytes: Vec<u8>) -> Option<Self> {
        if let Some(size) = png_size(&bytes) {
            return Some(Self { bytes, kind: LogoKind::Png, size });
        }
        let size = svg_size(std::str::from_utf8(&bytes).ok()?)?;
        Some(Self { bytes, kind: LogoKind::Svg, size })
    }
}

/// Width and height of a PNG file: its first chunk (PNG §11.2.2).
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let header = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")?;
    let number = |at: usize| Some(u32::from_be_bytes(header.get(at..at + 4)?.try_into().ok()?));
    Some((number(0)?, number(4)?)).filter(|(width, height)| *width > 0 && *height > 0)
}

/// Width and height of an SVG file: its `viewBox`, or else its `width` and `height` in pixels.
fn svg_size(text: &str) -> Option<(u32, u32)> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let may_begin = ["<svg", "<?xml", "<!--", "<!DOCTYPE svg"].iter().any(|begin| text.starts_with(begin));
    let tag = text.split_once("<svg").filter(|_| may_begin)?.1;
    let tag = tag.split_once('>').filter(|_| tag.starts_with(|c: char| c.is_whitespace() || c == '>'))?.0;
    let attribute = |name: &str| {
        let (_, value) = tag.split_once(&format!("{name}="))?;
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        value[1..].split_once(quote).map(|(value, _)| value)
    };
    let scaled = |width: f64, height: f64| whole(width * 64.0).zip(whole(height * 64.0));
    let of_box = || {
        let numbers: Vec<f64> =
            attribute("viewBox")?.split([' ', ',']).filter_map(|number| number.parse().ok()).collect();
        scaled(*numbers.get(2)?, *numbers.get(3)?)
    };
    let pixels = |name: &str| attribute(name)?.trim_end_matches("px").parse().ok();
    Some(of_box().or_else(|| scaled(pixels(" width")?, pixels(" height")?)).unwrap_or((1, 1)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within bounds")]
fn whole(number: f64) -> Option<u32> {
    (1.0..4_000_000.0).contains(&number).then(|| number.round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x60\0\0\0\x20\x08\x06\0\0\0";

    #[test]
    fn a_logo_is_known_by_its_content_and_says_its_size() {
        let kind_and_size = |bytes: &[u8]| Logo::of(bytes.to_vec()).map(|logo| (logo.kind, logo.size));
        assert_eq!(kind_and_size(PNG), Some((LogoKind::Png, (96, 32))));
        for (svg, size) in [
            ("<svg xmlns='x' viewBox='0 0 24 12'/>", (24 * 64, 12 * 64)),
            ("\u{feff}<?xml version=\"1.0\"?>\n<!-- a > b -->\n<svg viewBox=\"0,0,1,2.5\" width=\"9\"/>", (64, 160)),
            ("<svg width=\"30px\" height='10'></svg>", (30 * 64, 10 * 64)),
            ("<svg width='100%'></svg>", (1, 1)),
            ("<svg viewBox='0 0 nan 1e99'></svg>", (1, 1)),
        ] {
            assert_eq!(kind_and_size(svg.as_bytes()), Some((LogoKind::Svg, size)), "{svg}");
        }
        let others: &[&[u8]] =
            &[b"", b"GIF89a", b"\xff\xd8\xff", b"<html><svg/>", b"<svgx/>", b"<svg", &PNG[..18], b"\xff<svg>"];
        for other in others {
            assert_eq!(kind_and_size(other), None, "{other:?}");
        }
    }
}
