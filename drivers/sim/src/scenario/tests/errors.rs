use crate::scenario::parse;

/// The line a file gives when read; `LEAST` is replaced by tables that are right.
fn line(text: &str) -> String {
    let least = "[scenario]\nname = \"a\"\nduration = \"20min\"\n[topology]\nnodes = 50\n";
    let text = text.replace("LEAST\n", least);
    match parse(&text, "a.toml") {
        Ok(_) => panic!("taken:\n{text}"),
        Err(error) => error.to_string(),
    }
}

/// Each mistake, and the one line it gives.
const MISTAKES: &[(&str, &str)] = &[
    (
        "LEAST\njiter = \"none\"",
        "a.toml:6: unknown key `jiter` in [topology]; did you mean `jitter`?",
    ),
    (
        "[scenario]\nname = \"a\"\nduration = \"1h\"\n[topology]\nnode = 50",
        "a.toml:5: unknown key `node` in [topology]; did you mean `nodes`?",
    ),
    (
        "[scenario]\nname = \"a\"\n[topology]\nnodes = 50",
        "a.toml:1: [scenario] says no `duration`; add `duration = ..`",
    ),
    (
        "[scenario]\nname = \"a\"\nduration = \"1h\"",
        "a.toml:1: there is no table [topology]; add it",
    ),
    (
        "LEAST\n[[trafic]]",
        "a.toml:6: unknown table [trafic]; did you mean `traffic`?",
    ),
    (
        "LEAST\nreorder = \"5ms\"",
        "a.toml:6: `5ms` is no share and no chance; write `0%` to `100%`, or 0.0 to 1.0",
    ),
    (
        "LEAST\nloss = \"130%\"",
        "a.toml:6: `130%` is outside what a share or a chance can be; write `0%` to `100%`, or 0.0 to 1.0",
    ),
    (
        "LEAST\nlatency = \"20sec\"",
        "a.toml:6: `20sec` has an unknown unit or is no number; write a number and one of ns, us, ms, s, min, h, d, such as `250ms`",
    ),
    (
        "LEAST\nlatency = 20",
        "a.toml:6: `20` has no unit; write a number and one of ns, us, ms, s, min, h, d, such as `250ms`",
    ),
    (
        "LEAST\ntransport = \"quik\"",
        "a.toml:6: there is no transport `quik`; did you mean `quic`?",
    ),
    (
        "LEAST\nshape = { kind = \"reglar\", degree = 3 }",
        "a.toml:6: there is no shape `reglar`; did you mean `regular`?",
    ),
    (
        "LEAST\nshape = { kind = \"regular\", degre = 3 }",
        "a.toml:6: unknown key `degre` in shape; did you mean `degree`?",
    ),
    (
        "LEAST\nshape = \"regular\"",
        "a.toml:6: shape `regular` has fields; write { kind = \"regular\", degree = .. }",
    ),
    (
        "[scenario]\nname = \"a\"\nduration = \"1h\"\n[topology]\nnodes = 51\nshape = { kind = \"regular\", degree = 3 }",
        "a.toml:6: 51 nodes of 3 links each have 153 ends, an odd number; make one of the two even",
    ),
    (
        "LEAST\nlatency = { model = \"matrix\", file = \"none.csv\" }",
        "a.toml:6: there is no file `none.csv`; put it beside the scenario or into the directory TOM_SIM_DATA names",
    ),
    (
        "LEAST\n[[profile]]\nclass = \"a\"\nshare = \"50%\"\n[[profile]]\nclass = \"b\"\nshare = \"40%\"",
        "a.toml:11: the shares of all profiles sum to 90.0000%; make them sum to 100%",
    ),
    (
        "LEAST\n[[churn]]\nkind = \"mass\"\nat = \"30min\"",
        "a.toml:8: 30min is not before the end of the run of 20min; make it earlier, or lengthen scenario.duration",
    ),
    (
        "LEAST\n[[churn]]\nkind = \"mas\"\nat = \"30min\"",
        "a.toml:7: there is no churn `mas`; did you mean `mass`?",
    ),
    (
        "LEAST\n[[churn]]\nat = \"3min\"",
        "a.toml:6: [[churn]] says no `kind`; it is one of sessions, mass, flash-crowd, trace",
    ),
    (
        "LEAST\n[[churn]]\nkind = \"sessions\"\nup = \"weibul(5min,0.6)\"",
        "a.toml:8: there is no distribution `weibul`; did you mean `weibull`?",
    ),
    (
        "LEAST\n[[churn]]\nkind = \"sessions\"\nup = \"exp(5min,2)\"",
        "a.toml:8: `exp` takes one number, not 2; write `exp(..)`",
    ),
    (
        "LEAST\n[[churn]]\nkind = \"mass\"\npick = \"class:phone\"",
        "a.toml:8: there is no profile of class `phone`; it is one of node",
    ),
    (
        "LEAST\n[[assert]]\nmetric = \"delivery_rat\"\nvalue = \"99%\"",
        "a.toml:7: there is no metric `delivery_rat`; did you mean `delivery_rate`?",
    ),
    (
        "LEAST\n[[assert]]\nsometimes = \"fail_over\"",
        "a.toml:7: there is no situation `fail_over`; did you mean `failover`?",
    ),
    (
        "LEAST\n[[assert]]\nmetric = \"delivery_rate\"\nop = \">\"\nvalue = 1.0",
        "a.toml:9: delivery_rate can never be > 1; it is 0% to 100%",
    ),
    (
        "LEAST\n[[assert]]\nmetric = \"latency_p50\"\nop = \"<\"\nvalue = \"0s\"",
        "a.toml:9: latency_p50 can never be < 0; it is 0 or more",
    ),
    (
        "LEAST\n[[assert]]\nmetric = \"overhead\"\nop = \"<\"",
        "a.toml:6: [[assert]] says no `value`; add `value = ..`",
    ),
    (
        "LEAST\n[[assert]]\nmetric = \"overhead\"\nvalue = 2\nwindow = \"10min..30min\"",
        "a.toml:9: this window is empty, or outside the run; end it at 20min at most",
    ),
    (
        "LEAST\n[[assert]]\nalways = \"ttl\"\nsometimes = \"retry\"",
        "a.toml:6: [[assert]] says not exactly one of always, sometimes and metric; write one of them, and one table per assertion",
    ),
    (
        "LEAST\n[[traffic]]\nkind = \"list\"\nmessages = [\n  [\"1s\", 0, 1],\n  [\"2s\", 0, 50],\n]",
        "a.toml:10: there is no node 50; write 0 to 49",
    ),
    (
        "LEAST\nnodes = 3",
        "a.toml:6: this is not TOML: duplicate key; correct this line, or the one before",
    ),
];

#[test]
fn each_mistake_gives_one_line_that_names_place_and_remedy() {
    for (text, want) in MISTAKES {
        assert_eq!(line(text), *want, "of\n{text}");
    }
}

#[test]
fn an_absent_data_file_can_be_told_from_a_mistake() {
    let text = "[scenario]\nname = \"a\"\nduration = \"1min\"\n[topology]\nnodes = 4\n\
                shape = { kind = \"contacts\", file = \"none.gz\" }\n";
    assert!(parse(text, "a.toml").unwrap_err().absent);
    assert!(!parse("x = 1", "a.toml").unwrap_err().absent);
}
