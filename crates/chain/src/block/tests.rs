//! The bytes and the digest of a block.

use super::{Block, BlockLimits, genesis, to_engine};
use crate::testing;
use bytes::Bytes;
use commonware_codec::{Decode as _, Encode as _};
use commonware_consensus::BoundedBlock as _;
use commonware_cryptography::Digestible as _;
use ledger::transactions_root;

const LIMITS: BlockLimits = BlockLimits { bytes_max: 1_000 };

fn block(count: u64) -> Block {
    let bytes = |number| Bytes::copy_from_slice(testing::batch(0, number, 9).bytes());
    let transactions: Vec<Bytes> = (1..=count).map(bytes).collect();
    let mut header = genesis(&testing::genesis(), &testing::state()).header;
    header.height = 1;
    header.transactions_root = transactions_root(&transactions);
    Block {
        header,
        transactions,
    }
}

#[test]
fn a_block_survives_its_bytes() {
    for count in [0, 1, 4] {
        let (block, bytes) = (block(count), block(count).encode());
        assert!(bytes.len() <= Block::max_encode_size(&LIMITS));
        let decoded = Block::decode_cfg(bytes, &LIMITS).unwrap();
        assert_eq!(decoded, block);
        assert_eq!(decoded.digest(), to_engine(&block.header.digest()));
    }
}

#[test]
fn a_block_beyond_its_bound_is_refused() {
    assert!(Block::decode_cfg(block(5).encode(), &LIMITS).is_err());
    let mut bytes = block(1).encode().to_vec();
    bytes.push(0);
    assert!(Block::decode_cfg(bytes, &LIMITS).is_err());
}

#[test]
fn other_transactions_under_a_header_have_another_digest() {
    let (honest, mut torn) = (block(2), block(2));
    torn.transactions.pop();
    assert_ne!(torn.digest(), honest.digest());
    torn.transactions = block(3).transactions;
    assert_ne!(torn.digest(), honest.digest());
}
