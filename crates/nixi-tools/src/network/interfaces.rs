//! `network.interfaces`

use std::fmt;

use nixi_core::catalog::network;
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::NoArgs;
use crate::reading::{Number, json, parsed};
use crate::rows::{LeftOut, Rows, Sifted, write_left_out};
use crate::table::{Column, Table};

/// The network interfaces of a node.
pub struct Interfaces;

/// `data` of `network.interfaces`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InterfacesReport {
    /// The interfaces, in the kernel's order.
    pub interfaces: Vec<Interface>,
    /// Interfaces that could not be read.
    pub left_out: Vec<LeftOut>,
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
    type Args = NoArgs;
    type Report = InterfacesReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("network", "interfaces"),
            "network interfaces and addresses",
            ReadCapability::NetworkDiagnostics,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<InterfacesReport, ToolError> {
        let Sifted { rows, left_out } = parsed(cx, network::interfaces(), interfaces).await?;
        Ok(InterfacesReport { interfaces: rows, left_out })
    }
}

#[derive(Deserialize)]
struct Raw<'a> {
    ifname: String,
    operstate: Option<String>,
    link_type: Option<String>,
    address: Option<String>,
    mtu: Option<Number>,
    #[serde(borrow, default)]
    addr_info: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawAddress {
    local: Option<String>,
    prefixlen: Option<Number>,
}

/// ip(8) leaves an empty object for an interface or an address that it filtered out.
fn is_empty(value: &str) -> bool {
    value.chars().all(|c| c.is_whitespace() || matches!(c, '{' | '}'))
}

