//! The fields of a request, each of the type the book gives it.

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::Not;

/// A request, or an object in one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a>(&'a Value);

impl<'a> Ask<'a> {
    pub(crate) const fn new(value: &'a Value) -> Self {
        Self(value)
    }

    fn field(self, name: &str) -> Result<&'a Value, Not> {
        self.0.get(name).ok_or_else(|| unclear(name, "is missing"))
    }

    /// A field that may be `null`, which is as good as missing.
    pub(crate) fn maybe(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(self, name: &str) -> Result<&'a str, Not> {
        let value = self.field(name)?;
        value.as_str().ok_or_else(|| unclear(name, "is no text"))
    }

    pub(crate) fn truth(self, name: &str) -> Result<bool, Not> {
        let value = self.field(name)?;
        value.as_bool().ok_or_else(|| unclear(name, "is no bool"))
    }

    /// A number that fits.
    pub(crate) fn number<T: TryFrom<u64>>(self, name: &str) -> Result<T, Not> {
        number(self.field(name)?, name)
    }

    pub(crate) fn maybe_number<T: TryFrom<u64>>(self, name: &str) -> Result<Option<T>, Not> {
        self.maybe(name)
            .map(|value| number(value, name))
            .transpose()
    }

    pub(crate) fn bytes(self, name: &str) -> Result<Vec<u8>, Not> {
        unhex(self.field(name)?, name)
    }

    pub(crate) fn array<const N: usize>(self, name: &str) -> Result<[u8; N], Not> {
        exactly(self.field(name)?, name)
    }

    pub(crate) fn maybe_array<const N: usize>(self, name: &str) -> Result<Option<[u8; N]>, Not> {
        self.maybe(name)
            .map(|value| exactly(value, name))
            .transpose()
    }

    pub(crate) fn object(self, name: &str) -> Result<Self, Not> {
        self.field(name).map(Self)
    }

    pub(crate) fn list(self, name: &str) -> Result<impl Iterator<Item = Self> + 'a, Not> {
        let list = self.field(name)?.as_array();
        let list = list.ok_or_else(|| unclear(name, "is no list"))?;
        Ok(list.iter().map(Self))
    }

    /// Byte strings of one length.
    pub(crate) fn arrays<const N: usize>(self, name: &str) -> Result<Vec<[u8; N]>, Not> {
        self.list(name)?.map(|item| exactly(item.0, name)).collect()
    }

    /// Byte strings of any length.
    pub(crate) fn byte_strings(self, name: &str) -> Result<Vec<Vec<u8>>, Not> {
        self.list(name)?.map(|item| unhex(item.0, name)).collect()
    }

    /// Numbers that fit.
    pub(crate) fn numbers<T: TryFrom<u64>>(self, name: &str) -> Result<Vec<T>, Not> {
        self.list(name)?.map(|item| number(item.0, name)).collect()
    }
}

fn number<T: TryFrom<u64>>(value: &Value, name: &str) -> Result<T, Not> {
    let number = value.as_u64().and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| unclear(name, "is no number that fits"))
}

fn unhex(value: &Value, name: &str) -> Result<Vec<u8>, Not> {
    let text = value.as_str().map(str::as_bytes);
    let bytes = text.and_then(|text| HEXLOWER.decode(text).ok());
    bytes.ok_or_else(|| unclear(name, "is no hex"))
}

fn exactly<const N: usize>(value: &Value, name: &str) -> Result<[u8; N], Not> {
    let bytes = unhex(value, name)?;
    <[u8; N]>::try_from(bytes.as_slice()).map_err(|_| unclear(name, "has another length"))
}

pub(crate) fn unclear(name: &str, what: &str) -> Not {
    Not::Unclear(format!("`{name}` {what}"))
}

/// Bytes as they stand in answers.
pub(crate) fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}
