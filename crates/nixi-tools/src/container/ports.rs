//! Published ports of a container, in the forms that `ps` and `inspect` have for them.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::reading::{Number, json};

/// podman's; before version 4 in other letters.
#[derive(Deserialize)]
struct Port {
    #[serde(alias = "hostIP")]
    host_ip: Option<String>,
    #[serde(alias = "containerPort")]
    container_port: Number,
    #[serde(alias = "hostPort")]
    host_port: Option<Number>,
    range: Option<Number>,
    protocol: Option<String>,
}

/// A list of objects (podman), or a text with commas (docker, podman 1). What cannot be read of one is `?`.
pub(super) fn ports(value: &str) -> Vec<String> {
    let shown = match (json::<Vec<&RawValue>>(value), json::<String>(value)) {
        (Ok(ports), _) => {
            ports.iter().map(|port| json(port.get()).map_or("?".to_owned(), Port::words)).collect()
        }
        (_, Ok(text)) => {
            text.split(',').map(|port| bound(port.trim())).filter(|port| !port.is_empty()).collect()
        }
        (Err(_), Err(_)) if value == "null" => Vec::new(),
        (Err(_), Err(_)) => vec!["?".to_owned()],
    };
    once(shown)
}

/// Each of them once: what is bound to all addresses is told for IPv4 and for IPv6.
pub(super) fn once(ports: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for port in ports {
        if !kept.contains(&port) {
            kept.push(port);
        }
    }
    kept
}

impl Port {
    fn words(self) -> String {
        let number = |number: Number| u16::try_from(number.0?).ok();
        let more = self.range.and_then(number).map_or(0, |range| u32::from(range).saturating_sub(1));
        let span = |first: u16| match more {
            0 => first.to_string(),
            more => format!("{first}-{}", u32::from(first) + more),
        };
        let protocol = self.protocol.as_deref().filter(|word| !word.is_empty()).unwrap_or("tcp");
        let inside = number(self.container_port).map_or("?".to_owned(), span);
        let inside = format!("{inside}/{protocol}");
        match self.host_port.and_then(number).filter(|port| *port > 0) {
            None => inside,
            Some(outside) => {
                let ip = self.host_ip.as_deref().unwrap_or_default();
                let ip = if ip.contains(':') { format!("[{ip}]") } else { ip.to_owned() };
                bound(&format!("{ip}:{}->{inside}", span(outside)))
            }
        }
    }
}

/// A published port without the addresses that mean all of them.
fn bound(port: &str) -> String {
    let everywhere = ["0.0.0.0:", "[::]:", ":::", ":"];
    everywhere.iter().find_map(|all| port.strip_prefix(all)).unwrap_or(port).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_all_versions() {
        for (value, shown) in [
            // podman 4 and 5.
            (
                r#"[{"host_ip":"","container_port":80,"host_port":8080,"range":1,"protocol":"tcp"}]"#,
                "8080->80/tcp",
            ),
            (
                r#"[{"host_ip":"127.0.0.1","container_port":9000,"host_port":9000,"range":3,"protocol":"udp"}]"#,
                "127.0.0.1:9000-9002->9000-9002/udp",
            ),
            // podman 2 and 3.
            (
                r#"[{"hostPort":8080,"containerPort":80,"protocol":"tcp","hostIP":""},{"hostPort":53,"containerPort":53,"protocol":"udp","hostIP":"::1"}]"#,
                "8080->80/tcp [::1]:53->53/udp",
            ),
            // podman 1 and docker.
            (r#""0.0.0.0:8080->80/tcp""#, "8080->80/tcp"),
            (r#""0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp""#, "8080->80/tcp 443/tcp"),
            (r#""0.0.0.0:8080->80/tcp, :::8080->80/tcp""#, "8080->80/tcp"),
            // docker, exposed or without a port on the node.
            (r#"[{"container_port":443,"host_port":0,"range":0,"protocol":""}]"#, "443/tcp"),
            // Nothing, and what no port is.
            ("null", ""),
            (r#""""#, ""),
            ("7", "?"),
            ("{}", "?"),
            (
                r#"[{"container_port":-1,"host_port":-1},{"container_port":65536,"host_port":1},3,{}]"#,
                "?/tcp 1->?/tcp ?",
            ),
        ] {
            assert_eq!(ports(value).join(" "), shown, "{value}");
        }
    }
}
