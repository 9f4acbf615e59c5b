//! What is declared, on whole machines: one edit, one build and one switch for a request, on plain and flake configurations; what is
//! undone is as it was; and what cannot be built changes nothing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a test, which runs the program it is about"
)]

mod common;

use common::{Home, Ran};
use nixi_lab::{Lab, Machine};

const WEB: &str = "web-server";
const FLAKE: &str = r#"{
  inputs.nixpkgs.url = "path:@nixpkgs@";
  outputs = { self, nixpkgs }: {
    nixosConfigurations.web-server = nixpkgs.lib.nixosSystem {
      system = "x86_64-linux";
      modules = [ ./configuration.nix ]; # mine
    };
  };
}
"#;

/// How the configuration is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Plain,
    Flake,
    /// In the login user's own folder, which `/etc/nixos` leads to.
    Home,
}

fn ground(kept: Kept) -> (Lab, Home) {
    let lab = Lab::up(&[WEB]).unwrap();
    let web = lab.machine(WEB);
    web.wait_until_booted().unwrap();
    match kept {
        Kept::Plain => {}
        Kept::Flake => {
            let nixpkgs = web.root("readlink -f /nix/var/nix/profiles/per-user/root/channels/nixos").unwrap();
            web.write("/etc/nixos/flake.nix", &FLAKE.replace("@nixpkgs@", nixpkgs.trim())).unwrap();
            // So that the first edit is all that a rebuild brings.
            web.root("cd /root && nixos-rebuild switch").unwrap();
        }
        Kept::Home => {
            web.root(
                "mv /etc/nixos /home/nixi/nixos && ln -s /home/nixi/nixos /etc/nixos && chown -R nixi:users /home/nixi/nixos",
            )
            .unwrap();
        }
    }
    let home = Home::with_config(&format!("[guard]\ntimeout = \"15s\"\n{}", lab.config(|_| "managed")));
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
    (lab, home)
}

