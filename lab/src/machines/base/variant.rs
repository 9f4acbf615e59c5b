//! What a tree holds beside Debian and the look-alike.

/// A machine's tree is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Variant {
    /// No more than all machines have.
    #[default]
    Plain,
    /// Debian's Docker Engine too, in a layer that is only built when somebody asks for it.
    Docker,
}
