//! What the terminal sends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ratatui::crossterm::event::{Event, poll, read};
use tokio::sync::mpsc;

/// How soon the reader notices that it is to end.
const GLANCE: Duration = Duration::from_millis(50);

/// How long it is waited for when it is to end.
const FAREWELL: Duration = Duration::from_millis(250);

/// An event, and when it was read.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) event: Event,
    pub(crate) at: Instant,
}

/// Reads the terminal on a thread of its own; dropped, it ends, so that it swallows nothing meant for what comes after.
pub(crate) struct Reader {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Starts reading. The channel closes when the terminal has gone.
    pub(crate) fn start() -> (Self, mpsc::Receiver<Input>) {
        let (sender, inputs) = mpsc::channel(256);
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::SeqCst) {
                let event = match poll(GLANCE) {
                    Ok(false) => continue,
                    Ok(true) => read(),
                    Err(error) => Err(error),
                };
                let Ok(event) = event else { return };
                if sender.blocking_send(Input { event, at: Instant::now() }).is_err() {
                    return;
                }
            }
        });
        (Self { stop, thread: Some(thread) }, inputs)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let told = Instant::now();
        // Where the terminal has gone, crossterm's `poll` never comes back; the thread then ends with the process.
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) && told.elapsed() < FAREWELL {
            std::thread::park_timeout(GLANCE / 10);
        }
    }
}