/// All that a change of the configuration may touch, but for Nixi's own module.
fn state(web: &Machine) -> String {
    let script = "readlink -f /run/current-system /nix/var/nix/profiles/system
                  cd /etc/nixos && for file in *; do [ $file = nixi.nix ] || sha256sum $file; done
                  stat --format '%n %u %g %a' /etc/nixos/*
                  ls /tmp | grep ^nixi- || true";
    web.root(script).unwrap()
}

fn running(web: &Machine) -> String {
    web.root("readlink -f /run/current-system").unwrap()
}

fn generations(web: &Machine) -> usize {
    web.root("ls -d /nix/var/nix/profiles/system-*-link").unwrap().lines().count()
}

/// What `nixos-rebuild` makes of the files as they are now.
fn built(web: &Machine) -> String {
    web.root("cd /root && nixos-rebuild build >/dev/null && readlink -f result").unwrap()
}

fn nixi(home: &Home, args: &[&str]) -> Ran {
    let ran = home.nixi(args);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

fn has(web: &Machine, program: &str) -> bool {
    web.try_root(&format!("test -x /run/current-system/sw/bin/{program}")).unwrap().code == 0
}

/// The page's own sentence.
fn install(kept: Kept) {
    let (lab, home) = ground(kept);
    let web = lab.machine(WEB);
    let before = state(web);
    let sentence = "install nginx, certbot, and fail2ban on web-server";
    let ran = nixi(&home, &["--yes", sentence]);
    assert!(ran.err.contains("nginx: ∅ → 1.28.0"), "{ran:?}");
    assert!(has(web, "nginx") && has(web, "certbot") && has(web, "fail2ban-client"));
    assert_eq!(running(web), web.root("readlink -f /nix/var/nix/profiles/system").unwrap());
    // What runs is what is written down: nothing of it comes from elsewhere.
    assert_eq!(running(web), built(web));
    let (after, count) = (state(web), generations(web));

    let again = nixi(&home, &["--yes", sentence]);
    assert!(again.out.contains("nothing to install"), "{again:?}");
    let nothing = nixi(&home, &["call", "nixos.rebuild", "--node", WEB, "--yes=destructive"]);
    assert!(nothing.out.contains("nothing to rebuild"), "{nothing:?}");
    assert_eq!((state(web), generations(web)), (after, count));

    nixi(&home, &["undo", "--yes"]);
    assert!(!has(web, "nginx") && !has(web, "certbot") && !has(web, "fail2ban-client"));
    let (first, _) = before.split_once('\n').unwrap();
    assert_eq!(running(web).trim(), first, "the system is the one from before");
    assert_eq!(running(web), built(web));
}

#[test]
fn packages_are_installed_and_taken_back_on_a_plain_configuration() {
    install(Kept::Plain);
}

#[test]
fn packages_are_installed_and_taken_back_on_a_flake() {
    install(Kept::Flake);
}

#[test]
fn packages_are_installed_and_taken_back_in_a_folder_of_the_login_user() {
    install(Kept::Home);
}

/// Three changes of different tools are one edit, one build and one switch; and part of them, if a person wants no more.
#[test]
fn changes_of_one_request_are_one_switch() {
    let (lab, home) = ground(Kept::Plain);
    let web = lab.machine(WEB);
    let before = generations(web);
    let sentence = "install htop and jq on web-server, then open ports 8080 and 53 on web-server, then install ripgrep on web-server";
    let (code, document) = home.json(&[sentence, "--yes"]);
    assert_eq!(code, 0, "{document}");
    let results = document["results"].as_array().unwrap();
    let tools: Vec<&str> = results.iter().map(|result| result["tool"].as_str().unwrap()).collect();
    assert_eq!(
        tools,
        ["package.install", "firewall.open", "package.install"],
        "in the order of the sentence"
    );
    assert!(results.iter().all(|result| result["status"] == "done"), "{document}");
    let switches = |result: &serde_json::Value| {
        let steps = result["steps"].as_array().unwrap().iter();
        steps.filter(|step| step["step"].as_str().unwrap().contains("switch-to-configuration test")).count()
    };
    assert_eq!(results.iter().map(switches).collect::<Vec<_>>(), [0, 0, 1], "{document}");
    assert_eq!(generations(web), before + 1);
    assert!(has(web, "htop") && has(web, "jq") && has(web, "rg"));
    let rules = web.root("iptables-save").unwrap();
    assert!(rules.contains("--dport 8080") && rules.contains("--dport 53"), "{rules}");
    let unit = "changed units, restarted or reloaded if they run: firewall.service";
    let notes = results[2]["plan"]["steps"][0]["notes"].to_string();
    assert!(notes.contains(unit), "{notes}");

    // All of it is taken back by one switch too.
    nixi(&home, &["undo", "--yes=destructive"]);
    assert_eq!(generations(web), before + 2);
    assert!(!has(web, "htop") && !web.root("iptables-save").unwrap().contains("--dport 8080"));
}

/// Whatever cannot be built, or must not be edited, changes nothing; and the reason is told with its place.
#[test]
fn what_cannot_be_built_changes_nothing() {
    let (lab, home) = ground(Kept::Plain);
    let web = lab.machine(WEB);
    let before = state(web);
    let set = |option: &str, value: &str| {
        home.nixi(&[
            "call",
            "nixos.edit",
            &format!("option={option}"),
            &format!("value={value}"),
            "--node",
            WEB,
            "--yes",
        ])
    };
    let missing = home.nixi(&["call", "package.install", "names=certbott", "--node", WEB, "--yes"]);
    let unknown = set("services.nginx.enabel", "true");
    let conflict = set("networking.hostName", "\"other\"");
    let wrong = set("networking.firewall.enable", "\"yes\"");
    for (ran, said) in [
        (missing, &["attribute 'certbott' missing", "/etc/nixos/nixi.nix:6:5"][..]),
        (unknown, &["does not exist", "/etc/nixos/nixi.nix"]),
        (conflict, &["conflicting definition values", "/etc/nixos/nixi.nix", "/etc/nixos/configuration.nix"]),
        (wrong, &["is not of type `boolean'"]),
    ] {
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(said.iter().all(|said| ran.err.contains(said)), "{said:?}: {ran:?}");
        assert!(ran.err.contains("nothing was changed") && !ran.err.contains("/tmp/nixi-"), "{ran:?}");
        assert_eq!(state(web), before);
    }
    // Of a request that cannot be built whole, nothing is done.
    let both = home.nixi(&["--yes", "install htop on web-server, then install certbott on web-server"]);
    assert!(both.code == 1 && !has(web, "htop"), "{both:?}");
    assert_eq!(state(web), before);

    // A build that fails says why; what its log says is there, and not all of it.
    let configuration = web.read("/etc/nixos/configuration.nix").unwrap();
    let (head, _) = configuration.rsplit_once('}').unwrap();
    let broken =
        "environment.systemPackages = [ (pkgs.runCommand \"broken\" { } \"echo the reason; exit 1\") ];";
    web.write("/etc/nixos/configuration.nix", &format!("{head}  {broken}\n}}\n")).unwrap();
    let ran = home.nixi(&["call", "nixos.rebuild", "--node", WEB, "--yes=destructive"]);
    assert!(ran.code == 1 && ran.err.contains("the reason"), "{ran:?}");
    web.write("/etc/nixos/configuration.nix", &configuration).unwrap();
    assert_eq!(state(web), before);
    // What would have to be evaluated to be known is not evaluated before anybody has said yes.
    let ran = set("networking.hostName", "builtins.readFile /etc/hostname");
    assert!(ran.code == 2 && ran.err.contains("has to be evaluated to be known"), "{ran:?}");

    // A configuration that is not on the node is never edited; what to add where it is kept is told.
    web.root("mv /etc/nixos /var/lib/away && mkdir /etc/nixos").unwrap();
    let ran = home.nixi(&["--yes", "install htop on web-server"]);
    assert!(ran.code == 1 && ran.err.contains("deployed from elsewhere"), "{ran:?}");
    assert!(ran.err.contains("environment.systemPackages") && ran.err.contains("pkgs.htop"), "{ran:?}");
    assert_eq!(web.root("ls -A /etc/nixos").unwrap(), "");
}

/// A switch that another one holds up changes nothing, and says so.
#[test]
fn a_second_switch_meanwhile_is_told_of() {
    let (lab, home) = ground(Kept::Plain);
    let web = lab.machine(WEB);
    let before = state(web);
    web.root("mkdir -p /run/nixos && systemd-run --unit=holder --quiet flock /run/nixos/switch-to-configuration.lock sleep 300").unwrap();
    let ran = home.nixi(&["--yes", "install htop on web-server"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("somebody else switches web-server right now"), "{ran:?}");
    web.root("systemctl stop holder").unwrap();
    assert_eq!(state(web), before);
    nixi(&home, &["--yes", "install htop on web-server"]);
    assert!(has(web, "htop"));
}

/// What was edited between the question and the switch is not overwritten.
#[test]
fn a_file_that_was_edited_meanwhile_is_left_alone() {
    let (lab, home) = ground(Kept::Plain);
    let web = lab.machine(WEB);
    nixi(&home, &["--yes", "install htop on web-server"]);
    let ran = home.nixi(&["install jq on web-server", "--no-wait"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    web.root("echo '# mine' >>/etc/nixos/nixi.nix").unwrap();
    let text = web.read("/etc/nixos/nixi.nix").unwrap();
    let waiting = nixi(&home, &["approve"]).out;
    let number = waiting.split_whitespace().next().unwrap();
    let ran = home.nixi(&["approve", number, "--yes"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(web.read("/etc/nixos/nixi.nix").unwrap(), text);
    assert!(!has(web, "jq"));
    // Asked anew, it is an edit of what is there now.
    nixi(&home, &["--yes", "install jq on web-server"]);
    assert!(web.read("/etc/nixos/nixi.nix").unwrap().contains("# mine") && has(web, "jq"));
}

/// What somebody else declared is looked at, built and switched to as it is, and an option is set and unset.
#[test]
fn what_is_declared_is_built_looked_at_and_run() {
    let (lab, home) = ground(Kept::Plain);
    let web = lab.machine(WEB);
    let call = |action: &str, rest: &[&str]| {
        nixi(&home, &[&["call", action, "--node", WEB, "--yes=destructive"], rest].concat()).out
    };
    assert!(call("nixos.check", &[]).contains("It runs, and boots next."));
    assert!(call("nixos.diff", &[]).contains("What is declared runs already."));

    web.root("sed -i 's/^  system.stateVersion/  environment.systemPackages = [ pkgs.jq ];\\n&/' /etc/nixos/configuration.nix")
        .unwrap();
    let before = state(web);
    assert!(call("nixos.check", &[]).contains("Another system runs."));
    assert!(call("nixos.diff", &[]).contains("jq: ∅ → 1.8.1"));
    assert_eq!(state(web), before, "neither changes anything");
    let first = running(web);
    call("nixos.rebuild", &[]);
    assert!(has(web, "jq") && running(web) == built(web));
    call("nixos.rollback", &[]);
    assert!(!has(web, "jq") && running(web) == first);

    // With what is declared beside it.
    call("nixos.edit", &["option=time.timeZone", "value=\"Europe/Berlin\""]);
    let zone = || web.root("readlink -f /etc/localtime").unwrap();
    assert!(zone().contains("Europe/Berlin") && has(web, "jq"), "{}", zone());
    let again = call("nixos.edit", &["option=time.timeZone", "value=\"Europe/Berlin\""]);
    assert!(again.contains("nothing to do"), "{again}");
    nixi(&home, &["undo", "--yes"]);
    assert!(!zone().contains("Europe/Berlin"), "{}", zone());

    let rules = || web.root("iptables-save").unwrap();
    call("firewall.open", &["ports=8080/tcp,60000-60010/udp"]);
    assert!(rules().contains("--dport 8080") && rules().contains("--dport 60000:60010"), "{}", rules());
    call("firewall.close", &["ports=8080"]);
    assert!(!rules().contains("--dport 8080") && rules().contains("--dport 60000:60010"), "{}", rules());
    call("package.install", &["names=htop"]);
    call("package.remove", &["names=htop"]);
    assert!(!has(web, "htop"));
}

/// What a switch would cut us off by is told in the review, which is destructive then: nothing is switched to find out.
#[test]
fn what_would_cut_us_off_is_named_beforehand() {
    let (lab, home) = ground(Kept::Plain);
    let web = lab.machine(WEB);
    let before = state(web);
    let set = |option: &str, value: &str| {
        home.nixi(&["call", "nixos.edit", option, value, "--node", WEB, "--dry-run"])
    };
    let firewall = set("option=services.openssh.openFirewall", "value=false");
    let sshd = set("option=services.openssh.enable", "value=lib.mkForce false");
    let port = set("option=services.openssh.ports", "value=[ 2222 ]");
    let others = set("option=services.openssh.settings.AllowUsers", "value=[ \"somebody\" ]");
    let configuration = web.read("/etc/nixos/configuration.nix").unwrap();
    let rebuilt = |edits: &[(&str, &str)]| {
        let edited = edits.iter().fold(configuration.clone(), |text, (from, to)| text.replace(from, to));
        web.write("/etc/nixos/configuration.nix", &edited).unwrap();
        let ran = home.nixi(&["call", "nixos.rebuild", "--node", WEB, "--dry-run"]);
        web.write("/etc/nixos/configuration.nix", &configuration).unwrap();
        ran
    };
    let (other_key, other_user) =
        (("ssh-ed25519 AAAA", "ssh-ed25519 BBBB"), ("users.users.nixi =", "users.users.other ="));
    let key = rebuilt(&[other_key]);
    let user = rebuilt(&[other_key, other_user]);
    for (ran, cause) in [
        (firewall, "the firewall closes port 22"),
        (sshd, "sshd is off"),
        (others, "sshd lets in somebody only (AllowUsers)"),
        (key, "keys of nixi are not declared any more: ssh-ed25519 AAAA"),
        (user, "the user nixi is not declared any more"),
    ] {
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.err.contains(&format!("this would cut Nixi off: {cause}")), "{cause}: {ran:?}");
        assert!(ran.err.contains("risk      destructive"), "{ran:?}");
    }
    // Where there is another way in, it is named.
    let address = web.address();
    for (ran, way) in
        [(port, format!("nixi@{address}:2222")), (rebuilt(&[other_user]), format!("other@{address}"))]
    {
        let said = format!("the way in changes: web-server will be reached as {way}");
        assert!(
            ran.code == 0 && ran.err.contains(&said) && ran.err.contains("risk      destructive"),
            "{ran:?}"
        );
    }
    let harmless = set("option=networking.firewall.allowedTCPPorts", "value=[ 8080 ]");
    assert!(!harmless.err.contains("cut Nixi off"), "{harmless:?}");
    assert_eq!(state(web), before);
}

/// Where the new system cannot be made the one that boots, nothing runs that would not boot; and asked again, it is done whole.
#[test]
fn what_cannot_boot_does_not_stay() {
    let (lab, home) = ground(Kept::Plain);
    let web = lab.machine(WEB);
    let before = running(web);
    web.root("mount -t tmpfs -o ro tmpfs /boot").unwrap();
    let ran = home.nixi(&["--yes", "install htop on web-server"]);
    assert!(ran.code == 1 && ran.out.contains("failed      sudo -n -- systemd-run"), "{ran:?}");
    assert_eq!(web.root("readlink -f /nix/var/nix/profiles/system").unwrap(), before, "{ran:?}");
    assert!(running(web) == before && !has(web, "htop"), "{ran:?}");
    web.root("umount /boot").unwrap();

    // What is written down by then is no new edit: it is built and run.
    let ran = nixi(&home, &["--yes", "install htop on web-server"]);
    assert!(ran.out.contains("rebuild to be sure that it runs"), "{ran:?}");
    nixi(&home, &["call", "nixos.rebuild", "--node", WEB, "--yes=destructive"]);
    assert!(has(web, "htop") && running(web) == built(web));
    let default = "cd /boot/loader && cat \"entries/$(sed -n 's/^default //p' loader.conf)\"";
    let entry = web.root(default).unwrap();
    assert!(entry.contains(&format!("{}/init", running(web).trim())), "it boots next: {entry}");
}

/// What the configuration comes to is told where it is, of both kinds, and nothing is written for it.
#[test]
fn options_and_packages_are_told_and_nothing_is_written() {
    for kept in [Kept::Plain, Kept::Flake] {
        let (lab, home) = ground(kept);
        let web = lab.machine(WEB);
        let store = "ls /nix/store | sort | sha256sum; find /etc/nixos /home/nixi /tmp -printf '%p %T@\\n' | sort | sha256sum";
        let before = web.root(store).unwrap();
        let line =
            web.root("grep -n 'services.openssh.enable' /etc/nixos/configuration.nix | cut -d: -f1").unwrap();
        let told = home.nixi(&["who sets services.openssh.enable on web-server"]);
        let place = format!("/etc/nixos/configuration.nix:{}: true", line.trim());
        assert!(told.code == 0 && told.out.contains("value") && told.out.contains(&place), "{told:?}");
        let set = home.nixi(&["call", "nixos.option", "option=services.openssh", "--node", WEB]);
        assert!(set.out.contains("is a set of options") && set.out.contains("ports"), "{set:?}");
        let none = home.nixi(&["call", "nixos.option", "option=services.opensh.enable", "--node", WEB]);
        assert!(
            none.code == 1 && none.err.contains("has no option") && none.err.contains("`openssh`"),
            "{none:?}"
        );
        let found = home.nixi(&["search for the package htop on web-server"]);
        assert!(found.code == 0 && found.out.contains("htop"), "{found:?}");
        let list = home.nixi(&["list packages on web-server"]);
        assert!(list.code == 0 && list.out.contains("PACKAGE"), "{list:?}");
        assert_eq!(web.root(store).unwrap(), before, "a read left something");
    }
}

/// What somebody else declares already is said with its place, and what they declare otherwise is not touched.
#[test]
fn what_others_declare_is_told_with_its_place() {
    let (lab, home) = ground(Kept::Plain);
    let web = lab.machine(WEB);
    let text = web.read("/etc/nixos/configuration.nix").unwrap();
    let (head, _) = text.rsplit_once('}').unwrap();
    let mine = format!(
        "{head}  environment.systemPackages = with pkgs; [\n    htop # mine\n  ];\n  time.timeZone = \"Europe/Paris\";\n}}\n"
    );
    web.write("/etc/nixos/configuration.nix", &mine).unwrap();
    web.root("nixos-rebuild switch").unwrap();
    let at = |what: &str| mine.lines().position(|line| line.contains(what)).unwrap() + 1;
    let place = format!("htop is in /etc/nixos/configuration.nix:{}", at("htop # mine"));

    let ran = home.nixi(&["--yes=destructive", "install htop on web-server"]);
    assert!(ran.code == 0 && ran.out.contains(&place) && ran.out.contains("nothing to do"), "{ran:?}");
    let ran = home.nixi(&["--yes=destructive", "remove the package htop on web-server"]);
    assert!(ran.code == 0 && ran.out.contains(&place) && ran.out.contains("take it out there"), "{ran:?}");

    let ran = home.nixi(&[
        "call",
        "nixos.edit",
        "option=time.timeZone",
        "value=\"Asia/Tokyo\"",
        "--node",
        WEB,
        "--yes",
    ]);
    let conflict = format!("time.timeZone in /etc/nixos/configuration.nix:{}", at("Europe/Paris"));
    assert!(
        ran.code == 1 && ran.err.contains("conflicting definition values") && ran.err.contains(&conflict),
        "{ran:?}"
    );
    assert_eq!(web.read("/etc/nixos/configuration.nix").unwrap(), mine);
    assert!(web.try_root("test -e /etc/nixos/nixi.nix").unwrap().code != 0, "something was written");
}

/// A read tells no secret, and follows a configuration to nothing outside of its folder and the store.
#[test]
fn a_read_of_options_keeps_secrets_back_and_fetches_nothing() {
    let (lab, home) = ground(Kept::Plain);
    let web = lab.machine(WEB);
    let text = web.read("/etc/nixos/configuration.nix").unwrap();
    let with = |line: &str| {
        let (head, _) = text.rsplit_once('}').unwrap();
        web.write("/etc/nixos/configuration.nix", &format!("{head}  {line}\n}}\n")).unwrap();
    };
    let option = |name: &str| home.nixi(&["call", "nixos.option", &format!("option={name}"), "--node", WEB]);
    with("users.users.nixi.hashedPassword = \"$6$salt$hunter2\";");
    for name in ["users.users.nixi.hashedPassword", "users.users.nixi", "users.users"] {
        let told = option(name);
        assert!(told.code == 0 && told.out.contains("«kept back»"), "{name}: {told:?}");
        assert!(!format!("{told:?}").contains("hunter2"), "{name}: {told:?}");
    }

    // What it would take is not even tried: the file is there, and so is what may be fetched.
    web.root("mkdir -p /srv/web && echo 1 >/srv/web/x && tar -C /srv -czf /srv/web.tar.gz web").unwrap();
    let cached = "find /home/nixi /nix/store -maxdepth 2 -printf '%p %T@\\n' | sort | sha256sum";
    for (what, line) in [
        ("a file", "environment.variables.X = builtins.readFile /srv/web/x;"),
        (
            "a tarball",
            "environment.variables.X = builtins.readFile (builtins.fetchTarball \"file:///srv/web.tar.gz\" + \"/x\");",
        ),
    ] {
        with(line);
        let before = web.root(cached).unwrap();
        let told = option("environment.variables");
        assert!(told.code == 1 && told.err.contains("restricted mode"), "{what}: {told:?}");
        assert!(told.err.contains("fetches nothing"), "{what}: {told:?}");
        assert_eq!(web.root(cached).unwrap(), before, "{what}");
    }
    assert_eq!(option("_module.args.pkgs").code, 2);
}
