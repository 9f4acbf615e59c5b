//! `firewall.list`

use std::fmt;

use nixi_core::catalog::{file, nixos, service};
use nixi_core::command::{FilePath, StorePath};
use nixi_core::{ActionName, Inspect, InspectCx, ReadCapability, ReadCard, ToolError};
use schemars::JsonSchema;
use serde::Serialize;

use super::rules::{Rule, Rules, iptables, nftables};
use crate::NoArgs;
use crate::nix::{Expr, Module};
use crate::nixos::ground::Ground;
use crate::reading::{parsed_of, whole_of};
use crate::rows::{LeftOut, write_left_out};
use crate::service::blocks_of_any;
use crate::table::{Column, Table};

/// The most of a firewall's own text that is read, in bytes.
const MOST: usize = 256 * 1024;

/// What the firewall of a node lets in.
pub struct List;

/// Whether a firewall decides what reaches a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It lets in what is listed.
    On,
    /// Nothing is kept out.
    Off,
    /// Nixi cannot tell.
    Unknown,
}

/// What a firewall is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are those of the programs")]
pub enum Backend {
    Iptables,
    Nftables,
    Firewalld,
}

/// `data` of `firewall.list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FirewallReport {
    /// Whether it is on.
    pub state: State,
    /// Why it is off, or why that cannot be told.
    pub why: Option<String>,
    /// What it is made with, where that is known.
    pub backend: Option<Backend>,
    /// What is let in: first by all interfaces, each by its ports. Rules for ICMP and DHCP that NixOS always has are not
    /// listed, nor are ports that containers publish, which pass the firewall.
    pub openings: Vec<Opening>,
    /// Interfaces by which everything is let in.
    pub trusted: Vec<String>,
    /// What could not be read.
    pub left_out: Vec<LeftOut>,
}

/// Something that is let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Opening {
    /// The first port; `null` for all of them.
    pub from: Option<u16>,
    /// The last port, which may be the first.
    pub to: Option<u16>,
    /// `tcp`, `udp` or another; `null` for all of them.
    pub protocol: Option<String>,
    /// By which interface alone; `null` for all of them.
    pub interface: Option<String>,
    /// Further conditions, in the words of the firewall.
    pub only: Option<String>,
    /// Whether Nixi's own module opens it, so that `firewall.close` closes it.
    pub by_nixi: bool,
}

/// A service that may be the firewall.
#[derive(Debug, Default)]
struct Service {
    is_there: bool,
    state: String,
    /// The programs that it runs, by their paths.
    programs: Vec<String>,
}

impl Inspect for List {
    type Args = NoArgs;
    type Report = FirewallReport;

    fn card(&self) -> ReadCard {
        ReadCard::new(
            ActionName::new("firewall", "list"),
            "what the firewall lets in",
            ReadCapability::NetworkDiagnostics,
        )
    }

    async fn inspect(&self, cx: &InspectCx<'_>, _: NoArgs) -> Result<FirewallReport, ToolError> {
        let [units, running] = cx.gather([service::firewalls(), nixos::running()]).await;
        let [firewall, nft, firewalld] = parsed_of(units, services)?;
        let running = whole_of(running)?.stdout;
        let running = String::from_utf8_lossy(&running);
        let is_nixos = running.lines().next().is_some_and(|path| path.parse::<StorePath>().is_ok());
        let report = |state, why: Option<&str>, backend| FirewallReport {
            state,
            why: why.map(str::to_owned),
            backend,
            openings: Vec::new(),
            trusted: Vec::new(),
            left_out: Vec::new(),
        };
        if !is_nixos {
            let why = "it is not a NixOS machine, and its rules are shown to root alone";
            return Ok(report(State::Unknown, Some(why), None));
        }
        if firewalld.is_there && firewalld.is_active() {
            let why = "firewalld decides, and shows its rules to root alone";
            return Ok(report(State::Unknown, Some(why), Some(Backend::Firewalld)));
        }
        let (backend, unit, runs) = if firewall.is_there {
            (Backend::Iptables, firewall, "/firewall-start")
        } else if nft.is_there {
            (Backend::Nftables, nft, "-nftables-rules")
        } else {
            return Ok(report(State::Off, Some("the configuration declares none"), None));
        };
        if !unit.is_active() {
            let why = format!("its service is {}", unit.state);
            return Ok(report(State::Off, Some(&why), Some(backend)));
        }
        let (rules, module) =
            futures_util::future::join(rules(cx, backend, &unit, runs), own_module(cx)).await;
        let mut told = report(State::On, None, Some(backend));
        match rules? {
            Ok(rules) => {
                told.left_out.extend(rules.left_out);
                told.trusted = rules.trusted;
                let module = module.map_err(|why: String| LeftOut::new("what Nixi opened", &why));
                let own = module.as_ref().ok();
                told.openings = rules.rules.into_iter().map(|rule| opening(rule, own)).collect();
                told.left_out.extend(module.err());
            }
            Err(why) => {
                told.state = State::Unknown;
                told.why = Some(format!("it is on, but {why}"));
            }
        }
        Ok(told)
    }
}

