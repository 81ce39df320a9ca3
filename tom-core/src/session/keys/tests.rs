use std::cell::Cell;
use std::collections::BTreeSet;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::crypto::{BadTag, TAG_LEN, Tom1, sealed};
use crate::time::Instant;

const ROOT: [u8; 32] = [0x42; 32];
const NOW: Instant = Instant::from_millis(5_000);

std::thread_local!(static SEALS: Cell<u32> = const { Cell::new(0) });

/// The real suite that counts its AEAD calls: each one here is a key derivation.
#[derive(Clone, Copy)]
struct Counting;

impl sealed::Sealed for Counting {}

impl Suite for Counting {
    fn x25519(secret: &[u8; 32], public: &[u8; 32]) -> [u8; 32] {
        Tom1::x25519(secret, public)
    }
    fn x25519_base(secret: &[u8; 32]) -> [u8; 32] {
        Tom1::x25519_base(secret)
    }
    fn aead_seal(key: &[u8; 32], n: u64, ad: &[u8], buf: &mut [u8]) -> [u8; TAG_LEN] {
        SEALS.set(SEALS.get() + 1);
        Tom1::aead_seal(key, n, ad, buf)
    }
    fn aead_open(
        key: &[u8; 32],
        n: u64,
        ad: &[u8],
        buf: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), BadTag> {
        Tom1::aead_open(key, n, ad, buf, tag)
    }
    fn sha256(parts: &[&[u8]]) -> [u8; 32] {
        Tom1::sha256(parts)
    }
    fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
        Tom1::hmac(key, parts)
    }
}

/// The key of an epoch, derived from the start.
fn key_of(epoch: u32) -> Key {
    (0..epoch).fold(Key::new(ROOT), |key, _| key.next::<Tom1>())
}

/// Messages `0..count` as a sender makes them: counter, ciphertext of the counter, tag.
fn sent(count: u32) -> Vec<(u32, [u8; 4], [u8; TAG_LEN])> {
    let mut tx = TxChain::new(Key::new(ROOT));
    let seal = |_| {
        let (n, key) = tx.take::<Tom1>().unwrap();
        let mut text = n.to_le_bytes();
        let tag = Tom1::aead_seal(key.as_bytes(), n.into(), b"ad", &mut text);
        (n, text, tag)
    };
    (0..count).map(seal).collect()
}

fn opens(key: &Key, (n, mut text, tag): (u32, [u8; 4], [u8; TAG_LEN])) -> bool {
    Tom1::aead_open(key.as_bytes(), n.into(), b"ad", &mut text, &tag).is_ok()
        && text == n.to_le_bytes()
}

/// The whole way of one message: find, open, receive.
fn receive<const P: usize>(
    rx: &mut RxChain<P>,
    message: (u32, [u8; 4], [u8; TAG_LEN]),
) -> Result<u32, Unusable> {
    let located = rx.locate::<Tom1>(message.0 as u16)?;
    assert_eq!(located.n, message.0);
    assert!(opens(&located.key, message), "{}", message.0);
    assert!(rx.commit::<Tom1>(located.n, NOW));
    Ok(located.n)
}

fn exported<const P: usize>(rx: &RxChain<P>, now: Instant) -> Vec<u8> {
    let mut out = vec![0; RxChain::<P>::EXPORT_MAX];
    let len = rx.export(now, &mut out).unwrap();
    out.truncate(len);
    out
}

/// Every key a thief of the whole state gets, followed as far forward as it is worth.
fn stolen(rx: &RxChain<16>, tx: &TxChain) -> Vec<Key> {
    let mut held = vec![rx.key.clone(), tx.key.clone()];
    held.extend(rx.old().map(|window| window.key.clone()));
    held.extend(rx.ahead.iter().flatten().map(|(_, key)| key.clone()));
    let mut all = Vec::new();
    for mut key in held {
        for _ in 0..8 {
            all.push(key.clone());
            key = key.next::<Tom1>();
        }
    }
    all
}

