//! Work of the processor, kept off the threads that serve connections, and bounded.

use std::num::NonZero;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::error::HospitalError;

/// How many pieces of one job run at the same time, and how many jobs.
#[derive(Clone)]
pub(crate) struct Cpu {
    permits: Arc<Semaphore>,
    threads: usize,
}

impl Cpu {
    pub(crate) fn new() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            permits: Arc::new(Semaphore::new(threads)),
            threads,
        }
    }

    /// Runs one job on a thread that may block.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HospitalError> {
        let gone = |_| HospitalError::Internal("a worker thread is gone".into());
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| HospitalError::Internal("the workers are closed".into()))?;
        tokio::task::spawn_blocking(move || {
            let done = job();
            drop(permit);
            done
        })
        .await
        .map_err(gone)
    }

    /// Runs `job` over all items on every core, in order, and stops early at nothing.
    pub(crate) async fn map<I, O>(
        &self,
        items: Vec<I>,
        job: impl Fn(I) -> O + Send + Sync + 'static,
    ) -> Result<Vec<O>, HospitalError>
    where
        I: Send + 'static,
        O: Send + 'static,
    {
        /// Fewer items than this are not worth a second thread.
        const WORTH_SPLITTING: usize = 32;
        let job = Arc::new(job);
        let parts = if items.len() < WORTH_SPLITTING {
            1
        } else {
            self.threads
        };
        let each = items.len().div_ceil(parts).max(1);
        let mut running = Vec::with_capacity(parts);
        let mut items = items.into_iter();
        loop {
            let chunk: Vec<I> = items.by_ref().take(each).collect();
            if chunk.is_empty() {
                break;
            }
            let job = Arc::clone(&job);
            let work = self.clone();
            running.push(tokio::spawn(async move {
                work.run(move || chunk.into_iter().map(|item| job(item)).collect::<Vec<O>>())
                    .await
            }));
        }
        let mut done = Vec::new();
        for part in running {
            let part = part
                .await
                .map_err(|_| HospitalError::Internal("a worker thread is gone".into()))?;
            done.extend(part?);
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_order_of_the_items_survives_the_threads() {
        let items: Vec<u32> = (0..1000).collect();
        let doubled = Cpu::new().map(items, |item| item * 2).await.unwrap();
        assert_eq!(doubled, (0..1000).map(|item| item * 2).collect::<Vec<_>>());
        assert!(
            Cpu::new()
                .map(Vec::<u8>::new(), |item| item)
                .await
                .unwrap()
                .is_empty()
        );
    }
}
