//! The verifiable random function: the vectors of RFC 9381, and what no proof shows.
#![allow(clippy::unwrap_used, reason = "tests")]

use proof::vrf::{VRF_PROOF_BYTES, VrfKey, VrfProof, VrfPublic};
use proptest::prelude::*;

/// Seed, public key, input, proof, output: RFC 9381 B.3, examples 16 to 18.
const VECTORS: [[&str; 5]; 3] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f\
         26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab12\
         68a1b0db10836d9826a528ca76567805",
        "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff\
         66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed593\
         3bf0864a62558b3ed7f2fea45c92a465301b3bbf5e3e54ddf2d935be3b67926d\
         a3ef39226bbc355bdc9850112c8f4b02",
        "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb\
         5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf80\
         96bb474e53895c362d8628ee9f9ea3c0e52c7a5c691b6c18c9979866568add7a\
         2d41b00b05081ed0f58ee5e31b3a970e",
        "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c45\
         2118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f",
    ],
];

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    let pairs = pairs.map(|it| u8::from_str_radix(std::str::from_utf8(it).unwrap(), 16));
    pairs.collect::<Result<_, _>>().unwrap()
}

#[test]
fn outputs_and_proofs_are_those_of_rfc_9381() {
    for [seed, public, input, proof, output] in VECTORS {
        let key = VrfKey::from_seed(&bytes(seed).try_into().unwrap());
        assert_eq!(key.public().0.to_vec(), bytes(public));
        let (drawn, shown) = key.prove(&bytes(input)).unwrap();
        assert_eq!(shown.0.to_vec(), bytes(proof), "{input}");
        assert_eq!(drawn.to_vec(), bytes(output), "{input}");
        assert_eq!(key.public().verify(&bytes(input), &shown), Some(drawn));
    }
}

#[test]
fn no_proof_with_one_changed_bit_shows_anything() {
    let key = VrfKey::from_seed(&[7; 32]);
    let (_, proof) = key.prove(b"a participant").unwrap();
    for bit in 0..VRF_PROOF_BYTES * 8 {
        let mut changed = proof;
        changed.0[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            key.public().verify(b"a participant", &changed),
            None,
            "{bit}"
        );
    }
}

/// Points of order 1, 2, 4 and 8, one of them in its second encoding, and bytes of no point.
#[test]
fn a_key_under_which_any_output_could_be_shown_is_none() {
    let weak = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0200000000000000000000000000000000000000000000000000000000000000",
    ];
    let (_, proof) = VrfKey::from_seed(&[7; 32]).prove(b"x").unwrap();
    for digits in weak {
        let key = VrfPublic(bytes(digits).try_into().unwrap());
        assert!(!key.is_sound(), "{digits}");
        assert_eq!(key.verify(b"x", &proof), None, "{digits}");
    }
}

proptest! {
    #[test]
    fn an_output_is_shown_to_everybody_and_for_one_input_and_key_alone(
        seed: [u8; 32], other: [u8; 32], input: Vec<u8>, another: Vec<u8>,
    ) {
        let key = VrfKey::from_seed(&seed);
        prop_assert!(key.public().is_sound());
        let (output, proof) = key.prove(&input).unwrap();
        prop_assert_eq!(key.public().verify(&input, &proof), Some(output));
        if input != another {
            prop_assert_eq!(key.public().verify(&another, &proof), None);
        }
        if seed != other {
            let other = VrfKey::from_seed(&other).public();
            prop_assert_eq!(other.verify(&input, &proof), None);
        }
    }

    #[test]
    fn bytes_of_anybody_show_nothing(input: Vec<u8>, seed: [u8; 32], bytes: [u8; 64]) {
        let mut proof = [0; VRF_PROOF_BYTES];
        proof[..64].copy_from_slice(&bytes);
        let public = VrfKey::from_seed(&seed).public();
        prop_assert_eq!(public.verify(&input, &VrfProof(proof)), None);
    }
}
