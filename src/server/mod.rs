//! HTTP around the protocols: the only user of actix-web.
//!
//! Workers parse, look up and send; what draws runs on the [`pool`]. A click on a map is first
//! tried by the worker itself, with a budget of milliseconds: to wake another thread and to be
//! woken again costs more than most identifications. A request is answered from
//! the catalogue that was current when it arrived, whatever is loaded meanwhile.

mod access;
mod access_log;
mod asked;
mod base_url;
mod compress;
mod disconnect;
mod forwarded;
mod guard;
mod handler;
mod maps;
mod metrics;
mod pool;
mod problem;
mod respond;
mod route;
mod served;
mod state;
mod stream;
mod threads;
mod turns;
mod views;
mod views_kept;
mod who;
mod work;

use std::io::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpServer, web};

pub use base_url::check as check_base_url;
pub use state::{CacheOptions, Options, Site, State};

use crate::error::{Error, Result};

/// A head or a body that does not arrive within this time is given up (slow loris). The largest
/// body at 3 Mbit/s takes 11 s.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(15);
/// Requests in flight at SIGTERM get this long.
const SHUTDOWN_S: u64 = 30;

/// Serves until SIGTERM or SIGINT; requests in flight are finished.
///
/// Prints exactly one line to standard output, when it is ready: `listening on http://ADDR:PORT`.
///
/// # Errors
/// `Io` where the address can't be listened on.
pub fn run(state: Arc<State>, listen: &str) -> Result<()> {
    let io = |source: &std::io::Error| Error::Io {
        path: listen.into(),
        message: format!("cannot listen: {source}"),
    };
    let port = listen.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    if port.is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
        return Err(Error::Config {
            message: format!(
                "--listen: expected ADDRESS:PORT such as 127.0.0.1:8080, or 0.0.0.0:8080 for all \
                 addresses of the machine, found {listen:?}"
            ),
        });
    }
    let listener = TcpListener::bind(listen).map_err(|e| io(&e))?;
    let address = listener.local_addr().map_err(|e| io(&e))?;
    state.set_address(address.to_string());
    let workers = state.options.workers;
    let data = web::Data::from(Arc::clone(&state));
    let system = actix_web::rt::System::new();
    system.block_on(async move {
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(handler::handle))
        })
        .workers(workers)
        .client_request_timeout(CLIENT_TIMEOUT)
        .shutdown_timeout(SHUTDOWN_S)
        .on_connect(disconnect::remember)
        // an answer in pieces ends in a small one, which the kernel would hold back until the
        // client has confirmed those before: 40 ms on most
        .tcp_nodelay(true)
        .listen(listener)
        .map_err(|e| io(&e))?
        .run();
        let mut out = std::io::stdout();
        // nobody may be reading: that is no reason not to serve
        let _closed = writeln!(out, "listening on http://{address}").and_then(|()| out.flush());
        server.await.map_err(|e| io(&e))
    })
}
