//! What systems are built of, on whole machines: root's channels, upgrades on channels and on flakes, and what of old systems
//! goes. Each effect is looked at by other means than Nixi.
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
const ARCHIVE: &str = "file:///usr/lib/nixi-lab/channel/nixos-25.05.tar.gz";
const CHANNELS: &str = "/nix/var/nix/profiles/per-user/root/channels";

fn ground(mode: &'static str) -> (Lab, Home) {
    let lab = Lab::up(&[WEB]).unwrap();
    lab.machine(WEB).wait_until_booted().unwrap();
    let home = Home::with_config(&format!("[guard]\ntimeout = \"15s\"\n{}", lab.config(|_| mode)));
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
    (lab, home)
}

fn nixi(home: &Home, args: &[&str]) -> Ran {
    let ran = home.nixi(args);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

/// One action, whose changes are approved.
fn call(home: &Home, action: &str, rest: &[&str]) -> Ran {
    home.nixi(&[&["call", action, "--node", WEB, "--yes=destructive"], rest].concat())
}

/// Makes what the channel's address gives a release that calls itself so.
fn publish(web: &Machine, suffix: &str) {
    web.root(&format!(
        "cd /usr/lib/nixi-lab && printf '{suffix}' >nixpkgs/.version-suffix
         tar --create --gzip --file channel/nixos-25.05.tar.gz --transform 's/^nixpkgs/nixos/' nixpkgs"
    ))
    .unwrap();
}

/// Root's channels: their list, what each leads to, and which generation is used.
fn channels(web: &Machine) -> String {
    web.root(&format!("cat ~root/.nix-channels; cd {CHANNELS}/ && readlink -f [!m]*; readlink {CHANNELS}"))
        .unwrap()
}

/// The same without the number of the generation.
fn content(web: &Machine) -> String {
    let all = channels(web);
    all.trim_end().rsplit_once('\n').unwrap().0.to_owned()
}

/// All that a change of channels must leave alone.
fn system(web: &Machine) -> String {
    web.root("readlink -f /run/current-system /nix/var/nix/profiles/system; ls /tmp /home/nixi /etc/nixos")
        .unwrap()
}

#[test]
fn channels_are_listed_and_nothing_changes() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    web.root("printf 'odd\\n' >>~root/.nix-channels").unwrap();
    let state = || {
        web.root("cat ~root/.nix-channels; find /nix/var/nix/profiles /root /home | sort; ls /nix/store")
            .unwrap()
    };
    let before = state();
    let (code, document) = home.json(&["call", "nixos.channels", "--node", WEB]);
    assert_eq!(code, 0, "{document}");
    let data = &document["results"][0]["data"];
    let told = &data["channels"][0];
    assert_eq!((&told["name"], &told["url"]), (&"nixos".into(), &ARCHIVE.into()), "{data}");
    assert_eq!((&told["release"], &data["used"]), (&"25.05.lab".into(), &"channels".into()), "{data}");
    assert_eq!(told["revision"], web.root(&format!("cat {CHANNELS}/nixos/.git-revision")).unwrap(), "{data}");
    assert_eq!(told["path"], web.root(&format!("readlink {CHANNELS}/nixos")).unwrap().trim(), "{data}");
    assert_eq!(data["generation"], 1);
    let age = web.root(&format!("date --utc +%FT%TZ --date @$(stat --format %Y {CHANNELS}-1-link)")).unwrap();
    assert_eq!(data["fetched"], age.trim());
    assert_eq!(data["left_out"].as_array().unwrap().len(), 1, "the odd line is named: {data}");
    let said = nixi(&home, &["list channels on web-server"]).out;
    assert!(said.contains("25.05.lab") && said.contains("Generation 1"), "{said}");
    assert_eq!(state(), before);
}

/// Who may not read root's list is told so, and sees the rest.
#[test]
fn a_monitored_node_shows_what_its_user_may_read() {
    let (lab, home) = ground("monitored");
    let web = lab.machine(WEB);
    let _asks = web.sudo_asks_password().unwrap();
    let said = nixi(&home, &["list channels on web-server"]).out;
    assert!(said.contains("nixos") && said.contains("25.05.lab") && !said.contains(ARCHIVE), "{said}");
    assert!(said.contains("left out: addresses of the channels"), "{said}");
    let refused = call(&home, "nixos.channel_update", &[]);
    assert_eq!(refused.code, 3, "{refused:?}");
}

