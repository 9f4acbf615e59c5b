//! Packets of SSH (RFC 4253, section 6), in the clear or under chacha20-poly1305@openssh.com.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use aws_lc_rs::aead::chacha20_poly1305_openssh::{OpeningKey, SealingKey};

/// One connection, as the server sees it.
pub(super) struct Wire {
    stream: TcpStream,
    keys: Option<(SealingKey, OpeningKey)>,
    sent: u32,
    heard: u32,
}

impl Wire {
    /// After the greetings.
    pub(super) fn of(stream: TcpStream) -> Self {
        Self { stream, keys: None, sent: 0, heard: 0 }
    }

    /// From here on under these keys.
    pub(super) fn under(&mut self, sealing: &[u8; 64], opening: &[u8; 64]) {
        self.keys = Some((SealingKey::new(sealing), OpeningKey::new(opening)));
    }

    /// Sends one packet.
    pub(super) fn send(&mut self, payload: &[u8]) -> Result<()> {
        let mut bytes = Vec::new();
        self.pack(payload, &mut bytes)?;
        Ok(self.stream.write_all(&bytes)?)
    }

    /// Sends these packets in one go.
    pub(super) fn send_all(&mut self, payloads: impl Iterator<Item = Vec<u8>>) -> Result<()> {
        let mut bytes = Vec::new();
        for payload in payloads {
            self.pack(&payload, &mut bytes)?;
        }
        Ok(self.stream.write_all(&bytes)?)
    }

    /// Sends the same packet until nobody takes it any more.
    pub(super) fn flood(&mut self, payload: &[u8]) -> Result<()> {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            while bytes.len() < 64 * 1024 {
                self.pack(payload, &mut bytes)?;
            }
            self.stream.write_all(&bytes)?;
        }
    }

    fn pack(&mut self, payload: &[u8], bytes: &mut Vec<u8>) -> Result<()> {
        // The length itself is no part of what is padded where packets are sealed.
        let framed = payload.len() + if self.keys.is_some() { 1 } else { 5 };
        let padding = 4 + (8 - (framed + 4) % 8) % 8;
        let begin = bytes.len();
        bytes.extend(u32::try_from(1 + payload.len() + padding)?.to_be_bytes());
        bytes.push(u8::try_from(padding)?);
        bytes.extend(payload);
        bytes.extend(std::iter::repeat_n(0, padding));
        if let Some((sealing, _)) = &self.keys {
            let mut tag = [0; 16];
            sealing.seal_in_place(self.sent, bytes.get_mut(begin..).unwrap_or_default(), &mut tag);
            bytes.extend(tag);
        }
        self.sent = self.sent.wrapping_add(1);
        Ok(())
    }

    /// The next packet.
    pub(super) fn hear(&mut self) -> Result<Vec<u8>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length)?;
        let clear = match &self.keys {
            Some((_, opening)) => opening.decrypt_packet_length(self.heard, length),
            None => length,
        };
        let size = usize::try_from(u32::from_be_bytes(clear))?;
        ensure!((2..40_000).contains(&size), "a packet of {size} bytes");
        let mut bytes = length.to_vec();
        bytes.resize(4 + size, 0);
        self.stream.read_exact(bytes.get_mut(4..).unwrap_or_default())?;
        if let Some((_, opening)) = &self.keys {
            let mut tag = [0; 16];
            self.stream.read_exact(&mut tag)?;
            opening
                .open_in_place(self.heard, &mut bytes, &tag)
                .ok()
                .context("a packet that is not sealed")?;
        }
        self.heard = self.heard.wrapping_add(1);
        let padding = usize::from(*bytes.get(4).context("no packet")?);
        Ok(bytes.get(5..(4 + size).saturating_sub(padding)).context("no payload")?.to_vec())
    }
}

/// A string of RFC 4251, section 5.
pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or_default();
    [&length.to_be_bytes(), bytes].concat()
}

/// A positive number of RFC 4251, section 5.
pub(super) fn mpint(bytes: &[u8]) -> Vec<u8> {
    let at = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let digits = bytes.get(at..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_some_and(|first| first & 0x80 != 0) { &[0] } else { &[] };
    string(&[sign, digits].concat())
}
