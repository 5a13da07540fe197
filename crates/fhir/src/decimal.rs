//! Decimals without floats: mantissa and exponent, and a key whose byte order is their order.

/// `mantissa × 10^exponent`. The written precision is kept (`1.0` has exponent -1).
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    /// All written digits as an integer.
    pub mantissa: i128,
    /// The power of ten.
    pub exponent: i32,
}

impl Decimal {
    /// Reads a FHIR decimal (`-1.50`, `1e3`); `None` when it is not one or has over 30 digits.
    pub fn parse(_text: &str) -> Option<Self> {
        None
    }

    /// A byte string; comparing two keys bytewise compares the decimals (`1.0` and `1` are equal).
    /// This is what a database column holds.
    pub fn sort_key(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.sort_key() == other.sort_key()
    }
}

impl Eq for Decimal {}
