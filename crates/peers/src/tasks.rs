//! The tasks behind links: counted, and ended with what they belong to.

use hyper::rt::Executor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Tasks that end together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    end: CancellationToken,
}

impl Tasks {
    pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: F) {
        let task = self.end.clone().run_until_cancelled_owned(task);
        self.tracker.spawn(task);
    }

    /// Resolves when all have ended by themselves. None may be added any more.
    pub(crate) async fn finished(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    pub(crate) fn ended(&self) -> bool {
        self.end.is_cancelled()
    }

    /// Ends those that are left, without waiting.
    pub(crate) fn cancel(&self) {
        self.end.cancel();
    }

    /// Ends those that are left, and waits until they are gone.
    pub(crate) async fn end(&self) {
        self.end.cancel();
        self.finished().await;
    }

    /// Ends them when the guard is dropped, for a future that is not awaited to its end.
    pub(crate) fn guard(&self) -> impl Drop + use<> {
        self.end.clone().drop_guard()
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        self.spawn(task);
    }
}
