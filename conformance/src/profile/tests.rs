use super::{Addon, Profile, Wanted};

fn wanted(text: &str) -> Result<Wanted, String> {
    text.parse()
}

#[test]
fn a_profile_has_a_version_and_add_ons() {
    assert_eq!(wanted("relay"), Ok(Profile::Relay.into()));
    assert_eq!(wanted("relay@0.1"), Ok(Profile::Relay.into()));
    let both = wanted("relay+stream@0.1").expect("a profile with an add-on");
    assert_eq!(both.profile, Profile::Relay);
    assert_eq!(both.addons, [Addon::Stream].into());
    assert_eq!(both.to_string(), "relay+stream@0.1");
}

#[test]
fn what_this_suite_does_not_have_is_said_and_not_taken_for_something_else() {
    for (text, why) in [
        ("relay@0.2", "this suite has the profiles of version 0.1"),
        ("router", "there are codec, leaf, relay and full"),
        ("leaf+radio", "the book has nothing to ask of radio yet"),
        ("leaf+tcp", "the add-ons are stream and radio"),
    ] {
        assert_eq!(wanted(text), Err(why.to_owned()), "{text}");
    }
}
