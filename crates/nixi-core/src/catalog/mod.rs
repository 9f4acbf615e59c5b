//! Every command that may run without approval, argument for argument: the reads, and in [`scratch`] what may be tried
//! out on managed nodes.
//!
//! **Invariant.** This is the only place where a [`Command<Read>`] is made. An entry takes operands that were parsed
//! (see [`crate::command`]), puts `--` before them where the program takes it, and names no option that writes.
//! Each entry has an argv snapshot in this module's tests; a new entry without one does not pass review.

pub mod channel;
pub mod clock;
pub mod container;
pub mod file;
pub(crate) mod guard;
pub(crate) mod lasting;
pub mod log;
pub mod network;
pub mod nixos;
pub mod scratch;
pub mod service;
pub mod system;

use crate::command::{Command, Program, Read};

/// The text of a file below `/proc`, `/etc` or `/sys` that any user may read; for the entries here alone.
fn cat(path: &'static str) -> Command<Read> {
    Command::read(Program::new("cat"), ["--", path])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{ChangeId, ContainerCli, Elevation, Lines, LogPriority, PingCount};
    use crate::config::Runtime;

    /// What is run, to the letter. Changing a line here changes what runs unasked on other people's machines.
    #[test]
    fn every_argv() {
        let name = |word: &str| word.parse().unwrap();
        let unit = |word: &str| word.parse().unwrap();
        let change = ChangeId::of([0x4a; 32]);
        let store = |word: &str| format!("/nix/store/{}-{word}", "a".repeat(32)).parse().unwrap();
        let query = log::Query {
            unit: Some(unit("nginx")),
            since: Some("1h ago".parse().unwrap()),
            until: Some("now".parse().unwrap()),
            priority: Some(LogPriority::Err),
            grep: Some("a b".parse().unwrap()),
            lines: Lines::USUAL,
        };
        let all = [
            channel::program(),
            channel::list(),
            channel::current(),
            channel::generations(),
            channel::fetched(),
            channel::fetched_in(&store("user-environment")),
            channel::releases(&["nixos".parse().unwrap(), "a.b".parse().unwrap()]),
            channel::releases_in(&store("user-environment"), &["nixos".parse().unwrap()]),
            clock::date(),
            clock::zone(),
            clock::uptime(),
            system::os_release(),
            system::kernel(),
            system::host_name(),
            system::boot(),
            system::nixos_version(),
            system::memory(),
            system::load(),
            system::processors(),
            system::disks(),
            system::all_disks(),
            system::root_disk(),
            container::traces(Runtime::Podman),
            container::traces(Runtime::Docker),
            container::store(&"/srv/containers".parse().unwrap()),
            container::store_configuration(),
            container::beginning_of_docker(),
            container::list(ContainerCli::Podman),
            container::list(ContainerCli::Docker),
            container::list(ContainerCli::Shim),
            container::set_aside(ContainerCli::Podman, "nixi.deploy"),
            container::inspect(ContainerCli::Shim, &[name("web")]),
            container::may_list(ContainerCli::Podman),
            container::inspect(ContainerCli::Docker, &[name("web"), name("db")]),
            container::identities(ContainerCli::Podman, &[name("web"), name("db")]),
            container::removals(ContainerCli::Docker, &[name("web")]),
            container::logs(ContainerCli::Podman, &name("web"), Lines::USUAL, None),
            container::logs(
                ContainerCli::Podman,
                &name("web"),
                Lines::USUAL,
                Some(&"2026-11-22".parse().unwrap()),
            ),
            service::list(),
            service::failed(),
            service::restarts(),
            service::podman_restart(),
            service::settling(&unit("nginx")),
            service::dependencies(&[unit("nginx")]),
            system::processes(),
            container::inspect_one(ContainerCli::Podman, &name("web")),
            container::follow(ContainerCli::Podman, &name("web"), Lines::USUAL, None),
            container::named(ContainerCli::Podman, &name("web.1")),
            container::in_network(ContainerCli::Docker, "nixi"),
            container::image(ContainerCli::Podman, &"postgres:16".parse().unwrap()),
            container::networks(ContainerCli::Podman),
            container::networks(ContainerCli::Docker),
            container::secrets(ContainerCli::Podman),
            container::version(ContainerCli::Podman),
            container::deployed(ContainerCli::Shim, &name("web"), "nixi.deploy"),
            container::data_folder(&"/srv/web/data".parse().unwrap()),
            container::has_data(&"/srv/web/data".parse().unwrap()),
            container::inspect_by_ids(ContainerCli::Docker, &["0f".repeat(32).parse().unwrap()]),
            container::last_words(ContainerCli::Docker, &name("web")),
            log::last_words(&unit("nginx")),
            service::show(&[unit("nginx")]),
            service::identities(&[unit("nginx"), unit("sshd.socket")]),
            service::reloadable(&[unit("nginx")]),
            service::started_by(&[unit("nginx"), unit("a.timer")]),
            service::firewalls(),
            log::query(&log::Query { lines: Lines::USUAL, ..log::Query::default() }),
            log::query(&query),
            log::query_as_root(&query),
            log::follow(&query),
            log::follow_as_root(&log::Query::default()),
            log::access(),
            log::last_line(&unit("nginx")),
            log::last_line_as_root(&unit("nginx")),
            log::access_as_root(),
            lasting::has_systemd(),
            lasting::may_run_units(),
            lasting::version(),
            lasting::state(&change),
            lasting::record(&change),
            lasting::said(&change),
            guard::state(&change),
            guard::failed_units(),
            guard::last_lines(&unit("nginx.service")),
            file::digest(&"/srv/web/a b".parse().unwrap(), Elevation::LoginUser),
            file::digest(&"/etc/nixos/nixi.nix".parse().unwrap(), Elevation::Root),
            file::folder(&"/etc/nixos/nixi.nix".parse().unwrap()),
            file::folder(&"/nixi.nix".parse().unwrap()),
            file::real(&"/srv/web/a b".parse().unwrap()),
            file::real_folder(&"/srv/web/a b".parse().unwrap()),
            file::facts(&"/srv/web/a b".parse().unwrap()),
            file::is_link(&"/srv/web/a b".parse().unwrap()),
            file::may_write_folder(&"/srv/web/a b".parse().unwrap()),
            file::user(),
            file::groups(),
            file::beginning(&"/srv/web/a b".parse().unwrap(), 1024),
            file::list(&"/srv/web".parse().unwrap()),
            file::rights_of_folder(&"/srv/web/a b".parse().unwrap()),
            file::repositories(&"/etc/nixos/flake.nix".parse().unwrap()),
            nixos::generations(),
            nixos::boot_default(),
            nixos::running(),
            nixos::profile(),
            nixos::kernels(),
            nixos::search_path(),
            nixos::sshd_config(),
            nixos::declared_keys(&"nixi".parse().unwrap()),
            nixos::option(
                nixos::Source::Module(&"/c.nix".parse().unwrap(), &["nixpkgs=/n".parse().unwrap()]),
                &["a".to_owned(), "b c".to_owned()],
            ),
            nixos::packages(
                nixos::Source::Flake(&"/etc/nixos/flake.nix".parse().unwrap(), &"web".parse().unwrap()),
                &["htop".to_owned()],
            ),
            nixos::installed(),
            nixos::public_host_key(&"/etc/ssh/ssh_host_ed25519_key.pub".parse().unwrap()),
            nixos::closure_difference(&store("old"), &store("new")),
            nixos::units(&store("new")),
            nixos::running_units(),
            nixos::kernels_beside(&store("new")),
            nixos::rebuilds(),
            nixos::mount_of(&"/etc/nixos".parse().unwrap()),
            network::interfaces(),
            network::ports(),
            network::ping(&"192.0.2.1".parse().unwrap(), PingCount::USUAL),
        ];
        let named = |text: String| {
            [("OPTION", nixos::OPTION), ("PACKAGES", nixos::PACKAGES), ("SYSTEM", nixos::SYSTEM)]
                .iter()
                .fold(text, |text, (name, expression)| text.replace(&expression.replace('\'', r"'\''"), name))
        };
        let shown: Vec<String> = all.iter().map(|command| named(command.to_string())).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        nix-channel --version
        sudo -n -- nix-channel --list
        readlink -- /nix/var/nix/profiles/per-user/root/channels
        find /nix/var/nix/profiles/per-user/root -maxdepth 1 -name 'channels-*-link' -printf '%f %T@ %l\n'
        find /nix/var/nix/profiles/per-user/root/channels/ -mindepth 1 -maxdepth 1 -printf '%f %l\n'
        find /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-user-environment/ -mindepth 1 -maxdepth 1 -printf '%f %l\n'
        grep -sHam 1 -e . -- /dev/null /nix/var/nix/profiles/per-user/root/channels/nixos/.version /nix/var/nix/profiles/per-user/root/channels/nixos/.version-suffix /nix/var/nix/profiles/per-user/root/channels/nixos/.git-revision /nix/var/nix/profiles/per-user/root/channels/a.b/.version /nix/var/nix/profiles/per-user/root/channels/a.b/.version-suffix /nix/var/nix/profiles/per-user/root/channels/a.b/.git-revision
        grep -sHam 1 -e . -- /dev/null /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-user-environment/nixos/.version /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-user-environment/nixos/.version-suffix /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-user-environment/nixos/.git-revision
        date +%Y-%m-%dT%H:%M:%S%:z%n%Z%n%s
        readlink -f -- /etc/localtime
        cat -- /proc/uptime
        cat -- /etc/os-release
        uname -srm
        uname -n
        cat -- /proc/sys/kernel/random/boot_id /proc/1/stat
        nixos-version --json
        cat -- /proc/meminfo
        cat -- /proc/loadavg
        nproc
        df -P -B1 '--exclude-type=tmpfs' '--exclude-type=devtmpfs' '--exclude-type=ramfs' '--exclude-type=efivarfs' '--exclude-type=squashfs' '--exclude-type=overlay' '--exclude-type=fuse.portal'
        df -P -k
        df -P -B1 -- /
        ls -ld -- /var/lib/containers/storage /run/current-system/sw/bin/podman /usr/local/bin/podman /usr/bin/podman
        ls -ld -- /var/lib/containers/storage /run/current-system/sw/bin/docker /usr/local/bin/docker /usr/bin/docker
        ls -ld -- /srv/containers
        cat -- /etc/containers/storage.conf /usr/share/containers/storage.conf
        head -c 512 -- /run/current-system/sw/bin/docker /usr/local/bin/docker /usr/bin/docker
        sudo -n -- podman ps '--syslog=false' --all --no-trunc --format json
        sudo -n -- docker --host unix:///var/run/docker.sock ps --all --no-trunc '--size=false' --format '{{json .}}'
        sudo -n -- docker ps '--syslog=false' --all --no-trunc '--size=false' --format '{{json .}}'
        sudo -n -- podman ps '--syslog=false' --all --no-trunc --format json --filter 'name=-before$' --filter 'label=nixi.deploy'
        sudo -n -- docker inspect '--syslog=false' --type container -- web
        sudo -n -l -- podman ps '--syslog=false' --all --no-trunc --format json
        sudo -n -- docker --host unix:///var/run/docker.sock inspect --type container -- web db
        sudo -n -- podman inspect '--syslog=false' --type container --format '{{.Id}} {{.Name}}' -- web db
        sudo -n -- docker --host unix:///var/run/docker.sock inspect --type container --format '{{.Id}} {{.HostConfig.AutoRemove}}' -- web
        sudo -n -- podman logs '--syslog=false' --timestamps --tail 100 -- web
        sudo -n -- podman logs '--syslog=false' --timestamps --tail 100 --since 2026-11-22 -- web
        systemctl list-units '--type=service' --all '--output=json' --no-pager
        systemctl list-units '--state=failed,auto-restart,auto-restart-queued,dead-before-auto-restart' --all '--output=json' --no-pager
        systemctl show --no-pager '--property=Id,Description,LoadState,ActiveState,SubState,NRestarts,Result,StateChangeTimestamp,ActiveEnterTimestampMonotonic' -- '*.service'
        systemctl show --no-pager '--property=UnitFileState' --value -- podman-restart.service
        systemctl show --no-pager '--property=LoadState,ActiveState,SubState,Type,Result,ExecMainStatus,NRestarts,InvocationID,Job,ConditionResult,ConditionTimestampMonotonic' -- nginx.service
        systemctl show --no-pager '--property=Id,ActiveState,RequiredBy,RequisiteOf,BoundBy,ConsistsOf,PropagatesStopTo,Conflicts,ConflictedBy,Requires,BindsTo,Wants,TriggeredBy,SuccessAction,FailureAction,ExecStart' -- nginx.service '*.service' '*.socket' '*.timer' '*.path' '*.target' '*.mount'
        ps -ww -e -o 'pid=,ppid=,comm=,cgroup='
        sudo -n -- podman inspect '--syslog=false' --type container -- web
        sudo -n -- podman logs '--syslog=false' --timestamps --follow --tail 100 -- web
        sudo -n -- podman ps '--syslog=false' --all --no-trunc --quiet --filter 'name=^web\.1$'
        sudo -n -- docker --host unix:///var/run/docker.sock ps --all --no-trunc --quiet --filter 'network=nixi'
        sudo -n -- podman inspect '--syslog=false' --type image --format '[{{json .ID}},{{json .RepoTags}},{{json .RepoDigests}},{{json .Config.Volumes}},{{json .Config.ExposedPorts}},{{json .Config.Entrypoint}},{{json .Config.Cmd}}]' -- postgres:16
        sudo -n -- podman network ls '--syslog=false' --format json
        sudo -n -- docker --host unix:///var/run/docker.sock network ls --format '{{json .}}'
        sudo -n -- podman secret ls '--syslog=false' --format '{{.Name}}'
        sudo -n -- podman version '--syslog=false' --format '{{.Client.Version}}'
        sudo -n -- docker inspect '--syslog=false' --type container --format '{{.Id}}
        {{.Image}}
        {{.State.Status}}
        {{index .Config.Labels "nixi.deploy"}}' -- web
        realpath --canonicalize-missing --zero -- /srv/web/data
        test -e /srv/web/data
        sudo -n -- docker --host unix:///var/run/docker.sock inspect --type container -- 0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
        sudo -n -- docker --host unix:///var/run/docker.sock logs --timestamps --tail 10 -- web
        sudo -n -- journalctl '--output=cat' --quiet --no-pager '--lines=10' '--unit=nginx.service'
        systemctl show --no-pager '--property=Id,Description,LoadState,ActiveState,SubState,UnitFileState,MainPID,ActiveEnterTimestamp,MemoryCurrent,NRestarts,Result,ExecMainStatus' -- nginx.service
        systemctl show --no-pager '--property=Id,LoadState' -- nginx.service sshd.socket
        systemctl show --no-pager '--property=Id,CanReload' -- nginx.service
        systemctl show --no-pager '--property=Id,WantedBy,RequiredBy,TriggeredBy' -- nginx.service a.timer
        systemctl show --no-pager '--property=Id,LoadState,ActiveState,ExecStart' -- firewall.service nftables.service firewalld.service
        journalctl '--output=json' '--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER,_COMM,_PID' --no-pager --reverse '--lines=100'
        journalctl '--output=json' '--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER,_COMM,_PID' --no-pager --reverse '--lines=100' '--unit=nginx.service' '--since=1h ago' '--until=now' '--priority=err' '--grep=a b'
        sudo -n -- journalctl '--output=json' '--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER,_COMM,_PID' --no-pager --reverse '--lines=100' '--unit=nginx.service' '--since=1h ago' '--until=now' '--priority=err' '--grep=a b'
        journalctl '--output=json' '--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER,_COMM,_PID' --no-pager --follow '--unit=nginx.service' '--since=1h ago' '--priority=err' '--grep=a b'
        sudo -n -- journalctl '--output=json' '--output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,SYSLOG_IDENTIFIER,_COMM,_PID' --no-pager --follow '--lines=100'
        journalctl '--lines=1' --no-pager
        journalctl '--output=cat' --quiet --no-pager '--lines=1' '_SYSTEMD_UNIT=nginx.service'
        sudo -n -- journalctl '--output=cat' --quiet --no-pager '--lines=1' '_SYSTEMD_UNIT=nginx.service'
        sudo -n -- journalctl '--lines=1' --no-pager
        test -d /run/systemd/system
        sudo -n -l -- systemd-run
        sudo -n -- systemd-run --version
        systemctl show --no-pager '--property=ActiveState,Job' -- nixi-4a4a4a4a4a4a4a4a.service
        head -v -n 5 -- /run/nixi/4a4a4a4a4a4a4a4a /var/lib/nixi/4a4a4a4a4a4a4a4a
        sudo -n -- journalctl '--output=cat' --no-pager '--lines=100' '_SYSTEMD_UNIT=nixi-4a4a4a4a4a4a4a4a.service'
        tail -n 4 -- /run/nixi/4a4a4a4a4a4a4a4a.guard/state
        systemctl list-units '--state=failed' --plain --no-legend --full --no-pager
        sudo -n -- journalctl '--output=cat' --no-pager '--lines=5' '--unit=nginx.service'
        sha256sum -- '/srv/web/a b'
        sudo -n -- sha256sum -- /etc/nixos/nixi.nix
        stat --dereference '--format=%u %a' -- /etc/nixos
        stat --dereference '--format=%u %a' -- /
        realpath --canonicalize-existing --zero -- '/srv/web/a b'
        realpath --canonicalize-existing --zero -- /srv/web
        stat --dereference '--printf=%f\0%s\0%u\0%U\0%g\0%G\0%Y\0%h\0' -- '/srv/web/a b'
        test -L '/srv/web/a b'
        test -w /srv/web
        id --user
        id --groups
        head '--bytes=1024' -- '/srv/web/a b'
        find /srv/web -mindepth 1 -maxdepth 1 -printf 'l%l\0f%f\0u%u\0g%g\0%y %s %m %T@\0\n'
        stat --dereference '--printf=%f\0%u\0%g\0' -- /srv/web
        find /.git /etc/.git /etc/nixos/.git -maxdepth 0 -printf '%p %y\n'
        find /nix/var/nix/profiles -maxdepth 1 -name 'system-*-link' -printf '%f %T@ %l\n'
        readlink -- /nix/var/nix/profiles/system
        readlink -f -- /run/current-system /run/booted-system
        readlink -f -- /nix/var/nix/profiles/system
        readlink -f -- /run/booted-system/kernel /run/booted-system/kernel-modules /run/booted-system/initrd /run/current-system/kernel /run/current-system/kernel-modules /run/current-system/initrd
        grep -hs -e NIX_PATH -- /etc/pam/environment /etc/set-environment
        cat -- /etc/ssh/sshd_config
        cat -- /etc/ssh/authorized_keys.d/nixi
        nix-instantiate --eval --strict --json --readonly-mode --store dummy:// --argstr words '["a","b c"]' --option allow-import-from-derivation false --option restrict-eval true --option allowed-uris '' -I / -I /nix/store -I 'nixos-config=/c.nix' -I 'nixpkgs=/n' --argstr flake '' --argstr host '' -E '{ flake, host, words }: (OPTION) ((SYSTEM) { inherit flake host; }) (builtins.fromJSON words)'
        nix-instantiate --eval --strict --json --readonly-mode --store dummy:// --argstr words '["htop"]' --option allow-import-from-derivation false --option restrict-eval true --option allowed-uris '' -I /etc/nixos -I /nix/store --argstr flake /etc/nixos --argstr host web -E '{ flake, host, words }: (PACKAGES) ((SYSTEM) { inherit flake host; }) (builtins.fromJSON words)'
        find /run/current-system/sw/ -maxdepth 3 -type l -printf '%l\n'
        cat -- /etc/ssh/ssh_host_ed25519_key.pub
        nix --extra-experimental-features nix-command store diff-closures /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-old /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-new
        find /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-new/etc/systemd/system/ -maxdepth 2 -type l -printf '%P %l\n'
        find /run/current-system/etc/systemd/system/ -maxdepth 2 -type l -printf '%P %l\n'
        readlink -f -- /run/booted-system/kernel /run/booted-system/kernel-modules /run/booted-system/initrd /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-new/kernel /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-new/kernel-modules /nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-new/initrd
        pgrep -a -f -- '[n]ixos-rebuild(-ng)?(-wrapped)?( .*)? (switch|boot|test)( |$)|[s]witch-to-configuration (switch|boot|test)( |$)'
        findmnt --json --output TARGET,OPTIONS --target /etc/nixos
        ip -json address show
        ss -Htulpn
        ping -n -W 2 -c 3 -- 192.0.2.1
        "#);
    }
}
