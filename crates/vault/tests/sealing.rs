//! Sealed values open where they belong, and nowhere else.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use calibr_vault::{
    Canary, DataKey, DataKeyContext, KeySources, Keyring, MAX_PLAINTEXT_BYTES, MalformedReason,
    MasterKey, Sealed, SealedDataKey, SealedValue, VaultError, check_canary, reseal_data_key,
    reseal_value,
};
use proptest::prelude::*;
use rand::{SeedableRng, rngs::StdRng};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use uuid::Uuid;

fn random() -> StdRng {
    StdRng::seed_from_u64(20_261_123)
}

fn key(id: &str, random: &mut StdRng) -> MasterKey {
    MasterKey::generate_with_id(id.parse().unwrap(), random)
}

fn ring(id: &str, random: &mut StdRng) -> Keyring {
    Keyring::new(key(id, random), Vec::new()).unwrap()
}

/// The same keys again, as after a restart, in another order.
fn reordered(keyring: &Keyring, order: &[&str]) -> Keyring {
    let file = keyring.to_key_file();
    let entry = |id: &str| {
        file.expose_secret()
            .lines()
            .find(|line| line.starts_with(&format!("{id}:")))
            .unwrap()
    };
    let entries: Vec<&str> = order.iter().map(|id| entry(id)).collect();
    KeySources {
        encryption_keys: Some(&entries.join(",")),
        ..KeySources::default()
    }
    .keyring()
    .unwrap()
}

fn context() -> DataKeyContext {
    DataKeyContext {
        project_id: Uuid::from_u128(1),
        integration_id: Uuid::from_u128(2),
        data_key_id: Uuid::from_u128(3),
    }
}

/// All contexts that differ from the given one in one part, and those with two parts swapped.
fn elsewhere(at_home: DataKeyContext) -> [DataKeyContext; 5] {
    let DataKeyContext {
        project_id,
        integration_id,
        data_key_id,
    } = at_home;
    let other = Uuid::from_u128(99);
    [
        DataKeyContext {
            project_id: other,
            ..at_home
        },
        DataKeyContext {
            integration_id: other,
            ..at_home
        },
        DataKeyContext {
            data_key_id: other,
            ..at_home
        },
        DataKeyContext {
            project_id: integration_id,
            integration_id: project_id,
            data_key_id,
        },
        DataKeyContext {
            project_id,
            integration_id: data_key_id,
            data_key_id: integration_id,
        },
    ]
}

const VALUE_DOES_NOT_OPEN: VaultError = VaultError::DoesNotOpen {
    sealed: Sealed::Value,
};
const DATA_KEY_DOES_NOT_OPEN: VaultError = VaultError::DoesNotOpen {
    sealed: Sealed::DataKey,
};

#[test]
fn a_credential_comes_back_after_a_restart() {
    let mut random = random();
    let keyring = ring("main", &mut random);
    let data_key = DataKey::generate(context(), &mut random);
    let stored_key = data_key.seal(&keyring, &mut random).unwrap().into_bytes();
    let token = SecretString::from("shpat_5d1f0e4f2a");
    let stored_value = data_key
        .seal_text("access_token", &token, &mut random)
        .unwrap()
        .into_bytes();
    drop(data_key);

    let keyring = reordered(&keyring, &["main"]);
    let sealed_key = SealedDataKey::from_bytes(stored_key).unwrap();
    assert_eq!(sealed_key.key_id().as_str(), "main");
    let data_key = DataKey::open(&sealed_key, context(), &keyring).unwrap();
    let sealed_value = SealedValue::from_bytes(stored_value).unwrap();
    assert_eq!(sealed_value.data_key_id(), context().data_key_id);
    let opened = data_key.open_text("access_token", &sealed_value).unwrap();
    assert_eq!(opened.expose_secret(), token.expose_secret());
}

