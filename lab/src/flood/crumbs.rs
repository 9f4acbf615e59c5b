//! An honest server whose packets are small.

use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::process::{ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use anyhow::{Context, Result, bail, ensure};

use super::wire::{Wire, string};

/// Runs the commands that come in, one after the other, and hands their output on in pieces of so many bytes.
pub(super) fn serve(wire: &mut Wire, piece: usize) -> Result<()> {
    let mut session = Session { wire, windows: HashMap::new(), later: VecDeque::new() };
    loop {
        let packet = match session.later.pop_front() {
            Some(packet) => packet,
            None => session.wire.hear()?,
        };
        match packet.first() {
            Some(5) => session.wire.send(&[&[6], packet.get(1..).unwrap_or_default()].concat())?,
            Some(50) => session.wire.send(&[52])?,
            Some(90) => session.open(&packet)?,
            Some(93) => session.widen(&packet)?,
            Some(98) => session.request(&packet, piece)?,
            Some(1) | None => bail!("it left"),
            Some(_) => {}
        }
    }
}

/// Channels have the client's own numbers on both sides.
struct Session<'a> {
    wire: &'a mut Wire,
    /// How much each channel may still be sent.
    windows: HashMap<u32, usize>,
    /// What came in while a command ran.
    later: VecDeque<Vec<u8>>,
}

impl Session<'_> {
    fn open(&mut self, packet: &[u8]) -> Result<()> {
        let kind = usize::try_from(number(packet, 1)?)?;
        let channel = number(packet, 5 + kind)?;
        self.windows.insert(channel, usize::try_from(number(packet, 9 + kind)?)?);
        let own = channel.to_be_bytes();
        self.wire.send(&[&[91][..], &own, &own, &[0, 32, 0, 0, 0, 0, 128, 0]].concat())
    }

    fn widen(&mut self, packet: &[u8]) -> Result<()> {
        let more = usize::try_from(number(packet, 5)?)?;
        if let Some(window) = self.windows.get_mut(&number(packet, 1)?) {
            *window += more;
        }
        Ok(())
    }

    fn request(&mut self, packet: &[u8], piece: usize) -> Result<()> {
        let channel = number(packet, 1)?;
        self.wire.send(&[&[99][..], &channel.to_be_bytes()].concat())?;
        let name = usize::try_from(number(packet, 5)?)?;
        if packet.get(9..9 + name) != Some(b"exec") {
            return Ok(());
        }
        let line = packet.get(14 + name..).context("no line")?;
        let mut child = Command::new("/bin/sh")
            .arg("-c")
            .arg(std::str::from_utf8(line)?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let errors = as_it_comes(child.stderr.take().context("no errors")?);
        let mut output = child.stdout.take().context("no output")?;
        let mut read = vec![0; piece * 256];
        loop {
            let length = output.read(&mut read)?;
            errors.try_iter().try_for_each(|bytes| self.complain(channel, &bytes))?;
            if length == 0 {
                break;
            }
            self.say(channel, read.get(..length).unwrap_or_default(), piece)?;
        }
        errors.iter().try_for_each(|bytes| self.complain(channel, &bytes))?;
        let code = child.wait()?.code().unwrap_or(255);
        let own = channel.to_be_bytes();
        self.wire.send(&[&[96][..], &own].concat())?;
        let status = [&[98][..], &own, &string(b"exit-status"), &[0], &code.to_be_bytes()].concat();
        self.wire.send(&status)?;
        self.wire.send(&[&[97][..], &own].concat())
    }

    /// On the other stream, in one piece; there is never so much that the window matters.
    fn complain(&mut self, channel: u32, bytes: &[u8]) -> Result<()> {
        self.wire.send(&[&[95][..], &channel.to_be_bytes(), &1_u32.to_be_bytes(), &string(bytes)].concat())
    }

    /// As data of the channel, as far as its window goes; then it waits for more.
    fn say(&mut self, channel: u32, bytes: &[u8], piece: usize) -> Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let window = *self.windows.get(&channel).context("no channel")?;
            let (now, later) = rest.split_at(window.min(rest.len()));
            let packets = now.chunks(piece);
            self.wire
                .send_all(packets.map(|data| [&[94][..], &channel.to_be_bytes(), &string(data)].concat()))?;
            self.windows.insert(channel, window - now.len());
            rest = later;
            while self.windows.get(&channel) == Some(&0) {
                let packet = self.wire.hear()?;
                match packet.first() {
                    Some(93) => self.widen(&packet)?,
                    // Whoever closes a channel wants nothing more on it.
                    Some(97) => ensure!(number(&packet, 1)? != channel, "nobody listens"),
                    Some(_) => self.later.push_back(packet),
                    None => bail!("it left"),
                }
            }
        }
        Ok(())
    }
}

/// What a command says on standard error, read beside its output.
fn as_it_comes(mut stream: ChildStderr) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = stream.read(&mut bytes) {
            if sender.send(bytes.get(..length).unwrap_or_default().to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

fn number(packet: &[u8], at: usize) -> Result<u32> {
    let bytes = packet.get(at..at + 4).context("a short packet")?;
    Ok(u32::from_be_bytes(bytes.try_into()?))
}
