//! Without a keychain. The system's store is looked for once a process, so each
//! test runs itself again in a child whose session bus is nowhere.

use std::process::Command;

use perch_keychain::{Kept, Keychain, KeychainError, Slot, State};
use perch_tenant::{Secret, TenantId};

const CHILD: &str = "PERCH_TEST_WITHOUT_BUS";

/// Runs the test named `name` in a child without a bus. True in the child.
fn without_a_bus(name: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let output = Command::new(std::env::current_exe().expect("this test's own path"))
        .args([&format!("missing::{name}"), "--exact", "--nocapture"])
        .env(CHILD, "1")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/perch-test-bus")
        .output()
        .expect("a child process");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("1 passed"), "the child ran the test: {text}");
    false
}

fn tenant() -> TenantId {
    TenantId::try_from("0".repeat(32)).expect("a tenant's id")
}

#[test]
fn a_secret_is_kept_for_this_visit_and_the_state_says_why() {
    if !without_a_bus("a_secret_is_kept_for_this_visit_and_the_state_says_why") {
        return;
    }
    block_on(async {
        let (keychain, tenant) = (Keychain::open(), tenant());
        let slot = Slot::Session(&tenant);
        let secret = Secret::new("refresh-token");

        assert_eq!(keychain.state().await, State::Missing);
        assert_eq!(keychain.persist(slot, &secret).await, Ok(Kept::ForThisVisit));
        assert_eq!(keychain.retrieve(slot).await, Ok(Some(secret.clone())));
        assert_eq!(keychain.clone().retrieve(slot).await, Ok(Some(secret)));
        assert_eq!(Keychain::open().retrieve(slot).await, Err(KeychainError::Missing), "another visit");
        assert_eq!(keychain.delete(slot).await, Ok(()));
        assert_eq!(keychain.retrieve(slot).await, Err(KeychainError::Missing));
    });
}

#[test]
fn what_cannot_be_forgotten_is_told() {
    if !without_a_bus("what_cannot_be_forgotten_is_told") {
        return;
    }
    block_on(async {
        // Nothing of this visit: an entry of an earlier one may still be in a
        // keychain that is out of reach now.
        let error = Keychain::open().delete(Slot::Session(&tenant())).await.expect_err("out of reach");
        assert_eq!(error.code(), "keychain-missing");
        assert!(error.next_step().contains("this visit only"));
    });
}

#[test]
fn a_secret_that_is_too_long_is_there_for_this_visit_in_place_of_the_older_one() {
    if !without_a_bus("a_secret_that_is_too_long_is_there_for_this_visit_in_place_of_the_older_one") {
        return;
    }
    block_on(async {
        let (keychain, tenant) = (Keychain::open(), tenant());
        let slot = Slot::StoreKey(&tenant);
        let longest = Secret::new("x".repeat(1_280));
        assert_eq!(keychain.persist(slot, &longest).await, Ok(Kept::ForThisVisit));
        let longer = Secret::new("x".repeat(1_281));
        assert_eq!(keychain.persist(slot, &longer).await, Err(KeychainError::TooLong { characters: 1_281 }));
        assert_eq!(keychain.retrieve(slot).await, Ok(Some(longer)), "the older one may be worth nothing");
    });
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(test);
}
