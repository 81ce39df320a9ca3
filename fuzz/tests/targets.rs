//! The targets under bolero: random bytes with `cargo test`, an engine with `cargo bolero test`.

macro_rules! targets {
    ($($name:ident),*) => {$(
        #[test]
        fn $name() {
            bolero::check!()
                .with_corpus_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/", stringify!($name)))
                .for_each(|bytes: &[u8]| {
                    tom_fuzz::$name::run(bytes);
                });
        }
    )*};
}

targets!(decode, round_trip, session_windows, node_sequence, noise_link);
