//! `cargo xtask fuzz`: each target of fuzz/ for a while, guided by the branches it takes.
//!
//! libFuzzer comes with a crate and its coverage from flags that the stable compiler knows, so nothing is installed.
//! Without a sanitizer: the code under test has no `unsafe`, and what is looked for is a panic, a hang or a wrong word.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::checkout::{metadata, root};
use crate::program::{cargo, output_of, program, run as run_program, succeeds};

/// As cargo-fuzz sets them, but for its sanitizer.
const COVERAGE: &[&str] = &[
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Ccodegen-units=1",
];

/// Runs every target, or those that are named, for so many seconds each.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let (seconds, names) = match args.split_first() {
        Some((first, rest)) if first.starts_with(|c: char| c.is_ascii_digit()) => {
            (first.parse().with_context(|| format!("not a number of seconds: {first}"))?, rest)
        }
        _ => (60, args),
    };
    each(seconds, names)
}

/// A finding of one target does not keep the others from running.
pub(crate) fn each(seconds: u32, names: &[String]) -> Result<()> {
    let root = root()?;
    let targets = chosen(&targets(&root.join("fuzz"))?, names)?;
    let (built, kept) = build(&root)?;
    let mut failed = Vec::new();
    for target in targets {
        let corpus = kept.join("corpus").join(&target);
        let artifacts = kept.join("artifacts").join(&target);
        fs::create_dir_all(&corpus)?;
        fs::create_dir_all(&artifacts)?;
        let mut fuzz = program(&built.join(&target).to_string_lossy());
        fuzz.arg(format!("-max_total_time={seconds}"))
            .args(["-timeout=10", "-max_len=2048", "-print_final_stats=1", "-verbosity=0"])
            .arg(format!("-artifact_prefix={}/", artifacts.display()));
        let dictionary = root.join("fuzz/dictionaries").join(format!("{target}.dict"));
        if dictionary.is_file() {
            fuzz.arg(format!("-dict={}", dictionary.display()));
        }
        // What is found goes into the first folder; the seeds are only read.
        fuzz.arg(&corpus);
        let seeds = root.join("fuzz/seeds").join(&target);
        if seeds.is_dir() {
            fuzz.arg(seeds);
        }
        if !succeeds(&mut fuzz)? {
            failed.push(format!("{target} (see {})", artifacts.display()));
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("found something: {}", failed.join(", ")) }
}

/// The names of all targets: the files of fuzz/targets.
fn targets(fuzz: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(fuzz.join("targets")).context("no fuzz targets")? {
        let path = entry?.path();
        if let (Some("rs"), Some(name)) = (path.extension().and_then(|end| end.to_str()), path.file_stem()) {
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn chosen(all: &[String], names: &[String]) -> Result<Vec<String>> {
    match names.iter().find(|name| !all.contains(name)) {
        Some(name) => bail!("no such target: {name}. There is: {}", all.join(", ")),
        None if names.is_empty() => Ok(all.to_vec()),
        None => Ok(names.to_vec()),
    }
}

/// Builds all targets; where they are, and the folder for what is found.
fn build(root: &Path) -> Result<(PathBuf, PathBuf)> {
    let told = output_of(program("rustc").arg("-vV"))?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc has no host")?;
    let kept = metadata()?.target_directory.join("fuzz");
    let openssl = openssl(root)?;
    // With a target named, build scripts and macros are built without the flags.
    run_program(
        cargo(&["build", "--release", "--locked", "--target", host, "--manifest-path", "fuzz/Cargo.toml"])
            .arg("--target-dir")
            .arg(&kept)
            .env("RUSTFLAGS", COVERAGE.join(" "))
            .envs([("OPENSSL_NO_VENDOR", "1"), ("OPENSSL_STATIC", "1")])
            .env("OPENSSL_DIR", openssl)
            .current_dir(root),
    )?;
    Ok((kept.join(host).join("release"), kept))
}

/// OpenSSL as the workspace has built it: to build it once more would take most of the time.
fn openssl(root: &Path) -> Result<PathBuf> {
    let build = ["build", "--locked", "--package", "nixi-ssh", "--message-format", "json"];
    let told = output_of(cargo(&build).current_dir(root))?;
    openssl_of(&told).context("cargo does not say where it has built OpenSSL")
}

/// Where it is, by what cargo tells of a build.
fn openssl_of(told: &str) -> Option<PathBuf> {
    let messages = told.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut scripts = messages.filter(|message| message["reason"] == "build-script-executed");
    let script =
        scripts.find(|script| script["package_id"].as_str().is_some_and(|id| id.contains("openssl-sys")))?;
    Some(Path::new(script["out_dir"].as_str()?).join("openssl-build/install"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_built_and_every_seed_is_for_one() {
        let fuzz = root().unwrap().join("fuzz");
        let names = targets(&fuzz).unwrap();
        let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), names.len());
        for name in &names {
            assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"targets/{name}.rs\"")), "{name}");
        }
        for folder in ["seeds", "dictionaries"] {
            for entry in fs::read_dir(fuzz.join(folder)).unwrap() {
                let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
                assert!(names.contains(&name), "{folder}/{name}");
            }
        }
    }

    #[test]
    fn the_workspace_s_openssl_is_found_among_what_cargo_tells() {
        let told = r#"{"reason":"compiler-artifact","package_id":"registry+x#openssl-sys@0.9"}
{"reason":"build-script-executed","package_id":"registry+x#libssh2-sys@0.3.4","out_dir":"/t/build/ssh2/out"}
{"reason":"build-script-executed","package_id":"registry+x#openssl-sys@0.9","out_dir":"/t/build/ssl/out"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(openssl_of(told), Some(PathBuf::from("/t/build/ssl/out/openssl-build/install")));
        assert_eq!(openssl_of("no JSON\n{}"), None);
    }

    #[test]
    fn a_target_that_is_not_there_is_told() {
        let all = ["a".to_owned(), "b".to_owned()];
        assert_eq!(chosen(&all, &[]).unwrap(), all);
        assert_eq!(chosen(&all, &all[1..]).unwrap(), ["b"]);
        assert_eq!(
            chosen(&all, &["c".to_owned()]).unwrap_err().to_string(),
            "no such target: c. There is: a, b"
        );
    }
}
