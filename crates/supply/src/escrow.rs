//! How `k` of `n` openers learn to whom one pack was handed, and nothing else.
//!
//! Pseudorandom secret sharing (Cramer, Damgård, Ishai, TCC 2005): a partner has one secret for
//! each set of `n - k + 1` openers, and gives it to exactly those. Any `k` openers meet every set,
//! so together they know all secrets; any `k - 1` are missed by the set of the others. The opening of
//! one item is the exclusive or of a keyed hash under every secret, so no ciphertext is anywhere:
//! who holds secrets answers for the item that was asked about, and for no other.

/// The sets of `n - k + 1` among `n`, as increasing places, in lexical order. Empty where `k` is not
/// from 1 to `n`.
pub fn subsets(n: usize, k: usize) -> Vec<Vec<usize>> {
    if k == 0 || k > n {
        return Vec::new();
    }
    let size = n - k + 1;
    let mut all = Vec::new();
    let mut places: Vec<usize> = (0..size).collect();
    loop {
        all.push(places.clone());
        // The last place that can still move on; those behind it follow closely.
        let Some(moving) = (0..size).rev().find(|it| places[*it] < n - size + it) else {
            return all;
        };
        places[moving] += 1;
        for behind in moving + 1..size {
            places[behind] = places[behind - 1] + 1;
        }
    }
}
