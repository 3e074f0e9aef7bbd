//! Noticing that a client went away while its map is drawn: actix keeps a handler running when
//! the peer closes, so the socket is asked.

use std::any::Any;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream as AsyncStream;

/// Quick answers are never asked about.
const FIRST_LOOK: Duration = Duration::from_millis(150);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A second handle on the connection's socket, only ever peeked at.
#[derive(Debug, Clone)]
pub struct Peer(Arc<TcpStream>);

/// Keeps a handle for each connection.
pub fn remember(connection: &dyn Any, extensions: &mut Extensions) {
    use std::os::fd::AsFd;
    if let Some(stream) = connection.downcast_ref::<AsyncStream>()
        && let Ok(handle) = stream.as_fd().try_clone_to_owned()
    {
        extensions.insert(Peer(Arc::new(TcpStream::from(handle))));
    }
}

impl Peer {
    /// Resolves when the peer has closed the connection; never before.
    pub async fn gone(&self) {
        tokio::time::sleep(FIRST_LOOK).await;
        loop {
            let mut byte = [0u8; 1];
            match self.0.peek(&mut byte) {
                Ok(0) => return,
                Err(e) if e.kind() != std::io::ErrorKind::WouldBlock => return,
                // nothing to read, or the next request of the same connection
                _ => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }
}
