//! Containers deployed on whole machines: the page's own sentence, with a password that is nowhere but where it belongs; what is
//! undone is as it was; what fails leaves the old container running.
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

use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Home, Ran};
use nixi_lab::{Image, Lab, Machine, MachineSpec};
use serde_json::{Value, json};

const WEB: &str = "web-server";
const DB: &str = "db-server";
const PASSWORD: &str = "MySecretPW-6d1f";
/// Of the tests that run beside that one.
const OTHER: &str = "AnotherPW-77aa";

/// Machines with these images, and a home that knows them.
fn ground(names: &[&str]) -> (Lab, Home) {
    let lab = Lab::up(names).unwrap();
    std::thread::scope(|scope| {
        for machine in lab.machines() {
            scope.spawn(|| {
                machine.wait_until_booted().unwrap();
                for image in [Image::Postgres, Image::App, Image::Sleeper, Image::Crasher] {
                    machine.import(image).unwrap();
                }
            });
        }
    });
    let home = home_of(&lab, "");
    (lab, home)
}

fn home_of(lab: &Lab, settings: &str) -> Home {
    let home = Home::with_config(&format!("{settings}{}", lab.config(|_| "managed")));
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
    home
}

/// Runs it with this on its standard input.
fn fed(home: &Home, args: &[&str], input: &str) -> Ran {
    let mut command = home.command(args);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Ran::from(child.wait_with_output().unwrap())
}

/// All that a deployment may leave behind on a machine.
fn state(machine: &Machine) -> String {
    let script = "podman ps --all --no-trunc --format '{{.ID}} {{.Names}} {{.Status}} {{.Image}}' | sed 's/Up .*ago/Up/; s/Up [^ ]* [^ ]*/Up/'
                  podman network ls --format '{{.Name}}'
                  podman secret ls --format '{{.Name}}' | sort
                  podman volume ls --quiet
                  podman images --no-trunc --format '{{.ID}} {{.Names}}'
                  find /srv -printf '%p %u %m\\n' | sort
                  ls /run/nixi* 2>/dev/null | grep -v -x '[0-9a-f]\\{16\\}' | grep -v '^/run/nixi:$' || true";
    machine.root(script).unwrap()
}

/// How a container is set up, without what every new one has of its own.
fn setup(machine: &Machine, name: &str) -> String {
    let variables = "podman inspect --format '{{range .Config.Env}}{{println .}}{{end}}'";
    let format = "{{.ImageName}} {{.Image}} {{json .Config.Labels}} {{json .Config.Cmd}} \
                  {{json .HostConfig.PortBindings}} {{json .HostConfig.Binds}} {{json .HostConfig.RestartPolicy}} \
                  {{.State.Status}}";
    let script = format!("podman inspect --format '{format}' {name}; {variables} {name} | sort");
    let inspected = machine.root(&script).unwrap();
    // Podman puts the id of the container itself there.
    let own = machine.root(&format!("podman inspect --format '{{{{.Id}}}}' {name}")).unwrap();
    inspected.replace(own.get(..12).unwrap(), "OWN")
}

fn page(machine: &Machine) -> String {
    machine.try_root("curl --silent --max-time 5 http://127.0.0.1:8080/").unwrap().stdout
}

