//! A limit: a blocking loop around the library that Nixi uses too, without host keys and without care.

use std::io::Read;
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use ssh2::Session;

use crate::ground::Way;

/// A logged-in blocking session.
pub(crate) struct Bare(Session);

impl Bare {
    /// Connects and logs in.
    pub(crate) fn connect(way: &Way, host: &str) -> Result<Self> {
        let stream = TcpStream::connect((host, way.port))?;
        stream.set_nodelay(true)?;
        let mut session = Session::new()?;
        session.set_tcp_stream(stream);
        session.handshake()?;
        session.userauth_pubkey_file(&way.user, None, &way.identity(), None)?;
        Ok(Self(session))
    }

    /// Runs a command; what it printed.
    pub(crate) fn run(&self, command: &str) -> Result<String> {
        let mut said = String::new();
        let mut channel = self.0.channel_session()?;
        channel.exec(command)?;
        channel.read_to_string(&mut said)?;
        channel.wait_close()?;
        ensure!(channel.exit_status()? == 0, "{command} failed");
        Ok(said)
    }

    /// Reads what a command prints and throws it away; how many bytes it was.
    pub(crate) fn drain(&self, command: &str) -> Result<u64> {
        let mut channel = self.0.channel_session()?;
        channel.exec(command)?;
        let mut buffer = vec![0; 128 * 1024];
        let mut total = 0;
        loop {
            match channel.read(&mut buffer)? {
                0 => break,
                length => total += length as u64,
            }
        }
        channel.wait_close()?;
        Ok(total)
    }

    /// What the two sides agreed on for what the host sends.
    pub(crate) fn cipher(&self) -> String {
        self.0.methods(ssh2::MethodType::CryptSc).unwrap_or("?").to_owned()
    }
}

/// Does something with every host, on so many threads.
pub(crate) fn on_threads<T: Send>(
    hosts: &[String],
    threads: usize,
    act: impl Fn(usize, &str) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some(host) = hosts.get(at) else { return anyhow::Ok(done) };
            done.push((at, act(at, host).with_context(|| host.clone())?));
        }
    };
    let mut all = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::with_capacity(hosts.len());
        for worker in workers {
            all.extend(worker.join().map_err(|_| anyhow::anyhow!("a worker panicked"))??);
        }
        anyhow::Ok(all)
    })?;
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, value)| value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_hosts() {
        let hosts: Vec<String> = (0..50).map(|at| at.to_string()).collect();
        let lengths = on_threads(&hosts, 7, |at, host| Ok((at, host.len()))).unwrap();
        assert_eq!(lengths.len(), 50);
        assert!(
            lengths
                .iter()
                .enumerate()
                .all(|(at, (told, length))| at == *told && *length == at.to_string().len())
        );
        assert!(on_threads(&hosts, 7, |at, _| if at == 30 { anyhow::bail!("no") } else { Ok(()) }).is_err());
    }
}
