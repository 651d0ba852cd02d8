//! CoAP over UDP: one socket that answers requests and sends them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::UdpSocket;
use tokio::sync::Semaphore;

use super::blocks::{Asked, Blocks, Taken};
use super::coap_client::Calls;
use super::{EXCHANGES_MAX, Respond};
use crate::live::LiveError;
use crate::wire::coap::{Kind, MAX_MESSAGE, Message, Writer};

/// The socket and what is known of its peers.
pub struct CoapEnd {
    pub(super) socket: UdpSocket,
    blocks: Mutex<Blocks>,
    pub(super) calls: Calls,
}

impl CoapEnd {
    /// Takes a socket there; port 0 lets the system choose.
    ///
    /// # Errors
    /// The system refuses the socket.
    pub async fn bind(address: SocketAddr) -> Result<Self, LiveError> {
        let socket = UdpSocket::bind(address).await.map_err(LiveError::system("open a socket"))?;
        Ok(Self { socket, blocks: Mutex::new(Blocks::new()), calls: Calls::default() })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn address(&self) -> Result<SocketAddr, LiveError> {
        self.socket.local_addr().map_err(LiveError::system("ask for the CoAP port"))
    }

    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes datagrams without end: answers to those that wait, requests to the responder.
    pub async fn serve<R: Respond>(self: Arc<Self>, responder: Arc<R>) {
        let room = Arc::new(Semaphore::new(EXCHANGES_MAX));
        // One byte more than is read, so that a longer one is known as such.
        let mut buffer = vec![0; MAX_MESSAGE + 1];
        loop {
            // An error is the report of an earlier datagram that reached nobody.
            let Ok((len, from)) = self.socket.recv_from(&mut buffer).await else { continue };
            let Ok(message) = Message::parse(buffer.get(..len).unwrap_or_default()) else {
                continue;
            };
            if !message.code.is_request() && !is_ping(&message) {
                self.hear(from, &message, buffer.get(..len).unwrap_or_default()).await;
                continue;
            }
            // What there is no room for now comes again.
            let Ok(permit) = Arc::clone(&room).try_acquire_owned() else { continue };
            if !responder.admits() {
                continue;
            }
            let taken = self.blocks().take(from, &message);
            let asked = match taken {
                Ok(Taken::Request(asked)) => asked,
                Ok(Taken::Answer(answer)) => {
                    self.send(from, &answer).await;
                    continue;
                }
                Ok(Taken::Nothing) | Err(_) => continue,
            };
            let (end, responder) = (Arc::clone(&self), Arc::clone(&responder));
            tokio::spawn(async move {
                end.respond(from, asked, &*responder).await;
                drop(permit);
            });
        }
    }

    async fn respond(&self, from: SocketAddr, mut asked: Asked, responder: &impl Respond) {
        let request = std::mem::take(&mut *asked.request);
        let response = responder.respond(from, request).await;
        let answer = self.blocks().answer(&asked, response.as_ref());
        if let Some(answer) = answer {
            self.send(from, &answer).await;
        }
    }

    /// An answer, an acknowledgement or a reset.
    async fn hear(&self, from: SocketAddr, message: &Message<'_>, bytes: &[u8]) {
        let known = self.calls.hear(from, message, bytes);
        if message.kind == Kind::Confirmable {
            // A separate answer is acknowledged, one that nobody waits for is not (RFC 7252 section 4.2).
            let kind = if known { Kind::Acknowledgement } else { Kind::Reset };
            self.send(from, &Writer::empty(kind, message.mid)).await;
        }
    }

    /// Sends a datagram. What cannot be sent is lost, as on any network.
    pub(super) async fn send(&self, to: SocketAddr, bytes: &[u8]) {
        let _ = self.socket.send_to(bytes, to).await;
    }
}

/// An empty CON (RFC 7252 section 4.3).
fn is_ping(message: &Message<'_>) -> bool {
    message.kind == Kind::Confirmable && message.code == crate::wire::coap::Code::EMPTY
}
