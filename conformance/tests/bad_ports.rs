//! A port that misbehaves is told as what it does, in time, and the other cases still run.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test that fails is a test that fails"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use tom_conformance::cases::{File, read};
use tom_conformance::judge::Status;
use tom_conformance::profile::Profile;
use tom_conformance::run::{Plan, Results, run};

fn vectors() -> Vec<(PathBuf, File)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/keys.json");
    let mut file = read(&path).unwrap();
    // A handful is enough to see whether the others still run.
    for group in &mut file.test_groups {
        group.tests.truncate(2);
    }
    vec![(path, file)]
}

/// A port whose answer to the second question is `second`, and which says that it can do nothing else.
fn port(directory: &Path, second: &str) -> String {
    let script = format!(
        "n=0\nwhile read -r line; do\n n=$((n + 1))\n id=${{line##*\\\"id\\\":}}; id=${{id%%[!0-9]*}}\n \
         case \"$line\" in\n *hello*) echo \"{{\\\"id\\\":$id,\\\"name\\\":\\\"x\\\",\\\"version\\\":\\\"1\\\",\
         \\\"language\\\":\\\"sh\\\",\\\"spec\\\":\\\"0.1\\\",\\\"profiles\\\":[]}}\";;\n \
         *) if [ $n = 2 ]; then {second}; else \
         echo \"{{\\\"id\\\":$id,\\\"unsupported\\\":\\\"no\\\"}}\"; fi;;\n esac\ndone\n"
    );
    let path = directory.join("port.sh");
    std::fs::write(&path, script).unwrap();
    format!("sh {}", path.display())
}

fn plan(command: &str) -> Plan<'_> {
    Plan {
        port: command,
        profile: Profile::Codec.into(),
        patience: std::time::Duration::from_millis(700),
        known: std::collections::BTreeSet::default(),
        first: false,
        only: None,
    }
}

fn results(command: &str) -> Results {
    run(&plan(command), &vectors(), &[]).unwrap()
}

fn told(second: &str) -> (String, Results) {
    let directory = tempfile::tempdir().unwrap();
    let results = results(&port(directory.path(), second));
    let failed = results
        .cases
        .iter()
        .find(|case| case.status == Status::Fail);
    let got = failed.and_then(|case| case.diff.as_ref());
    (got.map_or(String::new(), |diff| diff.got.clone()), results)
}

#[test]
fn a_port_that_hangs_crashes_or_prints_rubbish_fails_where_it_does() {
    for (second, says) in [
        ("sleep 5", "did not answer within 700 ms"),
        ("exit 7", "the port ended (exit status: 7)"),
        ("echo hello", "wrote no answer"),
        ("echo []", "wrote no answer"),
        ("echo '{\\\"id\\\":1}'", "wrote no answer"),
        ("echo '{\\\"id\\\":999,\\\"drop\\\":3}'", "`id` is 999"),
    ] {
        let (got, results) = told(&second.replace("\\\"", "\""));
        assert!(got.contains(says), "{second}: {got}");
        let all = results.cases.len();
        assert!(all > 5, "{all}");
        // Started again, it falls over again at its second question: all others are answered.
        let unsupported = results.count(Status::Unsupported);
        assert!(
            unsupported * 2 >= all - 1,
            "{second}: {unsupported} of {all}"
        );
        assert_eq!(results.count(Status::Fail), all - unsupported, "{second}");
    }
}

#[test]
fn a_port_that_writes_without_end_is_ended() {
    let (got, results) = told("yes");
    assert!(
        got.contains("wrote no answer") || got.contains("without being asked"),
        "{got}"
    );
    assert!(results.count(Status::Unsupported) > 0);
}

#[test]
fn a_port_that_says_too_much_is_caught_at_the_next_question() {
    let twice = r#"echo "{\"id\":$id,\"unsupported\":\"a\"}"; echo "{\"id\":$id,\"unsupported\":\"b\"}"; sleep 0.1"#;
    let (got, _) = told(twice);
    assert!(
        got.contains("without being asked") || got.contains("`id` is"),
        "{got}"
    );
}

#[test]
fn a_port_that_falls_over_each_time_is_asked_no_more_after_a_while() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("port.sh");
    let hello = r#"{"id":1,"name":"x","version":"1","language":"sh","spec":"0.1","profiles":[]}"#;
    let flag = directory.path().join("said");
    let script = format!(
        "if [ -e {0} ]; then exit 1; fi\ntouch {0}\nread -r line\necho '{hello}'\n",
        flag.display()
    );
    std::fs::write(&path, script).unwrap();
    let results = results(&format!("sh {}", path.display()));
    assert_eq!(results.count(Status::Fail), results.cases.len());
}

/// A request longer than a pipe holds, to a port that has stopped reading.
#[test]
fn a_port_that_does_not_read_keeps_nobody_waiting() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/envelope.json");
    let mut file = read(&path).unwrap();
    let long =
        |case: &tom_conformance::cases::Case| case.ask["bytes"].as_str().unwrap().len() > 100_000;
    file.test_groups.truncate(1);
    file.test_groups[0].tests.retain(long);
    assert!(!file.test_groups[0].tests.is_empty());
    let hello = r#"{"id":1,"name":"x","version":"1","language":"sh","spec":"0.1","profiles":[]}"#;
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("port.sh");
    std::fs::write(
        &script,
        format!("read -r line\necho '{hello}'\nexec sleep 20\n"),
    )
    .unwrap();
    let command = format!("sh {}", script.display());
    let results = run(&plan(&command), &[(path, file)], &[]).unwrap();
    let told = results.cases[0].diff.as_ref().unwrap();
    assert!(told.got.contains("did not answer"), "{}", told.got);
}

#[test]
fn a_port_that_does_not_start_is_no_result() {
    let error = run(&plan("/there/is/no/such/port"), &vectors(), &[])
        .unwrap_err()
        .to_string();
    assert!(error.contains("does not start"), "{error}");
}

#[test]
fn a_broken_vector_file_is_told_with_its_name_and_place() {
    let directory = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(vectors()[0].0.as_path()).unwrap();
    for (from, to, says) in [
        (
            "\"numberOfTests\": ",
            "\"numberOfTests\": 9",
            "numberOfTests",
        ),
        ("\"result\":\"valid\"", "\"result\":\"fine\"", "fine"),
        ("\"tcId\":3,", "\"tcId\":4,", "tcId 4 stands in place 3"),
        ("\"algorithm\"", "\"algorhythm\"", "algorithm"),
        ("\"specRef\":\"identity.md#", "\"specRef\":\"", "specRef"),
    ] {
        let path = directory.path().join("broken.json");
        let broken = good.replacen(from, to, 1);
        assert_ne!(broken, good, "{from}");
        std::fs::write(&path, broken).unwrap();
        let command = Command::new(env!("CARGO_BIN_EXE_tom-conformance"))
            .args(["run", "--port", "true", "--vectors"])
            .arg(directory.path())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&command.stderr).into_owned();
        assert_eq!(command.status.code(), Some(2), "{told}");
        assert!(told.contains("broken.json"), "{told}");
        assert!(told.contains(says), "{says}: {told}");
    }
}
