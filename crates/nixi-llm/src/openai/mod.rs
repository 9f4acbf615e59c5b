//! An OpenAI-compatible endpoint: how requests go out, how turns stream back, and what can go wrong.

mod address;
mod client;
mod complaint;
mod events;
mod fault;
mod limit;
mod mask;
mod secrets;
mod wire;

pub(crate) use self::client::{Endpoint, TurnStream};
pub(crate) use self::fault::Fault;
pub(crate) use self::secrets::Secrets;
pub(crate) use self::wire::{Piece, Request};
