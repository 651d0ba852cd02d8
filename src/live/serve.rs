//! A server on a real socket.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::UdpSocket;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::timeout_at;

use super::{Clock, LiveError, Server};
use crate::sim::time::Duration;

/// Datagrams that wait in this process; more are dropped. Taken from the socket at once, since the
/// system's own buffer holds a few hundred only.
pub const INBOX_MAX: usize = 4_096;
/// Longest datagram that UDP can carry.
const DATAGRAM_MAX: usize = 65_535;
/// Datagrams that are handled before other tasks have their turn.
const BATCH: usize = 32;
/// Longest sleep without a look at the timers.
const NAP: Duration = Duration::from_millis(250);
/// Threads of a live run, at most: it is about two ends.
const THREADS_MAX: usize = 8;

/// A runtime for live runs.
///
/// # Errors
/// The system gives no threads.
pub fn runtime() -> Result<Runtime, LiveError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(LiveError::system("start threads"))
}

/// A server at work; it ends when this is dropped.
pub struct Running {
    address: SocketAddr,
    server: Arc<Mutex<Server>>,
    task: JoinHandle<()>,
}

/// Puts a server on a UDP socket at `address`; port 0 lets the system choose.
///
/// # Errors
/// The system refuses the socket.
pub async fn serve(
    server: Server,
    address: SocketAddr,
    clock: Clock,
) -> Result<Running, LiveError> {
    let socket = UdpSocket::bind(address).await.map_err(LiveError::system("open a socket"))?;
    let address = socket.local_addr().map_err(LiveError::system("open a socket"))?;
    let server = Arc::new(Mutex::new(server));
    let task = tokio::spawn(work(socket, Arc::clone(&server), clock));
    Ok(Running { address, server, task })
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The server itself; it waits meanwhile.
    pub fn server(&self) -> MutexGuard<'_, Server> {
        lock(&self.server)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(server: &Mutex<Server>) -> MutexGuard<'_, Server> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn work(socket: UdpSocket, server: Arc<Mutex<Server>>, clock: Clock) {
    let mut inbox = VecDeque::new();
    let mut buffer = vec![0; DATAGRAM_MAX];
    loop {
        if inbox.is_empty() {
            let nap = clock.now() + NAP;
            let wake = lock(&server).next_timeout().map_or(nap, |due| due.min(nap));
            let _ = timeout_at(clock.instant(wake), socket.readable()).await;
        }
        for _ in 0..BATCH {
            drain(&socket, &mut buffer, &mut inbox, &server);
            let outgoing = {
                let mut server = lock(&server);
                let now = clock.now();
                server.timeout(now);
                if let Some((from, datagram)) = inbox.pop_front() {
                    server.receive(now, from, &datagram);
                }
                server.take_datagrams()
            };
            for (to, datagram) in outgoing {
                // What cannot be sent is lost, as on any network.
                if socket.send_to(&datagram, to).await.is_err() {
                    lock(&server).reject("not_sent");
                }
            }
            if inbox.is_empty() {
                break;
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Takes what the socket has.
fn drain(
    socket: &UdpSocket,
    buffer: &mut [u8],
    inbox: &mut VecDeque<(SocketAddr, Vec<u8>)>,
    server: &Mutex<Server>,
) {
    for _ in 0..INBOX_MAX {
        match socket.try_recv_from(buffer) {
            Ok(_) if inbox.len() >= INBOX_MAX => lock(server).reject("inbox_full"),
            Ok((len, from)) => inbox.push_back((from, buffer[..len].to_vec())),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            // A report of an earlier datagram that reached nobody.
            Err(_) => {}
        }
    }
}
