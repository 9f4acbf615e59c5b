//! A node as a file declares it.

use std::ops::Range;

use crate::jump::Hop;
use crate::node::Node;

/// One node of one file, and where its name stands. Its jump hosts are words still: they may name nodes of either file.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) node: Node,
    pub(crate) hops: Option<Vec<Hop>>,
    pub(crate) name_at: Range<usize>,
}