#[test]
fn a_channel_is_added_updated_and_removed_and_each_is_taken_back() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    let (ran, before) = (system(web), content(web));
    web.root("ln -s nixos-25.05.tar.gz /usr/lib/nixi-lab/channel/mine.tar.gz").unwrap();
    let mine = "file:///usr/lib/nixi-lab/channel/mine.tar.gz";

    let added = nixi(&home, &["--yes", &format!("add channel {mine} as extra on web-server")]);
    assert!(added.err.contains("nothing runs differently until a rebuild"), "{added:?}");
    assert!(web.root("nix-channel --list").unwrap().contains(&format!("extra {mine}")));
    assert_eq!(web.root(&format!("cat {CHANNELS}/extra/.version-suffix")).unwrap(), ".lab");
    let again = call(&home, "nixos.channel_add", &[&format!("url={mine}"), "name=extra"]);
    assert!(again.out.contains("nothing to add"), "{again:?}");
    let with_mine = channels(web);
    nixi(&home, &["undo", "--yes"]);
    assert_eq!(content(web), before);

    nixi(&home, &["--yes", &format!("add channel {mine} as extra on web-server")]);
    nixi(&home, &["--yes", "remove channel extra on web-server"]);
    assert_eq!(content(web), before);
    nixi(&home, &["undo", "--yes"]);
    assert_eq!(content(web), with_mine.trim_end().rsplit_once('\n').unwrap().0);

    // One of them by name, then all; the undo leads back to the very generation.
    publish(web, ".next");
    let suffix = |name: &str| web.root(&format!("cat {CHANNELS}/{name}/.version-suffix")).unwrap();
    let old = channels(web);
    nixi(&home, &["--yes", "update channel extra on web-server"]);
    assert_eq!((suffix("extra").as_str(), suffix("nixos").as_str()), (".next", ".lab"));
    nixi(&home, &["--yes", "update the channels on web-server"]);
    assert_eq!((suffix("extra").as_str(), suffix("nixos").as_str()), (".next", ".next"));
    nixi(&home, &["undo", "--yes"]);
    nixi(&home, &["undo", "--yes"]);
    assert_eq!(channels(web), old);
    assert_eq!(system(web), ran, "nothing runs differently");
}

