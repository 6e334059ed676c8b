//! A QR code as a picture within the page (ISO/IEC 18004): one path of black squares on white, whatever the colours of the page are, because
//! cameras want it so. Nothing is fetched, so nobody else learns what stands in it.

use std::fmt::Write;

use qrcode::{Color, QrCode};

use crate::failure::Failure;
use crate::language::Markup;

/// The quiet zone around the code, in squares (§6.3.8 of the standard).
const QUIET: usize = 4;

/// The picture of a text. It stands beside the same in words, so it is said to nobody who cannot see it.
///
/// # Errors
/// When the text is too long for a code, which ours never are.
pub(super) fn picture(text: &str) -> Result<Markup, Failure> {
    let code = QrCode::new(text).map_err(Failure::internal)?;
    let width = code.width();
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (at, colour) in code.to_colors().into_iter().enumerate() {
        if colour == Color::Dark {
            let (x, y) = (at % width + QUIET, at / width + QUIET);
            write!(path, "M{x} {y}h1v1h-1z").map_err(Failure::internal)?;
        }
    }
    Ok(Markup(format!(
        "<svg id=\"qr\" class=\"qr\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" aria-hidden=\"true\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    )))
}
