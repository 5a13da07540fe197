//! What the makers make, and how each numbers it.

use gs1::check_digit;
use supply::detect::DAY_MS;

use crate::calendar;
use crate::dice::Dice;
use crate::plan::OrganisationNo;
use crate::registry::MAKERS;

const DIGITS: &[u8] = b"0123456789";
/// Capitals and digits that are not taken for one another.
const CLEAR: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const MIXED: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A medicine.
#[derive(Clone, Debug)]
pub(crate) struct Product {
    /// 14 digits.
    pub(crate) gtin: String,
    /// It is kept between 2 and 8 degrees Celsius.
    pub(crate) is_cold: bool,
}

/// How a maker numbers packs and prints them.
#[derive(Clone, Debug)]
pub(crate) struct Habit {
    alphabet: &'static [u8],
    length: usize,
    pub(crate) is_serial_first: bool,
    pub(crate) products: Vec<Product>,
}

impl Habit {
    /// A serial number, at random as the law wants it.
    pub(crate) fn serial(&self, dice: &mut Dice) -> String {
        dice.text(self.alphabet, self.length)
    }
}

/// A lot that was made.
#[derive(Clone, Debug)]
pub(crate) struct Lot {
    pub(crate) maker: OrganisationNo,
    pub(crate) product: Product,
    pub(crate) name: String,
    pub(crate) expiry: String,
}

/// All makers.
#[derive(Clone, Debug)]
pub(crate) struct Makers(Vec<Habit>);

impl Makers {
    pub(crate) fn of_seed(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 2);
        let alphabets = [DIGITS, CLEAR, MIXED];
        let habits = (0..MAKERS).map(|maker| {
            let products = (0..3).map(|number| {
                let body = format!("09506{:06}{number}0", dice.below(1_000_000));
                let check = check_digit::of(&body).unwrap_or('0');
                Product {
                    gtin: format!("{body}{check}"),
                    // One of each maker's three, so that each wave has some.
                    is_cold: number == 2,
                }
            });
            let products = products.collect();
            Habit {
                products,
                alphabet: alphabets[maker % alphabets.len()],
                length: usize::try_from(dice.between(12, 20)).unwrap_or(12),
                is_serial_first: dice.in_1000(500),
            }
        });
        Self(habits.collect())
    }

    pub(crate) fn habit(&self, maker: OrganisationNo) -> &Habit {
        &self.0[maker]
    }

    /// A new lot. Of a thousand so many have little time left, from stock that lay long.
    pub(crate) fn lot(&self, maker: OrganisationNo, made_ms: u64, dice: &mut Dice) -> Lot {
        let habit = self.habit(maker);
        let days = if dice.in_1000(20) {
            dice.between(20, 60)
        } else {
            dice.between(200, 900)
        };
        let length = usize::try_from(dice.between(5, 9)).unwrap_or(5);
        let letter = dice.text(b"ABCDEFGHKLMNPRSTX", 1);
        Lot {
            maker,
            product: dice.pick(&habit.products).clone(),
            name: format!("{letter}{}", dice.text(CLEAR, length)),
            expiry: calendar::six_digits(made_ms + days * DAY_MS),
        }
    }
}
