//! Ports as people write them, and the options that let them in.

use nixi_core::{ModuleEdit, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::declared::Element;

/// Parameters of the actions that take ports.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortArgs {
    /// As 8080/tcp, 53/udp, 8000-8010/tcp; without a protocol, tcp
    pub ports: Vec<String>,
}

/// One port or a range of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ports {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) is_udp: bool,
}

impl Ports {
    fn parse(text: &str) -> Option<Self> {
        let (numbers, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        Self::between(numbers, '-', protocol)
    }

    /// One port or two with a sign between them, of a protocol.
    pub(super) fn between(numbers: &str, sign: char, protocol: &str) -> Option<Self> {
        let is_udp = match protocol {
            "tcp" | "TCP" => false,
            "udp" | "UDP" => true,
            _ => return None,
        };
        let (first, last) = numbers.split_once(sign).unwrap_or((numbers, numbers));
        let number = |text: &str| {
            let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_plain.then(|| text.parse::<u16>().ok()).flatten().filter(|port| *port != 0)
        };
        let (first, last) = (number(first)?, number(last)?);
        (first <= last).then_some(Self { first, last, is_udp })
    }

    /// As it is written in a call.
    pub(super) fn word(&self) -> String {
        let protocol = self.protocol();
        match self.first == self.last {
            true => format!("{}/{protocol}", self.first),
            false => format!("{}-{}/{protocol}", self.first, self.last),
        }
    }

    /// `tcp` or `udp`.
    pub(super) fn protocol(&self) -> &'static str {
        if self.is_udp { "udp" } else { "tcp" }
    }

    /// The option that lists it, and its element there.
    pub(super) fn declared(&self) -> (String, String) {
        let protocol = if self.is_udp { "UDP" } else { "TCP" };
        match self.first == self.last {
            true => (format!("networking.firewall.allowed{protocol}Ports"), self.first.to_string()),
            false => (
                format!("networking.firewall.allowed{protocol}PortRanges"),
                format!("{{ from = {}; to = {}; }}", self.first, self.last),
            ),
        }
    }
}

/// What declares each of them.
pub(super) fn elements(
    args: &PortArgs,
    edit: impl Fn(String, String) -> ModuleEdit,
) -> Result<Vec<Element>, ToolError> {
    if args.ports.is_empty() {
        let message = "ports is empty".to_owned();
        return Err(ToolError::BadArgument { message, hint: Some("give ports=8080/tcp".to_owned()) });
    }
    let element = |text: &String| {
        let ports = Ports::parse(text.trim()).ok_or_else(|| ToolError::BadArgument {
            message: format!("`{text}` is not a port, such as 8080/tcp or 8000-8010/udp"),
            hint: None,
        })?;
        let (option, element) = ports.declared();
        Ok(Element { word: ports.word(), edit: edit(option, element) })
    };
    args.ports.iter().map(element).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_as_people_write_them() {
        for (text, word, option, element) in [
            ("8080", "8080/tcp", "networking.firewall.allowedTCPPorts", "8080"),
            ("53/udp", "53/udp", "networking.firewall.allowedUDPPorts", "53"),
            (
                "8000-8010/tcp",
                "8000-8010/tcp",
                "networking.firewall.allowedTCPPortRanges",
                "{ from = 8000; to = 8010; }",
            ),
        ] {
            let ports = Ports::parse(text).unwrap();
            assert_eq!(ports.word(), word);
            assert_eq!(ports.declared(), (option.to_owned(), element.to_owned()));
        }
        for odd in ["", "0", "65536", "-1", "+1", "80/sctp", "90-80", "80-", "a", "80/tcp/udp", "8 0"] {
            assert_eq!(Ports::parse(odd), None, "{odd}");
        }
    }
}
