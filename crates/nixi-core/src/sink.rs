//! An answer that is handed on while its command runs, piece by piece.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

/// Where the standard output of a command goes while the command runs, in order.
///
/// It is bounded: an executor reads no further before there is room, so that a node which talks faster than somebody
/// listens has to wait.
#[derive(Debug, Clone)]
pub struct Sink {
    pieces: mpsc::Sender<Piece>,
    shared: Arc<Shared>,
}

/// The other end of a [`Sink`].
#[derive(Debug)]
pub struct Outlet {
    pieces: mpsc::Receiver<Piece>,
    shared: Arc<Shared>,
}

/// What both ends know.
#[derive(Debug, Default)]
struct Shared {
    /// Pieces that were taken and can be filled again: to get memory for each from the kernel and give it back takes
    /// longer than to fill it.
    spent: Mutex<Vec<Piece>>,
    begun: AtomicBool,
}

impl Shared {
    fn reuse(&self) -> Option<Piece> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, piece: Piece) {
        let piece = Piece { filled: 0, ..piece };
        self.spent.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
    }
}

/// A piece of an answer: room for [`Piece::SIZE`] bytes, filled from its start.
#[derive(Debug)]
pub struct Piece {
    bytes: Box<[u8]>,
    filled: usize,
}

impl Piece {
    /// The most bytes of a piece, many packets of SSH: to wake whoever takes it for each one takes longer than to read it.
    pub const SIZE: usize = 256 * 1024;

    fn new() -> Self {
        Self { bytes: vec![0; Self::SIZE].into(), filled: 0 }
    }

    /// What is not filled yet.
    pub fn rest(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    /// So many bytes more were written to [`Self::rest`].
    pub fn fill(&mut self, more: usize) {
        self.filled = self.bytes.len().min(self.filled.saturating_add(more));
    }

    /// Whether nothing more fits in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.filled == self.bytes.len()
    }

    /// What is filled.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }
}

impl Sink {
    /// A sink with room for this many pieces, and the other end of it.
    pub(crate) fn with_room(pieces: usize) -> (Self, Outlet) {
        let ((pieces, end), shared) = (mpsc::channel(pieces), Arc::<Shared>::default());
        (Self { pieces, shared: Arc::clone(&shared) }, Outlet { pieces: end, shared })
    }

    /// Whether one more piece can be put in now.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.pieces.capacity() > 0 || self.pieces.is_closed()
    }

    /// Waits until one more piece can be put in. Only one task puts pieces in, so the room does not go away again.
    pub async fn room(&self) {
        // If nobody listens any more, there is as much room as one likes.
        drop(self.pieces.reserve().await);
    }

    /// An empty piece.
    #[must_use]
    pub fn piece(&self) -> Piece {
        self.shared.reuse().unwrap_or_else(Piece::new)
    }

    /// Puts a piece in, which there has to be room for; it is lost if nobody listens any more. An empty one is nothing.
    pub fn put(&self, piece: Piece) {
        if piece.filled == 0 {
            return self.shared.give_back(piece);
        }
        self.shared.begun.store(true, Ordering::Relaxed);
        if let Err(back) = self.pieces.try_send(piece) {
            self.shared.give_back(back.into_inner());
        }
    }

    /// Whether something was put in: from then on the command cannot be run again in secret.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.shared.begun.load(Ordering::Relaxed)
    }
}

impl Outlet {
    /// Waits for the next piece and hands its bytes to `take`. Nothing, when all were taken and no more will come.
    pub async fn next<T>(&mut self, take: impl FnOnce(&[u8]) -> T) -> Option<T> {
        let piece = self.pieces.recv().await?;
        let taken = take(piece.bytes());
        self.shared.give_back(piece);
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(sink: &Sink, bytes: &[u8]) {
        let mut piece = sink.piece();
        assert!(piece.bytes().is_empty());
        assert_eq!(piece.rest().len(), Piece::SIZE);
        piece.rest()[..bytes.len()].copy_from_slice(bytes);
        piece.fill(bytes.len());
        sink.put(piece);
    }

    #[tokio::test]
    async fn pieces_come_in_order_and_their_memory_goes_round() {
        let (sink, mut outlet) = Sink::with_room(2);
        put(&sink, b"");
        assert!(sink.has_room() && !sink.has_begun());
        for round in 0_u8..20 {
            put(&sink, &[round; 3]);
            put(&sink, &[round, 1]);
            assert!(!sink.has_room() && sink.has_begun());
            assert_eq!(outlet.next(<[u8]>::to_vec).await.unwrap(), [round; 3]);
            assert_eq!(outlet.next(<[u8]>::to_vec).await.unwrap(), [round, 1]);
        }
        assert_eq!(sink.shared.spent.lock().unwrap().len(), 2);
        put(&sink, &vec![7; Piece::SIZE]);
        drop(sink);
        assert_eq!(outlet.next(<[u8]>::len).await, Some(Piece::SIZE));
        assert_eq!(outlet.next(<[u8]>::len).await, None);
    }

    #[tokio::test]
    async fn where_nobody_listens_there_is_always_room() {
        let (sink, outlet) = Sink::with_room(1);
        drop(outlet);
        for _ in 0..5 {
            sink.room().await;
            assert!(sink.has_room());
            put(&sink, b"x");
        }
        assert_eq!(sink.shared.spent.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_piece_is_never_fuller_than_full() {
        let mut piece = Piece::new();
        piece.fill(Piece::SIZE - 1);
        assert!(!piece.is_full());
        piece.fill(usize::MAX);
        assert!(piece.is_full() && piece.rest().is_empty());
    }
}