#[test]
fn what_cannot_be_fetched_changes_nothing() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    let before = (channels(web), system(web));
    for bad in ["url=ftp://e.org/x", "url=https://me:secret@e.org/x", "url=https://e.org/$(id)", "url=-x"] {
        let ran = call(&home, "nixos.channel_add", &[bad, "name=bad"]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(!ran.err.contains("plan") && ran.err.contains("the address of a channel"), "{ran:?}");
    }
    let ran = call(&home, "nixos.channel_add", &["url=http://127.0.0.1:9/nixos", "name=bad"]);
    assert!(ran.code == 1 && ran.err.contains("unable to download"), "{ran:?}");
    assert_eq!((channels(web), system(web)), before);
    // The address that it had is put back.
    let ran = call(&home, "nixos.channel_add", &["url=file:///nowhere/nixos", "name=nixos"]);
    assert!(ran.code == 1 && ran.err.contains("/nowhere/nixos"), "{ran:?}");
    assert_eq!((channels(web), system(web)), before);
    web.root("mv /usr/lib/nixi-lab/channel /usr/lib/nixi-lab/away").unwrap();
    let ran = call(&home, "nixos.channel_update", &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!((channels(web), system(web)), before);

    for (args, said) in [
        (&["nixos.channel_remove", "name=other"][..], "no channel other"),
        (&["nixos.channel_update", "names=other"], "it has nixos"),
        (&["nixos.channel_update", "generation=7"], "no generation 7 of channels"),
    ] {
        let ran = call(&home, args[0], &args[1..]);
        assert!(ran.code != 0 && ran.err.contains(said), "{said}: {ran:?}");
    }
    // Without it, the node could not be rebuilt.
    let ran = home.nixi(&["remove channel nixos on web-server", "--dry-run"]);
    assert!(ran.err.contains("cannot be rebuilt without it") && ran.err.contains("destructive"), "{ran:?}");
    assert_eq!((channels(web), system(web)), before);
}

#[test]
fn a_list_that_was_edited_meanwhile_is_left_alone() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    let ran = home.nixi(&["update the channels on web-server", "--no-wait"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    web.root(&format!("nix-channel --add {ARCHIVE} other")).unwrap();
    let before = channels(web);
    let waiting = nixi(&home, &["approve"]).out;
    let number = waiting.split_whitespace().next().unwrap();
    let ran = home.nixi(&["approve", number, "--yes"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(channels(web), before);
}

#[test]
fn where_channels_are_off_that_is_said() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    web.root(
        "sed -i 's/^  system.stateVersion/  nix.channel.enable = false;\\n&/' /etc/nixos/configuration.nix
         cd /root && nixos-rebuild switch",
    )
    .unwrap();
    let said = nixi(&home, &["list channels on web-server"]).out;
    assert!(said.contains("Channels are off on this node"), "{said}");
    let before = channels(web);
    for args in [
        &["nixos.channel_add", "url=https://nixos.org/channels/nixos-25.05", "name=nixos"][..],
        &["nixos.channel_remove", "name=nixos"],
        &["nixos.channel_update"],
    ] {
        let ran = call(&home, args[0], &args[1..]);
        assert!(ran.code == 1 && ran.err.contains("channels are off"), "{ran:?}");
    }
    assert_eq!(channels(web), before);
}

/// What `nixos-rebuild` makes of the sources as they are now.
fn built(web: &Machine) -> String {
    web.root("cd /root && nixos-rebuild build >/dev/null && readlink -f result && rm result").unwrap()
}

fn running(web: &Machine) -> String {
    web.root("readlink -f /run/current-system").unwrap()
}

fn boots(web: &Machine) -> String {
    web.root("cd /boot/loader && cat \"entries/$(sed -n 's/^default //p' loader.conf)\"").unwrap()
}

const VERSION: &str = "nixos-version";

#[test]
fn an_upgrade_runs_what_the_channel_holds_and_is_taken_back_with_it() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    // A second channel stays as it is.
    web.root("cd /usr/lib/nixi-lab/channel && cp nixos-25.05.tar.gz other.tar.gz").unwrap();
    nixi(
        &home,
        &["--yes", "add channel file:///usr/lib/nixi-lab/channel/other.tar.gz as second on web-server"],
    );
    publish(web, ".next");
    let (before, old, link) =
        (running(web), channels(web), web.root("readlink /nix/var/nix/profiles/system").unwrap());

    let review = home.nixi(&["upgrade web-server", "--dry-run"]);
    assert!(review.err.contains("channel nixos: 25.05.lab → 25.05.next"), "{review:?}");
    assert!(
        review.err.contains("switch-to-configuration test, and back to"),
        "the guard is armed: {review:?}"
    );
    assert!(review.err.contains("risk      destructive"), "{review:?}");
    assert_eq!((running(web), channels(web)), (before.clone(), old.clone()), "a review changes nothing");

    nixi(&home, &["upgrade web-server", "--yes=destructive"]);
    assert!(web.root(VERSION).unwrap().starts_with("25.05.next"));
    assert_eq!(running(web), web.root("readlink -f /nix/var/nix/profiles/system").unwrap());
    assert!(boots(web).contains(running(web).trim()));
    assert_eq!(running(web), built(web), "what runs is what a rebuild makes");
    let suffix = |name: &str| web.root(&format!("cat {CHANNELS}/{name}/.version-suffix")).unwrap();
    assert_eq!((suffix("nixos").as_str(), suffix("second").as_str()), (".next", ".lab"));
    // nix-channel itself comes to the very same profile.
    let profile = || web.root(&format!("readlink -f {CHANNELS}")).unwrap();
    let ours = profile();
    web.root("nix-channel --option tarball-ttl 0 --update nixos").unwrap();
    assert_eq!(profile(), ours);

    let again = nixi(&home, &["upgrade web-server", "--yes=destructive"]);
    assert!(again.out.contains("nothing to upgrade") && again.out.contains("25.05.next"), "{again:?}");
    assert_eq!(profile(), ours);

    nixi(&home, &["undo", "--yes=destructive"]);
    assert_eq!((running(web), channels(web)), (before, old));
    assert_eq!(web.root("readlink /nix/var/nix/profiles/system").unwrap(), link);
    assert_eq!(running(web), built(web));
}

/// What the channel holds once the system was built is not what was approved, and does not get in.
#[test]
fn a_channel_that_moves_on_meanwhile_brings_nothing_that_was_not_shown() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    publish(web, ".next");
    // The switch itself has the address hold another release, before the channel is put in place.
    let configuration = web.read("/etc/nixos/configuration.nix").unwrap();
    let (head, _) = configuration.rsplit_once('}').unwrap();
    let moving = "system.activationScripts.move = \"\\
        cd /usr/lib/nixi-lab && printf .later >nixpkgs/.version-suffix && \\
        tar --create --gzip --file channel/nixos-25.05.tar.gz --transform s/^nixpkgs/nixos/ nixpkgs\";";
    let moving = moving.replace("\\\n", "");
    web.write("/etc/nixos/configuration.nix", &format!("{head}  {moving}\n}}\n")).unwrap();
    nixi(&home, &["upgrade web-server", "--yes=destructive"]);
    let held = "tar --extract --gzip --to-stdout --file /usr/lib/nixi-lab/channel/nixos-25.05.tar.gz nixos/.version-suffix";
    assert_eq!(web.root(held).unwrap(), ".later");
    assert!(web.root(VERSION).unwrap().starts_with("25.05.next"));
    assert_eq!(web.root(&format!("cat {CHANNELS}/nixos/.version-suffix")).unwrap(), ".next");
    assert_eq!(running(web), built(web));
    // It is what the next upgrade brings.
    nixi(&home, &["upgrade web-server", "--yes=destructive"]);
    assert!(web.root(VERSION).unwrap().starts_with("25.05.later"));
}

#[test]
fn an_upgrade_that_cannot_be_built_or_that_cuts_us_off_leaves_all_as_it_was() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    let state = || (running(web), channels(web), boots(web));
    let before = state();
    // The new release does not know an option any more that is set.
    let broken = "sed -i 's/stateVersion = string/stateVersions = string/' /usr/lib/nixi-lab/nixpkgs/nixos/modules/misc/version.nix";
    web.root(broken).unwrap();
    publish(web, ".broken");
    let ran = home.nixi(&["upgrade web-server", "--yes=destructive"]);
    assert!(ran.code == 1 && ran.err.contains("system.stateVersion"), "{ran:?}");
    assert!(ran.err.contains("nothing was changed"), "{ran:?}");
    assert_eq!(state(), before);
    web.root("sed -i 's/stateVersions = string/stateVersion = string/' /usr/lib/nixi-lab/nixpkgs/nixos/modules/misc/version.nix").unwrap();

    // A release whose activation closes the door: nobody confirms, and the node goes back.
    web.root(
        "sed -i 's/^  config = {/&\\n    system.activationScripts.door = \"iptables -I INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j DROP\";/' \
         /usr/lib/nixi-lab/nixpkgs/nixos/modules/misc/version.nix",
    )
    .unwrap();
    publish(web, ".cut");
    let ran = home.nixi(&["upgrade web-server", "--yes=destructive"]);
    assert!(ran.code == 1, "{ran:?}");
    web.root("iptables -D INPUT -p tcp --dport 22 -m conntrack --ctstate NEW -j DROP").unwrap();
    assert_eq!(state(), before, "{ran:?}");

    // An address that does not answer.
    web.root("mv /usr/lib/nixi-lab/channel /usr/lib/nixi-lab/away").unwrap();
    let ran = home.nixi(&["upgrade web-server", "--yes=destructive"]);
    assert!(ran.code == 1 && ran.err.contains("channel nixos of web-server cannot be fetched"), "{ran:?}");
    assert_eq!(state(), before);
}

