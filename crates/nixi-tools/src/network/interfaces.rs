//! `network.interfaces`

use std::fmt;

use nixi_core::catalog::network;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::NoArgs;
use crate::reading::{json, parsed};
use crate::table::{Column, Table};

/// The network interfaces of a node.
pub struct Interfaces;

/// `data` of `network.interfaces`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InterfacesReport {
    /// The interfaces, in the kernel's order.
    pub interfaces: Vec<Interface>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// `up`, `down`, `unknown`, … as the driver says.
    pub state: String,
    /// Its hardware address, if it has one.
    pub mac: Option<String>,
    /// The largest packet in bytes.
    pub mtu: Option<u32>,
    /// Addresses with the length of their prefix, such as `192.168.1.10/24`.
    pub addresses: Vec<String>,
}

impl Inspect for Interfaces {
    const NAME: ActionName = ActionName::new("network", "interfaces");
    const ABOUT: &'static str = "network interfaces and addresses";
    const CAPABILITY: ReadCapability = ReadCapability::NetworkDiagnostics;
    type Args = NoArgs;
    type Report = InterfacesReport;

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<InterfacesReport, ToolError> {
        Ok(InterfacesReport { interfaces: parsed(cx, network::interfaces(), interfaces).await? })
    }
}

#[derive(Deserialize)]
struct Raw {
    ifname: String,
    operstate: Option<String>,
    address: Option<String>,
    mtu: Option<u32>,
    #[serde(default)]
    addr_info: Vec<RawAddress>,
}

#[derive(Deserialize)]
struct RawAddress {
    local: Option<String>,
    prefixlen: Option<u8>,
}

/// ip(8) leaves an empty object for an interface that it filtered out.
fn interfaces(text: &str) -> Result<Vec<Interface>, String> {
    let all: Vec<Value> = json(text)?;
    let shown = all.into_iter().filter(|value| !value.as_object().is_some_and(serde_json::Map::is_empty));
    shown
        .map(|value| {
            serde_json::from_value::<Raw>(value).map_err(|_| "an interface is not as expected".to_owned())
        })
        .map(|raw| raw.map(Interface::of))
        .collect()
}

impl Interface {
    fn of(raw: Raw) -> Self {
        let address = |address: RawAddress| match (address.local, address.prefixlen) {
            (Some(local), Some(length)) => Some(format!("{local}/{length}")),
            (local, _) => local,
        };
        Self {
            name: raw.ifname,
            state: raw.operstate.map_or_else(|| "unknown".to_owned(), |state| state.to_lowercase()),
            mac: raw.address.filter(|mac| mac != "00:00:00:00:00:00"),
            mtu: raw.mtu,
            addresses: raw.addr_info.into_iter().filter_map(address).collect(),
        }
    }
}

impl fmt::Display for InterfacesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.interfaces.is_empty() {
            return f.write_str("no interfaces");
        }
        let header = [
            ("NAME", Column::Whole),
            ("STATE", Column::Whole),
            ("MAC", Column::Whole),
            ("ADDRESS", Column::Whole),
        ];
        let mut table = Table::new(header);
        for interface in &self.interfaces {
            let mac = interface.mac.clone().unwrap_or_else(|| "-".to_owned());
            let first = interface.addresses.first().cloned().unwrap_or_else(|| "-".to_owned());
            table.row([interface.name.clone(), interface.state.clone(), mac, first]);
            for further in interface.addresses.iter().skip(1) {
                table.row([String::new(), String::new(), String::new(), further.clone()]);
            }
        }
        write!(f, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From iproute2 6.1, shortened.
    const RECORDED: &str = r#"[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],"mtu":65536,"operstate":"UNKNOWN","link_type":"loopback","address":"00:00:00:00:00:00","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"},{"family":"inet6","local":"::1","prefixlen":128}]},{},
{"ifindex":2,"ifname":"enp1s0","mtu":1500,"operstate":"UP","address":"52:54:00:12:34:56","addr_info":[{"family":"inet","local":"192.168.1.10","prefixlen":24,"dynamic":true}]},
{"ifindex":3,"ifname":"wg0","operstate":"DOWN","addr_info":[]}]"#;

    #[test]
    fn a_recorded_answer() {
        insta::assert_snapshot!(InterfacesReport { interfaces: interfaces(RECORDED).unwrap() }, @r"
        NAME    STATE    MAC                ADDRESS
        lo      unknown  -                  127.0.0.1/8
                                            ::1/128
        enp1s0  up       52:54:00:12:34:56  192.168.1.10/24
        wg0     down     -                  -
        ");
    }

    #[test]
    fn what_is_no_list() {
        for text in ["", "{}", "[1]", "[{\"ifname\":3}]", "1: lo: <LOOPBACK>"] {
            assert!(interfaces(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..RECORDED.len(), flip in any::<u8>()) {
            let mut broken = RECORDED.as_bytes().to_vec();
            broken[cut] = flip;
            let _ = (interfaces(&String::from_utf8_lossy(&bytes)), interfaces(&String::from_utf8_lossy(&broken)));
        }
    }
}
