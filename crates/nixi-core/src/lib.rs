//! The heart of Nixi: nodes and modes, commands whose type says what they may do, plans that a person approves, the
//! registry of actions, the configuration, and the session that front ends drive.
//!
//! **Invariants.** This crate prints nothing, spawns nothing and opens no socket; the configuration's files are all
//! that it writes, and with the lists of users and groups all that it reads of its own accord. There is no public way to make a [`Command<Read>`], a [`Command<Scratch>`], a [`Writable`], an [`Approved`] or an
//! [`Invocation`]: an action that looks cannot change a node, and a plan runs only as a person approved it.
//! `tests/forgeries` holds the attempts that must not compile.

pub mod action;
pub mod arrival;
pub mod call;
pub mod call_id;
pub mod canonical;
pub mod card;
pub mod catalog;
pub mod colour;
pub mod command;
mod compose;
pub mod config;
pub mod context;
pub mod environment;
pub mod error;
pub mod exec;
mod file_roots;
pub mod fleet;
pub mod gathered;
pub mod host_keys;
pub mod instant;
pub mod journal;
pub mod jump;
pub mod listener;
pub mod mode;
pub mod names;
pub mod nearest;
mod new_way;
pub mod node;
pub mod node_table;
pub mod outputs;
pub mod paste;
pub mod plan;
pub mod read_answer;
pub mod recording;
pub mod registry;
pub mod said;
pub mod secret;
pub mod session;
pub mod shell;
pub mod sink;
pub mod small_file;
pub mod stage;
pub mod text;
pub mod timed;
pub mod trust;
pub mod word;
pub mod wrap;

pub use action::{ActionName, Change, Inspect, Rehearse, Scope};
pub use arrival::{Arrival, Likeness, Sameness, Stop};
pub use call::CallRequest;
pub use call_id::CallId;
pub use canonical::CanonicalHost;
pub use card::{Card, ChangeCard, Edits, Presentation, ReadCard, RehearseCard, Shape};
pub use command::{Command, Program, Read, Scratch, Write};
pub use compose::Compose;
pub use context::{InspectCx, PlanCx, RehearseCx, Settings};
pub use error::{ErrorKind, ErrorReport, ToolError};
pub use exec::{
    Effect, Enrol, ExecError, Executor, Exit, Fingerprint, Forgotten, HostKeyState, HostKeys, Input,
    Invocation, Output, Unreachable, Welcome,
};
pub use file_roots::FileRoots;
pub use gathered::Gathered;
pub use journal::{Journal, MemoryJournal, RequestId};
pub use jump::{Hop, Jump};
pub use listener::Listener;
pub use mode::{Capability, Mode, ReadCapability, WriteCapability};
pub use new_way::NewWay;
pub use node::{Given, Host, Node, NodeName, Place, Port, SshTarget, Tag, Target, UserName};
pub use plan::{
    Activate, Approved, Decision, Declared, Diff, EndState, Expectation, FileDigest, HandOver, LeftOut,
    ModuleEdit, Origin, Part, Plan, PlanDigest, Power, PutFile, Refusal, Replaces, Rescue, RestoreNode,
    Review, Risk, Settle, Step, StepReport, StepStatus, StepView, Thing, Undo, Writable,
};
pub use read_answer::ReadAnswer;
pub use registry::{RegistrationError, Registry};
pub use secret::{Secret, SecretArg};
pub use session::{ApproverHandle, Asker, CallResult, Event, Intent, Op, Outcome, Parts};
pub use sink::{Outlet, Piece, Sink};
pub use stage::Stage;
pub use word::BadWord;
