//! The handshake: TLS 1.3 with raw Ed25519 keys on both sides and nothing else.

use std::fmt;
use std::sync::{Arc, OnceLock};

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::{CryptoProvider, ring as provider};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::sign::{CertifiedKey, Signer, SigningKey};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, PeerMisbehaved,
    SignatureAlgorithm, SignatureScheme,
};

use crate::ALPN;
use crate::error::KeyRefusal;
use crate::keys::{self, LinkKeys, PeerId};

/// What every handshake of one transport shares.
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    certified: Arc<CertifiedKey>,
}

impl Tls {
    pub(crate) fn new(keys: Arc<dyn LinkKeys>) -> Self {
        let mut ours = provider::default_provider();
        // One group, so that no handshake needs a second round to agree on it.
        ours.kx_groups = vec![provider::kx_group::X25519];
        ours.cipher_suites = vec![
            provider::cipher_suite::TLS13_AES_128_GCM_SHA256,
            provider::cipher_suite::TLS13_AES_256_GCM_SHA384,
            provider::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        ];
        let spki = keys::spki(&keys.public());
        Self {
            provider: Arc::new(ours),
            certified: Arc::new(CertifiedKey::new(
                vec![CertificateDer::from(spki.clone())],
                Arc::new(OurKey { keys, spki }),
            )),
        }
    }

    /// The side that listens: any peer that proves an identity.
    pub(crate) fn server(&self) -> Result<QuicServerConfig, Error> {
        let verifier = Arc::new(PeerVerifier::default());
        let mut config = rustls::ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(AlwaysResolvesServerRawPublicKeys::new(
                self.certified.clone(),
            )));
        config.alpn_protocols = vec![ALPN.to_vec()];
        // A resumed session would skip the proof of identity, and early data can be replayed.
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.max_early_data_size = 0;
        QuicServerConfig::try_from(config).map_err(no_initial_suite)
    }

    /// The side that dials: exactly the peer `expected`. The second part tells, after a failure,
    /// what was wrong with the key the other side showed.
    pub(crate) fn client(
        &self,
        expected: PeerId,
    ) -> Result<(QuicClientConfig, Arc<PeerVerifier>), Error> {
        let verifier = Arc::new(PeerVerifier {
            expected: Some(expected),
            refusal: OnceLock::new(),
        });
        let mut config = rustls::ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone())
            .with_client_cert_resolver(Arc::new(AlwaysResolvesClientRawPublicKeys::new(
                self.certified.clone(),
            )));
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.enable_sni = false;
        config.enable_early_data = false;
        config.resumption = Resumption::disabled();
        let config = QuicClientConfig::try_from(config).map_err(no_initial_suite)?;
        Ok((config, verifier))
    }
}

fn no_initial_suite(_: quinn::crypto::rustls::NoInitialCipherSuite) -> Error {
    Error::General("the cryptography provider lacks AES-128-GCM, which QUIC needs".into())
}

/// This node's key as the handshake uses it; the secret never comes near TLS.
struct OurKey {
    keys: Arc<dyn LinkKeys>,
    spki: Vec<u8>,
}

impl fmt::Debug for OurKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OurKey")
    }
}

impl SigningKey for OurKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered
            .contains(&SignatureScheme::ED25519)
            .then(|| Box::new(OurSigner(self.keys.clone())) as Box<dyn Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(SubjectPublicKeyInfoDer::from(self.spki.as_slice()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

struct OurSigner(Arc<dyn LinkKeys>);

impl fmt::Debug for OurSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OurSigner")
    }
}

impl Signer for OurSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.0.sign(message).to_vec())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// Checks the key a peer shows, and its signature over the handshake. Spec LNK-1.
#[derive(Debug, Default)]
pub(crate) struct PeerVerifier {
    expected: Option<PeerId>,
    refusal: OnceLock<KeyRefusal>,
}

impl PeerVerifier {
    /// Why the peer's key was refused, if it was.
    pub(crate) fn refusal(&self) -> Option<KeyRefusal> {
        self.refusal.get().cloned()
    }

    fn check(&self, shown: &CertificateDer<'_>, more: &[CertificateDer<'_>]) -> Result<(), Error> {
        let verdict = match (keys::from_spki(shown), self.expected) {
            (Err(refusal), _) => Err(refusal),
            // A raw key stands alone; anything after it is not ours to interpret.
            (Ok(_), _) if !more.is_empty() => Err(KeyRefusal::NotEd25519),
            (Ok(key), Some(expected)) if key.to_bytes() != expected => {
                Err(KeyRefusal::WrongIdentity {
                    found: key.to_bytes(),
                })
            }
            (Ok(_), _) => Ok(()),
        };
        verdict.map_err(|refusal| {
            let _ = self.refusal.set(refusal.clone());
            Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
        })
    }
}

fn check_signature(
    message: &[u8],
    shown: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    if signed.scheme != SignatureScheme::ED25519 {
        return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
    }
    let key = keys::from_spki(shown).map_err(|refusal| {
        Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refusal))))
    })?;
    if keys::verify(&key, message, signed.signature()) {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(Error::InvalidCertificate(CertificateError::BadSignature))
    }
}

fn no_tls12() -> Error {
    Error::General("TLS 1.2 is not spoken here".into())
}

impl ServerCertVerifier for PeerVerifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(shown, more)
            .map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _shown: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(no_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        check_signature(message, shown, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

impl ClientCertVerifier for PeerVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        shown: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(shown, more)
            .map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _shown: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(no_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        check_signature(message, shown, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// The identity the peer has proved on a connection.
pub(crate) fn proved_identity(connection: &quinn::Connection) -> Option<PeerId> {
    let shown = connection
        .peer_identity()?
        .downcast::<Vec<CertificateDer<'static>>>()
        .ok()?;
    let [spki] = shown.as_slice() else {
        return None;
    };
    Some(keys::from_spki(spki).ok()?.to_bytes())
}

/// Whether the connection agreed on this protocol.
pub(crate) fn speaks_tom(connection: &quinn::Connection) -> bool {
    connection
        .handshake_data()
        .and_then(|data| data.downcast::<quinn::crypto::rustls::HandshakeData>().ok())
        .is_some_and(|data| data.protocol.as_deref() == Some(ALPN))
}
