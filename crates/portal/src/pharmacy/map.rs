//! The way of a pack as a picture: one dot for each organisation, from the maker down to here.

use maud::{Markup, html};

use crate::visit::Visit;

const ROW: usize = 56;

/// Draws the way. Its text alternative names the same organisations in the same order.
pub(super) fn draw(visit: &Visit, way: &[&str]) -> Markup {
    let height = way.len() * ROW;
    let middle = |at: usize| at * ROW + ROW / 2;
    let told = visit.tell("packs-map", &[("way", &way.join(" → "))]);
    html! {
        svg.chain viewBox={ "0 0 320 " (height) } role="img" aria-label=(told) {
            @for at in 1..way.len() {
                line x1="20" x2="20" y1=(middle(at - 1) + 11) y2=(middle(at) - 18) {}
                path d={ "M14 " (middle(at) - 20) "h12l-6 8z" } {}
            }
            @for (at, organisation) in way.iter().enumerate() {
                @let last = at + 1 == way.len();
                circle.here[last] cx="20" cy=(middle(at)) r="9" {}
                text x="42" y=(middle(at) + 6) { (organisation) }
            }
        }
    }
}
