//! The heart of Nixi.
pub mod command;
pub mod exec;
pub mod mode;
pub mod node;
pub mod quote;
pub mod text;
pub use exec::{
    Effect, Enrol, ExecError, Executor, Exit, Fingerprint, Forgotten, HostKeyState, HostKeys, Invocation, Output,
    Unreachable, Welcome,
};
pub use mode::{Capability, CapabilitySet, Mode, ReadCapability, WriteCapability};
pub use node::{BadWord, Host, Node, NodeName, Port, SshTarget, Tag, Target, UserName};
