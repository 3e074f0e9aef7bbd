//! Signals that tell a command to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Who was stopped by a signal exits with it, as shells expect of SIGINT.
pub const STOPPED: u8 = 130;

/// Sets `stop` at SIGINT and SIGTERM; a second one ends the process.
pub fn stop_at_signal(stop: &Arc<AtomicBool>) {
    let stop = Arc::clone(stop);
    let waiter = std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
            else {
                return;
            };
            runtime.block_on(async {
                use tokio::signal::unix::{SignalKind, signal};
                let Ok(mut terminate) = signal(SignalKind::terminate()) else {
                    return;
                };
                for nth in 0.. {
                    tokio::select! {
                        _ = tokio::signal::ctrl_c() => {}
                        _ = terminate.recv() => {}
                    }
                    if nth > 0 {
                        std::process::exit(STOPPED.into());
                    }
                    stop.store(true, Ordering::Relaxed);
                }
            });
        });
    if waiter.is_err() {
        tell!("warning: signals are not waited for: they end the work without a word");
    }
}
