//! Where tokens, codes and keys must not be, while somebody is signed in and
//! after they have left.

use crate::leaks::{
    absent_from_the_desktop, absent_from_the_files, absent_while_signed_in, kept_since, keychain, names,
    nothing_is_dumped, nothing_is_left, record,
};
use crate::stage::{App, Stage};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn no_secret_is_in_the_log_the_data_or_the_web_view_and_sign_out_leaves_nothing() {
    let others = keychain();
    let stage = Stage::new().await;
    let app = App::start_connected(&stage).await;
    record(&app).await;
    let browser = app.open_sign_in().await;
    browser.sign_in("grace", "harbor-coffee").await;
    let code = browser.code().await;
    browser.quit().await;
    app.dashboard_of("Harbor Coffee").await;
    app.look_at_token().await;
    nothing_is_dumped();

    let kept = kept_since(&others);
    assert_eq!(kept.len(), 3, "a session, a store key, a signing key: {:?}", names(&kept));
    let mut secrets = kept.clone();
    secrets.push(("the authorization code".to_owned(), code));
    // Every JWT begins with `{"`, which is this in base64url.
    secrets.push(("a JWT".to_owned(), "eyJ".to_owned()));
    absent_while_signed_in(&secrets, &app, &stage, "Harbor Coffee").await;
    let rows = app.list("top-pages").await.into_iter().filter(|(page, _)| page.len() > 8);
    let rows: Vec<_> = rows.map(|(page, _)| ("a row of an answer".to_owned(), page)).collect();
    assert!(rows.len() > 2, "{rows:?}");
    absent_from_the_files(&rows, &stage);

    app.sign_out().await;
    app.find("signed-out").await;
    nothing_is_left(&kept, &app, &stage).await;
    app.quit().await;
    absent_from_the_desktop(&secrets);
    absent_from_the_desktop(&rows);
}
