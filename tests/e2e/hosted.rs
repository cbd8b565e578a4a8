//! Hosted authentication on real parts: the system's browser comes back by a
//! link, with which it starts a second process, which hands it to the first.

use perch_sandbox::Person;

use crate::leaks::{
    absent_from_the_desktop, absent_while_signed_in, kept_since, keychain, names, nothing_is_left, record,
};
use crate::stage::{App, Stage};
use crate::tenants::shows_the_rows_of;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn one_sign_in_brings_every_organization_and_each_sees_the_numbers_of_its_own_rows() {
    let stage = Stage::hosted().await;
    let app = App::start_with_connection(&stage).await;
    app.sign_in_hosted("linus").await;
    let organizations: Vec<_> = person("linus").memberships.iter().map(|belongs| belongs.organization).collect();
    assert_eq!(app.names_in_switcher().await.len(), organizations.len());
    for organization in organizations {
        app.show(organization.name).await;
        shows_the_rows_of(&app, stage.sandbox(), organization.name, organization.slug).await;
    }
    app.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn no_secret_of_a_hosted_session_leaves_the_keychain_and_sign_out_of_the_person_leaves_nothing() {
    let others = keychain();
    let stage = Stage::hosted().await;
    let app = App::start_with_connection(&stage).await;
    record(&app).await;
    let browser = app.open_sign_in().await;
    browser.choose_person("grace").await;
    app.find("dashboard").await;
    let link = browser.link().await;
    browser.quit().await;
    app.show("Larkspur Books").await;
    app.dashboard_of("Larkspur Books").await;
    app.show("Harbor Coffee").await;
    app.dashboard_of("Harbor Coffee").await;
    app.look_at_token().await;

    let kept = kept_since(&others);
    assert_eq!(kept.len(), 3, "a person's session and a store key for each organization: {:?}", names(&kept));
    let mut secrets = kept.clone();
    secrets.extend(parameters(&link));
    secrets.push(("a JWT".to_owned(), "eyJ".to_owned()));
    absent_while_signed_in(&secrets, &app, &stage, "Harbor Coffee").await;

    app.sign_out_person().await;
    app.find("signed-out").await;
    nothing_is_left(&kept, &app, &stage).await;
    app.quit().await;
    absent_from_the_desktop(&secrets);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn sign_out_of_one_organization_leaves_the_others() {
    let stage = Stage::hosted().await;
    let app = App::start_with_connection(&stage).await;
    app.sign_in_hosted("grace").await;
    app.show("Harbor Coffee").await;
    app.dashboard_of("Harbor Coffee").await;
    app.sign_out().await;
    shows_the_rows_of(&app, stage.sandbox(), "Larkspur Books", "larkspur-books").await;
    assert_eq!(app.names_in_switcher().await, ["Larkspur Books"]);
    app.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn pictures_are_shown_as_images_and_can_be_read_by_no_script() {
    let stage = Stage::hosted().await;
    let app = App::start_with_connection(&stage).await;
    app.sign_in_hosted("ada").await;
    app.dashboard_of("Harbor Coffee").await;
    let picture = app.find_css("[data-testid=\"switcher\"] img[data-testid=\"picture\"]").await;
    let address = picture.attr("src").await.expect("an attribute").expect("an address");
    assert!(address.starts_with("picture://localhost/"), "{address}");
    let outcome = app.script_async(&READ_PICTURE.replace("ADDRESS", &address)).await;
    let expected =
        serde_json::json!({ "width": 96, "canvas": "SecurityError", "missing": "error", "refused": "connect-src" });
    assert_eq!(outcome, expected);
    app.quit().await;
}

/// Loads a picture in every way that a script has.
const READ_PICTURE: &str = "
    const done = arguments[arguments.length - 1];
    const loaded = (address) => new Promise((resolve) => {
      const image = new Image();
      image.onload = () => resolve(image);
      image.onerror = () => resolve('error');
      image.src = address;
    });
    const painted = (image) => {
      const canvas = document.createElement('canvas').getContext('2d');
      canvas.drawImage(image, 0, 0);
      try { canvas.getImageData(0, 0, 1, 1); return 'readable'; } catch (error) { return error.name; }
    };
    const refused = new Promise((resolve) =>
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective)));
    const fetched = fetch('ADDRESS').then(() => 'nothing', () => refused);
    Promise.all([loaded('ADDRESS'), loaded('picture://localhost/nobody'), fetched]).then(([image, missing, refused]) =>
      done({ width: image.naturalWidth, canvas: painted(image), missing, refused }));";

fn person(handle: &str) -> &'static Person {
    perch_sandbox::people().iter().find(|person| person.handle == handle).expect("a person of the sandbox")
}

/// What a link brings, each by its name.
fn parameters(link: &str) -> Vec<(String, String)> {
    let (_, query) = link.split_once('?').expect("a link with parameters");
    let pairs = query.split('&').map(|pair| pair.split_once('=').expect("a name and a value"));
    let parameters: Vec<_> = pairs
        .filter(|(name, _)| *name != "created_session_id")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert_eq!(names(&parameters), ["state", "rotating_token_nonce"]);
    parameters
}