#[test]
fn a_data_key_opens_in_no_other_place() {
    let mut random = random();
    let keyring = ring("main", &mut random);
    let sealed = DataKey::generate(context(), &mut random)
        .seal(&keyring, &mut random)
        .unwrap();
    for place in elsewhere(context()) {
        assert_eq!(
            DataKey::open(&sealed, place, &keyring).unwrap_err(),
            DATA_KEY_DOES_NOT_OPEN,
            "{place:?}"
        );
    }
}

#[test]
fn a_value_opens_in_no_other_row_or_field() {
    let mut random = random();
    let home = DataKey::generate(context(), &mut random);
    let token = SecretString::from("a token");
    let sealed = home.seal_text("access_token", &token, &mut random).unwrap();

    for field in [
        "",
        "refresh_token",
        "access_toke",
        "access_token ",
        "access_token\0",
        "Access_token",
    ] {
        assert_eq!(
            home.open_text(field, &sealed).unwrap_err(),
            VALUE_DOES_NOT_OPEN,
            "{field:?}"
        );
    }
    for place in elsewhere(context()) {
        let neighbour = DataKey::generate(place, &mut random);
        let refused = neighbour.open_text("access_token", &sealed).unwrap_err();
        if place.data_key_id == context().data_key_id {
            assert_eq!(refused, VALUE_DOES_NOT_OPEN, "{place:?}");
        } else {
            let named = VaultError::WrongDataKey {
                sealed_by: context().data_key_id,
                given: place.data_key_id,
            };
            assert_eq!(refused, named, "{place:?}");
        }
    }
}

#[test]
fn a_value_cannot_claim_another_data_key() {
    let mut random = random();
    let (here, there) = (
        context(),
        DataKeyContext {
            data_key_id: Uuid::from_u128(4),
            ..context()
        },
    );
    let mut bytes = DataKey::generate(here, &mut random)
        .seal_text("token", &SecretString::from("x"), &mut random)
        .unwrap()
        .into_bytes();
    bytes[2..18].copy_from_slice(there.data_key_id.as_bytes());
    let forged = SealedValue::from_bytes(bytes).unwrap();
    let refused = DataKey::generate(there, &mut random)
        .open_text("token", &forged)
        .unwrap_err();
    assert_eq!(refused, VALUE_DOES_NOT_OPEN);
}

#[test]
fn a_sealed_data_key_is_neither_a_value_nor_a_canary() {
    let mut random = random();
    let keyring = ring("main", &mut random);
    let sealed_key = DataKey::generate(context(), &mut random)
        .seal(&keyring, &mut random)
        .unwrap();
    let canary = Canary::seal(&keyring, &mut random).unwrap();

    let mismatch = VaultError::KeyMismatch {
        id: "main".parse().unwrap(),
    };
    assert_eq!(
        check_canary(&keyring, sealed_key.as_bytes()).unwrap_err(),
        mismatch
    );
    let disguised = SealedDataKey::from_bytes(canary.as_bytes().to_vec()).unwrap();
    assert_eq!(
        DataKey::open(&disguised, context(), &keyring).unwrap_err(),
        DATA_KEY_DOES_NOT_OPEN
    );
    let not_a_value = VaultError::Malformed {
        sealed: Sealed::Value,
        reason: MalformedReason::KeyId,
    };
    assert_eq!(
        SealedValue::from_bytes(sealed_key.into_bytes()).unwrap_err(),
        not_a_value
    );
}

