//! Accepting connections, within bounds: so many at once, so long each.

use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Connections at once, over all listeners.
pub(super) const MAX_CONNECTIONS: usize = 4096;

/// How long any connection may live: long enough for every client's timeout, short enough that
/// forgotten ones do not pile up.
pub(super) const LIFETIME: Duration = Duration::from_secs(30);

/// The largest request body that is read.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// The pause after a failed accept (no descriptors left), so that it does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Accepts until aborted; aborting it ends its connections too.
pub(super) async fn accept_loop<Serve, Served>(listener: TcpListener, permits: Arc<Semaphore>, serve: Serve)
where
    Serve: Fn(TcpStream) -> Served,
    Served: Future<Output = io::Result<()>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let served = serve(stream);
                connections.spawn(async move {
                    match timeout(LIFETIME, served).await {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => tracing::trace!(%error, "simulated connection ended early"),
                        Err(_) => tracing::trace!("simulated connection reached its lifetime"),
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::debug!(%error, "simulator cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}
