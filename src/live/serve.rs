//! A server on a real socket.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socket2::SockRef;
use tokio::net::UdpSocket;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout_at;

use super::{Clock, LiveError, Server};
use crate::sim::time::Duration;

/// Datagrams that wait in this process; more are dropped. They are taken from the socket at once, since
/// what the system holds is not always as much as it was asked for.
pub const INBOX_MAX: usize = 4_096;
/// What the system is asked to hold for the time in which this process has no processor: some thousand
/// first flights. Without asking, Linux holds about 270.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Longest datagram that UDP can carry.
const DATAGRAM_MAX: usize = 65_535;
/// Longest sleep without asking whether to stop.
const NAP: Duration = Duration::from_millis(100);
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
    stop: Arc<AtomicBool>,
}

/// Puts a server on a UDP socket at `address`; port 0 lets the system choose.
///
/// It has a thread and a runtime of its own: behind the tasks of thousands of devices its turn would
/// come so late that the system's buffer overflows.
///
/// # Errors
/// The system refuses the socket or the thread.
pub fn serve(server: Server, address: SocketAddr, clock: Clock) -> Result<Running, LiveError> {
    let open = || {
        let socket = std::net::UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        // As much as the system allows; less is no error.
        let _ = SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
        let address = socket.local_addr()?;
        io::Result::Ok((socket, address))
    };
    let (socket, address) = open().map_err(LiveError::system("open a socket"))?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(LiveError::system("start a server"))?;
    let server = Arc::new(Mutex::new(server));
    let stop = Arc::new(AtomicBool::new(false));
    let running = Running { address, server: Arc::clone(&server), stop: Arc::clone(&stop) };
    std::thread::Builder::new()
        .name("server".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                if let Ok(socket) = UdpSocket::from_std(socket) {
                    work(&socket, &server, clock, &stop).await;
                }
            });
        })
        .map_err(LiveError::system("start a server"))?;
    Ok(running)
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Datagrams that the system dropped since nobody took them in time, where it tells (Linux, IPv4).
    #[must_use]
    pub fn dropped(&self) -> u64 {
        let table = std::fs::read_to_string("/proc/net/udp").unwrap_or_default();
        let port = format!(":{:04X}", self.address.port());
        let own = table.lines().find_map(|line| {
            let mut columns = line.split_whitespace();
            columns.nth(1)?.ends_with(&port).then(|| columns.next_back())?
        });
        own.and_then(|drops| drops.parse().ok()).unwrap_or(0)
    }

    /// The server itself; it waits meanwhile.
    pub fn server(&self) -> MutexGuard<'_, Server> {
        lock(&self.server)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn lock(server: &Mutex<Server>) -> MutexGuard<'_, Server> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn work(socket: &UdpSocket, server: &Mutex<Server>, clock: Clock, stop: &AtomicBool) {
    let mut inbox = VecDeque::new();
    let mut buffer = vec![0; DATAGRAM_MAX];
    while !stop.load(Ordering::Relaxed) {
        if inbox.is_empty() {
            let nap = clock.now() + NAP;
            let wake = lock(server).next_timeout().map_or(nap, |due| due.min(nap));
            let _ = timeout_at(clock.instant(wake), socket.readable()).await;
        } else {
            // Between any two datagrams the runtime asks the socket for more.
            tokio::task::yield_now().await;
        }
        drain(socket, &mut buffer, &mut inbox, server);
        let outgoing = {
            let mut server = lock(server);
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
                lock(server).reject("not_sent");
            }
        }
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
