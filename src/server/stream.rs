//! A body that is made while it is sent: the next piece when the client has taken the last one.
//!
//! Each piece is a turn on the pool, so that a thousand downloads and the maps beside them share
//! the cores, and a client that reads slowly holds no thread. When it goes away actix drops the
//! body, and with it the work.
//!
//! Most pieces are made in less time than it takes to wake a thread and to fetch from its caches
//! what it wrote. While the last piece was quick the next one is therefore made by the thread
//! that sends it, at a place of the pool and after everybody else on that thread had a turn.

use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use tracing::{info, warn};

use super::state::State;
use crate::budget::Budget;
use crate::encode::feature::Rest;
use crate::error::{Error, Result, guarded};
use crate::protocol::More;

/// What a turn makes: bytes as they go over the wire, whether more comes, and the compression
/// that goes on with the next piece.
type Piece = Result<(Vec<u8>, Rest, Packer)>;

/// What stands before a chunk of 64 kB to 1 MB on the wire: its length in five digits and the end
/// of a line. A piece that begins as far behind a cache line is copied behind it four times as
/// quickly (14 to 3.3 GB/s here).
const CHUNK_HEAD: usize = 7;

/// A turn under way: what it makes, and how long that took.
type Making = Pin<Box<dyn Future<Output = (Piece, Duration)>>>;

/// A piece that was made in less may be followed by one that is made here: what others on this
/// thread wait for it at most.
const QUICK: Duration = Duration::from_millis(2);

/// Makes a piece: of `first`, what was made before, or of what comes now, behind `lead` bytes
/// that are not sent.
fn make(
    first: Option<Vec<u8>>,
    more: &More,
    mut packer: Packer,
    lead: usize,
    budget: &Budget,
) -> Result<(Vec<u8>, Rest, Packer)> {
    let (piece, rest) = match first {
        Some(first) => (first, Rest::More),
        None => {
            let mut out = vec![0; lead];
            let rest = more.pull(&mut out, budget)?;
            (out, rest)
        }
    };
    Ok((packer.pack(piece, rest)?, rest, packer))
}

/// Compresses pieces as one stream, or leaves them as they are.
struct Packer(Option<GzEncoder<Vec<u8>>>);

impl Packer {
    /// A piece as it goes over the wire; the last one closes the compression.
    fn pack(&mut self, piece: Vec<u8>, rest: Rest) -> Result<Vec<u8>> {
        let Some(mut gzip) = self.0.take() else {
            return Ok(piece);
        };
        let failed = |error: std::io::Error| Error::Internal {
            message: format!("compressing: {error}"),
        };
        gzip.write_all(&piece).map_err(failed)?;
        if rest == Rest::Done {
            return gzip.finish().map_err(failed);
        }
        // what was read is sent now, not when a window is full
        gzip.flush().map_err(failed)?;
        let out = std::mem::take(gzip.get_mut());
        self.0 = Some(gzip);
        Ok(out)
    }
}

/// The body of a streamed answer.
pub struct StreamBody {
    state: Arc<State>,
    more: More,
    /// What is sent before the rest is asked for.
    first: Option<Vec<u8>>,
    making: Option<Making>,
    /// The last piece was made in no time.
    is_quick: bool,
    /// Others had their turn since the last piece.
    has_waited: bool,
    /// With the turn that makes a piece, while one is made.
    packer: Option<Packer>,
    /// Bytes of the piece under way that are not sent.
    lead: usize,
    is_done: bool,
    is_whole: bool,
    /// In bytes, where it is known beforehand.
    length: Option<u64>,
    /// For the log.
    endpoint: &'static str,
    started: Instant,
    sent: u64,
}

