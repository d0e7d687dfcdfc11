//! AES-256-GCM over buffers: the only place that meets the cipher.

use aes_gcm::{AeadInOut, Aes256Gcm, Error, Key, KeyInit, Nonce, Tag};
use rand::CryptoRng;
use secrecy::{ExposeSecret, ExposeSecretMut, SecretBox, SecretSlice};

/// Length of a key in bytes.
pub(crate) const KEY_BYTES: usize = 32;
/// Length of a nonce in bytes.
pub(crate) const NONCE_BYTES: usize = 12;
/// Length of an authentication tag in bytes.
pub(crate) const TAG_BYTES: usize = 16;

/// A 256-bit key, on the heap so that moving it leaves no copy behind, and wiped on drop.
pub(crate) struct KeyBytes(SecretBox<[u8; KEY_BYTES]>);

impl KeyBytes {
    pub(crate) fn generate<R: CryptoRng + ?Sized>(random: &mut R) -> Self {
        Self(SecretBox::init_with_mut(|bytes: &mut [u8; KEY_BYTES]| {
            random.fill_bytes(bytes)
        }))
    }

    /// `None` where the slice is not 32 bytes long.
    pub(crate) fn from_slice(slice: &[u8]) -> Option<Self> {
        (slice.len() == KEY_BYTES).then(|| {
            Self(SecretBox::init_with_mut(|bytes: &mut [u8; KEY_BYTES]| {
                bytes.copy_from_slice(slice)
            }))
        })
    }

    pub(crate) fn expose(&self) -> &[u8; KEY_BYTES] {
        self.0.expose_secret()
    }
}

/// Encrypts `buffer` in place and returns the tag.
pub(crate) fn encrypt(
    key: &KeyBytes,
    nonce: &[u8; NONCE_BYTES],
    associated_data: &[u8],
    buffer: &mut [u8],
) -> Result<[u8; TAG_BYTES], Error> {
    let cipher = Aes256Gcm::new(<&Key<Aes256Gcm>>::from(key.expose()));
    let tag =
        cipher.encrypt_inout_detached(<&Nonce<_>>::from(nonce), associated_data, buffer.into())?;
    Ok(tag.into())
}

