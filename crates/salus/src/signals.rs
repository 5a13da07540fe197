//! Ctrl-C, SIGTERM, and the end of a supervisor.

use tokio::signal::unix::{SignalKind, signal};

/// Resolves when a person or a service manager asks this process to stop.
pub(crate) async fn asked_to_stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        tracing::warn!("signals cannot be caught; the node stops only by force");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

/// Returns when standard input closes: whoever holds the other end is gone, however it died.
pub(crate) fn wait_for_the_end_of_input() {
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
}

/// Resolves when the supervisor is gone; never, when there is none.
pub(crate) async fn supervisor_gone(supervised: bool) {
    if !supervised {
        return std::future::pending().await;
    }
    let (gone, told) = tokio::sync::oneshot::channel();
    // A thread of its own: a blocking read cannot be taken back when the node stops.
    std::thread::spawn(move || {
        wait_for_the_end_of_input();
        let _ = gone.send(());
    });
    let _ = told.await;
}
