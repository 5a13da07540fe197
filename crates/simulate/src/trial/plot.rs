//! The power of central monitoring as a picture: SVG, written out of measured shares.

use std::fmt::{self, Write};

use crate::judge::Share;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 48.0;
const COLOURS: [&str; 3] = ["#1b6ca8", "#c2541b", "#3f7d3a"];

/// A line of the picture: its name, and shares by number of participants.
pub struct Curve {
    /// What is counted.
    pub name: &'static str,
    /// Participants at the site, and the share.
    pub points: Vec<(u64, Share)>,
}

/// Up to three curves with their 95 % intervals.
pub fn power(title: &str, curves: &[Curve]) -> String {
    let mut svg = String::new();
    // Writing to a text does not fail.
    let _ = draw(title, curves, &mut svg);
    svg
}

fn draw(title: &str, curves: &[Curve], svg: &mut String) -> fmt::Result {
    let most = curves
        .iter()
        .flat_map(|it| &it.points)
        .map(|it| number(it.0));
    let most = most.fold(1.0, f64::max);
    let x = |people: f64| LEFT + people / most * (WIDTH - LEFT - RIGHT);
    let y = |share: f64| TOP + (1.0 - share) * (HEIGHT - TOP - BOTTOM);
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<title>{title}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>"
    )?;
    for tenths in [0.0, 2.0, 4.0, 6.0, 8.0, 10.0] {
        let (at, end) = (y(tenths / 10.0), WIDTH - RIGHT);
        writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.1}H{end}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.0} %</text>",
            LEFT - 6.0,
            at + 4.0,
            tenths * 10.0
        )?;
    }
    let mut ticks: Vec<u64> = Vec::new();
    for (people, _) in curves.iter().flat_map(|it| &it.points) {
        if !ticks.contains(people) {
            ticks.push(*people);
        }
    }
    for people in ticks {
        let (at, low) = (x(number(people)), HEIGHT - BOTTOM + 18.0);
        writeln!(
            svg,
            "<text x=\"{at:.1}\" y=\"{low:.1}\" text-anchor=\"middle\">{people}</text>"
        )?;
    }
    let (middle, low) = (f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 10.0);
    writeln!(
        svg,
        "<text x=\"{middle:.1}\" y=\"{low:.1}\" text-anchor=\"middle\">participants at the site \
         that makes data up</text>"
    )?;
    for (at, (curve, colour)) in curves.iter().zip(COLOURS).enumerate() {
        line(curve, colour, &x, &y, svg)?;
        let down = HEIGHT - BOTTOM - 14.0 - 18.0 * number(at as u64);
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{down:.1}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>",
            WIDTH - RIGHT - 8.0,
            curve.name
        )?;
    }
    svg.push_str("</svg>\n");
    Ok(())
}

fn line(
    curve: &Curve,
    colour: &str,
    x: &dyn Fn(f64) -> f64,
    y: &dyn Fn(f64) -> f64,
    svg: &mut String,
) -> fmt::Result {
    let mut path = String::new();
    for (people, share) in &curve.points {
        let (at, (share, low, high)) = (x(number(*people)), share.interval());
        let step = if path.is_empty() { 'M' } else { 'L' };
        write!(path, "{step}{at:.1} {:.1}", y(share))?;
        writeln!(
            svg,
            "<path d=\"M{at:.1} {:.1}V{:.1}\" stroke=\"{colour}\" opacity=\"0.4\"/>\
             <circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
            y(low),
            y(high),
            y(share)
        )?;
    }
    writeln!(
        svg,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>"
    )
}

#[allow(clippy::cast_precision_loss, reason = "sizes of sites")]
fn number(people: u64) -> f64 {
    people as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_stands_where_its_share_is() {
        let point = |people, count| (people, Share { count, of: 10 });
        let curve = Curve {
            name: "first",
            points: vec![point(10, 0), point(20, 10)],
        };
        let svg = power("Power", &[curve]);
        // 20 is the most, at the right edge; all of ten are at the top, none at the bottom.
        assert!(svg.contains("cx=\"624.0\" cy=\"16.0\""), "{svg}");
        assert!(svg.contains("cx=\"340.0\" cy=\"332.0\""), "{svg}");
        assert!(svg.contains("d=\"M340.0 332.0L624.0 16.0\""), "{svg}");
        assert!(svg.contains("<title>Power</title>") && svg.ends_with("</svg>\n"));
    }
}