/// Where the new system cannot be made the one that boots, the channel goes back as well.
#[test]
fn an_upgrade_that_cannot_boot_takes_the_channel_back() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    let before = (running(web), channels(web));
    publish(web, ".next");
    web.root("mount -t tmpfs -o ro tmpfs /boot").unwrap();
    let ran = home.nixi(&["upgrade web-server", "--yes=destructive"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!((running(web), channels(web)), before, "{ran:?}");
    web.root("umount /boot").unwrap();
    nixi(&home, &["upgrade web-server", "--yes=destructive"]);
    assert!(web.root(VERSION).unwrap().starts_with("25.05.next"));
}

const FLAKE: &str = r#"{
  inputs.nixpkgs.url = "file:///usr/lib/nixi-lab/channel/nixos-25.05.tar.gz";
  outputs = { self, nixpkgs }: {
    nixosConfigurations.web-server = nixpkgs.lib.nixosSystem {
      system = "x86_64-linux";
      modules = [ ./configuration.nix ];
    };
  };
}
"#;

#[test]
fn a_flake_is_upgraded_by_its_lock_file() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    web.write("/etc/nixos/flake.nix", FLAKE).unwrap();
    web.root("cd /root && nixos-rebuild switch && chown 0:0 /etc/nixos/flake.lock && chmod 0640 /etc/nixos/flake.lock && chgrp users /etc/nixos/flake.lock").unwrap();
    let rights = || web.root("stat --format '%u %G %a' /etc/nixos/flake.lock").unwrap();
    let (first, lock, kept, root) =
        (running(web), web.read("/etc/nixos/flake.lock").unwrap(), rights(), channels(web));
    let hash = |lock: &str| {
        let lock: serde_json::Value = serde_json::from_str(lock).unwrap();
        lock["nodes"]["nixpkgs"]["locked"]["narHash"].as_str().unwrap().to_owned()
    };
    let (_, document) = home.json(&["call", "nixos.channels", "--node", WEB]);
    let data = &document["results"][0]["data"];
    assert_eq!((&data["used"], &data["inputs"][0]["name"]), (&"flake".into(), &"nixpkgs".into()), "{data}");
    assert_eq!(data["inputs"][0]["hash"], hash(&lock), "{data}");
    let nothing = nixi(&home, &["upgrade web-server", "--yes=destructive"]);
    assert!(nothing.out.contains("the inputs of its flake hold nothing newer"), "{nothing:?}");

    publish(web, ".next");
    let (code, document) = home.json(&["upgrade web-server", "--yes=destructive"]);
    assert_eq!(code, 0, "{document}");
    let steps = document["results"][0]["plan"]["steps"].as_array().unwrap();
    let put = steps.iter().find(|step| step["line"].as_str().unwrap().contains("flake.lock")).unwrap();
    let new = web.read("/etc/nixos/flake.lock").unwrap();
    assert!(
        put["diff"].to_string().contains(&hash(&lock)) && put["diff"].to_string().contains(&hash(&new)),
        "{put}"
    );
    assert!(steps[0]["notes"].to_string().contains("input nixpkgs: sha256-"), "{document}");
    assert!(hash(&new) != hash(&lock) && rights() == kept, "{new}");
    assert!(web.root(VERSION).unwrap().starts_with("25.05.next"));
    assert_eq!(running(web), built(web));
    assert_eq!(web.read("/etc/nixos/flake.lock").unwrap(), new, "a rebuild locks nothing else");

    nixi(&home, &["undo", "--yes=destructive"]);
    assert_eq!((running(web), channels(web)), (first, root));
    assert_eq!(web.read("/etc/nixos/flake.lock").unwrap(), new, "which the review had said");

    // An input that is gone changes nothing.
    web.root("mv /usr/lib/nixi-lab/channel /usr/lib/nixi-lab/away").unwrap();
    let ran = home.nixi(&["upgrade web-server", "--yes=destructive"]);
    assert!(ran.code == 1 && ran.err.contains("the inputs of the flake cannot be updated"), "{ran:?}");
    assert_eq!(web.read("/etc/nixos/flake.lock").unwrap(), new);
}

