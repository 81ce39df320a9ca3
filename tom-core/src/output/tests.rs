use super::State;

#[test]
fn every_state_has_a_number_and_a_name_of_its_own() {
    for (number, state) in State::ALL.into_iter().enumerate() {
        assert_eq!(state as usize, number);
        assert_eq!(State::from_name(state.name()), Some(state));
    }
    assert_eq!(
        State::from_name("failed"),
        None,
        "nothing ever fails: DLV-2"
    );
}
