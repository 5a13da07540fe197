//! Messages of transactions.

use super::{MESSAGE_BYTES, MESSAGE_BYTES_MAX, pack, unpack};
use crate::testing;
use bytes::Bytes;

#[test]
fn what_is_packed_is_unpacked_and_messages_keep_their_bound() {
    let one = testing::batch(0, 1, 9);
    let count = MESSAGE_BYTES * 2 / one.bytes().len();
    let messages = pack(vec![one.clone(); count]);
    assert!(messages.len() > 1);
    assert!(
        messages
            .iter()
            .all(|message| message.len() <= MESSAGE_BYTES_MAX)
    );
    let unpacked: Vec<Bytes> = messages
        .into_iter()
        .flat_map(|it| unpack(it).unwrap())
        .collect();
    assert_eq!(unpacked.len(), count);
    assert!(unpacked.iter().all(|bytes| bytes.as_ref() == one.bytes()));
}

#[test]
fn a_torn_message_is_refused() {
    let message = pack(vec![testing::batch(0, 1, 9)]).remove(0);
    assert!(unpack(message.slice(..message.len() - 1)).is_none());
    assert!(unpack(message.slice(1..)).is_none());
    assert!(unpack(Bytes::from_static(&[0, 0, 0, 0])).is_none());
}
