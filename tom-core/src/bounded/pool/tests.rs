use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::{BLOCK, Block, Chain, Pool, PoolMeta};
use crate::bounded::{FixedPool, HeapPool, Idx};

#[derive(Clone, Debug)]
enum Op {
    /// Lengths of the parts.
    Store(Vec<usize>),
    /// Which of the payloads stored so far.
    Free(usize),
    FreeAgain(usize),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let part = prop_oneof![0..3_usize, 250..260_usize, 0..700_usize];
    let op = prop_oneof![
        3 => prop::collection::vec(part, 0..4).prop_map(Op::Store),
        2 => (0..64_usize).prop_map(Op::Free),
        1 => (0..64_usize).prop_map(Op::FreeAgain),
    ];
    prop::collection::vec(op, 0..60)
}

/// Bytes that are never zero, and differ between payloads and positions.
fn bytes(salt: usize, len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| u8::try_from((i * 7 + salt * 31) % 255).unwrap() + 1)
        .collect()
}

fn blocks_of(len: usize) -> usize {
    len.div_ceil(BLOCK)
}

fn non_zero(blocks: &[Block]) -> usize {
    blocks
        .iter()
        .flat_map(|block| &block.bytes)
        .filter(|byte| **byte != 0)
        .count()
}

fn check(blocks: &mut [Block], meta: &mut PoolMeta, live: &[(Chain, Vec<u8>)], gone: &[Chain]) {
    let capacity = blocks.len();
    let payload: usize = live.iter().map(|(_, data)| data.len()).sum();
    assert_eq!(
        non_zero(blocks),
        payload,
        "bytes of a freed payload are left"
    );
    let pool = Pool::new(blocks, meta);
    let used: usize = live.iter().map(|(_, data)| blocks_of(data.len())).sum();
    assert_eq!(pool.free_blocks() as usize, capacity - used);
    for bytes in [
        0,
        1,
        BLOCK,
        BLOCK + 1,
        3 * BLOCK,
        capacity * BLOCK,
        capacity * BLOCK + 1,
    ] {
        assert_eq!(pool.room_for(bytes), blocks_of(bytes) <= capacity - used);
    }
    for (chain, data) in live {
        assert_eq!(pool.len(*chain), Some(data.len()));
        let mut out = vec![0; data.len() + 1];
        assert_eq!(pool.copy_out(*chain, &mut out), Some(data.len()));
        assert_eq!(out.get(..data.len()), Some(data.as_slice()));
        assert_eq!(
            out.last(),
            Some(&0),
            "a byte beyond the payload was written"
        );
        assert_eq!(pool.parts(*chain).collect::<Vec<_>>().concat(), *data);
        if let Some(short) = out
            .get_mut(..data.len().saturating_sub(1))
            .filter(|_| !data.is_empty())
        {
            assert_eq!(pool.copy_out(*chain, short), None);
        }
    }
    // A block may by now start another payload of the same length: that one is live.
    for chain in gone
        .iter()
        .filter(|gone| live.iter().all(|(chain, _)| chain != *gone))
    {
        assert_eq!(pool.len(*chain), None);
        assert_eq!(pool.copy_out(*chain, &mut [0; 4096]), None);
        assert_eq!(pool.parts(*chain).count(), 0);
    }
}