#[test]
fn a_format_of_the_future_is_named_as_such() {
    let mut random = random();
    let keyring = ring("main", &mut random);
    let data_key = DataKey::generate(context(), &mut random);
    let mut key_bytes = data_key.seal(&keyring, &mut random).unwrap().into_bytes();
    let mut value_bytes = data_key
        .seal_text("token", &SecretString::from("x"), &mut random)
        .unwrap()
        .into_bytes();
    let mut canary_bytes = Canary::seal(&keyring, &mut random)
        .unwrap()
        .as_bytes()
        .to_vec();
    for bytes in [&mut key_bytes, &mut value_bytes, &mut canary_bytes] {
        bytes[0] = 2;
    }

    let reason = MalformedReason::UnknownVersion(2);
    let malformed = |sealed| VaultError::Malformed { sealed, reason };
    assert_eq!(
        SealedDataKey::from_bytes(key_bytes).unwrap_err(),
        malformed(Sealed::DataKey)
    );
    assert_eq!(
        SealedValue::from_bytes(value_bytes).unwrap_err(),
        malformed(Sealed::Value)
    );
    assert_eq!(
        check_canary(&keyring, &canary_bytes).unwrap_err(),
        malformed(Sealed::Canary)
    );
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut random = random();
    let keyring = ring("main", &mut random);
    let data_key = DataKey::generate(context(), &mut random);
    let key_bytes = data_key.seal(&keyring, &mut random).unwrap().into_bytes();
    let value_bytes = data_key
        .seal_text("token", &SecretString::from("secret"), &mut random)
        .unwrap()
        .into_bytes();

    for bit in 0..key_bytes.len() * 8 {
        let mut bytes = key_bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let opened = SealedDataKey::from_bytes(bytes)
            .and_then(|sealed| DataKey::open(&sealed, context(), &keyring));
        assert!(opened.is_err(), "data key, bit {bit}");
    }
    for bit in 0..value_bytes.len() * 8 {
        let mut bytes = value_bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let opened =
            SealedValue::from_bytes(bytes).and_then(|sealed| data_key.open_text("token", &sealed));
        assert!(opened.is_err(), "value, bit {bit}");
    }
}

