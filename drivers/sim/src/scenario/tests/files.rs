use std::io::Write as _;
use std::path::Path;

use crate::scenario::{Deed, Files, expand, parse};

/// A directory with a scenario and data files.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        Self(dir)
    }

    fn path(&self) -> String {
        self.0.path().join("a.toml").to_str().unwrap().to_owned()
    }

    fn files(&self) -> Files {
        Files::of(self.path())
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

#[test]
fn a_matrix_with_names_and_gaps_is_whole() {
    let folder = Folder::new(&[(
        "m.csv",
        b"city,A,B,C\nA,,10,20\nB,12,,\nC,22,32,0\n".as_slice(),
    )]);
    let matrix = folder.files().matrix("m.csv").unwrap();
    assert_eq!(matrix.size, 3);
    assert_eq!(
        matrix.rtt_ms,
        [0.0, 10.0, 20.0, 12.0, 0.0, 32.0, 22.0, 32.0, 0.0]
    );
}

#[test]
fn a_matrix_without_names_may_be_tabs_and_packed() {
    let folder = Folder::new(&[("m.tsv.gz", &gzip("0\t1\t\n1.5\t0\t\n"))]);
    let matrix = folder.files().matrix("m.tsv.gz").unwrap();
    assert_eq!(matrix.rtt_ms, [0.0, 1.0, 1.5, 0.0]);
}

#[test]
fn a_contact_trace_becomes_meetings() {
    let trace = "0\tCONN\t0\t1\tup\n10 C M1 0 2 1000\n20.5 CONN 0 1 down\n30 CONN 2 1 up\n";
    let folder = Folder::new(&[("c.gz", &gzip(trace))]);
    let text = "[scenario]\nname = \"a\"\nduration = \"1min\"\n[topology]\nnodes = 3\n\
                shape = { kind = \"contacts\", file = \"c.gz\" }\n\
                [[traffic]]\nkind = \"trace\"\nfile = \"c.gz\"\n";
    let scenario = parse(text, &folder.path()).unwrap();
    let schedule = expand(&scenario, 1, &folder.files()).unwrap();
    assert!(schedule.links.is_empty());
    let lines: Vec<_> = schedule.externals.iter().map(|e| e.to_string()).collect();
    assert_eq!(
        lines,
        [
            "0.000 s  meet 0 1",
            "10.000 s  send 1 from 0 to 2 200B normal traffic 0",
            "20.500 s  part 0 1",
            "30.000 s  meet 2 1",
        ]
    );
}

#[test]
fn traffic_traces_may_name_columns_and_give_dates() {
    let trace = "Source,Target,Timestamp\n1,2,2/28/04 11:59 PM\n3,4,3/1/04 12:00 AM\n";
    let folder = Folder::new(&[("t.csv", trace.as_bytes())]);
    let writes = folder.files().writes("t.csv").unwrap();
    let day_and_a_minute = 86_400.0 + 60.0;
    assert_eq!((writes[0].at_s, writes[0].from, writes[0].to), (0.0, 1, 2));
    assert_eq!(
        (writes[1].at_s, writes[1].from, writes[1].to),
        (day_and_a_minute, 3, 4)
    );
}

#[test]
fn a_churn_trace_starts_with_those_down_who_come_later() {
    let folder = Folder::new(&[("u.csv", b"5,1,up\n9,0,down\n".as_slice())]);
    let text = "[scenario]\nname = \"a\"\nduration = \"1min\"\n[topology]\nnodes = 2\n\
                [[churn]]\nkind = \"trace\"\nfile = \"u.csv\"\n";
    let scenario = parse(text, &folder.path()).unwrap();
    let schedule = expand(&scenario, 1, &folder.files()).unwrap();
    let deeds: Vec<_> = schedule.externals.into_iter().map(|e| e.deed).collect();
    let start = Deed::Start {
        node: 1,
        forget: false,
    };
    assert_eq!(
        deeds,
        [Deed::Crash { node: 1 }, start, Deed::Crash { node: 0 }]
    );
}

#[test]
fn what_is_wrong_with_a_file_names_its_line() {
    let folder = Folder::new(&[
        ("m.csv", b"0,1\n1,x\n".as_slice()),
        ("c.txt", b"0 CONN 1 2 up\n5 CONN 1 2 sideways\n".as_slice()),
        ("p.csv", b"x,y\n1,2\n3\n".as_slice()),
        ("u.csv", b"0,1,up\n-5,1,down\n".as_slice()),
        ("bad.gz", b"\x1f\x8bnot gzip".as_slice()),
    ]);
    let files = folder.files();
    let line = |error: crate::scenario::ScenarioError| error.to_string();
    assert_eq!(
        line(files.matrix("m.csv").unwrap_err()),
        "m.csv:2: `x` is no round-trip time; write milliseconds, 0 or more, or nothing"
    );
    assert_eq!(
        line(files.contacts("c.txt").unwrap_err()),
        "c.txt:2: `sideways` is neither up nor down; write one of them"
    );
    assert_eq!(
        line(files.points("p.csv").unwrap_err()),
        "p.csv:3: `3` is no point; write `x,y`"
    );
    assert_eq!(
        line(files.up_downs("u.csv").unwrap_err()),
        "u.csv:2: `-5` is no time; write seconds, 0 or more"
    );
    assert!(line(files.points("bad.gz").unwrap_err()).contains("cannot be read"));
    assert!(files.points("none").unwrap_err().absent);
}

#[test]
fn a_node_beyond_the_topology_names_the_line_of_the_trace() {
    let folder = Folder::new(&[("c.txt", b"0 CONN 0 1 up\n5 CONN 1 2 up\n".as_slice())]);
    let text = "[scenario]\nname = \"a\"\nduration = \"1min\"\n[topology]\nnodes = 2\n\
                shape = { kind = \"contacts\", file = \"c.txt\" }\n";
    let scenario = parse(text, &folder.path()).unwrap();
    let error = expand(&scenario, 1, &folder.files()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "c.txt:2: this trace has a node 2; write more than topology.nodes = 2"
    );
}

#[test]
fn the_traces_there_are_can_be_read() {
    let Some(data) = std::env::var_os("TOM_SIM_DATA") else {
        eprintln!("skipped: TOM_SIM_DATA names no directory");
        return;
    };
    let data = Path::new(&data);
    let files = Files::of(data.join("a.toml"));
    let there = |name: &str| data.join(name).is_file();
    if there("school.events.txt.gz") {
        let contacts = files.contacts("school.events.txt.gz").unwrap();
        let most = contacts.iter().map(|c| c.a.max(c.b)).max();
        assert_eq!(most, Some(235));
        assert_eq!(files.writes("school.events.txt.gz").unwrap().len(), 255);
    }
    if there("wondernetwork_rtt_ms_2018.csv.gz") {
        let cities = files.matrix("wondernetwork_rtt_ms_2018.csv.gz").unwrap();
        assert_eq!(cities.size, 242);
    }
    if there("planetlab490_rtt_ms_slice9.tsv.gz") {
        let hosts = files.matrix("planetlab490_rtt_ms_slice9.tsv.gz").unwrap();
        assert_eq!(hosts.size, 490);
    }
    if there("oversim_skitter_coords2d_15000.csv.gz") {
        let points = files
            .points("oversim_skitter_coords2d_15000.csv.gz")
            .unwrap();
        assert_eq!(points.len(), 15_000);
    }
    if there("collegemsg_1899users_59835msgs.csv.gz") {
        let writes = files
            .writes("collegemsg_1899users_59835msgs.csv.gz")
            .unwrap();
        assert_eq!(writes.len(), 59_835);
        let days = writes.last().unwrap().at_s / 86_400.0;
        assert!((190.0..197.0).contains(&days), "{days}");
    }
}
