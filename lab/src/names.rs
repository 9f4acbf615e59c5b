//! A name server for tests: what names mean is theirs to say, and to change.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// How often it looks whether it is to end.
const TICK: Duration = Duration::from_millis(50);
/// The least of a query (RFC 1035, 4.1.1).
const HEADER: usize = 12;

/// Gives a program files of its own that say how names are looked up; only that program sees them.
const ASKING: &str = "mount --bind \"$1\" /etc/resolv.conf && mount --bind \"$2\" /etc/nsswitch.conf && shift 2 && exec \"$@\"";

/// Answers queries for IPv4 addresses on a loopback address of its own, until it is dropped. Needs root, for port 53.
#[derive(Debug)]
pub struct NameServer {
    at: SocketAddr,
    names: Arc<Mutex<Names>>,
    serving: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Names {
    known: BTreeMap<String, Vec<Ipv4Addr>>,
    is_silent: bool,
    is_over: bool,
}

impl NameServer {
    /// One that knows no name yet.
    ///
    /// # Errors
    /// If the port cannot be had.
    pub fn start() -> Result<Self> {
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let socket = UdpSocket::bind((Ipv4Addr::new(127, 53, high, low.max(1)), 53))
            .context("cannot listen on port 53 of a loopback address")?;
        socket.set_read_timeout(Some(TICK))?;
        let at = socket.local_addr()?;
        let names = Arc::new(Mutex::new(Names::default()));
        let known = Arc::clone(&names);
        let serving = std::thread::spawn(move || serve(&socket, &known));
        Ok(Self { at, names, serving: Some(serving) })
    }

    /// From now on a name has these addresses; none is a name that has none.
    pub fn set(&self, name: &str, addresses: &[Ipv4Addr]) {
        self.names(|names| names.known.insert(name.to_ascii_lowercase(), addresses.to_vec()));
    }

    /// From now on it answers nobody.
    pub fn fall_silent(&self) {
        self.names(|names| names.is_silent = true);
    }

    /// The same command, for which this is the only name server there is. Its files lie in `folder`.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn asked_by(&self, command: &Command, folder: &Path) -> Result<Command> {
        let (resolver, switch) = (folder.join("resolv.conf"), folder.join("nsswitch.conf"));
        std::fs::write(&resolver, format!("nameserver {}\noptions timeout:1 attempts:1\n", self.at.ip()))?;
        std::fs::write(&switch, "passwd: files\ngroup: files\nservices: files\nhosts: files dns\n")?;
        let mut asking = Command::new("unshare");
        asking.args(["--mount", "--propagation", "private", "--", "sh", "-c", ASKING, "sh"]);
        asking.arg(resolver).arg(switch).arg(command.get_program()).args(command.get_args());
        asking.env_clear();
        for (key, value) in command.get_envs() {
            let Some(value) = value else { continue };
            asking.env(key, value);
        }
        command.get_current_dir().map(|folder| asking.current_dir(folder));
        Ok(asking)
    }

    fn names<T>(&self, with: impl FnOnce(&mut Names) -> T) -> T {
        with(&mut self.names.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.names(|names| names.is_over = true);
        if let Some(serving) = self.serving.take() {
            // It ends within a tick; nobody is left to tell if it broke off.
            let _ = serving.join();
        }
    }
}

fn serve(socket: &UdpSocket, names: &Mutex<Names>) {
    let mut query = [0; 512];
    loop {
        let received = socket.recv_from(&mut query);
        let names = names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.is_over {
            return;
        }
        let Ok((length, from)) = received else { continue };
        if let Ok(reply) = answer(query.get(..length).unwrap_or_default(), &names.known)
            && !names.is_silent
        {
            // Whoever asked asks again.
            let _ = socket.send_to(&reply, from);
        }
    }
}

/// The answer to a query of one question (RFC 1035, 4): addresses for type A, nothing for any other type of a known name,
/// and "no such name".
fn answer(query: &[u8], known: &BTreeMap<String, Vec<Ipv4Addr>>) -> Result<Vec<u8>> {
    const TYPE_A: [u8; 2] = [0, 1];
    let (id, question) = (query.get(..2).context("no id")?, query.get(HEADER..).context("no question")?);
    let (mut labels, mut rest) = (Vec::new(), question);
    while let Some((&length, behind)) = rest.split_first() {
        rest = behind;
        if length == 0 {
            break;
        }
        ensure!(length < 64, "a question refers to nothing before it");
        let (label, behind) = rest.split_at_checked(usize::from(length)).context("a label is cut off")?;
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        rest = behind;
    }
    let kind = rest.get(..4).context("no type and class")?;
    let question = question.get(..question.len() - rest.len() + 4).context("the question is cut off")?;
    let found = known.get(&labels.join("."));
    let addresses = found.filter(|_| kind.starts_with(&TYPE_A)).map(Vec::as_slice).unwrap_or_default();
    let (code, count) = (if found.is_some() { 0 } else { 3 }, u8::try_from(addresses.len())?);
    // A recursive answer to one question, with so many records.
    let mut reply = [id, &[0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0], question].concat();
    for address in addresses {
        // The name of the question, class IN, good for no time at all.
        reply.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        reply.extend(address.octets());
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, kind: u8) -> Vec<u8> {
        let mut query = vec![7, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(u8::try_from(label.len()).unwrap());
            query.extend(label.bytes());
        }
        query.extend([0, 0, kind, 0, 1]);
        query
    }

    #[test]
    fn known_names_have_their_addresses_and_others_none() {
        let known = BTreeMap::from([("web.test".to_owned(), vec![Ipv4Addr::new(10, 0, 0, 1)])]);
        let found = answer(&query("WEB.test", 1), &known).unwrap();
        assert_eq!(
            (&found[..8], &found[found.len() - 4..]),
            (&[7, 9, 0x81, 0x80, 0, 1, 0, 1][..], &[10, 0, 0, 1][..])
        );
        let other_type = answer(&query("web.test", 28), &known).unwrap();
        assert_eq!(other_type[3..8], [0x80, 0, 1, 0, 0]);
        assert_eq!(answer(&query("nobody.test", 1), &known).unwrap()[3], 0x83);
        for end in 0..query("web.test", 1).len() {
            assert!(answer(&query("web.test", 1)[..end], &known).is_err(), "{end}");
        }
    }
}