proptest! {
    /// Memory taken as blocks are first used shows nowhere, block numbers included.
    #[test]
    fn behaves_like_a_list_of_payloads(capacity in 0..12_usize, ops in ops()) {
        let mut blocks = vec![Block::new(); capacity];
        let mut meta = PoolMeta::new();
        let mut lazy = HeapPool::lazy(capacity as u32);
        let mut thrifty = HeapPool::lazy(capacity as u32);
        let mut kept = Vec::<Chain>::new();
        let mut live = Vec::<(Chain, Vec<u8>)>::new();
        let mut gone = Vec::<Chain>::new();
        for (salt, op) in ops.into_iter().enumerate() {
            let mut pool = Pool::new(&mut blocks, &mut meta);
            match op {
                Op::Store(lens) => {
                    let parts = lens.iter().map(|len| bytes(salt, *len)).collect::<Vec<_>>();
                    let slices = parts.iter().map(Vec::as_slice).collect::<Vec<_>>();
                    let fits = pool.room_for(lens.iter().sum());
                    let stored = pool.store(&slices);
                    prop_assert_eq!(stored.is_some(), fits);
                    prop_assert_eq!(lazy.view().store(&slices), stored);
                    let stored_too = thrifty.view().store(&slices);
                    prop_assert_eq!(stored_too.is_some(), fits);
                    kept.extend(stored_too);
                    live.extend(stored.map(|chain| (chain, parts.concat())));
                }
                Op::Free(which) if !live.is_empty() => {
                    let which = which % live.len();
                    prop_assert!(thrifty.view().free(kept.remove(which)));
                    let (chain, _) = live.remove(which);
                    prop_assert!(pool.free(chain));
                    prop_assert!(lazy.view().free(chain));
                    if !chain.is_empty() {
                        gone.push(chain);
                    }
                }
                Op::FreeAgain(which) if !gone.is_empty() => {
                    let chain = gone.remove(which % gone.len());
                    if live.iter().all(|(other, _)| *other != chain) {
                        prop_assert!(!pool.free(chain));
                        prop_assert!(!lazy.view().free(chain));
                    }
                }
                Op::Free(_) | Op::FreeAgain(_) => {}
            }
            check(&mut blocks, &mut meta, &live, &gone);
            prop_assert_eq!(lazy.view().free_blocks(), Pool::new(&mut blocks, &mut meta).free_blocks());
            thrifty.give_back();
            prop_assert_eq!(thrifty.view().high_water(), Pool::new(&mut blocks, &mut meta).high_water());
            for (chain, (_, data)) in kept.iter().zip(&live) {
                prop_assert_eq!(thrifty.view().parts(*chain).collect::<Vec<_>>().concat(), data.as_slice());
            }
            for (chain, data) in &live {
                prop_assert_eq!(lazy.view().parts(*chain).collect::<Vec<_>>().concat(), data.as_slice());
            }
        }
    }
}

/// MEM-5: blocks are wiped when they are freed.
#[test]
fn after_free_the_storage_is_all_zero() {
    let mut blocks = vec![Block::new(); 4];
    let mut meta = PoolMeta::new();
    let payload = bytes(1, 4 * BLOCK);
    let chain = Pool::new(&mut blocks, &mut meta)
        .store(&[&payload])
        .unwrap();
    assert_eq!(non_zero(&blocks), payload.len());
    assert!(Pool::new(&mut blocks, &mut meta).free(chain));
    assert_eq!(non_zero(&blocks), 0);
}

#[test]
fn the_empty_payload_takes_no_block() {
    let mut fixed = FixedPool::<1>::new();
    let mut pool = fixed.view();
    assert_eq!(pool.store(&[&[], &[]]), Some(Chain::EMPTY));
    assert_eq!(pool.copy_out(Chain::EMPTY, &mut []), Some(0));
    assert!(pool.free(Chain::EMPTY));
    assert_eq!(pool.free_blocks(), 1);
    assert_eq!(pool.high_water(), 0);
}

#[test]
fn a_block_inside_a_payload_is_not_a_payload() {
    let mut fixed = FixedPool::<3>::new();
    let mut pool = fixed.view();
    let chain = pool.store(&[&bytes(1, 600)]).unwrap();
    for slot in 0..4 {
        for len in [0, 1, 88, 256, 344, 599, 601, u32::MAX - 1, u32::MAX] {
            let forged = Chain {
                first: Idx::new(slot),
                len,
            };
            assert!(!pool.free(forged), "{forged:?}");
            assert_eq!(pool.len(forged), None);
        }
    }
    assert_eq!(pool.len(chain), Some(600));
}
