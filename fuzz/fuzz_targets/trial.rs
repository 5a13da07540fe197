//! The decoders of acts of trials and of what the state keeps of them take any bytes, and have one
//! form for each value. The first byte chooses one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof::codec::Canonical;
use trial::acts::{
    Decided, Minimisation, Participant, Place, Reported, Site, Slot, Trial, TrialBody, Version,
};
use trial::minimisation::{Design, Shown};

fn one_form<T: Canonical>(bytes: &[u8]) {
    if let Ok(value) = T::from_bytes(bytes) {
        assert_eq!(value.to_bytes(), bytes);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let decoders = [
        one_form::<TrialBody>,
        one_form::<Trial>,
        one_form::<Version>,
        one_form::<Site>,
        one_form::<Slot>,
        one_form::<Participant>,
        one_form::<Decided>,
        one_form::<Reported>,
        one_form::<Minimisation>,
        one_form::<Place>,
        one_form::<Design>,
        one_form::<Shown>,
    ];
    if let Some((first, rest)) = bytes.split_first() {
        decoders[usize::from(*first) % decoders.len()](rest);
    }
});
