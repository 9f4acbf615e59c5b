//! The benches, one file each.

mod blackholed;
mod bulk;
mod cold;
mod far;
mod latency;
mod memory;
mod rebuild;
mod throughput;
mod warm;

use anyhow::Result;

use crate::report::Section;
use crate::stage::Stage;

/// Measures, and tells.
type Bench = fn(&Stage) -> Result<Section>;

/// All there are, in the order of the page.
pub(crate) const ALL: [(&str, Bench); 9] = [
    ("latency", latency::run),
    ("throughput", throughput::run),
    ("cold", cold::run),
    ("warm", warm::run),
    ("far", far::run),
    ("bulk", bulk::run),
    ("blackholed", blackholed::run),
    ("memory", memory::run),
    ("rebuild", rebuild::run),
];
