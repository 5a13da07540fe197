//! A link as a QR code, drawn as SVG without style or script.

use std::fmt::Write;

use hospital::HospitalError;
use qrcode::{Color, EcLevel, QrCode};

/// Light modules around it: ISO/IEC 18004 asks for four.
const MARGIN: usize = 4;

/// The code. The specification asks for error correction M.
pub(super) fn svg(text: &str) -> Result<String, HospitalError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .map_err(|error| HospitalError::Internal(format!("a QR code: {error}")))?;
    let width = code.width();
    let modules = code.to_colors();
    let mut path = String::new();
    for (row, line) in modules.chunks(width).enumerate() {
        let mut at = 0;
        // One stroke for each run of dark modules.
        while at < width {
            let run = line[at..]
                .iter()
                .take_while(|it| **it == Color::Dark)
                .count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", at + MARGIN, row + MARGIN);
            }
            at += run + 1;
        }
    }
    let side = width + 2 * MARGIN;
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The drawn runs, put back on a grid, are the modules of the code.
    #[test]
    fn the_drawing_has_every_dark_module_and_no_other() {
        let text = "shlink:/eyJ1cmwiOiJodHRwczovL2V4YW1wbGUub3JnIn0";
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let side = code.width() + 2 * MARGIN;
        let drawn = svg(text).unwrap();
        let path = drawn
            .split("d=\"")
            .nth(2)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let mut grid = vec![false; side * side];
        for stroke in path.split('M').skip(1) {
            let (place, rest) = stroke.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let run: usize = rest.split('v').next().unwrap().parse().unwrap();
            for at in 0..run {
                assert!(!grid[y * side + x + at]);
                grid[y * side + x + at] = true;
            }
        }
        for y in 0..code.width() {
            for x in 0..code.width() {
                let dark = code[(x, y)] == Color::Dark;
                assert_eq!(grid[(y + MARGIN) * side + x + MARGIN], dark, "{x} {y}");
            }
        }
        let dark = code
            .to_colors()
            .iter()
            .filter(|it| **it == Color::Dark)
            .count();
        assert_eq!(grid.iter().filter(|it| **it).count(), dark);
        assert!(!drawn.contains("style") && !drawn.contains("script"));
        assert!(svg(&"x".repeat(5_000)).is_err());
    }
}
