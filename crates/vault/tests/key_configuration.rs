//! Master keys come from what the operator wrote, and what is wrong with it is said without repeating it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

use calibr_vault::{KeyPlace, KeyProblem, KeySources, Keyring, MasterKey, VaultError};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use secrecy::ExposeSecret;

/// 32 bytes of 0x01, 0x02 and 0x03 in base64, and 0x01 in hexadecimal.
const ONE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const TWO: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const THREE: &str = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
const ONE_HEX: &str = "0101010101010101010101010101010101010101010101010101010101010101";
/// The id that the key of ones always gets.
const ONE_ID: &str = "kbc85f60b";

fn from_list(text: &str) -> Result<Keyring, VaultError> {
    KeySources {
        encryption_keys: Some(text),
        ..KeySources::default()
    }
    .keyring()
}

fn from_single(text: &str) -> Result<Keyring, VaultError> {
    KeySources {
        encryption_key: Some(text),
        ..KeySources::default()
    }
    .keyring()
}

fn from_file(text: &str) -> Result<Keyring, VaultError> {
    KeySources {
        key_file: Some(text),
        ..KeySources::default()
    }
    .keyring()
}

fn ids(keyring: &Keyring) -> Vec<&str> {
    keyring.ids().map(AsRef::as_ref).collect()
}

fn problem(result: Result<Keyring, VaultError>) -> (KeyPlace, KeyProblem) {
    match result.unwrap_err() {
        VaultError::KeyMalformed { place, problem } => (place, problem),
        other => panic!("{other}"),
    }
}

#[test]
fn the_first_of_several_keys_is_the_primary() {
    let keyring = from_list(&format!("new:{TWO}, old:{ONE}")).unwrap();
    assert_eq!(keyring.primary().id().as_str(), "new");
    assert_eq!(ids(&keyring), ["new", "old"]);
    assert!(keyring.contains(&"old".parse().unwrap()));
    assert!(!keyring.contains(&"older".parse().unwrap()));
}

#[test]
fn padding_may_be_missing() {
    assert_eq!(
        ids(&from_list(&format!("main:{}", ONE.trim_end_matches('='))).unwrap()),
        ["main"]
    );
}

#[test]
fn a_single_key_has_a_stable_id_in_either_case() {
    assert_eq!(ids(&from_single(ONE_HEX).unwrap()), [ONE_ID]);
    let letters = "ab".repeat(32);
    let (lower, upper) = (
        from_single(&letters).unwrap(),
        from_single(&letters.to_uppercase()).unwrap(),
    );
    assert_eq!(ids(&lower), ids(&upper));
    assert_ne!(ids(&lower), [ONE_ID]);
}

#[test]
fn a_key_file_has_comments_blank_lines_and_any_line_ending() {
    let text = format!(
        "\u{feff}# written in November\r\n\r\nnew:{TWO}\r\n  # the one before\n old : {ONE} \n"
    );
    assert_eq!(ids(&from_file(&text).unwrap()), ["new", "old"]);
}

#[test]
fn what_is_written_can_be_read_again() {
    let mut random = StdRng::seed_from_u64(1);
    let keyring = Keyring::new(
        MasterKey::generate(&mut random),
        vec![MasterKey::generate(&mut random)],
    )
    .unwrap();
    let file = keyring.to_key_file();
    let again = from_file(file.expose_secret()).unwrap();
    assert_eq!(ids(&again), ids(&keyring));
    assert_eq!(again.to_key_file().expose_secret(), file.expose_secret());
}

#[test]
fn a_generated_key_has_the_id_that_its_bytes_give() {
    let generated = MasterKey::generate(&mut StdRng::seed_from_u64(1));
    let entry = generated.to_entry();
    let encoded = entry.expose_secret().split_once(':').unwrap().1;
    let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, encoded).unwrap();
    assert_eq!(
        ids(&from_single(&hex::encode(bytes)).unwrap()),
        [generated.id().as_str()]
    );
}

#[test]
fn nothing_set_says_what_to_set() {
    assert_eq!(
        KeySources::default().keyring().unwrap_err(),
        VaultError::KeysMissing
    );
    let blank = KeySources {
        encryption_keys: Some(""),
        encryption_key: Some(" \n"),
        key_file: None,
    };
    assert_eq!(blank.keyring().unwrap_err(), VaultError::KeysMissing);
    let words = VaultError::KeysMissing.to_string();
    for expected in [
        "ENCRYPTION_KEYS",
        "ENCRYPTION_KEY ",
        "key file",
        "calibr keys generate",
    ] {
        assert!(words.contains(expected), "{expected}");
    }
}