/// Everything that holds the password below a folder of this machine.
fn holding(folder: &Path, password: &str) -> Vec<String> {
    let output = std::process::Command::new("grep").args(["-rlF", password]).arg(folder).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The page's workflow: one review, my-app really logs in, and the password is nowhere.
#[test]
fn the_page_s_deployment_is_one_review_and_its_password_is_nowhere() {
    let (lab, home) = ground(&[WEB, DB]);
    let (web, db) = (lab.machine(WEB), lab.machine(DB));
    let before = [state(web), state(db)];
    let sentence = format!(
        "deploy postgres on db-server with password {PASSWORD}, then deploy my-app on web-server with \
         DB_HOST=db-server and DB_PASSWORD={PASSWORD}"
    );

    // What all processes are called is looked at again and again meanwhile, on both sides.
    let done = AtomicBool::new(false);
    let ran = std::thread::scope(|scope| {
        let watched = [web, db].map(|machine| {
            let done = &done;
            scope.spawn(move || {
                let (mut looks, mut all) = (0, String::new());
                while !done.load(Ordering::Relaxed) {
                    all.push_str(&machine.root("ps -e -o args=").unwrap());
                    looks += 1;
                }
                (looks, all)
            })
        });
        let here = scope.spawn(|| {
            let (mut looks, mut found) = (0, Vec::new());
            while !done.load(Ordering::Relaxed) {
                for process in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
                    for file in ["cmdline", "environ"] {
                        let bytes = std::fs::read(process.path().join(file)).unwrap_or_default();
                        if String::from_utf8_lossy(&bytes).contains(PASSWORD) {
                            found.push(format!("{}/{file}", process.path().display()));
                        }
                    }
                }
                looks += 1;
            }
            (looks, found)
        });
        let ran = fed(&home, &["-", "--yes", "-v"], &sentence);
        done.store(true, Ordering::Relaxed);
        for watched in watched {
            let (looks, all) = watched.join().unwrap();
            assert!(looks > 3 && all.contains("podman") && !all.contains(PASSWORD), "{looks} looks");
        }
        let (looks, found) = here.join().unwrap();
        // The container of the lab's own machines are processes of this one too: there the password is a variable of root's.
        let found: Vec<&String> = found.iter().filter(|path| path.ends_with("cmdline")).collect();
        assert!(looks > 3 && found.is_empty(), "{found:?}");
        ran
    });
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("Plan: 2 changes on 2 nodes"), "{ran:?}");
    assert!(!ran.err.contains(PASSWORD) && !ran.out.contains(PASSWORD), "{ran:?}");
    let address = db.address();
    let logged_in = format!("logged in to {address}, level none");
    // It is not published: its own node reaches it by the network.
    let asked = web.root("podman exec my-app cat /tmp/www/index.html").unwrap();
    assert_eq!(asked.trim(), logged_in);

    // On the controller: the journal, what results tell, and all else of the home.
    assert_eq!(holding(home.path(), PASSWORD), Vec::<String>::new());
    let log = home.json(&["log"]).1;
    let text = log.to_string();
    assert!(
        text.contains("container.deploy") && text.contains("secret:") && !text.contains(PASSWORD),
        "{text}"
    );
    // On the nodes: files of root's alone, and those of podman.
    for machine in [web, db] {
        let files = machine
            .root(&format!("grep -rlF -e {PASSWORD} -e $(printf %s {PASSWORD} | base64) /etc /home /root /run /srv /tmp /var --exclude-dir=nixi-lab 2>/dev/null || true"))
            .unwrap();
        for file in files.lines() {
            let is_podman_s = ["/var/lib/containers/storage/", "/run/containers/", "/run/crun/"]
                .iter()
                .any(|root| file.starts_with(root));
            let others = machine.try_root(&format!("runuser -u nixi -- cat {file}")).unwrap();
            assert!(is_podman_s && others.code != 0, "{file} on {}", machine.name());
        }
        assert!(files.contains("secretsdata"), "podman keeps it: {files}");
        let inspected = machine.root("podman inspect $(podman ps --all --quiet)").unwrap();
        assert!(!inspected.contains(PASSWORD), "{inspected}");
        let journal = machine.root("journalctl --no-pager --output=json").unwrap();
        assert!(!journal.contains(PASSWORD), "the journal of {}", machine.name());
    }

    // Undone, both machines are as they were.
    let ran = home.nixi(&["undo", "--yes=destructive"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!([state(web), state(db)], before);
}

fn deploy(home: &Home, words: &[&str]) -> (i32, Value) {
    home.json(&[&["call"], words, &["--node", WEB, "--yes=destructive"]].concat())
}

/// An update keeps what is not named, waits for the new container, and is undone; one that fails leaves the old one as it was.
#[test]
fn an_update_is_undone_and_one_that_fails_leaves_the_old_container() {
    let (lab, home) = ground(&[WEB]);
    let web = lab.machine(WEB);
    std::fs::write(home.path().join("pw"), format!("{OTHER}\n")).unwrap();
    let (code, document) = deploy(
        &home,
        &[
            "container.deploy",
            "name=db",
            "image=localhost/postgres:latest",
            "secrets=POSTGRES_PASSWORD=@pw",
            "volumes=data:/var/lib/postgresql/data",
        ],
    );
    assert_eq!(code, 0, "{document}");
    assert_eq!(web.root("stat -c %U:%a /srv/db/data").unwrap().trim(), "root:755");
    let app = ["image=localhost/my-app:latest", "ports=8080:8080", "env=DB_HOST=db"];
    let (code, document) =
        deploy(&home, &[&["container.deploy", "name=app"], &app[..], &["secrets=DB_PASSWORD=@pw"]].concat());
    assert_eq!(code, 0, "containers of one node find each other by name: {document}");
    assert_eq!(page(web).trim(), "logged in to db, level none");

    // Another deployment of that name is refused, and says what changes it.
    let (code, document) = deploy(&home, &["container.deploy", "name=app", "image=localhost/my-app:latest"]);
    assert_eq!(code, 2, "{document}");
    assert!(
        document["results"][0]["error"]["hint"].as_str().unwrap().contains("container.update"),
        "{document}"
    );

    let (before, was) = (setup(web, "app"), state(web));
    let (code, document) = deploy(&home, &["container.update", "name=app", "env=LEVEL=debug"]);
    assert_eq!(code, 0, "{document}");
    let request = document["results"][0]["request"].to_string();
    assert_eq!(page(web).trim(), "logged in to db, level debug");
    let updated = setup(web, "app");
    assert_ne!(updated, before);
    let (code, document) = deploy(&home, &["container.update", "name=app", "env=LEVEL=debug"]);
    assert_eq!((code, &document["results"][0]["steps"]), (0, &json!([])), "nothing to do: {document}");

    // A wrong password: the new one dies, and the old one runs again.
    std::fs::write(home.path().join("wrong"), "wrong\n").unwrap();
    let container = web.root("podman inspect --format {{.Id}} app").unwrap();
    let secrets = web.root("podman secret ls --format {{.Name}} | sort").unwrap();
    let (code, document) = deploy(&home, &["container.update", "name=app", "secrets=DB_PASSWORD=@wrong"]);
    assert_eq!(code, 1, "{document}");
    let result = &document["results"][0];
    assert!(
        result["error"]["message"].as_str().unwrap().contains("cannot log in"),
        "its last words: {document}"
    );
    assert_eq!(web.root("podman inspect --format {{.Id}} app").unwrap(), container, "{document}");
    assert_eq!(web.root("podman secret ls --format {{.Name}} | sort").unwrap(), secrets, "{document}");
    web.wait_until("the old one serves", || Ok(page(web).trim() == "logged in to db, level debug")).unwrap();

    let ran = home.nixi(&["undo", &request, "--yes=destructive"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(setup(web, "app"), before);
    let ids =
        |state: &str| state.lines().filter(|line| !line.contains(" app ")).collect::<Vec<_>>().join("\n");
    assert_eq!(ids(&state(web)), ids(&was), "all but the container's own id");
    assert_eq!(page(web).trim(), "logged in to db, level none");

    // Removed, it leaves no secret behind; its data stays.
    let (code, document) = deploy(&home, &["container.remove", "names=app,db"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(web.root("podman secret ls --format {{.Name}} | sort").unwrap().trim(), "");
    web.root("test -d /srv/db/data").unwrap();
}

/// What fails while it is deployed leaves nothing; what leads out of /srv is refused.
#[test]
fn a_deployment_that_fails_leaves_the_machine_as_it_was() {
    let (lab, home) = ground(&[WEB]);
    let web = lab.machine(WEB);
    let before = state(web);
    std::fs::write(home.path().join("pw"), OTHER).unwrap();
    let crasher = [
        "container.deploy",
        "name=bad",
        "image=localhost/nixi-lab/crasher:1",
        "volumes=a/b:/x",
        "secrets=KEY=@pw",
        "restart=no",
    ];
    let (code, document) = deploy(&home, &crasher);
    assert_eq!(code, 1, "{document}");
    let told = document["results"][0]["error"]["message"].as_str().unwrap();
    assert!(told.contains("cannot go on"), "its last words: {told}");
    assert_eq!(state(web), before, "{document}");

    // No such image, and no registry to be reached from here.
    let (code, document) = deploy(&home, &["container.deploy", "name=none", "image=localhost/none:1"]);
    assert_eq!((code, state(web)), (1, before.clone()), "{document}");

    web.root("mkdir -p /srv/evil && ln -s /etc /srv/evil/data").unwrap();
    let (code, document) = deploy(
        &home,
        &["container.deploy", "name=evil", "image=localhost/nixi-lab/sleeper:1", "volumes=data:/x"],
    );
    let told = document["results"][0]["error"]["message"].as_str().unwrap();
    assert!(code == 2 && told.contains("leads to \"/etc\""), "{document}");

    // Nobody is here to type it, and what is written out is refused.
    let sleeper = ["container.deploy", "name=s", "image=localhost/nixi-lab/sleeper:1"];
    let (code, document) = deploy(&home, &[&sleeper[..], &["secrets=KEY=@ask"]].concat());
    assert_eq!(
        (code, &document["results"][0]["error"]["kind"]),
        (3, &json!("secret_required")),
        "{document}"
    );
    let (code, document) = deploy(&home, &[&sleeper[..], &["secrets=KEY=written"]].concat());
    assert_eq!((code, &document["error"]["kind"]), (2, &json!("usage")), "{document}");
}

/// Podman that was interrupted while it stopped a container leaves it `stopping`, and its process running.
#[test]
fn a_container_that_was_being_stopped_is_stopped_before_another_takes_its_place() {
    let (lab, home) = ground(&[WEB]);
    let web = lab.machine(WEB);
    let deaf = "command=sh -c 'trap : TERM; while :; do sleep 1; done'";
    let image = "image=localhost/nixi-lab/sleeper:1";
    let (code, document) = deploy(&home, &["container.deploy", "name=deaf", image, deaf, "volumes=data:/x"]);
    assert_eq!(code, 0, "{document}");
    let pid = web.root("podman inspect --format '{{.State.Pid}}' deaf").unwrap();
    web.root("podman stop --time 60 deaf >/dev/null 2>&1 & sleep 2; kill -KILL $!").unwrap();
    let state = web.root("podman inspect --format '{{.State.Status}}' deaf").unwrap();
    assert_eq!(state.trim(), "stopping");
    web.root(&format!("test -d /proc/{}", pid.trim())).unwrap();
    let (code, document) = deploy(&home, &["container.update", "name=deaf", "env=A=1"]);
    assert_eq!(code, 0, "{document}");
    assert_ne!(web.try_root(&format!("test -d /proc/{}", pid.trim())).unwrap().code, 0, "{document}");
    assert_eq!(web.root("podman ps --all --format '{{.Names}}'").unwrap().trim(), "deaf");
}

/// Docker keeps no secrets: a file in memory holds them while the container is made, and is gone then.
#[test]
fn docker_is_handed_secrets_in_a_file_that_goes() {
    let lab = Lab::builder()
        .machine(MachineSpec::new(WEB).with_docker().options("virtualisation.docker.enable = true;"))
        .up()
        .unwrap();
    let web = lab.machine(WEB);
    web.wait_until_booted().unwrap();
    for image in [Image::Postgres, Image::App] {
        web.import_to_docker(image).unwrap();
    }
    let home = home_of(&lab, "[container]\nruntime = \"docker\"\n\n");
    std::fs::write(home.path().join("pw"), OTHER).unwrap();
    let before = "docker ps --all --quiet; docker network ls --format '{{.Name}}'; ls -A /srv; ls /run/*.env 2>/dev/null || true";
    let was = web.root(before).unwrap();
    let (code, document) = deploy(
        &home,
        &["container.deploy", "name=db", "image=localhost/postgres:latest", "secrets=POSTGRES_PASSWORD=@pw"],
    );
    assert_eq!(code, 0, "{document}");
    let (code, document) = deploy(
        &home,
        &[
            "container.deploy",
            "name=app",
            "image=localhost/my-app:latest",
            "ports=8080:8080",
            "env=DB_HOST=db",
            "secrets=DB_PASSWORD=@pw",
        ],
    );
    assert_eq!(code, 0, "{document}");
    assert_eq!(page(web).trim(), "logged in to db, level none");
    assert_eq!(web.root("ls /run/*.env 2>/dev/null || true").unwrap(), "");
    assert_eq!(holding(&home.path().join(".local"), OTHER), Vec::<String>::new());

    // Docker cannot tell what a secret was, so it has to be given anew.
    let (code, document) = deploy(&home, &["container.update", "name=app", "env=LEVEL=debug"]);
    assert_eq!(
        (code, &document["results"][0]["error"]["kind"]),
        (3, &json!("secret_required")),
        "{document}"
    );
    let (code, document) =
        deploy(&home, &["container.update", "name=app", "env=LEVEL=debug", "secrets=DB_PASSWORD=@pw"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(page(web).trim(), "logged in to db, level debug");

    let (code, document) = deploy(&home, &["container.remove", "names=app"]);
    assert_eq!(code, 0, "{document}");
    let log = home.json(&["log"]).1;
    let first = log["requests"].as_array().unwrap().iter().map(|request| request["id"].to_string()).min();
    let ran = home.nixi(&["undo", &first.unwrap(), "--yes=destructive"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(was.contains("bridge") && !web.root(before).unwrap().contains("db"), "{ran:?}");
}
