//! Signs beside words: a tick, a triangle, a cross, an arrow. The words say the same, so that
//! neither colour nor sign is needed (WCAG 2.2, 1.4.1).

use maud::{Markup, html};

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It is as it should be.
    Tick,
    /// Look at it.
    Triangle,
    /// It is not as it should be.
    Cross,
    /// It is somewhere else.
    Arrow,
}

impl Sign {
    /// Draws it.
    pub(crate) fn show(self) -> Markup {
        html! {
            svg.sign viewBox="0 0 24 24" width="48" height="48" aria-hidden="true" {
                @match self {
                    Self::Tick => {
                        circle cx="12" cy="12" r="11" {}
                        path d="M6.5 12.5l3.8 3.8 7.2-8" {}
                    }
                    Self::Triangle => {
                        path.ground d="M12 1.5L23.5 22H.5z" {}
                        path d="M12 8v7M12 18v1.5" {}
                    }
                    Self::Arrow => {
                        circle cx="12" cy="12" r="11" {}
                        path d="M6 12h11M13 7.5l4.5 4.5-4.5 4.5" {}
                    }
                    Self::Cross => {
                        path.ground d="M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z" {}
                        path d="M8 8l8 8M16 8l-8 8" {}
                    }
                }
            }
        }
    }
}