impl StreamBody {
    pub fn new(
        state: &Arc<State>,
        first: Vec<u8>,
        more: More,
        with_gzip: bool,
        endpoint: &'static str,
    ) -> StreamBody {
        StreamBody {
            state: Arc::clone(state),
            more,
            first: Some(first),
            making: None,
            is_quick: false,
            has_waited: false,
            packer: Some(Packer(
                with_gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast())),
            )),
            lead: 0,
            is_done: false,
            is_whole: false,
            length: None,
            endpoint,
            started: Instant::now(),
            sent: 0,
        }
    }

    /// A body that says how long it is.
    pub fn with_length(mut self, length: Option<u64>) -> StreamBody {
        self.length = length;
        self
    }

    /// A body of which nothing is sent: the answer to HEAD.
    pub fn unsent(mut self) -> StreamBody {
        self.first = None;
        (self.is_done, self.is_whole) = (true, true);
        self
    }

    /// What a piece is made of: what was made before, the compression, and the time it may take;
    /// how many pieces there are is the client's affair.
    fn parts(&mut self) -> (Option<Vec<u8>>, Packer, usize, Budget) {
        let seconds = self.state.whole().limits.seconds;
        let budget = Budget::new(Duration::from_secs(seconds), u64::MAX, u64::MAX);
        let packer = self.packer.take().unwrap_or(Packer(None));
        let first = self.first.take();
        let is_chunk = first.is_none() && packer.0.is_none() && self.length.is_none();
        self.lead = if is_chunk { CHUNK_HEAD } else { 0 };
        (first, packer, self.lead, budget)
    }

    /// A turn on the pool that makes the next piece, and how long it took.
    fn next_piece(&mut self) -> Making {
        let (state, more) = (Arc::clone(&self.state), self.more.clone());
        let (first, packer, lead, budget) = self.parts();
        Box::pin(async move {
            let flag = budget.cancel_flag();
            let work = move || {
                let started = Instant::now();
                let piece = make(first, &more, packer, lead, &budget);
                (piece, started.elapsed())
            };
            let made = state.pool.run_patiently(flag, work).await;
            made.unwrap_or_else(|error| (Err(error), Duration::ZERO))
        })
    }

    /// The next piece, made here; `None` where it must be made elsewhere.
    fn piece_here(&mut self) -> Option<(Piece, Duration)> {
        let state = Arc::clone(&self.state);
        let _place = state.pool.place_here()?;
        let started = Instant::now();
        let (first, packer, lead, budget) = self.parts();
        let piece = guarded(|| make(first, &self.more, packer, lead, &budget)).flatten();
        Some((piece, started.elapsed()))
    }

    fn send(&mut self, piece: Piece) -> Result<Bytes> {
        let (piece, rest, packer) = piece?;
        self.packer = Some(packer);
        self.is_done = rest == Rest::Done;
        self.is_whole = self.is_done;
        let lead = self.lead.min(piece.len());
        let piece = Bytes::from(piece).slice(lead..);
        self.sent = self.sent.saturating_add(piece.len() as u64);
        Ok(piece)
    }
}

impl MessageBody for StreamBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.length.map_or(BodySize::Stream, BodySize::Sized)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let body = self.get_mut();
        loop {
            if body.is_done {
                return Poll::Ready(None);
            }
            if let Some(Packer(None)) = &body.packer
                && let Some(first) = body.first.take_if(|first| !first.is_empty())
            {
                // nothing to do with it: it need not wait for a turn
                body.sent = first.len() as u64;
                return Poll::Ready(Some(Ok(Bytes::from(first))));
            }
            let is_here = body.is_quick && body.making.is_none();
            if is_here && !std::mem::replace(&mut body.has_waited, true) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            body.has_waited = false;
            let here = if is_here { body.piece_here() } else { None };
            let (piece, time) = match here {
                Some(made) => made,
                None => {
                    let making = match body.making.take() {
                        Some(making) => making,
                        None => body.next_piece(),
                    };
                    ready!(body.making.insert(making).as_mut().poll(context))
                }
            };
            body.making = None;
            body.is_quick = time < QUICK;
            match body.send(piece) {
                // an empty chunk would end the body
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Poll::Ready(Some(Ok(bytes))),
                Err(error) => {
                    // the status is sent already: the connection is cut, so that what arrived is
                    // not taken for the whole
                    warn!(endpoint = body.endpoint, "an answer was cut short: {error}");
                    body.is_done = true;
                    return Poll::Ready(Some(Err(error.into())));
                }
            }
        }
    }
}

impl Drop for StreamBody {
    fn drop(&mut self) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.state.metrics.streamed(self.sent);
        info!(
            target: "access",
            endpoint = self.endpoint,
            bytes = self.sent,
            whole = self.is_whole,
            ms = (seconds * 1e5).round() / 100.0,
            "the end of a streamed answer",
        );
    }
}
