//! A node vouches only for what follows from its own execution.

use super::{Halt, check_link};
use crate::{
    block::{Block, from_engine, genesis},
    execution::Run,
    testing,
};
use commonware_cryptography::{Digested, Digestible as _};
use ledger::BlockHeader;
use proof::Digest;

fn judged(change: impl FnOnce(&mut BlockHeader)) -> Result<(), Halt> {
    let state = testing::state();
    let genesis = genesis(&testing::genesis(), &state);
    let head = Run::settled(genesis.digest(), genesis.header.time_ms, state);
    let mut header = BlockHeader {
        height: 1,
        parent: from_engine(&genesis.digest()),
        time_ms: genesis.header.time_ms + 1,
        ..genesis.header
    };
    change(&mut header);
    let block = Block {
        header,
        transactions: Vec::new(),
    };
    let digest = block.digest();
    check_link(&head, &Digested::precomputed(block, digest))
}

#[test]
fn a_header_that_does_not_follow_stops_the_node() {
    assert!(judged(|_| ()).is_ok());
    let other = Digest([9; 32]);
    let diverged = |result| matches!(result, Err(Halt::Diverged { height: 1, .. }));
    assert!(diverged(judged(|header| header.parent = other)));
    assert!(diverged(judged(|header| header.state_root = other)));
    assert!(diverged(judged(|header| header.history_root = other)));
    assert!(diverged(judged(|header| header.history_size = 1)));
    let gap = judged(|header| header.height = 2);
    assert!(matches!(
        gap,
        Err(Halt::Gap {
            expected: 1,
            found: 2
        })
    ));
}