/// An upgrade and an edit of one request are one build and one switch.
#[test]
fn an_upgrade_takes_what_else_is_declared_along() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    publish(web, ".next");
    let generations = || web.root("ls -d /nix/var/nix/profiles/system-*-link").unwrap().lines().count();
    let before = generations();
    nixi(&home, &["install htop on web-server, then upgrade web-server", "--yes=destructive"]);
    assert!(web.root(VERSION).unwrap().starts_with("25.05.next") && generations() == before + 1);
    web.root("test -x /run/current-system/sw/bin/htop").unwrap();
    assert_eq!(running(web), built(web));
}

/// The numbers of the system's generations.
fn numbers(web: &Machine) -> String {
    web.root("cd /nix/var/nix/profiles && ls -d system-*-link | tr -dc '0-9\\n' | sort -n | paste -sd ' '")
        .unwrap()
}

#[test]
fn old_generations_and_garbage_go_and_what_is_needed_stays() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    for package in ["htop", "jq", "ripgrep"] {
        nixi(&home, &["--yes", &format!("install {package} on web-server")]);
    }
    assert_eq!(numbers(web).trim(), "1 2 3 4");
    web.root("echo lonely >/tmp/lonely; nix-store --add /tmp/lonely >/tmp/path").unwrap();
    let lonely = || web.try_root("test -e $(cat /tmp/path)").unwrap().code == 0;
    let second = web.root("readlink /nix/var/nix/profiles/system-2-link").unwrap();
    assert!(lonely());

    // Nothing is old yet: garbage alone.
    let (code, document) = home.json(&["collect garbage on web-server", "--yes=destructive"]);
    let result = &document["results"][0];
    assert!(
        code == 0 && result["plan"]["summary"].to_string().contains("every generation stays"),
        "{document}"
    );
    assert!(result["steps"][1].to_string().contains("store paths deleted"), "{result}");
    assert!(!lonely() && numbers(web).trim() == "1 2 3 4");

    // The first one runs since the machine was booted; the last boots next, and the third is where a rollback goes.
    web.root("cd /nix/var/nix/profiles && touch --no-dereference --date '2024-01-01' system-[123]-link")
        .unwrap();
    let review = home.nixi(&["clean up old generations on web-server", "--dry-run"]);
    assert!(review.err.contains("these generations go for good: 2 of 2024-01-01"), "{review:?}");
    assert_eq!(numbers(web).trim(), "1 2 3 4");
    nixi(&home, &["clean up old generations on web-server", "--yes=destructive"]);
    assert_eq!(numbers(web).trim(), "1 3 4");
    assert_ne!(web.try_root(&format!("test -e {second}")).unwrap().code, 0, "nothing leads to it any more");
    let menu = web.root("cat /boot/loader/entries/*").unwrap();
    assert!(!menu.contains(second.trim()) && menu.contains(running(web).trim()), "{menu}");
    nixi(&home, &["roll back web-server", "--yes=destructive"]);
    let undo = home.nixi(&["undo", "--yes=destructive"]);
    assert_eq!(undo.code, 0, "{undo:?}");

    // Whatever is asked for, three stay.
    let ran = call(&home, "nixos.collect_garbage", &["keep=0"]);
    assert!(ran.code == 0 && numbers(web).trim() == "1 3 4", "{ran:?}");
}

/// A generation that came or went between the question and the answer is another plan.
#[test]
fn generations_that_changed_meanwhile_stay() {
    let (lab, home) = ground("managed");
    let web = lab.machine(WEB);
    for package in ["htop", "jq", "ripgrep"] {
        nixi(&home, &["--yes", &format!("install {package} on web-server")]);
    }
    let ran = home.nixi(&["call", "nixos.collect_garbage", "keep=1", "--node", WEB, "--no-wait"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    web.root("nix-env -p /nix/var/nix/profiles/system --switch-generation 2").unwrap();
    let waiting = nixi(&home, &["approve"]).out;
    let number = waiting.split_whitespace().next().unwrap();
    let ran = home.nixi(&["approve", number, "--yes=destructive"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(numbers(web).trim(), "1 2 3 4");
}
