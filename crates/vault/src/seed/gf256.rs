//! The field of 256 elements, by the polynomial of AES (FIPS 197 4.2), without tables and
//! branches: what is computed with a secret takes the same time for every secret.

/// The sum of two elements is their difference too.
pub(super) fn times(left: u8, right: u8) -> u8 {
    let (mut product, mut left) = (0, left);
    for bit in 0..8 {
        // All ones where the bit is set, else zero.
        let taken = 0_u8.wrapping_sub((right >> bit) & 1);
        product ^= left & taken;
        let over = 0_u8.wrapping_sub(left >> 7);
        left = (left << 1) ^ (over & 0x1b);
    }
    product
}

/// The inverse: the 254th power, since the group has 255 elements. Of zero it is zero.
pub(super) fn inverse(value: u8) -> u8 {
    let mut result = 1;
    let mut square = value;
    // 254 is all bits but the lowest.
    for _ in 1..8 {
        square = times(square, square);
        result = times(result, square);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_field_of_aes() {
        // FIPS 197 4.2 and 4.2.1.
        assert_eq!(times(0x57, 0x83), 0xc1);
        assert_eq!(times(0x57, 0x13), 0xfe);
        for left in 0..=255_u8 {
            assert_eq!(times(left, 1), left);
            assert_eq!(times(left, inverse(left)), u8::from(left != 0));
            for right in 0..=255_u8 {
                assert_eq!(times(left, right), times(right, left));
                assert_eq!(times(left, right ^ 1), times(left, right) ^ left);
            }
        }
    }
}
