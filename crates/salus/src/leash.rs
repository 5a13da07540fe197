//! The link between a demo and its nodes: standard input and output of the node.
//!
//! A node started with `--supervised` stops when its standard input closes, so it never outlives
//! its supervisor. Down the same pipe come orders to add a user, one JSON object per line, each
//! answered by a line.

use serde::{Deserialize, Serialize};
use std::io::{BufRead, Read, Write};
use tokio::sync::mpsc;

/// A user is far smaller than this.
const LINE_BYTES_MAX: u64 = 1 << 16;

/// An order to add a user.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) role: String,
    pub(crate) patient: Option<String>,
}

/// Node side: the orders, until the supervisor is gone.
pub(crate) fn follow() -> mpsc::Receiver<Order> {
    let (sender, orders) = mpsc::channel(64);
    // A thread of its own: a blocking read cannot be taken back when the node stops.
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut line = String::new();
        while let Ok(1..) = input.by_ref().take(LINE_BYTES_MAX).read_line(&mut line) {
            let Ok(order) = serde_json::from_str(&line) else { break };
            line.clear();
            if sender.blocking_send(order).is_err() {
                break;
            }
        }
    });
    orders
}

/// Node side: says how an order went.
pub(crate) fn answer(outcome: &Result<(), String>) {
    let line = serde_json::to_string(outcome).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    // A supervisor that is gone is noticed at the other end of the pipe.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Supervisor side: gives an order and waits for the answer.
pub(crate) fn order(
    input: &mut impl Write,
    output: &mut impl BufRead,
    order: &Order,
) -> Result<(), String> {
    let broken = |error: std::io::Error| format!("the node does not listen: {error}");
    let line = serde_json::to_string(order).map_err(|error| error.to_string())?;
    writeln!(input, "{line}").and_then(|()| input.flush()).map_err(broken)?;
    let mut answer = String::new();
    output.by_ref().take(LINE_BYTES_MAX).read_line(&mut answer).map_err(broken)?;
    serde_json::from_str::<Result<(), String>>(&answer)
        .map_err(|_| "the node ended".to_owned())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_goes_down_and_its_answer_comes_up() {
        let user = Order {
            username: "a".into(),
            password: "b".into(),
            role: "patient".into(),
            patient: Some("p".into()),
        };
        let mut sent = Vec::new();
        assert_eq!(order(&mut sent, &mut &b"{\"Ok\":null}\n"[..], &user), Ok(()));
        assert_eq!(serde_json::from_slice::<Order>(&sent).unwrap(), user);
        let refused = order(&mut sent, &mut &b"{\"Err\":\"no\"}\n"[..], &user);
        assert_eq!(refused, Err("no".into()));
        assert!(order(&mut sent, &mut &b""[..], &user).is_err());
    }
}
