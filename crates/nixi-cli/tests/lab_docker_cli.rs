//! The command against a machine whose containers are the Docker Engine's: what it really prints is read.
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

use common::Home;
use nixi_lab::{Image, Lab, MachineSpec};
use serde_json::json;

#[test]
fn containers_of_a_docker_engine_are_listed_inspected_and_stopped() {
    let spec = MachineSpec::new("web").with_docker().options("virtualisation.docker.enable = true;");
    let lab = Lab::builder().machine(spec).up().unwrap();
    let web = lab.machine("web");
    web.wait_until_booted().unwrap();
    let config = format!("{}[container]\nruntime = \"docker\"\n", lab.config(|_| "managed"));
    let home = Home::with_config(&config);
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::write(home.path().join(".ssh/known_hosts"), lab.known_hosts().unwrap()).unwrap();
    let call = |words: &[&str]| {
        let (code, document) = home.json(&[&["call"], words, &["--node", "web"]].concat());
        (code, document["results"][0].clone())
    };

    let (code, nothing) = call(&["container.list"]);
    assert_eq!((code, &nothing["data"]["containers"]), (0, &json!([])), "{nothing}");

    for image in [Image::WebServer, Image::Sleeper, Image::Crasher] {
        web.import_to_docker(image).unwrap();
    }
    let run = |words: &str, image: Image| {
        web.root(&format!("docker --context default run --detach {words} {}", image.name())).unwrap()
    };
    let page = run(
        "--name page --restart always -p 80:8080 -p 127.0.0.1:81:8080 -v rows:/data -v /srv:/srv:ro \
         -e WORD=hunter2 -l kind=hunter2 --health-cmd true --health-interval 1s",
        Image::WebServer,
    );
    run("--name calm", Image::Sleeper);
    run("--name wild", Image::Crasher);
    web.root("docker wait wild && docker network create shop && docker network connect shop calm").unwrap();
    let healthy = || Ok(web.root("docker inspect --format '{{.State.Health.Status}}' page")? == "healthy");
    web.wait_until("find the page healthy", healthy).unwrap();

    // From now on root's docker acts on another machine, unless it is told otherwise.
    let elsewhere = "docker context create elsewhere --docker host=tcp://192.0.2.9:2375";
    web.root(&format!("{elsewhere} && docker context use elsewhere")).unwrap();
    assert_eq!(web.root("docker context inspect --format '{{.Name}}'").unwrap(), "elsewhere");

    let (code, list) = call(&["container.list"]);
    let found = &list["data"]["containers"];
    let rows: Vec<_> =
        (0..3).map(|at| ["name", "image", "state", "ports"].map(|key| found[at][key].clone())).collect();
    assert_eq!(
        (code, json!(rows)),
        (
            0,
            json!([
                ["calm", Image::Sleeper.name(), "running", []],
                ["page", Image::WebServer.name(), "running", ["80->8080/tcp", "127.0.0.1:81->8080/tcp"]],
                ["wild", Image::Crasher.name(), "exited", []],
            ])
        ),
        "{list}"
    );
    assert_eq!(found[1]["id"], json!(page));
    assert!(found[2]["status"].as_str().unwrap().starts_with("Exited (3) "), "{list}");

    // One that dies whenever it is started: docker waits longer and longer before each try.
    run("--name again --restart always", Image::Crasher);
    let tries = || {
        let count = web.root("docker --context default inspect --format '{{.RestartCount}}' again")?;
        Ok(count.parse::<u64>().is_ok_and(|count| count >= 3))
    };
    web.wait_until("start the container again", tries).unwrap();
    for _ in 0..10 {
        let (code, list) = call(&["container.list"]);
        let again = &list["data"]["containers"][0];
        assert_eq!((code, &again["name"]), (0, &json!("again")), "the worst comes first: {list}");
        assert!(again["failing"]["restarts"].as_u64().unwrap_or(0) >= 3, "{list}");
        assert_eq!(again["failing"]["last_line"], "cannot go on", "{list}");
        assert!(list["data"]["containers"][1]["failing"].is_null(), "{list}");
    }
    web.root("docker --context default rm --force again").unwrap();

    let (code, inspected) = call(&["container.inspect", "names=page,wild"]);
    let details = &inspected["data"]["containers"];
    let told = ["id", "name", "state", "health", "exit_code", "restart_policy", "ports", "env", "labels"]
        .map(|key| details[0][key].clone());
    assert_eq!(
        (code, json!(told)),
        (
            0,
            json!([
                page,
                "page",
                "running",
                "healthy",
                null,
                "always",
                ["127.0.0.1:81->8080/tcp", "80->8080/tcp"],
                ["WORD"],
                ["kind"]
            ])
        ),
        "{inspected}"
    );
    let mounts = [
        json!({ "source": "rows", "target": "/data", "read_only": false }),
        json!({ "source": "/srv", "target": "/srv", "read_only": true }),
    ];
    let mounted = details[0]["mounts"].as_array().unwrap();
    assert!(mounted.len() == 2 && mounts.iter().all(|mount| mounted.contains(mount)), "{inspected}");
    let address =
        web.root("docker --context default inspect --format '{{.NetworkSettings.IPAddress}}' page").unwrap();
    assert_eq!(details[0]["networks"], json!({ "bridge": address }));
    assert!(details[0]["started"].is_string() && details[0]["finished"].is_null(), "{inspected}");
    assert_eq!((&details[1]["exit_code"], &details[1]["finished"].is_string()), (&json!(3), &true));
    assert!(!inspected.to_string().contains("hunter2"), "{inspected}");

    let (code, logs) = call(&["container.logs", "name=wild"]);
    assert_eq!((code, &logs["data"]["lines"][0]["text"]), (0, &json!("cannot go on")), "{logs}");

    let (code, missing) = call(&["container.inspect", "names=pgae"]);
    assert!(code == 1 && missing.to_string().contains("no container named pgae on web"), "{missing}");

    let (code, stopped) = call(&["container.stop", "names=page,calm,wild", "--yes"]);
    assert_eq!((code, &stopped["status"]), (0, &json!("done")), "{stopped}");
    let running = "docker --context default ps --quiet";
    assert_eq!(web.root(running).unwrap(), "");
    let (code, started) = call(&["container.start", "names=calm", "--yes"]);
    assert_eq!((code, &started["status"]), (0, &json!("done")), "{started}");
    assert_eq!(web.root("docker --context default ps --format '{{.Names}}'").unwrap(), "calm");

    let state = |of: &str| {
        web.root(&format!("docker --context default inspect --format '{{{{.State.Status}}}}' {of}")).unwrap()
    };
    for (action, then) in [
        ("container.pause", "paused"),
        ("container.unpause", "running"),
        ("container.pause", "paused"),
        // Docker lets it go by itself.
        ("container.restart", "running"),
        ("container.pause", "paused"),
        ("container.stop", "exited"),
        ("container.start", "running"),
    ] {
        let (code, done) = call(&[action, "names=calm", "--yes"]);
        assert_eq!((code, &done["status"], &*state("calm")), (0, &json!("done"), then), "{action}: {done}");
        let (_, list) = call(&["container.list"]);
        let listed = list["data"]["containers"].as_array().unwrap();
        let calm = listed.iter().find(|container| container["name"] == "calm").unwrap();
        assert_eq!(calm["state"], then, "{action}: {list}");
    }

    run("--name brief --rm", Image::Sleeper);
    let (code, held) = call(&["container.stop", "names=calm,brief", "--yes"]);
    assert_eq!((code, &held["plan"]["risk"]), (3, &json!("destructive")), "{held}");
    assert_eq!(
        held["plan"]["warnings"],
        json!(["brief was made to be removed when it stops, with its unnamed volumes"])
    );
    web.root("docker --context default stop brief").unwrap();

    let (code, removed) = call(&["container.remove", "names=calm", "--yes=destructive"]);
    assert_eq!((code, &removed["status"]), (0, &json!("done")), "{removed}");
    assert_eq!(
        web.root("docker --context default ps --all --format '{{.Names}}' | sort").unwrap(),
        "page\nwild"
    );
}
