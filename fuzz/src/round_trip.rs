//! What decodes is written back: to the same bytes where there is one way to write it.

use std::str::FromStr;

use tom_core::identity::PublicKey;
use tom_core::wire::{
    Candidates, Content, ContentBody, Envelope, Frame, Frames, RespPayload, SealPayload,
};

/// The first byte chooses as in `decode`.
pub fn run(bytes: &[u8]) -> u64 {
    let Some((which, bytes)) = bytes.split_first() else {
        return 0;
    };
    match which % 9 {
        0 | 8 => datagram(bytes),
        1 => envelope(bytes),
        2 => {
            let Ok(content) = Content::parse(bytes) else {
                return 0;
            };
            let mut out = vec![0; bytes.len()];
            let len = content.emit(&mut out).expect("no longer than it was");
            match content.body {
                // Addresses of kinds this version does not know are not written back.
                ContentBody::Candidates(list) => {
                    let again = Content::parse(&out[..len]).expect("what was written is read");
                    let ContentBody::Candidates(again) = again.body else {
                        panic!("{again:?}")
                    };
                    assert!(again.eq(list));
                }
                ContentBody::Bytes(_) | ContentBody::Pad(_) | ContentBody::Read(_) => {
                    assert_eq!(&out[..len], bytes);
                }
            }
            1
        }
        3 => {
            if let Ok(payload) = SealPayload::parse(bytes) {
                same(bytes, |out| payload.emit(out).expect("room"));
            }
            let Ok(payload) = RespPayload::parse(bytes) else {
                return 0;
            };
            assert_eq!(payload.bytes(), bytes);
            1
        }
        4 => {
            let Ok(list) = Candidates::parse(bytes) else {
                return 0;
            };
            // Kinds this version does not know are not written back.
            let mut out = vec![0; bytes.len()];
            let len = list
                .to_list()
                .emit(&mut out)
                .expect("no longer than it was");
            let again = Candidates::parse(&out[..len]).expect("what was written is read");
            assert!(again.eq(list));
            1
        }
        5 | 6 => 0,
        _ => {
            let text = String::from_utf8_lossy(bytes);
            let Ok(key) = PublicKey::from_str(&text) else {
                return 0;
            };
            assert_eq!(key.to_address().as_str(), text.to_lowercase());
            1
        }
    }
}

fn datagram(bytes: &[u8]) -> u64 {
    let mut reached = 0;
    let mut rest = bytes;
    let mut frames = Frames::new(bytes);
    while let Some(frame) = frames.next() {
        let used = rest.len() - frames.rest().len();
        let (whole, behind) = rest.split_at(used);
        rest = behind;
        let Ok(frame) = frame else { continue };
        let mut out = vec![0; whole.len()];
        let len = frame.emit(&mut out).expect("no longer than it was");
        match frame {
            // Trailers and addresses this version does not know are not written back.
            Frame::Envelope { bytes, .. } => {
                reached += envelope(bytes);
                let again = Frames::new(&out[..len]).next();
                assert_eq!(again, Some(Ok(frame)));
            }
            Frame::Candidates(list) => {
                let again = Frames::new(&out[..len]).next();
                let Some(Ok(Frame::Candidates(again))) = again else {
                    panic!("{again:?}")
                };
                assert!(again.eq(list));
            }
            Frame::Hello(_)
            | Frame::Taken(_)
            | Frame::Passed(_)
            | Frame::ReachAsk(_)
            | Frame::ReachAnswer(_)
            | Frame::Ping(_) => assert_eq!(&out[..len], whole),
        }
        reached += 1;
    }
    reached
}

fn envelope(bytes: &[u8]) -> u64 {
    let Ok(envelope) = Envelope::parse(bytes) else {
        return 0;
    };
    same(bytes, |out| envelope.emit(out).expect("room"))
}

fn same(bytes: &[u8], emit: impl FnOnce(&mut [u8]) -> usize) -> u64 {
    let mut out = vec![0; bytes.len()];
    let len = emit(&mut out);
    assert_eq!(&out[..len], bytes);
    1
}
