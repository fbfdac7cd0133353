//! A relay that keeps the heads of what goes through: how two real programs negotiate.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A running relay; it ends with the test's runtime.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    responses: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// Starts one that leads to `to`.
    pub(crate) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, responses) = (Arc::default(), Arc::default());
        let kept = (Arc::clone(&requests), Arc::clone(&responses));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(to).await else { continue };
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(pass(from_client, to_server, Arc::clone(&kept.0)));
                tokio::spawn(pass(from_server, to_client, Arc::clone(&kept.1)));
            }
        });
        Self { address, requests, responses }
    }

    /// The heads of the first request and the first response of each connection.
    pub(crate) fn heads(&self) -> (Vec<String>, Vec<String>) {
        (self.requests.lock().unwrap().clone(), self.responses.lock().unwrap().clone())
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    heads: Arc<Mutex<Vec<String>>>,
) {
    let mut start = Vec::new();
    let mut kept = false;
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let length = match from.read(&mut buffer).await {
            Ok(length) if length > 0 => length,
            _ => break,
        };
        if !kept {
            start.extend_from_slice(&buffer[..length]);
            if let Some(end) = start.windows(4).position(|window| window == b"\r\n\r\n") {
                heads.lock().unwrap().push(String::from_utf8_lossy(&start[..end]).to_lowercase());
                kept = true;
            }
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}
