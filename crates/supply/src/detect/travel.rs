//! Whether one pack can have been where it was seen.

use super::{
    Act, Case, Certainty, HOUR_MS, MINUTE_MS, Observation, Reason, Rule, Suspicion, Tolerance,
};

/// A place on Earth, in millionths of a degree.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// North is positive.
    pub latitude_e6: i32,
    /// East is positive.
    pub longitude_e6: i32,
}

/// The mean radius of Earth.
const RADIUS_KM: i64 = 6_371;
/// The unit of sines.
const ONE: i64 = 1_000_000;
/// A degree.
const DEGREE_E6: i64 = 1_000_000;

/// Sines of whole degrees, in millionths.
const SINES: [i64; 91] = [
    0, 17_452, 34_899, 52_336, 69_756, 87_156, 104_528, 121_869, 139_173, 156_434, 173_648,
    190_809, 207_912, 224_951, 241_922, 258_819, 275_637, 292_372, 309_017, 325_568, 342_020,
    358_368, 374_607, 390_731, 406_737, 422_618, 438_371, 453_990, 469_472, 484_810, 500_000,
    515_038, 529_919, 544_639, 559_193, 573_576, 587_785, 601_815, 615_661, 629_320, 642_788,
    656_059, 669_131, 681_998, 694_658, 707_107, 719_340, 731_354, 743_145, 754_710, 766_044,
    777_146, 788_011, 798_636, 809_017, 819_152, 829_038, 838_671, 848_048, 857_167, 866_025,
    874_620, 882_948, 891_007, 898_794, 906_308, 913_545, 920_505, 927_184, 933_580, 939_693,
    945_519, 951_057, 956_305, 961_262, 965_926, 970_296, 974_370, 978_148, 981_627, 984_808,
    987_688, 990_268, 992_546, 994_522, 996_195, 997_564, 998_630, 999_391, 999_848, 1_000_000,
];

/// The distance of two places through Earth, which no way is shorter than. Whole kilometres; below
/// the line there is no float, and a straight line between two sines is near enough.
pub fn distance_km(one: Place, other: Place) -> u64 {
    let (a, b) = (point(one), point(other));
    let squares: i64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    let chord = squares.unsigned_abs().isqrt();
    chord * RADIUS_KM.unsigned_abs() / ONE.unsigned_abs()
}

/// On a sphere of the radius [`ONE`].
fn point(place: Place) -> [i64; 3] {
    let (latitude, longitude) = (i64::from(place.latitude_e6), i64::from(place.longitude_e6));
    let (sine, cosine) = (sine(latitude), sine(latitude + 90 * DEGREE_E6));
    let east = self::sine(longitude);
    let north = self::sine(longitude + 90 * DEGREE_E6);
    [cosine * north / ONE, cosine * east / ONE, sine]
}

fn sine(angle_e6: i64) -> i64 {
    let turned = angle_e6.rem_euclid(360 * DEGREE_E6);
    let (sign, half) = if turned >= 180 * DEGREE_E6 {
        (-1, turned - 180 * DEGREE_E6)
    } else {
        (1, turned)
    };
    let quarter = half.min(180 * DEGREE_E6 - half);
    let degree = usize::try_from(quarter / DEGREE_E6).unwrap_or(0);
    let at = |degree: usize| SINES.get(degree).copied().unwrap_or(ONE);
    let (low, high) = (at(degree), at(degree + 1));
    sign * (low + (high - low) * (quarter % DEGREE_E6) / DEGREE_E6)
}

/// Farther apart than anything flies in the time between.
pub(super) fn impossible(case: &Case<'_>, tolerance: &Tolerance) -> Option<Suspicion> {
    let placed: Vec<(&Observation, Place)> = case
        .seen()
        // Whoever undoes does so from a desk.
        .filter(|one| one.act != Act::Undone)
        .filter_map(|one| Some((one, one.place?)))
        .collect();
    placed.windows(2).rev().find_map(|pair| {
        let [(first, from), (second, to)] = pair else {
            return None;
        };
        too_fast(first, *from, second, *to, tolerance)
    })
}

fn too_fast(
    first: &Observation,
    from: Place,
    second: &Observation,
    to: Place,
    tolerance: &Tolerance,
) -> Option<Suspicion> {
    let km = distance_km(from, to);
    let time_ms = second.time_ms.abs_diff(first.time_ms);
    let far_km = km.saturating_sub(tolerance.near_km);
    let reach_km = |time_ms: u64| time_ms.saturating_mul(tolerance.speed_kmh) / HOUR_MS;
    if far_km <= reach_km(time_ms.saturating_add(tolerance.clock_ms)) {
        return None;
    }
    // One clock may be set to another zone; nothing explains half a world in no time.
    let zones_ms = 3 * HOUR_MS;
    let is_sure = far_km > reach_km(time_ms.saturating_add(zones_ms));
    let certainty = if is_sure {
        Certainty::Sure
    } else {
        Certainty::Likely
    };
    let reason = Reason::Travel {
        first: first.organisation.clone(),
        second: second.organisation.clone(),
        km,
        minutes: time_ms / MINUTE_MS,
    };
    Some(Suspicion::new(Rule::ImpossibleTravel, certainty, reason))
}
