//! Where HTTP/2 runs its streams: tasks that end with the connection's lifetime at the latest.

use super::super::accept::LIFETIME;
use hyper::rt::Executor;

#[derive(Clone, Copy)]
pub(in super::super) struct BoundedExecutor;

impl<Task> Executor<Task> for BoundedExecutor
where
    Task: Future + Send + 'static,
    Task::Output: Send,
{
    fn execute(&self, task: Task) {
        tokio::spawn(async move {
            let _ended = tokio::time::timeout(LIFETIME, task).await.is_ok();
        });
    }
}
