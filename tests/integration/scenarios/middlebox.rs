//! A box on the router that reads server names, as filters do: those it does not like end there.

use std::io;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::scenario::Filter;
use crate::namespaces::network::Network;

/// Where the router sends what the box has to see.
const PORT: u16 = 9443;

/// A running box; it ends with this value.
pub(super) struct Middlebox {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Middlebox {
    /// All connections to these addresses, at most one of each family, go through it.
    pub(super) fn start(network: &Network, servers: &'static [SocketAddr], name: &str, how: Filter) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let name = name.to_owned();
        let thread = network.thread_on_the_router(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind(("::", PORT)).await.unwrap();
                ready.send(()).unwrap();
                let serve = async {
                    while let Ok((stream, client)) = listener.accept().await {
                        let name = name.clone();
                        let ipv4 = client.ip().to_canonical().is_ipv4();
                        let server = servers.iter().find(|server| server.is_ipv4() == ipv4).copied();
                        let Some(server) = server else { continue };
                        tokio::spawn(async move { pass(stream, server, &name, how).await });
                    }
                };
                tokio::select! {
                    () = serve => {}
                    _ = stopped => {}
                }
            });
        });
        is_ready.recv().unwrap();
        for server in servers {
            let family = if server.is_ipv4() { "ip" } else { "ip6" };
            network.router_does(&format!(
                "nft add table {family} box\n\
                 nft add chain {family} box prerouting '{{ type nat hook prerouting priority dstnat; }}'\n\
                 nft add rule {family} box prerouting {family} daddr {} tcp dport {} redirect to :{PORT}\n",
                server.ip(),
                server.port()
            ));
        }
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Middlebox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads the first record and passes the connection on, or ends it.
async fn pass(mut client: TcpStream, server: SocketAddr, name: &str, how: Filter) -> io::Result<()> {
    let mut head = [0; 5];
    client.read_exact(&mut head).await?;
    let mut record = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    client.read_exact(&mut record).await?;
    if record.windows(name.len()).any(|window| window == name.as_bytes()) {
        match how {
            Filter::Reset => client.set_zero_linger()?,
            Filter::Silence => std::future::pending().await,
        }
        return Ok(());
    }
    let mut onward = TcpStream::connect(server).await?;
    onward.write_all(&head).await?;
    onward.write_all(&record).await?;
    copy_bidirectional(&mut client, &mut onward).await.map(|_| ())
}