/// Decrypts into memory that is wiped on drop; fails where the tag does not match.
pub(crate) fn decrypt(
    key: &KeyBytes,
    nonce: &[u8; NONCE_BYTES],
    associated_data: &[u8],
    ciphertext: &[u8],
    tag: &[u8; TAG_BYTES],
) -> Result<SecretSlice<u8>, Error> {
    let cipher = Aes256Gcm::new(<&Key<Aes256Gcm>>::from(key.expose()));
    let mut plaintext = SecretSlice::from(ciphertext.to_vec());
    cipher.decrypt_inout_detached(
        <&Nonce<_>>::from(nonce),
        associated_data,
        plaintext.expose_secret_mut().into(),
        <&Tag>::from(tag),
    )?;
    Ok(plaintext)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One case of `gcmEncryptExtIV256.rsp`, in hexadecimal.
    struct KnownAnswer {
        key: &'static str,
        nonce: &'static str,
        plaintext: &'static str,
        associated_data: &'static str,
        ciphertext: &'static str,
        tag: &'static str,
    }

    /// From NIST's Cryptographic Algorithm Validation Program, GCM test vectors, 96-bit IV, 128-bit tag:
    /// one case for each combination of plaintext and associated data being there or not.
    const NIST: [KnownAnswer; 6] = [
        KnownAnswer {
            key: "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
            nonce: "516c33929df5a3284ff463d7",
            plaintext: "",
            associated_data: "",
            ciphertext: "",
            tag: "bdc1ac884d332457a1d2664f168c76f0",
        },
        KnownAnswer {
            key: "5fe0861cdc2690ce69b3658c7f26f8458eec1c9243c5ba0845305d897e96ca0f",
            nonce: "770ac1a5a3d476d5d96944a1",
            plaintext: "",
            associated_data: "",
            ciphertext: "",
            tag: "196d691e1047093ca4b3d2ef4baba216",
        },
        KnownAnswer {
            key: "78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223",
            nonce: "d79cf22d504cc793c3fb6c8a",
            plaintext: "",
            associated_data: "b96baa8c1c75a671bfb2d08d06be5f36",
            ciphertext: "",
            tag: "3e5d486aa2e30b22e040b85723a06e76",
        },
        KnownAnswer {
            key: "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
            nonce: "0d18e06c7c725ac9e362e1ce",
            plaintext: "2db5168e932556f8089a0622981d017d",
            associated_data: "",
            ciphertext: "fa4362189661d163fcd6a56d8bf0405a",
            tag: "d636ac1bbedd5cc3ee727dc2ab4a9489",
        },
        KnownAnswer {
            key: "83688deb4af8007f9b713b47cfa6c73e35ea7a3aa4ecdb414dded03bf7a0fd3a",
            nonce: "0b459724904e010a46901cf3",
            plaintext: "33d893a2114ce06fc15d55e454cf90c3",
            associated_data: "794a14ccd178c8ebfd1379dc704c5e208f9d8424",
            ciphertext: "cc66bee423e3fcd4c0865715e9586696",
            tag: "0fb291bd3dba94a1dfd8b286cfb97ac5",
        },
        KnownAnswer {
            key: "268ed1b5d7c9c7304f9cae5fc437b4cd3aebe2ec65f0d85c3918d3d3b5bba89b",
            nonce: "9ed9d8180564e0e945f5e5d4",
            plaintext: "fe29a40d8ebf57262bdb87191d01843f4ca4b2de97d88273154a0b7d9e2fdb80",
            associated_data: "",
            ciphertext: "791a4a026f16f3a5ea06274bf02baab469860abde5e645f3dd473a5acddeecfc",
            tag: "05b2b74db0662550435ef1900e136b15",
        },
    ];

    fn bytes(hexadecimal: &str) -> Vec<u8> {
        hex::decode(hexadecimal).unwrap()
    }

    fn array<const N: usize>(hexadecimal: &str) -> [u8; N] {
        bytes(hexadecimal).try_into().unwrap()
    }

    #[test]
    fn encrypts_as_nist_says() {
        for case in NIST {
            let key = KeyBytes::from_slice(&bytes(case.key)).unwrap();
            let mut buffer = bytes(case.plaintext);
            let tag = encrypt(
                &key,
                &array(case.nonce),
                &bytes(case.associated_data),
                &mut buffer,
            )
            .unwrap();
            assert_eq!(buffer, bytes(case.ciphertext));
            assert_eq!(tag, array(case.tag));
        }
    }

    #[test]
    fn decrypts_as_nist_says() {
        for case in NIST {
            let key = KeyBytes::from_slice(&bytes(case.key)).unwrap();
            let opened = decrypt(
                &key,
                &array(case.nonce),
                &bytes(case.associated_data),
                &bytes(case.ciphertext),
                &array(case.tag),
            );
            assert_eq!(opened.unwrap().expose_secret(), bytes(case.plaintext));
        }
    }

    #[test]
    fn a_tag_that_nist_would_fail_is_refused() {
        for case in NIST {
            let key = KeyBytes::from_slice(&bytes(case.key)).unwrap();
            let mut tag: [u8; TAG_BYTES] = array(case.tag);
            tag[0] ^= 0x80;
            let opened = decrypt(
                &key,
                &array(case.nonce),
                &bytes(case.associated_data),
                &bytes(case.ciphertext),
                &tag,
            );
            assert!(opened.is_err());
        }
    }

    #[test]
    fn a_key_has_32_bytes() {
        assert!(KeyBytes::from_slice(&[1; 31]).is_none());
        assert!(KeyBytes::from_slice(&[1; 33]).is_none());
        assert_eq!(KeyBytes::from_slice(&[1; 32]).unwrap().expose(), &[1; 32]);
    }
}
