//! Perch's own crates on the sandbox, from sign-in to the picture: if these
//! pass, a red end-to-end test is not the sandbox's fault.

use std::time::{Duration, SystemTime};

use perch_chart::{Input, Size, Theme};
use perch_clerk::{ClerkError, Prompt, Provider, Session, SignIn, SignedIn};
use perch_dashboard::Dashboard;
use perch_sandbox::{Options, Sandbox};
use perch_tenant::{Connection, Secret, SignInMethod, Tenant};
use perch_tinybird::{Client, Parameters, PublicToken, Template, TenantToken, decode, mint};

use crate::browser::{Browser, person};
use crate::{org, small, start};

fn connection(sandbox: &Sandbox) -> Connection {
    Connection::parse(&sandbox.connection_toml()).expect("a connection")
}

async fn provider(sandbox: &Sandbox) -> Provider {
    let http = perch_clerk::http_client().expect("a client");
    let clerk = connection(sandbox).clerk;
    let SignInMethod::OAuth(application) = &clerk.sign_in else { panic!("an OAuth application") };
    Provider::discover(&http, &clerk.issuer, application).await.expect("a provider")
}

/// Signs in as a person would whose browser Perch has opened.
async fn sign_in(sandbox: &Sandbox, handle: &str, organization: &str) -> SignedIn {
    let sign_in = SignIn::begin(&provider(sandbox).await, Prompt::Default).await.expect("a sign-in");
    let query = sign_in.url().query().expect("a query").to_owned();
    let waiting = tokio::spawn(sign_in.finish(std::time::SystemTime::now));
    let mut browser = Browser::new(sandbox);
    let page = browser.open(&query).await;
    let page = browser.sign_in(&page, person(handle)).await;
    let back = browser.allow(&page, organization).await.location.expect("the way back");
    assert_eq!(crate::http().get(back).send().await.expect("Perch's own page").status(), 200);
    waiting.await.expect("the sign-in").expect("somebody signed in")
}

async fn token(sandbox: &Sandbox, handle: &str, organization: &str) -> TenantToken {
    let connection = connection(sandbox);
    let signed_in = sign_in(sandbox, handle, organization).await;
    let tenant = Tenant::new(&connection, signed_in.user, signed_in.organization);
    let template = Template::parse(connection.token.template().expect("a template of claims")).expect("a template");
    let key = Secret::new(sandbox.admin_token());
    let now = SystemTime::now();
    let raw = mint(&key, &template, &tenant, Duration::from_secs(600), now).expect("a token");
    TenantToken::admit(raw, &tenant, connection.token.bindings(), now).expect("a token that passes the fence")
}

fn public_token(sandbox: &Sandbox, now: SystemTime) -> PublicToken {
    let Connection { public, tinybird, .. } = connection(sandbox);
    let raw = public.expect("something that anyone may see").token;
    PublicToken::new(raw, tinybird.host, &tinybird.workspace_id, now).expect("a public token")
}

#[tokio::test]
async fn perch_signs_in_renews_and_signs_out() {
    let sandbox = small().await;
    let signed_in = sign_in(&sandbox, "grace", org(1)).await;
    assert_eq!(signed_in.user.display_name(), "Grace Okafor");
    let organization = signed_in.organization.expect("an organization");
    assert_eq!((organization.id.as_str(), organization.display_name()), (org(1), "Larkspur Books"));

    let provider = provider(&sandbox).await;
    let (user, first) = (signed_in.user.id, signed_in.session.refresh_token().clone());
    let renewed = Session::renew(&provider, &first, &user).await.expect("the next refresh token");
    let renewed = renewed.verify(&provider, SystemTime::now()).await.expect("a renewed session");
    assert_eq!(renewed.organization_id(), Some(org(1)));
    Session::revoke(&provider, renewed.refresh_token()).await.expect("a revoked session");
    let ended = Session::renew(&provider, renewed.refresh_token(), &user).await.expect_err("a dead session");
    assert!(ended.ends_session(), "{ended}");
}

#[tokio::test]
async fn perch_is_told_when_the_person_cancels() {
    let sandbox = small().await;
    let sign_in = SignIn::begin(&provider(&sandbox).await, Prompt::Login).await.expect("a sign-in");
    let query = sign_in.url().query().expect("a query").to_owned();
    let waiting = tokio::spawn(sign_in.finish(std::time::SystemTime::now));
    let mut browser = Browser::new(&sandbox);
    let page = browser.open(&query).await;
    let (flow, csrf) = (page.hidden("flow"), page.hidden("csrf"));
    let page = browser.post("/sign-in", &[("flow", &flow), ("csrf", &csrf), ("action", "cancel")]).await;
    crate::http().get(page.location.expect("the way back")).send().await.expect("Perch's own page");
    let error: ClerkError = waiting.await.expect("the sign-in").expect_err("nobody signed in");
    assert!(!error.is_offline(), "{error}");
}

#[tokio::test]
async fn every_tile_of_the_sample_dashboards_draws_for_every_organization() {
    let sandbox = start(Options { events: 20_000, ..Options::default() }).await;
    let client = Client::new().expect("a client");
    let now = SystemTime::now();
    for number in 0..3 {
        let token = token(&sandbox, "linus", org(number)).await;
        let public = public_token(&sandbox, now);
        for (id, text) in Sandbox::dashboards() {
            let dashboard = Dashboard::parse(id, text).expect("a dashboard without a problem");
            // Also what filters ask for their values with, which draws as a table.
            for tile in dashboard.asks() {
                let Some(pipe) = &tile.pipe else { continue };
                let mut parameters = Parameters::default();
                for (name, parameter) in &tile.parameters {
                    if let perch_dashboard::Parameter::Constant(value) = parameter {
                        parameters.insert(name, value.clone());
                    }
                }
                let answer = if tile.public {
                    client.query_public(&public, pipe, &parameters, now).await
                } else {
                    client.query(&token, pipe, &parameters, now).await
                };
                let bytes = answer.expect("an answer");
                let table = decode(&bytes).expect("a table").table;
                assert!(table.rows() > 0, "{id}: {}", tile.title);
                let size = Size { width: 100 * u32::from(tile.width), height: 80 * u32::from(tile.height) };
                for theme in [Theme::Light, Theme::Dark] {
                    let drawn = perch_chart::draw(&Input::from(&table), &tile.chart, size, theme);
                    let drawing = drawn.unwrap_or_else(|error| panic!("{id}: {}: {error}", tile.title));
                    assert!(drawing.svg.starts_with("<svg"), "{id}: {}", tile.title);
                }
            }
        }
    }
}

#[test]
fn the_sample_dashboards_fill_their_rows() {
    for (id, text) in Sandbox::dashboards() {
        let dashboard = Dashboard::parse(id, text).expect("a dashboard without a problem");
        // Each tab and each section has a grid of its own.
        for group in dashboard.groups() {
            let mut filled = 0;
            for tile in group.tiles {
                filled += tile.width;
                assert!(filled <= 12, "{id}: {} begins in one row and ends in the next", tile.title);
                filled %= 12;
            }
            assert_eq!(filled, 0, "{id}: the last row of {:?}, {:?} has a hole", group.tab, group.section);
        }
        assert!(dashboard.time.is_some(), "{id}");
    }
    let (_, traffic) = Sandbox::dashboards()[0];
    assert_eq!(Dashboard::parse("web-traffic", traffic).expect("a dashboard").tiles.len(), 8);
}