#[test]
fn sender_rekeys_every_64_and_knows_when_it_is_worn() {
    let mut tx = TxChain::new(Key::new(ROOT));
    for n in 0..200 {
        assert_eq!(tx.peek(), n);
        let (spent, key) = tx.take::<Tom1>().unwrap();
        assert_eq!(spent, n);
        assert_eq!(key.as_bytes(), key_of(n / 64).as_bytes());
        assert_eq!(tx.key.as_bytes(), key_of((n + 1) / 64).as_bytes());
    }
    let mut bytes = [0; TxChain::EXPORT_LEN];
    tx.export(&mut bytes);
    let mut again = TxChain::import(&bytes);
    assert_eq!(again.take::<Tom1>().unwrap().0, 200);

    assert!(!tx.skip_to::<Tom1>(199) && !tx.skip_to::<Tom1>((3 + 17) * 64));
    assert_eq!(tx.peek(), 200);
    assert!(tx.skip_to::<Tom1>(200) && tx.skip_to::<Tom1>(456));
    let (n, key) = tx.take::<Tom1>().unwrap();
    assert_eq!((n, key.as_bytes()), (456, key_of(7).as_bytes()));
    assert!(!tx.is_worn());

    bytes[..4].copy_from_slice(&RENEW_AT.to_le_bytes());
    assert!(TxChain::import(&bytes).is_worn());
    bytes[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(TxChain::import(&bytes).take::<Tom1>().is_none());
}

/// SES-17: keys of the past are gone.
#[test]
fn stolen_keys_do_not_open_the_past() {
    let messages = sent(264);
    let mut rx = RxChain::<16>::new(Key::new(ROOT));
    let mut tx = TxChain::new(Key::new(ROOT));
    for message in &messages[..=200] {
        receive(&mut rx, *message).unwrap();
        tx.take::<Tom1>().unwrap();
    }
    let keys = stolen(&rx, &tx);
    let opened = |n: usize| keys.iter().any(|key| opens(key, messages[n]));
    for n in 1..=128 {
        assert!(!opened(n), "{n}");
    }
    // The thief does have this epoch and what follows: the test's own keys work.
    assert!(opened(200) && opened(263));
}

#[test]
fn a_look_far_ahead_leaves_no_key_behind_when_its_epoch_passes() {
    let messages = sent(64 * 18);
    let mut rx = RxChain::<16>::new(Key::new(ROOT));
    rx.locate::<Tom1>(16 * 64).unwrap();
    assert_eq!(rx.ahead.iter().flatten().count(), 4);
    for message in &messages[..64 * 10] {
        receive(&mut rx, *message).unwrap();
    }
    let keys = stolen(&rx, &TxChain::new(key_of(10)));
    let opened = |n: usize| keys.iter().any(|key| opens(key, messages[n]));
    assert!((0..64 * 10).all(|n| !opened(n)));
    assert!(opened(64 * 10) && opened(64 * 16));
}

#[test]
fn a_gap_keeps_its_own_epoch_open_and_no_other() {
    let messages = sent(264);
    let mut rx = RxChain::<16>::new(Key::new(ROOT));
    let tx = TxChain::new(key_of(4));
    for message in messages[..=200].iter().filter(|message| message.0 != 70) {
        receive(&mut rx, *message).unwrap();
    }
    let window: Vec<u32> = rx.old().map(|window| window.epoch).collect();
    assert_eq!(window, [1]);
    receive(&mut rx, messages[70]).unwrap();
    assert_eq!(rx.old().count(), 0);
    let keys = stolen(&rx, &tx);
    assert!((1..=128).all(|n| !keys.iter().any(|key| opens(key, messages[n]))));
}

#[test]
fn a_forged_far_counter_costs_bounded_work_and_changes_nothing() {
    let mut rx = RxChain::<2>::new(Key::new(ROOT));
    for n in [0, 1, 63, 64, 200, 130] {
        assert!(rx.commit::<Tom1>(n, NOW));
    }
    let before = exported(&rx, NOW);
    let mut total = 0;
    // Far ahead first, then everywhere in an order that never repeats an epoch at once.
    for n16 in (0..=u16::MAX).map(|i| i.wrapping_mul(40_503).wrapping_add(1_200)) {
        SEALS.set(0);
        let located = rx.locate::<Counting>(n16);
        let work = SEALS.get();
        total += work;
        assert!(work <= 16, "{n16}: {work}");
        if let Ok(located) = located {
            assert_eq!(located.key.as_bytes(), key_of(located.n / 64).as_bytes());
        }
    }
    assert!(total > 0);
    for n16 in (200..=3 * 64 + 17 * 64).rev() {
        SEALS.set(0);
        let _located = rx.locate::<Counting>(n16);
        assert!(SEALS.get() <= 3, "{n16}: {}", SEALS.get());
    }
    assert_eq!(exported(&rx, NOW), before);
    assert_eq!(rx.highest(), Some(200));
}

#[test]
fn steady_state_derives_one_key_per_epoch() {
    let mut rx = RxChain::<16>::new(Key::new(ROOT));
    SEALS.set(0);
    for n in 0..64 * 100_u32 {
        let located = rx.locate::<Counting>(n as u16).unwrap();
        assert!(rx.commit::<Counting>(located.n, NOW));
    }
    assert_eq!(SEALS.get(), 100);
    assert_eq!(rx.old().count(), 0);
}

/// SES-23: sixteen epochs ahead and no more.
#[test]
fn too_far_ahead_is_refused_at_the_exact_epoch() {
    let mut rx = RxChain::<16>::new(Key::new(ROOT));
    assert!(rx.commit::<Tom1>(70, NOW));
    let last = (1 + 16) * 64 + 63;
    assert_eq!(rx.locate::<Tom1>(last).unwrap().n, u32::from(last));
    let error = rx.locate::<Tom1>(last + 1).unwrap_err();
    assert_eq!(error, Unusable::TooFarAhead(u32::from(last) + 1));
    assert_eq!(error.reason(), crate::error::Drop::TooFarAhead);
    assert!(!rx.commit::<Tom1>(u32::from(last) + 1, NOW));
    assert!(rx.commit::<Tom1>(last.into(), NOW));
    // Every epoch that was jumped over can still be received, up to what is parked.
    for epoch in 1..17 {
        let located = rx.locate::<Tom1>((epoch * 64 + 5) as u16).unwrap();
        assert_eq!(located.key.as_bytes(), key_of(epoch).as_bytes());
    }
    assert_eq!(rx.locate::<Tom1>(5).unwrap().key.as_bytes(), &ROOT);
}

/// SES-25: with no place left the oldest goes.
#[test]
fn the_oldest_gap_gives_way_when_there_is_no_room() {
    let mut rx = RxChain::<2>::new(Key::new(ROOT));
    for epoch in 0..6 {
        assert!(rx.commit::<Tom1>(epoch * 64, NOW));
    }
    // Newest 5, previous 4, parked 3 and 2.
    let seen: Vec<Seen> = (0..6).map(|epoch| rx.seen(epoch * 64 + 1)).collect();
    let gone = Seen::TooOld;
    assert_eq!(
        seen,
        [gone, gone, Seen::New, Seen::New, Seen::New, Seen::New]
    );
    assert_eq!(rx.locate::<Tom1>(1).unwrap_err(), Unusable::TooOld(1));
    assert!(!rx.commit::<Tom1>(1, NOW));

    let mut none = RxChain::<0>::new(Key::new(ROOT));
    for epoch in 0..4 {
        assert!(none.commit::<Tom1>(epoch * 64, NOW));
    }
    assert_eq!((none.seen(65), none.seen(129)), (Seen::TooOld, Seen::New));
}

/// SES-25: an epoch with gaps lives a day.
#[test]
fn gaps_are_given_up_after_24_hours() {
    let mut rx = RxChain::<16>::new(Key::new(ROOT));
    let later = NOW.plus(Span::from_secs(3_600));
    assert!(rx.commit::<Tom1>(0, NOW));
    assert_eq!(rx.deadline(), None);
    assert!(rx.commit::<Tom1>(64, NOW));
    assert!(rx.commit::<Tom1>(128, later));
    let end = NOW.plus(GAP_LIFE);
    assert_eq!(rx.deadline(), Some(end));
    rx.expire(Instant::from_millis(end.as_millis() - 1));
    assert_eq!(rx.seen(1), Seen::New);
    rx.expire(end);
    assert_eq!((rx.seen(1), rx.seen(65)), (Seen::TooOld, Seen::New));
    assert_eq!(rx.deadline(), Some(later.plus(GAP_LIFE)));
    rx.expire(later.plus(GAP_LIFE));
    assert_eq!((rx.seen(65), rx.seen(129)), (Seen::TooOld, Seen::New));
    assert_eq!(rx.deadline(), None);
}

/// SES-23: a repeated counter is known as such.
#[test]
fn complete_epochs_are_remembered_for_512_epochs() {
    let mut rx = RxChain::<16>::new(Key::new(ROOT));
    for n in 0..64 * 700 {
        assert_eq!(rx.widen(n as u16), n);
        assert!(rx.commit::<Tom1>(n, NOW));
    }
    assert_eq!(rx.epoch, 700);
    for epoch in 0..700 {
        let expected = if 700 - epoch < MAX_BEHIND {
            Seen::Received
        } else {
            Seen::TooOld
        };
        assert_eq!(rx.seen(epoch * 64 + 9), expected, "{epoch}");
    }
    let error = rx.locate::<Tom1>((64 * 700 - 30_000) as u16).unwrap_err();
    assert_eq!(error, Unusable::Replay(64 * 700 - 30_000));
}

#[test]
fn a_gap_does_not_outlive_512_epochs_nor_pass_for_the_epoch_before() {
    let mut rx = RxChain::<16>::new(Key::new(ROOT));
    // Epoch 0 is complete, 1 has a gap, and so has 512, which shares its place with 0.
    let gaps = [65, 512 * 64];
    for n in (0..64 * 512 + 64).filter(|n| !gaps.contains(n)) {
        assert!(rx.commit::<Tom1>(n, NOW));
    }
    assert_eq!((rx.epoch, rx.seen(65)), (512, Seen::New));
    assert!(rx.commit::<Tom1>(64 * 513, NOW));
    assert_eq!((rx.seen(65), rx.seen(66)), (Seen::TooOld, Seen::TooOld));
    let old: Vec<u32> = rx.old().map(|window| window.epoch).collect();
    assert_eq!(old, [512]);
    rx.expire(NOW.plus(GAP_LIFE));
    assert_eq!(rx.seen(512 * 64 + 1), Seen::TooOld);
}

#[test]
fn counters_widen_at_both_ends_of_their_range() {
    let mut rx = RxChain::<16>::new(Key::new(ROOT));
    assert_eq!((rx.widen(0), rx.widen(65_535)), (0, 65_535));
    rx.highest = Some(u32::MAX);
    assert_eq!(
        (rx.widen(65_535), rx.widen(0)),
        (u32::MAX, u32::MAX - 65_535)
    );
    // The last epoch completes without a next one.
    let last = u32::MAX / 64;
    let mut rx = RxChain::<16>::at(last, Key::new(ROOT));
    for n in last * 64..=u32::MAX {
        assert!(rx.commit::<Tom1>(n, NOW));
    }
    assert!(!rx.commit::<Tom1>(u32::MAX, NOW));
    assert_eq!(
        rx.locate::<Tom1>(65_535).unwrap_err(),
        Unusable::Replay(u32::MAX)
    );
}

#[test]
fn wrong_records_are_refused() {
    let mut rx = RxChain::<2>::new(Key::new(ROOT));
    for n in [3, 70, 300] {
        assert!(rx.commit::<Tom1>(n, NOW));
    }
    let good = exported(&rx, NOW);
    assert!(RxChain::<2>::import(&good, NOW).is_some());
    assert!(RxChain::<16>::import(&good, NOW).is_some());
    assert!(RxChain::<0>::import(&good, NOW).is_none(), "no room");
    for len in 0..good.len() {
        assert!(RxChain::<2>::import(&good[..len], NOW).is_none(), "{len}");
        assert_eq!(rx.export(NOW, &mut vec![0; len]), None);
    }
    assert!(RxChain::<2>::import(&[&good[..], &[0]].concat(), NOW).is_none());
    let with = |at: usize, byte: u8| {
        let mut bad = good.clone();
        assert_ne!(bad[at], byte);
        bad[at] = byte;
        RxChain::<2>::import(&bad, NOW).is_none()
    };
    assert!(with(0, 2), "version");
    assert!(with(1, 0) && with(1, 2), "received");
    assert!(with(3, 9), "highest far from the newest epoch");
    assert!(with(6, 0xff), "done and parked at once");
    assert!(with(70, 9), "newest epoch far from the highest");
    assert!(with(115, 9), "a parked epoch that is newer than the newest");
    let copy = good[115..163].to_vec();
    let mut twice = good.clone();
    twice[163..211].copy_from_slice(&copy);
    assert!(
        RxChain::<2>::import(&twice, NOW).is_none(),
        "an epoch twice"
    );
    let mut full = good.clone();
    full[119..127].fill(0xff);
    assert!(
        RxChain::<2>::import(&full, NOW).is_none(),
        "a gap without gaps"
    );
}

/// What a chain must know, kept as plainly as possible.
#[derive(Default)]
struct Model {
    received: BTreeSet<u32>,
    newest: u32,
}

impl Model {
    fn complete(&self, epoch: u32) -> bool {
        self.received.range(epoch * 64..=epoch * 64 + 63).count() == 64
    }

    fn commit(&mut self, n: u32) {
        self.received.insert(n);
        self.newest = self.newest.max(n / 64);
        if self.complete(self.newest) {
            self.newest += 1;
        }
    }

    /// With room for every gap in reach, only age forgets.
    fn seen(&self, n: u32) -> Seen {
        if n / 64 > self.newest + MAX_AHEAD {
            Seen::TooFarAhead
        } else if self.received.contains(&n) {
            Seen::Received
        } else {
            Seen::New
        }
    }
}

proptest! {
    #[test]
    fn any_order_delivers_each_once(
        order in Just((0..130_usize).collect::<Vec<_>>()).prop_shuffle(),
        again in proptest::collection::vec(0..130_usize, 130),
    ) {
        let messages = sent(130);
        let mut rx = RxChain::<1>::new(Key::new(ROOT));
        let mut done = BTreeSet::new();
        for (first, second) in order.into_iter().zip(again) {
            prop_assert_eq!(receive(&mut rx, messages[first]), Ok(first as u32));
            done.insert(first);
            if done.contains(&second) {
                let repeated = receive(&mut rx, messages[second]);
                prop_assert_eq!(repeated, Err(Unusable::Replay(second as u32)));
                prop_assert!(!rx.commit::<Tom1>(second as u32, NOW));
            }
        }
        prop_assert!((0..130).all(|n| rx.seen(n) == Seen::Received));
        prop_assert_eq!(rx.old().count(), 0);
        prop_assert_eq!(rx.epoch, 2);
    }

    #[test]
    fn chain_agrees_with_the_model(
        steps in proptest::collection::vec((0_u32..14, 0_u32..64, 0_u32..70), 0..24),
    ) {
        // At most 14 epochs in all, so that 16 places lose nothing.
        let mut rx = RxChain::<16>::new(Key::new(ROOT));
        let mut model = Model::default();
        for (epoch, start, count) in steps {
            for n in (epoch * 64 + start..).take(count as usize) {
                let expected = model.seen(n);
                prop_assert_eq!(rx.seen(n), expected, "{}", n);
                prop_assert_eq!(rx.commit::<Tom1>(n, NOW), expected == Seen::New);
                if expected == Seen::New {
                    model.commit(n);
                }
            }
            prop_assert_eq!(rx.epoch, model.newest);
            let gaps = (0..model.newest).filter(|epoch| !model.complete(*epoch)).count();
            prop_assert_eq!(rx.old().count(), gaps);
            prop_assert!(rx.old().all(|w| w.key.as_bytes() == key_of(w.epoch).as_bytes()));
        }
        for n in 0..64 * 40 {
            prop_assert_eq!(rx.seen(n), model.seen(n), "{}", n);
        }
    }

    #[test]
    fn records_bring_the_chain_back(
        jumps in proptest::collection::vec(0_u32..500, 0..40),
        wait in 0_u64..100_000_000,
    ) {
        let mut rx = RxChain::<2>::new(Key::new(ROOT));
        let mut n = 0;
        for jump in jumps {
            n += jump;
            rx.commit::<Tom1>(n, NOW);
        }
        let now = NOW.plus(Span::from_millis(wait));
        rx.expire(now);
        let record = exported(&rx, now);
        // Another clock after the restart.
        let boot = Instant::from_millis(7);
        let mut again = RxChain::<2>::import(&record, boot).unwrap();
        prop_assert_eq!(exported(&again, boot), record);
        prop_assert_eq!(again.highest(), rx.highest());
        for n16 in (0..=u16::MAX).step_by(61) {
            let (a, b) = (rx.locate::<Tom1>(n16), again.locate::<Tom1>(n16));
            match (a, b) {
                (Ok(a), Ok(b)) => {
                    prop_assert_eq!(a.n, b.n);
                    prop_assert_eq!(a.key.as_bytes(), b.key.as_bytes());
                }
                (a, b) => prop_assert_eq!(a.err(), b.err()),
            }
        }
        let life = |deadline: Option<Instant>, now: Instant| deadline.map(|at| at.since(now));
        prop_assert_eq!(life(again.deadline(), boot), life(rx.deadline(), now));
    }

    #[test]
    fn any_bytes_are_a_whole_record_or_none(
        jumps in proptest::collection::vec(0_u32..300, 1..8),
        at: proptest::sample::Index,
        byte: u8,
    ) {
        let mut rx = RxChain::<16>::new(Key::new(ROOT));
        let mut n = 0;
        for jump in jumps {
            n += jump;
            rx.commit::<Tom1>(n, NOW);
        }
        let mut record = exported(&rx, NOW);
        let at = at.index(record.len());
        record[at] = byte;
        if let Some(mut chain) = RxChain::<16>::import(&record, NOW) {
            let _located = chain.locate::<Tom1>(n as u16);
            let _new = chain.commit::<Tom1>(n, NOW);
            chain.expire(NOW.plus(GAP_LIFE));
            prop_assert_eq!(chain.old().count(), 0);
        }
    }

    /// SES-22: 16 bits stand for the nearest counter.
    #[test]
    fn widening_takes_the_nearest(highest in 0_u32..300_000, n16: u16) {
        let mut rx = RxChain::<0>::new(Key::new(ROOT));
        rx.highest = Some(highest);
        let nearest = (0..8)
            .map(|high: u32| (high << 16) | u32::from(n16))
            .min_by_key(|n| n.abs_diff(highest))
            .unwrap();
        prop_assert_eq!(rx.widen(n16), nearest);
    }
}
