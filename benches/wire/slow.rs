//! What is behind nginx: a server whose every answer takes as long as its path says, in milliseconds.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{Instant, sleep_until};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Serves at a socket of the file system until it is ended.
pub(crate) fn run(socket: &Path) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = UnixListener::bind(socket)?;
        loop {
            let (stream, _) = listener.accept().await?;
            tokio::spawn(async move {
                // Nginx tells the prober what becomes of it.
                let _ = answer(stream).await;
            });
        }
    })
}

async fn answer(mut stream: UnixStream) -> std::io::Result<()> {
    let mut request = Vec::with_capacity(1024);
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let start = Instant::now();
    let text = String::from_utf8_lossy(&request);
    let path = text.split(' ').nth(1).unwrap_or_default();
    let millis = path.trim_start_matches('/').split('?').next().and_then(|text| text.parse().ok());
    let models: Vec<String> = (0..10)
        .map(|at| {
            format!(r#"{{"id":"model-{at:02}","object":"model","created":1700000000,"owned_by":"bench"}}"#)
        })
        .collect();
    let body = format!(r#"{{"object":"list","data":[{}]}}"#, models.join(","));
    let head = format!(
        "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         x-ratelimit-limit-requests: 10000\r\nx-ratelimit-remaining-requests: 9999\r\n\r\n",
        body.len()
    );
    sleep_until(start + Duration::from_millis(millis.unwrap_or(0))).await;
    stream.write_all((head + &body).as_bytes()).await
}
