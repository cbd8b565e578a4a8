//! With a real keychain: GNOME Keyring in a D-Bus session of its own, which
//! `make test` starts. `secret-tool` is the second opinion on what is in it.
//!
//! Nothing here skips: without a keychain these tests fail.

use std::process::{Command, Stdio};

use perch_keychain::{Kept, Keychain, KeychainError, SERVICE, Slot, State};
use perch_tenant::{Secret, TenantId};
use secret_service::EncryptionType;
use secret_service::blocking::SecretService;

/// Each test has a tenant of its own: they share one keychain and may run at
/// the same time.
fn tenant(digit: char) -> TenantId {
    TenantId::try_from(digit.to_string().repeat(32)).expect("a tenant's id")
}

/// What GNOME's own tool finds under `account`.
fn secret_tool(account: &str) -> Option<String> {
    let output = Command::new("secret-tool")
        .args(["lookup", "service", SERVICE, "username", account])
        .stderr(Stdio::null())
        .output()
        .expect("secret-tool is installed");
    output.status.success().then(|| String::from_utf8(output.stdout).expect("text"))
}

/// Locks the keychain, as its own app does.
fn lock() {
    let service = SecretService::connect(EncryptionType::Plain).expect("the secret service");
    service.get_default_collection().expect("a keychain").lock().expect("locked");
}

#[tokio::test]
#[ignore = "needs a keychain: run through make test"]
async fn what_is_persisted_is_there_at_the_next_start_and_gone_after_deletion() {
    let tenant = tenant('1');
    let slot = Slot::Session(&tenant);
    let keychain = Keychain::open();
    assert_eq!(keychain.state().await, State::Open);
    assert_eq!(keychain.retrieve(slot).await, Ok(None));

    for text in ["first", "second, rotated"] {
        assert_eq!(keychain.persist(slot, &Secret::new(text)).await, Ok(Kept::InKeychain));
        // A new Keychain has no memory: it can only have it from the system.
        assert_eq!(Keychain::open().retrieve(slot).await, Ok(Some(Secret::new(text))));
        assert_eq!(secret_tool(&slot.account()).as_deref(), Some(text));
    }

    assert_eq!(keychain.delete(slot).await, Ok(()));
    assert_eq!(keychain.retrieve(slot).await, Ok(None));
    assert_eq!(secret_tool(&slot.account()), None);
    assert_eq!(keychain.delete(slot).await, Ok(()), "absent is fine");
}

#[tokio::test]
#[ignore = "needs a keychain: run through make test"]
async fn the_longest_secret_comes_back_whole() {
    let tenant = tenant('2');
    let keychain = Keychain::open();
    let longest = Secret::new("é".repeat(1_280));
    assert_eq!(keychain.persist(Slot::StoreKey(&tenant), &longest).await, Ok(Kept::InKeychain));
    assert_eq!(Keychain::open().retrieve(Slot::StoreKey(&tenant)).await, Ok(Some(longest)));
    assert_eq!(keychain.delete(Slot::StoreKey(&tenant)).await, Ok(()));
}

#[tokio::test]
#[ignore = "needs a keychain: run through make test"]
async fn one_tenants_secret_is_not_anothers() {
    let (a, b) = (tenant('3'), tenant('4'));
    let keychain = Keychain::open();
    assert_eq!(keychain.persist(Slot::Session(&a), &Secret::new("a")).await, Ok(Kept::InKeychain));
    assert_eq!(keychain.retrieve(Slot::Session(&b)).await, Ok(None));
    assert_eq!(keychain.retrieve(Slot::StoreKey(&a)).await, Ok(None));
    assert_eq!(keychain.delete(Slot::Session(&a)).await, Ok(()));
}

#[test]
#[ignore = "needs a keychain: run through make test"]
fn a_locked_keychain_is_told_from_a_missing_one() {
    const CHILD: &str = "PERCH_TEST_LOCKED";
    const NAME: &str = "present::a_locked_keychain_is_told_from_a_missing_one";
    // Locking is for everyone on the bus, so this test has a bus of its own.
    if std::env::var_os(CHILD).is_none() {
        let home = std::env::temp_dir().join(format!("perch-locked-{}", std::process::id()));
        std::fs::create_dir_all(&home).expect("a home");
        let status = Command::new("dbus-run-session")
            .args(["--", "sh", "-c"])
            .arg("echo | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null && exec \"$0\" \"$@\"")
            .arg(std::env::current_exe().expect("this test's own path"))
            .args([NAME, "--exact", "--include-ignored", "--nocapture"])
            .env(CHILD, "1")
            .env("HOME", &home)
            .env("XDG_DATA_HOME", &home)
            .env("XDG_RUNTIME_DIR", &home)
            // No prompt can open: what a person would dismiss is dismissed at once.
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .status()
            .expect("dbus-run-session is installed");
        std::fs::remove_dir_all(&home).expect("the home is removed");
        assert!(status.success(), "the child's assertions hold");
        return;
    }
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let tenant = tenant('5');
        let slot = Slot::Session(&tenant);
        assert_eq!(Keychain::open().persist(slot, &Secret::new("before")).await, Ok(Kept::InKeychain));
        std::thread::spawn(lock).join().expect("locked");

        let keychain = Keychain::open();
        assert_eq!(keychain.state().await, State::Locked);
        assert_eq!(keychain.retrieve(slot).await, Err(KeychainError::Locked));
        assert_eq!(keychain.persist(slot, &Secret::new("after")).await, Ok(Kept::ForThisVisit));
        assert_eq!(keychain.retrieve(slot).await, Ok(Some(Secret::new("after"))));
        assert_eq!(keychain.delete(slot).await, Err(KeychainError::Locked), "the old entry is still in there");
        assert!(KeychainError::Locked.next_step().starts_with("Unlock it"));
    });
}
