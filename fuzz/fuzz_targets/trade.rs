//! The decoders of what the state keeps of the trade, of its smaller bodies and of what openers
//! send take any bytes, and have one form for each value. The first byte chooses one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof::codec::Canonical;
use supply::acts::{
    Asked, Container, Escrow, Escrowed, Inquiry, Lot, Openers, Pack, TradeKeyBody, TradeKeyEpoch,
};
use supply::escrow::{Answer, Held, Place};

fn one_form<T: Canonical>(bytes: &[u8]) {
    if let Ok(value) = T::from_bytes(bytes) {
        assert_eq!(value.to_bytes(), bytes);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let decoders = [
        one_form::<Pack>,
        one_form::<Container>,
        one_form::<Lot>,
        one_form::<TradeKeyBody>,
        one_form::<TradeKeyEpoch>,
        one_form::<Openers>,
        one_form::<Escrow>,
        one_form::<Escrowed>,
        one_form::<Held>,
        one_form::<Answer>,
        one_form::<Place>,
        one_form::<Inquiry>,
        one_form::<Asked>,
    ];
    if let Some((first, rest)) = bytes.split_first() {
        decoders[usize::from(*first) % decoders.len()](rest);
    }
});