#[test]
fn each_mistake_is_told_with_its_place() {
    use KeyPlace::{EncryptionKey, EncryptionKeys, KeyFile, KeyFileLine};
    let short = "AQEBAQ==";
    let cases = [
        (
            from_list(&format!("main:{ONE},")),
            EncryptionKeys(2),
            KeyProblem::Empty,
        ),
        (from_list(ONE), EncryptionKeys(1), KeyProblem::NoColon),
        (
            from_list(&format!("main:{ONE},Old:{TWO}")),
            EncryptionKeys(2),
            KeyProblem::Id,
        ),
        (
            from_list(&format!(":{ONE}")),
            EncryptionKeys(1),
            KeyProblem::Id,
        ),
        (
            from_list(&format!("{ONE}:main")),
            EncryptionKeys(1),
            KeyProblem::Id,
        ),
        (
            from_list("main:not base64"),
            EncryptionKeys(1),
            KeyProblem::Base64,
        ),
        (
            from_list(&format!("main:{}", &ONE[..41])),
            EncryptionKeys(1),
            KeyProblem::Base64,
        ),
        (
            from_list(&format!("main:{short}")),
            EncryptionKeys(1),
            KeyProblem::Length(4),
        ),
        (from_list("main:"), EncryptionKeys(1), KeyProblem::Length(0)),
        (
            from_list(&format!("main:{ONE_HEX}")),
            EncryptionKeys(1),
            KeyProblem::Length(48),
        ),
        (
            from_single(&ONE_HEX[1..]),
            EncryptionKey,
            KeyProblem::Digits(63),
        ),
        (
            from_single(&format!("{ONE_HEX}01")),
            EncryptionKey,
            KeyProblem::Digits(66),
        ),
        (from_single(ONE), EncryptionKey, KeyProblem::Hexadecimal),
        (
            from_single(&format!("main:{ONE}")),
            EncryptionKey,
            KeyProblem::Hexadecimal,
        ),
        (from_file(""), KeyFile, KeyProblem::NoKey),
        (from_file("# nothing yet\n"), KeyFile, KeyProblem::NoKey),
        (
            from_file(&format!("# keys\nmain:{ONE}\nold {TWO}\n")),
            KeyFileLine(3),
            KeyProblem::NoColon,
        ),
    ];
    for (result, place, expected) in cases {
        assert_eq!(problem(result), (place, expected));
    }
}

#[test]
fn an_id_or_a_key_given_twice_is_refused() {
    let main = "main".parse().unwrap();
    let twice = from_list(&format!("main:{ONE},main:{TWO}")).unwrap_err();
    assert_eq!(twice, VaultError::DuplicateKeyId { id: main });
    let same = from_list(&format!("a:{ONE},b:{TWO},c:{ONE}")).unwrap_err();
    assert_eq!(
        same,
        VaultError::SameKeyTwice {
            first: "a".parse().unwrap(),
            second: "c".parse().unwrap()
        }
    );
}

#[test]
fn sources_that_agree_may_be_set_together() {
    let list = format!("new:{TWO},{ONE_ID}:{ONE}");
    let file = format!("new:{TWO}\n");
    let sources = KeySources {
        encryption_keys: Some(&list),
        encryption_key: Some(ONE_HEX),
        key_file: Some(&file),
    };
    assert_eq!(ids(&sources.keyring().unwrap()), ["new", ONE_ID]);
}

#[test]
fn sources_that_disagree_are_refused() {
    let list = format!("main:{TWO}");
    let sources = KeySources {
        encryption_keys: Some(&list),
        encryption_key: Some(ONE_HEX),
        key_file: None,
    };
    assert_eq!(
        sources.keyring().unwrap_err().to_string(),
        format!(
            "ENCRYPTION_KEYS and ENCRYPTION_KEY are both set and disagree: key `{ONE_ID}` of ENCRYPTION_KEY is not in \
             ENCRYPTION_KEYS. Unset one of the two, or add the key to ENCRYPTION_KEYS under the id `{ONE_ID}`"
        )
    );

    let same_id_other_key = format!("main:{THREE}");
    let sources = KeySources {
        encryption_keys: Some(&list),
        encryption_key: None,
        key_file: Some(&same_id_other_key),
    };
    assert!(matches!(
        sources.keyring(),
        Err(VaultError::SourcesDisagree {
            other: "the key file",
            ..
        })
    ));
}

/// Runs of characters of the input that an error repeats although it would not say them by itself.
fn echoes(error: &VaultError, input: &str) -> bool {
    let words = format!("{error} {error:?}");
    let characters: Vec<char> = input.chars().collect();
    characters
        .windows(12)
        .any(|run| words.contains(&run.iter().collect::<String>()))
}

/// Text that looks like a key configuration with something wrong in it.
fn nearly_keys() -> impl Strategy<Value = String> {
    let entry = prop_oneof![
        "[a-z0-9_-]{0,4}:?[A-Za-z0-9+/]{30,60}={0,2}",
        "[A-Za-z0-9+/]{30,60}:[a-z]{1,4}",
        "[0-9a-fA-F]{60,68}",
        "[ #:,=\\PC]{0,20}",
    ];
    prop::collection::vec(entry, 0..4).prop_map(|entries| entries.join(","))
}

proptest! {
    #[test]
    fn no_text_makes_the_parsers_panic_or_repeat_it(text in prop_oneof![any::<String>(), nearly_keys()]) {
        for result in [from_list(&text), from_single(&text), from_file(&text), from_file(&text.replace(',', "\n"))] {
            if let Err(error) = result {
                prop_assert!(!echoes(&error, &text), "{error} repeats {text:?}");
            }
        }
    }

    #[test]
    fn every_well_formed_key_is_taken(
        keys in prop::collection::btree_map("[a-z0-9][a-z0-9_-]{0,31}", any::<[u8; 32]>(), 1..5)
    ) {
        let distinct: std::collections::BTreeSet<_> = keys.values().collect();
        prop_assume!(distinct.len() == keys.len());
        let encode = |bytes: &[u8; 32]| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes);
        let text: Vec<String> = keys.iter().map(|(id, bytes)| format!("{id}:{}", encode(bytes))).collect();
        let keyring = from_list(&text.join(","))?;
        prop_assert_eq!(ids(&keyring), keys.keys().map(String::as_str).collect::<Vec<_>>());
    }
}
