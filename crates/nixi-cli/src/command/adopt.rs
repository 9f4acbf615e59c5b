//! `nixi adopt`: typing it is its own approval.

use std::path::PathBuf;

use nixi_core::session::{AdoptRequest, AdoptWords};
use nixi_core::text::excerpt;
use nixi_core::{ErrorReport, paste};

use super::Cx;
use crate::args::Adopt;
use crate::exit::Exit;
use crate::usage::usage;

pub(super) async fn run(cx: &Cx, adopt: Adopt) -> Result<Exit, ErrorReport> {
    let request = request(adopt)?;
    let session = cx.session()?;
    let live = cx.listen(&[]);
    let op = session.consent.adopt(request);
    Ok(session.perform(op, &live).await.conclude(&live))
}

fn request(adopt: Adopt) -> Result<AdoptRequest, ErrorReport> {
    if adopt.password_stdin {
        return Err(usage("adopting with a password is not built yet").hint(format!(
            "put the key there with ssh-copy-id {}, then adopt without --password-stdin",
            paste::word(&adopt.host)
        )));
    }
    let identity = adopt.identity.map(absolute).transpose()?;
    AdoptWords {
        command: "nixi adopt",
        name: &adopt.name,
        host: &adopt.host,
        user: adopt.user.as_deref(),
        mode: adopt.mode.as_deref(),
        port: adopt.port.as_deref(),
        identity: identity.as_deref(),
        host_key: adopt.host_key.as_deref(),
    }
    .read()
}

/// The configuration names keys by their whole path; on the command line they are named from here.
fn absolute(path: PathBuf) -> Result<PathBuf, ErrorReport> {
    if path.starts_with("~") {
        return Ok(path);
    }
    std::path::absolute(&path)
        .map_err(|error| usage(format!("--identity {}: {error}", excerpt(&path.to_string_lossy()))))
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

    #[test]
    fn a_password_is_not_taken() {
        let report = request(Adopt { password_stdin: true, ..adopt("web", "h") }).unwrap_err();
        assert!(report.message.contains("not built yet"), "{report}");
        assert!(report.hint.unwrap().contains("ssh-copy-id h, then"));
        let odd = adopt("web", r"CORP\alice@h; id");
        let report = request(Adopt { password_stdin: true, ..odd }).unwrap_err();
        assert!(report.hint.unwrap().contains(r"ssh-copy-id 'CORP\alice@h; id', then"));
    }

    #[test]
    fn a_key_is_named_from_here() {
        let request = request(Adopt { identity: Some("key".into()), ..adopt("web", "h") }).unwrap();
        assert!(request.identity.unwrap().is_absolute());
    }

    #[test]
    fn the_home_of_a_key_is_left_to_the_session() {
        let request = request(Adopt { identity: Some("~/.ssh/web".into()), ..adopt("web", "h") }).unwrap();
        assert_eq!(request.identity.unwrap(), PathBuf::from("~/.ssh/web"));
    }
}
