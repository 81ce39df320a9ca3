//! The targets under bolero: random bytes with `cargo test`, an engine with `cargo bolero test`.

macro_rules! targets {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            bolero::check!()
                .with_max_len(1_024)
                .with_test_time(core::time::Duration::from_secs(5))
                .for_each(|bytes: &[u8]| {
                    crate::$name::run(bytes);
                });
        }
    )*};
}

targets!(
    decode,
    round_trip,
    session_windows,
    node_sequence,
    noise_link
);
