//! A client on a real socket.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::time::timeout_at;

use super::{Client, Clock, LiveError};
use crate::sim::time::{Duration, Time};

/// Longest wait without asking whether to stop.
const POLL: Duration = Duration::from_millis(100);
/// The same of those who only wait for their start: many do at once, and waking costs.
const NAP: Duration = Duration::from_secs(1);
/// Receive buffer of one session: no datagram of a peer with a sensible MTU is longer.
const BUFFER: usize = 16_384;

/// How far everything may go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Real time.
    pub clock: Clock,
    /// All ends here.
    pub limit: Time,
    /// Asked from time to time: whether somebody wants to stop.
    pub stopped: fn() -> bool,
}

impl Bounds {
    /// From now, at most `span`.
    #[must_use]
    pub fn start(span: Duration, stopped: fn() -> bool) -> Self {
        let clock = Clock::start();
        Self { clock, limit: clock.now() + span, stopped }
    }

    /// Time is up, or somebody wants to stop.
    #[must_use]
    pub fn are_reached(&self) -> bool {
        self.clock.now() >= self.limit || (self.stopped)()
    }

    /// Sleeps until `time`, unless the bounds come first.
    pub(super) async fn sleep_until(&self, time: Time) {
        while self.clock.now() < time && !self.are_reached() {
            let wake = time.min(self.limit).min(self.clock.now() + NAP);
            tokio::time::sleep_until(self.clock.instant(wake)).await;
        }
    }
}

/// One association with a server, over a socket of its own.
pub struct Session {
    client: Client,
    socket: UdpSocket,
    bounds: Bounds,
    begun: Time,
    buffer: Vec<u8>,
}

impl Session {
    /// Opens a socket to `server`; `client` has just begun.
    ///
    /// # Errors
    /// The system refuses the socket.
    pub async fn open(
        server: SocketAddr,
        bounds: Bounds,
        client: impl FnOnce(Time) -> Result<Client, LiveError>,
    ) -> Result<Self, LiveError> {
        let system = || LiveError::system("open a socket");
        let local: SocketAddr = match server {
            SocketAddr::V4(to) if to.ip().is_loopback() => (Ipv4Addr::LOCALHOST, 0).into(),
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(to) if to.ip().is_loopback() => (Ipv6Addr::LOCALHOST, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(local).await.map_err(system())?;
        socket.connect(server).await.map_err(system())?;
        let begun = bounds.clock.now();
        let client = client(begun)?;
        Ok(Self { client, socket, bounds, begun, buffer: vec![0; BUFFER] })
    }

    /// The association.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// The association.
    pub const fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// When the handshake began.
    #[must_use]
    pub const fn begun(&self) -> Time {
        self.begun
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Time {
        self.bounds.clock.now()
    }

    /// Completes the handshake; false if it failed or the bounds were reached.
    pub async fn handshake(&mut self) -> bool {
        self.until(Time::NEVER, Client::is_ready).await
    }

    /// Sends application data and waits for what comes back, at most for `wait`.
    pub async fn ask(&mut self, data: &[u8], wait: Duration) -> Option<Vec<u8>> {
        let now = self.now();
        self.client.send(now, data).ok()?;
        self.until(now + wait, Client::has_data).await;
        self.client.take_data()
    }

    /// Makes new keys at both ends, by a key update where there is one and else by a fresh handshake from the
    /// same socket; false if that did not come to an end.
    pub async fn update_keys(&mut self) -> bool {
        let now = self.now();
        if !self.client.updates_keys() {
            return self.client.connect_again(now).is_ok() && self.handshake().await;
        }
        self.client.update_keys(now).is_ok()
            && self.until(Time::NEVER, |client| client.has_updated(1)).await
    }

    /// Tells the peer that this is the end.
    pub async fn close(&mut self) {
        let now = self.now();
        self.client.close(now);
        self.flush().await;
    }

    /// Goes on until `done`, `wake`, the end of the association or the bounds; true if `done`.
    pub async fn until(&mut self, wake: Time, done: impl Fn(&Client) -> bool) -> bool {
        loop {
            self.flush().await;
            if done(&self.client) {
                return true;
            }
            if self.client.is_over() || self.bounds.are_reached() || self.now() >= wake {
                return false;
            }
            self.step(wake).await;
        }
    }

    /// Waits for one thing to happen.
    async fn step(&mut self, wake: Time) {
        let now = self.now();
        let due = self.client.next_timeout().unwrap_or(Time::NEVER);
        let until = due.min(wake).min(self.bounds.limit).min(now + POLL);
        let received =
            timeout_at(self.bounds.clock.instant(until), self.socket.recv(&mut self.buffer)).await;
        let now = self.now();
        match received {
            Ok(Ok(len)) => self.client.receive(now, &self.buffer[..len]),
            // Nobody listens there, now; the timer repeats the flight.
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => {
                self.client.reject("port_closed");
            }
            Ok(Err(_)) => self.client.reject("not_received"),
            Err(_) => {}
        }
        if self.client.next_timeout().is_some_and(|due| due <= now) {
            self.client.timeout(now);
        }
    }

    async fn flush(&mut self) {
        for datagram in self.client.take_datagrams() {
            // What cannot be sent is lost, as on any network.
            if self.socket.send(&datagram).await.is_err() {
                self.client.reject("not_sent");
            }
        }
    }
}
