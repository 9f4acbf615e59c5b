//! `nixi adopt`: typing it is its own approval.

use std::path::PathBuf;

use nixi_core::nearest::did_you_mean;
use nixi_core::session::AdoptRequest;
use nixi_core::{ErrorKind, ErrorReport, Host, Mode, Op, Port, UserName};

use super::Cx;
use crate::args::Adopt;
use crate::exit::Exit;
use crate::usage::usage;

pub(super) async fn run(cx: &Cx, adopt: Adopt) -> Result<Exit, ErrorReport> {
    let request = request(adopt)?;
    let session = cx.session()?;
    let live = cx.listen(&[]);
    Ok(session.perform(Op::Adopt(request), &live).await.conclude(&live))
}

fn request(adopt: Adopt) -> Result<AdoptRequest, ErrorReport> {
    if adopt.password_stdin {
        return Err(usage("adopting with a password is not built yet").hint(format!(
            "put the key there with ssh-copy-id {}, then adopt without --password-stdin",
            adopt.host
        )));
    }
    Ok(AdoptRequest {
        name: adopt.name.parse().map_err(|error| bad(&error))?,
        host: host(&adopt)?,
        user: user(&adopt)?,
        mode: match &adopt.mode {
            Some(word) => mode(word)?,
            None => Mode::Managed,
        },
        port: match &adopt.port {
            Some(port) => port.parse().map_err(|error| bad(&error))?,
            None => Port::SSH,
        },
        identity: adopt.identity.map(absolute).transpose()?,
        host_key: adopt.host_key.map(|key| key.parse()).transpose().map_err(|error| bad(&error))?,
    })
}

fn host(adopt: &Adopt) -> Result<Host, ErrorReport> {
    let word = &adopt.host;
    let name = &adopt.name;
    word.parse().map_err(|error: nixi_core::BadWord| {
        let report = bad(&error);
        if let Some((user, host)) = word.split_once('@') {
            let user = if user.is_empty() { "USER" } else { user };
            return report.hint(format!("nixi adopt {name} {host} {user}"));
        }
        if let Some(bare) = word.strip_prefix('[') {
            let (address, port) = bare.split_once(']').unwrap_or((bare, ""));
            let port = port.strip_prefix(':').map(|port| format!(" --port {port}")).unwrap_or_default();
            return report.hint(format!("nixi adopt {name} {address}{port}"));
        }
        match word.split_once(':') {
            Some((host, port)) if port.parse::<Port>().is_ok() => {
                report.hint(format!("nixi adopt {name} {host} --port {port}"))
            }
            Some(_) | None => report,
        }
    })
}

fn user(adopt: &Adopt) -> Result<UserName, ErrorReport> {
    let Some(word) = &adopt.user else { return Ok(UserName::page_default()) };
    if word.parse::<Mode>().is_ok() {
        let Adopt { name, host, mode, .. } = adopt;
        let user = match mode {
            Some(other) if other.parse::<Mode>().is_err() => other,
            Some(_) | None => "nixi",
        };
        return Err(usage(format!("{word:?} is a mode, and stands where the user belongs"))
            .hint(format!("nixi adopt {name} {host} {user} {word}")));
    }
    word.parse().map_err(|error| bad(&error))
}

fn mode(word: &str) -> Result<Mode, ErrorReport> {
    word.parse().map_err(|error: nixi_core::BadWord| {
        bad(&error).maybe_hint(did_you_mean(word, Mode::ALL.into_iter().map(Mode::as_str)))
    })
}

/// The configuration names keys by their whole path; on the command line they are named from here.
fn absolute(path: PathBuf) -> Result<PathBuf, ErrorReport> {
    if path.starts_with("~") {
        return Ok(path);
    }
    std::path::absolute(&path).map_err(|error| usage(format!("--identity {}: {error}", path.display())))
}

fn bad(error: &nixi_core::BadWord) -> ErrorReport {
    ErrorReport::new(ErrorKind::BadArgument, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adopt(name: &str, host: &str) -> Adopt {
        Adopt {
            name: name.into(),
            host: host.into(),
            user: None,
            mode: None,
            port: None,
            identity: None,
            host_key: None,
            password_stdin: false,
        }
    }

    fn hint(adopt: Adopt) -> String {
        request(adopt).unwrap_err().hint.unwrap()
    }

    #[test]
    fn the_pages_defaults() {
        let request = request(adopt("web", "192.168.1.10")).unwrap();
        assert_eq!((request.user.as_str(), request.mode, request.port), ("nixi", Mode::Managed, Port::SSH));
    }

    #[test]
    fn a_mode_is_no_user() {
        let with_mode = |user: &str, mode: Option<&str>| Adopt {
            user: Some(user.into()),
            mode: mode.map(Into::into),
            ..adopt("mon", "10.0.0.3")
        };
        assert_eq!(hint(with_mode("monitored", None)), "nixi adopt mon 10.0.0.3 nixi monitored");
        assert_eq!(hint(with_mode("monitored", Some("ann"))), "nixi adopt mon 10.0.0.3 ann monitored");
        assert_eq!(hint(with_mode("nixi", Some("monitred"))), "did you mean \"monitored\"?");
    }

    #[test]
    fn a_host_is_a_host_alone() {
        assert_eq!(hint(adopt("web", "ann@10.0.0.1")), "nixi adopt web 10.0.0.1 ann");
        assert_eq!(hint(adopt("web", "10.0.0.1:2222")), "nixi adopt web 10.0.0.1 --port 2222");
        assert_eq!(hint(adopt("web", "[::1]:2222")), "nixi adopt web ::1 --port 2222");
        assert_eq!(hint(adopt("web", "[::1]")), "nixi adopt web ::1");
    }

    #[test]
    fn a_password_is_not_taken() {
        let report = request(Adopt { password_stdin: true, ..adopt("web", "h") }).unwrap_err();
        assert!(report.message.contains("not built yet"), "{report}");
        assert!(report.hint.unwrap().contains("ssh-copy-id"));
    }

    #[test]
    fn a_key_is_named_from_here() {
        let request = request(Adopt { identity: Some("key".into()), ..adopt("web", "h") }).unwrap();
        assert!(request.identity.unwrap().is_absolute());
    }
}
