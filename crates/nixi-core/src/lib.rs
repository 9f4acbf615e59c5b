//! The heart of Nixi.
pub mod mode;
pub mod node;
pub mod text;
pub use mode::{Capability, CapabilitySet, Mode, ReadCapability, WriteCapability};
pub use node::{BadWord, Host, Node, NodeName, Port, SshTarget, Tag, Target, UserName};
