//! What is measured: vital signs and laboratory values of adults with a slightly raised blood
//! pressure, with how much people and visits differ and what goes together.

use monitoring::{Item, Kind};

/// Factors that several items share, of a person and of a visit.
pub(crate) const FACTORS: usize = 3;

/// An item and how it comes about.
pub(crate) struct Source {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) decimals: u8,
    pub(crate) mean: f64,
    /// How much people differ.
    pub(crate) people: f64,
    /// How much visits of one person differ.
    pub(crate) visits: f64,
    /// How much the instruments of sites differ.
    pub(crate) sites: f64,
    /// Whether all this is about the logarithm.
    pub(crate) is_log: bool,
    /// How much of `people` is in each factor of the person, and of `visits` of the visit.
    pub(crate) of_person: [f64; FACTORS],
    pub(crate) of_visit: [f64; FACTORS],
    /// What a treatment that works does to it, in units of `people`.
    pub(crate) effect: f64,
    /// How people round it who round.
    pub(crate) step: f64,
}

const PLAIN: Source = Source {
    name: "",
    kind: Kind::Report,
    decimals: 1,
    mean: 0.0,
    people: 1.0,
    visits: 1.0,
    sites: 0.0,
    is_log: false,
    of_person: [0.0; FACTORS],
    of_visit: [0.0; FACTORS],
    effect: 0.0,
    step: 1.0,
};

/// In the order of the files.
pub(crate) const SOURCES: [Source; 10] = [
    Source {
        name: "SYSBP",
        kind: Kind::Reading,
        decimals: 0,
        mean: 136.0,
        people: 12.0,
        visits: 8.0,
        sites: 2.0,
        of_person: [0.75, 0.25, 0.15],
        of_visit: [0.7, 0.1, 0.0],
        effect: -0.5,
        step: 5.0,
        ..PLAIN
    },
    Source {
        name: "DIABP",
        kind: Kind::Reading,
        decimals: 0,
        mean: 83.0,
        people: 7.5,
        visits: 5.0,
        sites: 1.3,
        of_person: [0.7, 0.1, 0.1],
        of_visit: [0.6, 0.1, 0.0],
        effect: -0.4,
        step: 5.0,
        ..PLAIN
    },
    Source {
        name: "PULSE",
        kind: Kind::Reading,
        decimals: 0,
        mean: 73.0,
        people: 8.0,
        visits: 6.0,
        sites: 1.0,
        of_person: [0.3, 0.15, -0.2],
        of_visit: [0.5, -0.2, 0.3],
        step: 5.0,
        ..PLAIN
    },
    Source {
        name: "WEIGHT",
        kind: Kind::Reading,
        mean: 81.0,
        people: 14.0,
        visits: 0.9,
        sites: 0.5,
        of_person: [0.25, 0.7, 0.1],
        of_visit: [0.0, 0.5, 0.0],
        step: 1.0,
        ..PLAIN
    },
    Source {
        name: "TEMP",
        kind: Kind::Reading,
        mean: 36.6,
        people: 0.18,
        visits: 0.25,
        sites: 0.06,
        of_person: [0.0, 0.15, 0.0],
        of_visit: [0.2, 0.0, 0.6],
        step: 0.5,
        ..PLAIN
    },
    Source {
        name: "HGB",
        mean: 13.9,
        people: 1.2,
        visits: 0.4,
        sites: 0.12,
        of_person: [0.1, 0.3, -0.5],
        of_visit: [0.0, -0.6, -0.2],
        ..PLAIN
    },
    Source {
        name: "CREAT",
        decimals: 0,
        mean: 82.0,
        people: 14.0,
        visits: 5.0,
        sites: 1.5,
        of_person: [0.2, 0.3, 0.6],
        of_visit: [0.0, -0.4, 0.2],
        ..PLAIN
    },
    Source {
        name: "ALT",
        decimals: 0,
        mean: 3.25,
        people: 0.38,
        visits: 0.18,
        sites: 0.04,
        is_log: true,
        of_person: [0.2, 0.5, 0.0],
        of_visit: [0.0, 0.0, 0.3],
        ..PLAIN
    },
    Source {
        name: "GLUC",
        mean: 5.9,
        people: 0.8,
        visits: 0.5,
        sites: 0.08,
        of_person: [0.4, 0.5, 0.0],
        of_visit: [0.2, 0.0, 0.3],
        effect: -0.3,
        ..PLAIN
    },
    Source {
        name: "POTAS",
        mean: 4.2,
        people: 0.24,
        visits: 0.22,
        sites: 0.04,
        of_person: [-0.2, 0.0, 0.5],
        of_visit: [0.1, -0.3, 0.0],
        ..PLAIN
    },
];

impl Source {
    /// What the judge is told about it.
    pub(crate) fn item(&self) -> Item {
        Item {
            name: self.name.to_owned(),
            kind: self.kind,
            decimals: self.decimals,
        }
    }

    /// As it is written.
    pub(crate) fn rounded(&self, number: f64) -> f64 {
        let scale = if self.decimals == 0 { 1.0 } else { 10.0 };
        (number * scale).round() / scale
    }

    /// Rounded as people round it.
    pub(crate) fn stepped(&self, number: f64) -> f64 {
        self.rounded((number / self.step).round() * self.step)
    }

    /// The share of a width that no factor has.
    pub(crate) fn own(loads: &[f64; FACTORS]) -> f64 {
        (1.0 - loads.iter().map(|it| it * it).sum::<f64>())
            .max(0.05)
            .sqrt()
    }

    /// From the scale on which it is made to the one on which it is written.
    pub(crate) fn written(&self, made: f64) -> f64 {
        if self.is_log { libm::exp(made) } else { made }
    }
}
