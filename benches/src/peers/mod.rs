//! The others.

pub(crate) mod bare;
pub(crate) mod openssh;
pub(crate) mod programs;
pub(crate) mod pssh;
pub(crate) mod russh;

use anyhow::{Result, anyhow};

/// A peer that is there, or why it is not.
pub(crate) fn lent<T>(peer: &Result<T>) -> Result<&T> {
    peer.as_ref().map_err(|error| anyhow!("{error:#}"))
}

/// The same, for one that changes as it works.
pub(crate) fn lent_mut<T>(peer: &mut Result<T>) -> Result<&mut T> {
    peer.as_mut().map_err(|error| anyhow!("{error:#}"))
}