pub(crate) fn interfaces(text: &str) -> Result<Sifted<Interface>, String> {
    let read = Rows::Interfaces.of_json(text, &["ifname"], |value| {
        if is_empty(value) { Ok(None) } else { json::<Raw<'_>>(value).map(|raw| Some(Interface::of(raw))) }
    })?;
    let mut found = Sifted { rows: Vec::new(), left_out: read.left_out };
    for (interface, odd) in read.rows.into_iter().flatten() {
        found.rows.push(interface);
        found.left_out.extend(odd);
    }
    // What ip(8) filtered out is no interface that could be read.
    Rows::Interfaces.readable(found)
}

impl Interface {
    /// With the addresses that could not be read.
    fn of(raw: Raw<'_>) -> (Self, Vec<LeftOut>) {
        let (mut addresses, mut left_out) = (Vec::new(), Vec::new());
        for (at, value) in raw.addr_info.iter().filter(|value| !is_empty(value.get())).enumerate() {
            let length = |length: Option<Number>| length?.0.filter(|length| (0..=128).contains(length));
            match json::<RawAddress>(value.get()).map(|address| (address.local, length(address.prefixlen))) {
                Ok((Some(local), Some(length))) => addresses.push(format!("{local}/{length}")),
                Ok((Some(local), None)) => addresses.push(local),
                Ok((None, _)) => left_out.push((at, "it has no `local`".to_owned())),
                Err(why) => left_out.push((at, why)),
            }
        }
        let what = |at: usize| format!("address {} of {}", at + 1, raw.ifname);
        let left_out = left_out.into_iter().map(|(at, why)| LeftOut::new(&what(at), &why)).collect();
        let interface = Self {
            state: raw.operstate.map_or_else(|| "unknown".to_owned(), |state| state.to_lowercase()),
            mac: raw.address.filter(|address| is_hardware(address, raw.link_type.as_deref())),
            mtu: raw.mtu.and_then(|mtu| u32::try_from(mtu.0?).ok()),
            addresses,
            name: raw.ifname,
        };
        (interface, left_out)
    }
}

/// Whether it is the address of a network card. A tunnel has the IP address of its end in the same field. Six octets and
/// InfiniBand's twenty cannot be an IP address; the eight of an EUI-64 can.
fn is_hardware(address: &str, link_type: Option<&str>) -> bool {
    let octets: Vec<&str> = address.split(':').collect();
    let is_octet = |octet: &&str| octet.len() == 2 && octet.bytes().all(|byte| byte.is_ascii_hexdigit());
    let fits = match octets.len() {
        6 | 20 => true,
        8 => link_type.is_some_and(|kind| kind.starts_with("ieee")),
        _ => false,
    };
    fits && octets.iter().all(is_octet) && octets.iter().any(|octet| *octet != "00")
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
        write!(f, "{table}")?;
        write_left_out(f, &self.left_out)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From iproute2 6.1, shortened.
    pub(crate) const ROWS: [&str; 3] = [
        r#"{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],"mtu":65536,"operstate":"UNKNOWN","link_type":"loopback","address":"00:00:00:00:00:00","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"},{"family":"inet6","local":"::1","prefixlen":128}]}"#,
        r#"{"ifindex":2,"ifname":"enp1s0","mtu":1500,"operstate":"UP","link_type":"ether","address":"52:54:00:12:34:56","addr_info":[{"family":"inet","local":"192.168.1.10","prefixlen":24,"dynamic":true}]}"#,
        r#"{"ifindex":3,"ifname":"wg0","operstate":"DOWN","link_type":"none","addr_info":[]}"#,
    ];

    fn recorded() -> String {
        format!("[{},{{}},{},{}]", ROWS[0], ROWS[1], ROWS[2])
    }

    fn report(text: &str) -> InterfacesReport {
        let Sifted { rows, left_out } = interfaces(text).unwrap();
        InterfacesReport { interfaces: rows, left_out }
    }

    #[test]
    fn where_no_interface_can_be_read_there_is_no_empty_list() {
        assert!(interfaces(r#"[{},{"ifname":7}]"#).unwrap_err().contains("row 2"));
        assert_eq!(interfaces("[{}]").unwrap(), Sifted::none());
    }

    #[test]
    fn a_recorded_answer() {
        insta::assert_snapshot!(report(&recorded()), @r"
        NAME    STATE    MAC                ADDRESS
        lo      unknown  -                  127.0.0.1/8
                                            ::1/128
        enp1s0  up       52:54:00:12:34:56  192.168.1.10/24
        wg0     down     -                  -
        ");
    }

    #[test]
    fn the_end_of_a_tunnel_is_no_hardware_address() {
        let infiniband = "80:00:02:08:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1";
        for (link_type, address, is_mac) in [
            ("ether", "52:54:00:12:34:56", true),
            ("ether", "00:00:00:00:00:00", false),
            ("infiniband", infiniband, true),
            ("ieee802.15.4", "02:12:4b:00:14:b5:da:7c", true),
            ("ieee1394", "00:11:06:66:45:7e:6a:80", true),
            ("ipip", "192.0.2.1", false),
            ("sit", "0.0.0.0", false),
            ("gre", "10.0.0.1", false),
            ("gre6", "2001:db8::1", false),
            ("tunnel6", "::", false),
            // Eight groups of two digits are an IPv6 address as well.
            ("tunnel6", "fd:12:34:56:78:9a:bc:de", false),
            ("[769]", "fd:12:34:56:78:9a:bc:de", false),
            // What a version that does not know the kind of link prints of an IPv4 and an IPv6 address.
            ("[778]", "0a:00:00:01", false),
            ("[823]", "20:01:0d:b8:00:00:00:00:00:00:00:00:00:00:00:01", false),
            ("none", "", false),
            ("ppp", "", false),
        ] {
            let text = format!(r#"[{{"ifname":"x0","link_type":"{link_type}","address":"{address}"}}]"#);
            let mac = report(&text).interfaces.remove(0).mac;
            assert_eq!(mac.as_deref(), is_mac.then_some(address), "{link_type} {address}");
        }
    }

    #[test]
    fn an_odd_interface_hides_no_other_and_an_odd_address_no_interface() {
        let text = format!(r#"[{},{{"ifname":"odd0","addr_info":7}},3]"#, ROWS[1]);
        insta::assert_snapshot!(report(&text), @r"
        NAME    STATE  MAC                ADDRESS
        enp1s0  up     52:54:00:12:34:56  192.168.1.10/24
        left out: odd0: it is not the JSON that was expected (line 1, column 30)
        left out: row 3: it is not the JSON that was expected (line 1, column 1)
        ");
        let odd = r#"[{"ifname":"a","mtu":-1,"addr_info":[{"local":"10.0.0.1","prefixlen":-1},{"local":1},{},{"peer":"x"},
            {"local":"10.0.0.2","prefixlen":99999999999999999999}]}]"#;
        let report = report(odd);
        assert_eq!(report.interfaces[0].addresses, ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(report.interfaces[0].mtu, None);
        let named: Vec<&str> = report.left_out.iter().map(|odd| odd.what.as_str()).collect();
        assert_eq!(named, ["address 2 of a", "address 3 of a"]);
    }

    #[test]
    fn what_is_no_list() {
        for text in ["", "{}", "[1]", "[{\"ifname\":3}]", "1: lo: <LOOPBACK>"] {
            assert!(interfaces(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..552_usize, flip in any::<u8>()) {
            let mut broken = recorded().into_bytes();
            broken[cut] = flip;
            let _ = (interfaces(&String::from_utf8_lossy(&bytes)), interfaces(&String::from_utf8_lossy(&broken)));
        }
    }
}