impl Service {
    fn is_active(&self) -> bool {
        self.state == "active"
    }
}

/// Out of an answer to [`service::firewalls`]: `firewall`, `nftables` and `firewalld`.
fn services(text: &str) -> Result<[Service; 3], String> {
    let blocks = blocks_of_any(text);
    let of = |name: &str| -> Result<Service, String> {
        let block = blocks.iter().find(|block| block.get("Id") == Some(name));
        let block = block.ok_or_else(|| format!("it does not tell of {name}"))?;
        let path = |run: &str| Some(run.split_once("path=")?.1.split(' ').next()?.to_owned());
        Ok(Service {
            is_there: block.needed("LoadState")? != "not-found",
            state: block.needed("ActiveState")?,
            programs: block.all("ExecStart").filter_map(path).collect(),
        })
    };
    Ok([of("firewall.service")?, of("nftables.service")?, of("firewalld.service")?])
}

/// What its text comes to; or why that cannot be read, half a sentence.
async fn rules(
    cx: &InspectCx<'_>,
    backend: Backend,
    unit: &Service,
    runs: &str,
) -> Result<Result<Rules, String>, ToolError> {
    // Whatever runs it, only what lies in the store is read: no pipe, and no secret.
    let path = unit.programs.iter().find(|path| path.starts_with("/nix/store/") && path.ends_with(runs));
    let Some(path) = path.and_then(|path| path.parse::<FilePath>().ok()) else {
        return Ok(Err("it is not made as NixOS makes it".to_owned()));
    };
    let [answer] = cx.gather([file::beginning(&path, MOST + 1)]).await;
    let output = whole_of(answer)?;
    if !output.exit.is_success() {
        return Ok(Err(format!("{path} cannot be read")));
    }
    if output.stdout.len() > MOST {
        return Ok(Err(format!("{path} is larger than {} KiB", MOST / 1024)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let read = match backend {
        Backend::Nftables => nftables(&text),
        Backend::Iptables | Backend::Firewalld => iptables(&text),
    };
    Ok(read.map_err(|why| format!("{path} cannot be read: {why}")))
}

/// What Nixi has declared; or why that cannot be told.
async fn own_module(cx: &InspectCx<'_>) -> Result<Module, String> {
    let module = async { Ground::of(cx).await?.module() };
    module.await.map_err(|error: ToolError| error.to_string())
}

fn opening(rule: Rule, own: Option<&Module>) -> Opening {
    let is_plain = rule.interface.is_none() && rule.only.is_none();
    let by_nixi = rule.ports.as_ref().zip(own).filter(|_| is_plain).is_some_and(|(ports, module)| {
        let (option, element) = ports.declared();
        let (Ok(option), Ok(element)) = (option.parse(), Expr::parse(&element)) else { return false };
        module.has(&option, &element).unwrap_or(false)
    });
    let protocol = rule.ports.as_ref().map(|ports| ports.protocol().to_owned()).or(rule.protocol);
    Opening {
        from: rule.ports.as_ref().map(|ports| ports.first),
        to: rule.ports.as_ref().map(|ports| ports.last),
        protocol,
        interface: rule.interface,
        only: rule.only,
        by_nixi,
    }
}

impl Opening {
    /// As a person writes it: `8080/tcp`.
    fn ports(&self) -> String {
        let ports = match (self.from, self.to) {
            (Some(from), Some(to)) if from == to => from.to_string(),
            (Some(from), Some(to)) => format!("{from}-{to}"),
            _ => "all".to_owned(),
        };
        self.protocol.as_ref().map_or_else(|| ports.clone(), |protocol| format!("{ports}/{protocol}"))
    }
}

impl fmt::Display for FirewallReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = self.why.as_deref().unwrap_or_default();
        let why = nixi_core::text::clean_line(why);
        match self.state {
            State::Off => write!(f, "the firewall is off, and keeps nothing out: {why}")?,
            State::Unknown => write!(f, "what the firewall lets in cannot be told: {why}")?,
            State::On if self.openings.is_empty() => f.write_str("the firewall is on, and opens no port")?,
            State::On => {
                let header = [
                    ("PORTS", Column::Whole),
                    ("INTERFACE", Column::Whole),
                    ("OPENED BY", Column::Whole),
                    ("ONLY IF", Column::Elastic),
                ];
                let table = Table::new(header).rows(&self.openings, |opening| {
                    let interface = opening.interface.as_deref().unwrap_or("all");
                    let by = if opening.by_nixi { "Nixi" } else { "-" };
                    let only = opening.only.clone().unwrap_or_default();
                    [opening.ports(), interface.to_owned(), by.to_owned(), only]
                });
                write!(f, "{table}")?;
            }
        }
        if !self.trusted.is_empty() {
            let trusted = nixi_core::text::clean_line(&self.trusted.join(", "));
            write!(f, "\n\neverything is let in by {trusted}")?;
        }
        write_left_out(f, &self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOLD: &str = "ExecStart={ path=/nix/store/a-firewall-start/bin/firewall-start ; argv[]=firewall-start ; ignore_errors=no }\n\
        Id=firewall.service\nLoadState=loaded\nActiveState=active\n\n\
        ExecStart={ path=/nix/store/b-nftables-ensure-deletions ; argv[]=x }\n\
        ExecStart={ path=/nix/store/c-nftables-rules ; argv[]=x }\n\
        Id=nftables.service\nLoadState=loaded\nActiveState=failed\n\n\
        Id=firewalld.service\nLoadState=not-found\nActiveState=inactive\n";

    #[test]
    fn services_are_told_by_name() {
        let [firewall, nft, firewalld] = services(TOLD).unwrap();
        assert_eq!(firewall.programs, ["/nix/store/a-firewall-start/bin/firewall-start"]);
        assert_eq!(nft.programs, ["/nix/store/b-nftables-ensure-deletions", "/nix/store/c-nftables-rules"]);
        assert!(firewall.is_active() && !nft.is_active() && !firewalld.is_there);
        assert!(services("Id=firewall.service\n").is_err() && services("").is_err());
    }

    #[test]
    fn what_nixi_opened_is_told_apart() {
        let own = "{\n  networking.firewall.allowedTCPPorts = [ 8080 ];\n}\n";
        let own = Module::parse(own).unwrap();
        let rule = |interface: Option<&str>, only: Option<&str>| Rule {
            interface: interface.map(str::to_owned),
            ports: crate::firewall::ports::Ports::between("8080", '-', "tcp"),
            protocol: None,
            only: only.map(str::to_owned),
        };
        assert!(opening(rule(None, None), Some(&own)).by_nixi);
        assert!(!opening(rule(None, None), None).by_nixi);
        assert!(!opening(rule(Some("wg0"), None), Some(&own)).by_nixi);
        assert!(!opening(rule(None, Some("IPv4")), Some(&own)).by_nixi);
    }

    #[test]
    fn it_is_shown_as_it_is() {
        let opening = |ports: Option<u16>, interface: Option<&str>, only: Option<&str>, by_nixi| Opening {
            from: ports,
            to: ports,
            protocol: ports.map(|_| "tcp".to_owned()),
            interface: interface.map(str::to_owned),
            only: only.map(str::to_owned),
            by_nixi,
        };
        let mut report = FirewallReport {
            state: State::On,
            why: None,
            backend: Some(Backend::Iptables),
            openings: vec![
                opening(Some(22), None, None, false),
                opening(Some(8080), None, None, true),
                opening(None, Some("wg0"), Some("IPv4 -s 10.0.0.0/8"), false),
            ],
            trusted: vec!["lo".to_owned()],
            left_out: Vec::new(),
        };
        insta::assert_snapshot!(report.to_string(), @r"
        PORTS     INTERFACE  OPENED BY  ONLY IF
        22/tcp    all        -
        8080/tcp  all        Nixi
        all       wg0        -          IPv4 -s 10.0.0.0/8

        everything is let in by lo
        ");
        report.openings.clear();
        assert!(report.to_string().starts_with("the firewall is on, and opens no port\n"));
        report.state = State::Off;
        report.why = Some("its service is failed".to_owned());
        assert!(
            report
                .to_string()
                .starts_with("the firewall is off, and keeps nothing out: its service is failed")
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC*|((Id|LoadState|ActiveState|ExecStart)=?(firewall.service|path=/nix ;|[a-z]*)\n{1,2}){0,9}") {
            let _ = services(&text);
        }
    }
}