#[test]
fn every_truncation_and_extension_is_noticed() {
    let mut random = random();
    let keyring = ring("main", &mut random);
    let data_key = DataKey::generate(context(), &mut random);
    let key_bytes = data_key.seal(&keyring, &mut random).unwrap().into_bytes();
    let value_bytes = data_key
        .seal_text("token", &SecretString::from("secret"), &mut random)
        .unwrap()
        .into_bytes();
    let open_key = |bytes: Vec<u8>| {
        SealedDataKey::from_bytes(bytes)
            .and_then(|sealed| DataKey::open(&sealed, context(), &keyring))
    };
    let open_value = |bytes: Vec<u8>| {
        SealedValue::from_bytes(bytes).and_then(|sealed| data_key.open_text("token", &sealed))
    };

    for length in 0..key_bytes.len() {
        assert!(
            open_key(key_bytes[..length].to_vec()).is_err(),
            "data key of {length} bytes"
        );
    }
    for length in 0..value_bytes.len() {
        assert!(
            open_value(value_bytes[..length].to_vec()).is_err(),
            "value of {length} bytes"
        );
    }
    assert!(open_key([key_bytes.as_slice(), &[0]].concat()).is_err());
    assert!(open_value([value_bytes.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn a_missing_master_key_is_named() {
    let mut random = random();
    let sealed = DataKey::generate(context(), &mut random)
        .seal(&ring("old", &mut random), &mut random)
        .unwrap();
    let refused = DataKey::open(&sealed, context(), &ring("new", &mut random)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the data key is sealed under key `old`, which is not configured (configured: `new`): add that key to \
         ENCRYPTION_KEYS, or to the key file"
    );
}

#[test]
fn the_canary_tells_a_right_key_from_a_missing_and_from_a_wrong_one() {
    let mut random = random();
    let keyring = ring("main", &mut random);
    let canary = Canary::seal(&keyring, &mut random).unwrap();
    let (main, other) = ("main".parse().unwrap(), "other".parse().unwrap());
    assert_eq!(canary.key_id(), &main);

    assert_eq!(check_canary(&keyring, canary.as_bytes()), Ok(()));
    let unknown = VaultError::UnknownKey {
        sealed: Sealed::Canary,
        id: main.clone(),
        configured: vec![other],
    };
    assert_eq!(
        check_canary(&ring("other", &mut random), canary.as_bytes()),
        Err(unknown)
    );
    let mismatch = VaultError::KeyMismatch { id: main };
    assert!(mismatch.to_string().starts_with("key mismatch"));
    assert_eq!(
        check_canary(&ring("main", &mut random), canary.as_bytes()),
        Err(mismatch)
    );
    let malformed = VaultError::Malformed {
        sealed: Sealed::Canary,
        reason: MalformedReason::Truncated,
    };
    assert_eq!(check_canary(&keyring, &[]), Err(malformed));
}

#[test]
fn rotating_the_master_key_leaves_values_as_they_are() {
    let mut random = random();
    let old = ring("old", &mut random);
    let data_key = DataKey::generate(context(), &mut random);
    let value = data_key
        .seal_text("token", &SecretString::from("secret"), &mut random)
        .unwrap();
    let sealed_by_old = data_key.seal(&old, &mut random).unwrap();
    assert_eq!(
        reseal_data_key(&sealed_by_old, context(), &old, &mut random),
        Ok(None)
    );

    let both = Keyring::new(key("new", &mut random), vec![key("spare", &mut random)]).unwrap();
    let old_entry = old.primary().to_entry();
    let text = format!(
        "{},{}",
        both.primary().to_entry().expose_secret(),
        old_entry.expose_secret()
    );
    let both = KeySources {
        encryption_keys: Some(&text),
        ..KeySources::default()
    }
    .keyring()
    .unwrap();

    let sealed_by_new = reseal_data_key(&sealed_by_old, context(), &both, &mut random)
        .unwrap()
        .unwrap();
    assert_eq!(sealed_by_new.key_id().as_str(), "new");
    assert_eq!(
        reseal_data_key(&sealed_by_new, context(), &both, &mut random),
        Ok(None)
    );
    let only_new = reordered(&both, &["new"]);
    let reopened = DataKey::open(&sealed_by_new, context(), &only_new).unwrap();
    assert_eq!(
        reopened.open_text("token", &value).unwrap().expose_secret(),
        "secret"
    );
    assert!(matches!(
        DataKey::open(&sealed_by_old, context(), &only_new),
        Err(VaultError::UnknownKey { .. })
    ));
}

#[test]
fn resealing_refuses_a_data_key_from_another_row() {
    let mut random = random();
    let old = ring("old", &mut random);
    let sealed = DataKey::generate(context(), &mut random)
        .seal(&old, &mut random)
        .unwrap();
    let text = format!(
        "{},{}",
        key("new", &mut random).to_entry().expose_secret(),
        old.primary().to_entry().expose_secret()
    );
    let both = KeySources {
        encryption_keys: Some(&text),
        ..KeySources::default()
    }
    .keyring()
    .unwrap();
    for place in elsewhere(context()) {
        assert_eq!(
            reseal_data_key(&sealed, place, &both, &mut random),
            Err(DATA_KEY_DOES_NOT_OPEN)
        );
    }
}

#[test]
fn rotating_a_data_key_moves_its_values() {
    let mut random = random();
    let old = DataKey::generate(context(), &mut random);
    let new = DataKey::generate(
        DataKeyContext {
            data_key_id: Uuid::from_u128(4),
            ..context()
        },
        &mut random,
    );
    let value = old
        .seal_text("token", &SecretString::from("secret"), &mut random)
        .unwrap();

    let moved = reseal_value(&value, "token", &old, &new, &mut random)
        .unwrap()
        .unwrap();
    assert_eq!(
        new.open_text("token", &moved).unwrap().expose_secret(),
        "secret"
    );
    assert_eq!(
        reseal_value(&moved, "token", &old, &new, &mut random),
        Ok(None)
    );
}

#[test]
fn bytes_that_are_no_text_are_not_given_out_as_text() {
    let mut random = random();
    let data_key = DataKey::generate(context(), &mut random);
    let sealed = data_key
        .seal_bytes("blob", &SecretSlice::from(vec![0xff, 0xfe]), &mut random)
        .unwrap();
    assert_eq!(
        data_key.open_text("blob", &sealed).unwrap_err(),
        VaultError::NotText
    );
    assert_eq!(
        data_key
            .open_bytes("blob", &sealed)
            .unwrap()
            .expose_secret(),
        [0xff, 0xfe]
    );
}

#[test]
fn a_value_has_a_greatest_length() {
    let mut random = random();
    let data_key = DataKey::generate(context(), &mut random);
    let longest = SecretSlice::from(vec![1; MAX_PLAINTEXT_BYTES]);
    let too_long = SecretSlice::from(vec![1; MAX_PLAINTEXT_BYTES + 1]);
    assert!(data_key.seal_bytes("blob", &longest, &mut random).is_ok());
    let refused = VaultError::TooLong {
        bytes: MAX_PLAINTEXT_BYTES + 1,
        maximum: MAX_PLAINTEXT_BYTES,
    };
    assert_eq!(
        data_key.seal_bytes("blob", &too_long, &mut random),
        Err(refused)
    );
}

#[test]
fn the_same_plaintext_never_seals_to_the_same_bytes() {
    let mut random = random();
    let data_key = DataKey::generate(context(), &mut random);
    let secret = SecretString::from("secret");
    let one = data_key.seal_text("token", &secret, &mut random).unwrap();
    let other = data_key.seal_text("token", &secret, &mut random).unwrap();
    assert_ne!(one, other);
    let nonce = |sealed: &SealedValue| sealed.as_bytes()[18..30].to_vec();
    assert_ne!(nonce(&one), nonce(&other));
}

#[test]
fn debug_output_shows_ids_only() {
    let mut random = random();
    let keyring = ring("main", &mut random);
    let data_key = DataKey::generate(context(), &mut random);
    let sealed_key = data_key.seal(&keyring, &mut random).unwrap();
    let value = data_key
        .seal_text("token", &SecretString::from("secret"), &mut random)
        .unwrap();
    assert_eq!(format!("{keyring:?}"), r#"Keyring { ids: ["main"], .. }"#);
    assert_eq!(
        format!("{:?}", keyring.primary()),
        r#"MasterKey { id: "main", .. }"#
    );
    assert_eq!(
        format!("{sealed_key:?}"),
        r#"SealedDataKey { key_id: "main", .. }"#
    );
    assert_eq!(
        format!("{value:?}"),
        "SealedValue { data_key_id: 00000000-0000-0000-0000-000000000003, .. }"
    );
    assert_eq!(
        format!("{data_key:?}"),
        format!("DataKey {{ context: {:?}, .. }}", context())
    );
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_again(
        seed: u64,
        project_id: u128,
        integration_id: u128,
        data_key_id: u128,
        field: String,
        secret: String,
    ) {
        let mut random = StdRng::seed_from_u64(seed);
        let context = DataKeyContext {
            project_id: Uuid::from_u128(project_id),
            integration_id: Uuid::from_u128(integration_id),
            data_key_id: Uuid::from_u128(data_key_id),
        };
        let keyring = ring("main", &mut random);
        let data_key = DataKey::generate(context, &mut random);
        let stored_key = data_key.seal(&keyring, &mut random)?.into_bytes();
        let stored_value = data_key.seal_text(&field, &SecretString::from(secret.as_str()), &mut random)?.into_bytes();

        let reopened = DataKey::open(&SealedDataKey::from_bytes(stored_key)?, context, &keyring)?;
        let opened = reopened.open_text(&field, &SealedValue::from_bytes(stored_value)?)?;
        prop_assert_eq!(opened.expose_secret(), secret);
    }

    #[test]
    fn arbitrary_stored_bytes_are_refused_without_panic(bytes: Vec<u8>, versioned: bool) {
        let mut random = random();
        let keyring = ring("main", &mut random);
        let data_key = DataKey::generate(context(), &mut random);
        let bytes = if versioned { [&[1], bytes.as_slice()].concat() } else { bytes };
        let key = SealedDataKey::from_bytes(bytes.clone()).and_then(|sealed| DataKey::open(&sealed, context(), &keyring));
        prop_assert!(key.is_err());
        let value = SealedValue::from_bytes(bytes.clone()).and_then(|sealed| data_key.open_bytes("token", &sealed));
        prop_assert!(value.is_err());
        prop_assert!(check_canary(&keyring, &bytes).is_err());
    }
}
