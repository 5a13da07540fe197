//! Nobody is alone: in a dataset every combination of sex and age that is told is that of eleven
//! persons or more.
//!
//! Persons of smaller groups are put into one pool, of whom neither is told; the smallest groups
//! follow them until the pool is large enough.

use std::collections::BTreeMap;

/// What is told of each person; `None`: nothing.
pub(super) fn pooled<T: Ord + Copy>(groups: &[T], floor: usize) -> Vec<Option<T>> {
    let mut sizes: BTreeMap<T, usize> = BTreeMap::new();
    for group in groups {
        *sizes.entry(*group).or_default() += 1;
    }
    let mut by_size: Vec<(usize, T)> = sizes.iter().map(|(group, size)| (*size, *group)).collect();
    by_size.sort();
    let mut pool = 0;
    for (size, group) in by_size {
        let is_enough = pool == 0 || pool >= floor;
        if size >= floor && is_enough {
            break;
        }
        pool += size;
        sizes.remove(&group);
    }
    let told = |group: &T| sizes.contains_key(group).then_some(*group);
    groups.iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_groups_are_pooled_and_the_pool_is_filled_up() {
        let groups = |sizes: &[usize]| -> Vec<usize> {
            let each = sizes.iter().enumerate();
            each.flat_map(|(group, size)| vec![group; *size]).collect()
        };
        let told = |sizes: &[usize]| {
            let told: std::collections::BTreeSet<usize> =
                pooled(&groups(sizes), 11).into_iter().flatten().collect();
            told.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(told(&[11, 30]), [0, 1]);
        assert_eq!(told(&[5, 6, 30]), [2]);
        assert_eq!(told(&[5, 12, 30]), [2]);
        assert_eq!(told(&[5, 30]), Vec::<usize>::new());
        assert_eq!(told(&[10, 10, 11, 12]), [2, 3]);
    }

    proptest! {
        #[test]
        fn every_group_that_is_told_has_eleven_persons_and_so_has_the_rest(
            groups in prop::collection::vec(0_u8..12, 11..200),
        ) {
            let told = pooled(&groups, 11);
            let mut sizes: BTreeMap<Option<u8>, usize> = BTreeMap::new();
            for (at, one) in told.iter().enumerate() {
                prop_assert!(one.is_none_or(|it| it == groups[at]));
                *sizes.entry(*one).or_default() += 1;
            }
            prop_assert!(sizes.values().all(|size| *size >= 11));
        }
    }
}
