//! `tom id`

use serde_json::json;

use super::{Common, DONE, say};

pub(crate) fn run(common: &Common) -> anyhow::Result<u8> {
    let file = common.dir()?.join("identity");
    let address = tom::Identity::load_or_create(&file)?.address();
    if common.json {
        say::line(json!({
            "address": address.to_string(),
            "handle": address.handle().to_string(),
            "file": file.display().to_string(),
        }));
    } else {
        say::line(address);
    }
    Ok(DONE)
}
