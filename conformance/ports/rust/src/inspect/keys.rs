//! Identities, addresses, commitments, entropy.

use serde_json::{Value, json};
use tom_core::crypto::{Tom1, commit};
use tom_core::entropy::{Drbg, Seed};
use tom_core::identity::{Keys, PublicKey, SoftKeys};
use tom_core::wire::Handle;

use crate::Not;
use crate::ask::{Ask, hex};

pub(super) fn identity(ask: Ask<'_>) -> Result<Value, Not> {
    let keys = SoftKeys::from_seed(ask.array("seed")?);
    let public = keys.public();
    Ok(json!({
        "pk": hex(public.as_bytes()),
        "xPk": hex(&public.to_x().0),
        "handle": hex(&public.handle().0),
        "address": public.to_address().as_str(),
    }))
}

pub(super) fn address(ask: Ask<'_>) -> Result<Value, Not> {
    let public: PublicKey = ask.text("text")?.parse().map_err(|_| Not::Refused)?;
    Ok(json!({ "pk": hex(public.as_bytes()), "handle": hex(&public.handle().0) }))
}

pub(super) fn key(ask: Ask<'_>) -> Result<Value, Not> {
    let public = public(ask, "pk")?;
    Ok(json!({ "xPk": hex(&public.to_x().0), "handle": hex(&public.handle().0) }))
}

/// A public key that passes IDN-1.
pub(super) fn public(ask: Ask<'_>, name: &str) -> Result<PublicKey, Not> {
    PublicKey::from_bytes(ask.array(name)?).map_err(|_| Not::Refused)
}

pub(super) fn commitment(ask: Ask<'_>) -> Result<Value, Not> {
    let (expiry, dst) = (ask.number("expiry")?, Handle(ask.array("dst")?));
    let bytes = commit::<Tom1>(expiry, &dst, &ask.array("secret")?);
    Ok(json!({ "commit": hex(&bytes) }))
}

pub(super) fn draw(ask: Ask<'_>) -> Result<Value, Not> {
    let mut stream = Drbg::new(&Seed::new(ask.array("seed")?), ask.text("label")?);
    let mut reseed = ask.maybe_array("reseed")?.map(Seed::new);
    let mut drawn = Vec::new();
    for size in ask.numbers::<u32>("sizes")? {
        let mut out = vec![0; size as usize];
        stream.fill(&mut out);
        drawn.push(hex(&out));
        if let Some(seed) = reseed.take() {
            stream.reseed(&seed);
        }
    }
    Ok(json!({ "bytes": drawn }))
}
