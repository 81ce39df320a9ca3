//! The identity file: one secret, readable by its owner alone.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tom_core::identity::{Keys, PublicKey, SharedSecret, Signature, SoftKeys, WeakKey, XPublic};
use zeroize::{Zeroize, Zeroizing};

use crate::error::Error;

/// The first word of the file, so that nobody mistakes it and a later form can be told apart.
const MAGIC: &str = "tom-identity-1";
/// A file longer than this is none of ours.
const MAX_LEN: u64 = 1_024;

/// A node's keys, shared by the engine and the transport.
#[derive(Clone, Debug)]
pub struct Identity(Arc<SoftKeys>);

impl Identity {
    /// The identity of a 32-byte secret, for tests and for keys kept elsewhere.
    #[must_use]
    pub fn from_seed(mut seed: [u8; 32]) -> Self {
        let keys = SoftKeys::from_seed(seed);
        seed.zeroize();
        Self(Arc::new(keys))
    }

    /// A new identity that nobody has.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self::from_seed(random()?))
    }

    /// Its public half: the address others send to.
    #[must_use]
    pub fn address(&self) -> PublicKey {
        *self.0.public()
    }

    /// Reads the identity in `path`; when there is no such file, makes one that only its owner can
    /// read, and its directory.
    ///
    /// # Errors
    /// The file cannot be read or written, others can read it, or it holds something else.
    pub fn load_or_create(path: &Path) -> Result<Self, Error> {
        match Self::load(path) {
            Ok(Some(identity)) => Ok(identity),
            Ok(None) => Self::create(path),
            Err(error) => Err(error),
        }
    }

    /// Reads the identity in `path`; `None` when there is no such file.
    ///
    /// # Errors
    /// As [`Identity::load_or_create`].
    pub fn load(path: &Path) -> Result<Option<Self>, Error> {
        let file = match fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(path, &error)),
        };
        let about = file.metadata().map_err(|error| unreadable(path, &error))?;
        private(path, &about)?;
        let mut text = Zeroizing::new(String::with_capacity(MAX_LEN as usize));
        file.take(MAX_LEN)
            .read_to_string(&mut text)
            .map_err(|error| unreadable(path, &error))?;
        let mut words = text.split_whitespace();
        let seed = match (words.next(), words.next().and_then(seed_of), words.next()) {
            (Some(MAGIC), Some(seed), None) => Zeroizing::new(seed),
            _ => {
                return Err(Error::Identity {
                    path: path.into(),
                    what: format!("it is not of the form `{MAGIC} <64 hex digits>`"),
                    remedy: "restore it from a backup, or name another file".into(),
                });
            }
        };
        Ok(Some(Self::from_seed(*seed)))
    }

    fn create(path: &Path) -> Result<Self, Error> {
        let refused = |error: &io::Error| Error::Identity {
            path: path.into(),
            what: format!("it cannot be written ({error})"),
            remedy: "make its directory writable, or name another file".into(),
        };
        if let Some(dir) = path.parent() {
            private_dir(dir).map_err(|error| refused(&error))?;
        }
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(random()?);
        // Room for all of it: a string that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(128));
        text.push_str(MAGIC);
        text.push(' ');
        for byte in *seed {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
            }
        }
        text.push('\n');
        // Written aside and linked into place: the file is whole or not there, and of two programs
        // that start at once one makes it and the other reads it.
        let aside = path.with_extension(format!("new-{}", std::process::id()));
        let written = new_private(&aside)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            })
            .and_then(|()| fs::hard_link(&aside, path));
        let _ = fs::remove_file(&aside);
        match written {
            Ok(()) => Ok(Self::from_seed(*seed)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Self::load(path)?.ok_or_else(|| refused(&error))
            }
            Err(error) => Err(refused(&error)),
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::Identity {
        path: path.into(),
        what: format!("it cannot be read ({error})"),
        remedy: "check its owner and rights, or name another file".into(),
    }
}

fn seed_of(hex: &str) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (at, byte) in seed.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(seed)
}

/// `N` bytes from the system's generator. Spec ENT-1.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(bytes)
}

#[cfg(unix)]
fn private(path: &Path, about: &fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;
    if about.mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::Identity {
        path: path.into(),
        what: "others on this machine can read it, so the secret may be known".into(),
        remedy: format!(
            "run `chmod 600 {}`, or remove it to get a new identity",
            path.display()
        ),
    })
}

#[cfg(not(unix))]
fn private(_path: &Path, _about: &fs::Metadata) -> Result<(), Error> {
    Ok(())
}

#[cfg(unix)]
fn new_private(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn new_private(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
}

/// Makes a directory, if need be, that only its owner can enter.
///
/// # Errors
/// The system's.
pub fn private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(dir)
}

/// Where a node of this user keeps its files: `tom` in the platform's data directory.
///
/// # Errors
/// The environment does not say where that is.
pub fn data_dir() -> Result<PathBuf, Error> {
    let from = |name: &str| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let base = if cfg!(windows) {
        from("APPDATA")
    } else if cfg!(target_os = "macos") {
        from("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        from("XDG_DATA_HOME").or_else(|| from("HOME").map(|home| home.join(".local/share")))
    };
    Ok(base.ok_or(Error::NoDataDir)?.join("tom"))
}

impl Keys for Identity {
    fn public(&self) -> &PublicKey {
        self.0.public()
    }

    fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message)
    }

    fn agree(&self, their: &XPublic) -> Result<SharedSecret, WeakKey> {
        self.0.agree(their)
    }
}

impl tom_quinn::LinkKeys for Identity {
    fn public(&self) -> [u8; 32] {
        *self.address().as_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).0
    }
}
