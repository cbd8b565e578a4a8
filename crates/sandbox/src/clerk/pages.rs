//! What a person sees of the stand-in. Server-rendered, without a script;
//! every value is escaped by `maud`.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::ledger::SignIn;
use super::scope::Scope;
use crate::people::{Membership, people};

/// Forms may lead back to the app, at its listener on this machine or by its
/// scheme, so `form-action` names both: browsers apply that rule to where an
/// answer redirects, too.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
    form-action 'self' http://127.0.0.1:* perch:; frame-ancestors 'none'; base-uri 'none'";

/// `GET /style.css`.
pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("style.css"))
}

/// The headers of every page: no script, no frame, no trace in caches and in
/// the addresses that the next site reads.
pub(super) async fn guard(mut response: Response) -> Response {
    let rules = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in rules {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// `GET /`.
pub(super) fn home(issuer: &str) -> Markup {
    page(
        "Perch sandbox",
        html! {
            h1 { "This sandbox is running" }
            p { "The app comes here to sign people in. There is nothing to do by hand." }
            dl {
                dt { "Issuer" } dd { code { (issuer) } }
                dt { "Discovery" } dd { a href="/.well-known/openid-configuration" { "openid-configuration" } }
            }
        },
    )
}

/// Where the sign-in page's forms go, and what they carry there.
pub(super) struct SignInForm<'a> {
    pub(super) action: &'static str,
    /// What the sign-in belongs to: a hidden field's name and value.
    pub(super) name: &'static str,
    pub(super) value: &'a str,
    /// See [`super::browser::Browsers::proof`].
    pub(super) csrf: &'a str,
}

/// The sign-in page; `refused` is the address of an attempt that failed.
pub(super) fn sign_in(form: &SignInForm<'_>, refused: Option<&str>) -> Markup {
    let hidden = html! {
        input type="hidden" name=(form.name) value=(form.value);
        input type="hidden" name="csrf" value=(form.csrf);
    };
    page(
        "Sign in",
        html! {
            h1 { "Sign in" }
            p.lead { "to continue to " strong { "Perch" } }
            @if refused.is_some() {
                p #error role="alert" { "That e-mail address and password do not belong together. The accounts are below." }
            }
            form method="post" action=(form.action) {
                (hidden)
                label for="email" { "E-mail address" }
                input #email name="email" type="email" autocomplete="username" required autofocus value=(refused.unwrap_or_default());
                label for="password" { "Password" }
                input #password name="password" type="password" autocomplete="current-password" required;
                div.actions {
                    button #sign-in .primary type="submit" name="action" value="sign-in" { "Sign in" }
                    button #cancel type="submit" name="action" value="cancel" formnovalidate { "Cancel" }
                }
            }
            h2 { "or as one of those who live here" }
            ul.people {
                @for person in people() {
                    li {
                        form method="post" action=(form.action) {
                            (hidden)
                            input type="hidden" name="email" value=(person.email);
                            input type="hidden" name="password" value=(person.password);
                            button type="submit" data-person=(person.handle) {
                                span.initials aria-hidden="true" { (initial(person.given_name)) (initial(person.family_name)) }
                                span.who {
                                    strong { (person.name()) }
                                    span { (belonging(person.memberships.len())) }
                                }
                            }
                        }
                        p.credentials { code { (person.email) } " · " code { (person.password) } }
                    }
                }
            }
        },
    )
}

/// After a sign-in for an app: the way back, for a browser that has not taken it.
pub(super) fn signed_in(link: &str) -> Markup {
    page(
        "Signed in",
        html! {
            h1 { "You are signed in" }
            p { "Your browser goes back to Perch. If it asks, let it open the app." }
            p { a #return href=(link) { "Open Perch" } }
        },
    )
}

/// After a sign-in for an app that the person gave up. There is no way to tell
/// the app of it.
pub(super) fn cancelled() -> Markup {
    page(
        "Cancelled",
        html! {
            h1 #cancelled { "Nobody was signed in" }
            p { "You can close this page. Perch still waits: choose Cancel there, or start again." }
        },
    )
}

/// The consent page, with the organization selector when it is asked for and
/// there is something to choose.
pub(super) fn consent(
    flow: &str,
    csrf: &str,
    scope: &Scope,
    sign_in: &SignIn,
    memberships: &[&'static Membership],
) -> Markup {
    let person = sign_in.person;
    let last = sign_in.organization.as_deref();
    let chosen = memberships.iter().find(|membership| Some(membership.organization.id) == last);
    let chosen = chosen.or(memberships.first());
    let hidden = html! {
        input type="hidden" name="flow" value=(flow);
        input type="hidden" name="csrf" value=(csrf);
    };
    page(
        "Allow access",
        html! {
            h1 { "Allow Perch to sign you in?" }
            form.account method="post" action="/switch-account" {
                (hidden)
                span #account { "Signed in as " strong { (person.name()) } " (" (person.email) ")" }
                button #switch-account .link type="submit" { "Use another account" }
            }
            form method="post" action="/consent" {
                (hidden)
                @if scope.asks_for_organization() && !memberships.is_empty() {
                    fieldset {
                        legend { "Organization" }
                        @for membership in memberships {
                            @let organization = membership.organization;
                            label.choice {
                                input type="radio" name="organization" value=(organization.id) required
                                    checked[chosen.is_some_and(|chosen| chosen == membership)];
                                span.who { strong { (organization.name) } span { (role(membership.role)) } }
                            }
                        }
                    }
                }
                p { "Perch asks to:" }
                ul.asks {
                    @for scope in scope.iter() {
                        li { (meaning(scope)) }
                    }
                }
                div.actions {
                    button #allow .primary type="submit" name="action" value="allow" { "Allow" }
                    button #deny type="submit" name="action" value="deny" formnovalidate { "Cancel" }
                }
            }
        },
    )
}

/// A page that says why there is no other.
pub(super) fn refusal(status: StatusCode, why: &str) -> Response {
    let body = html! {
        h1 { "This cannot be done" }
        p #refusal role="alert" { (why) }
    };
    (status, page("This cannot be done", body)).into_response()
}

fn page(title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Perch sandbox" }
                link rel="stylesheet" href="/style.css";
            }
            body {
                main {
                    (body)
                }
                footer { strong { "Perch sandbox" } ": a stand-in for Clerk, not Clerk. It runs on this machine only, and its accounts open nothing else." }
            }
        }
    }
}

fn belonging(organizations: usize) -> String {
    match organizations {
        0 => "no organization".to_owned(),
        1 => "1 organization".to_owned(),
        more => format!("{more} organizations"),
    }
}

fn initial(name: &str) -> String {
    name.chars().take(1).collect()
}

/// Clerk shows a role by its name; these are its two default ones.
fn role(key: &'static str) -> &'static str {
    match key {
        "org:admin" => "Admin",
        "org:member" => "Member",
        other => other,
    }
}

fn meaning(scope: &str) -> &str {
    match scope {
        "openid" => "know that it is you",
        "profile" => "see your name",
        "email" => "see your e-mail address",
        "offline_access" => "keep you signed in",
        "user:org:read" => "know the organization that you choose",
        "public_metadata" => "read your public metadata",
        "private_metadata" => "read your private metadata",
        other => other,
    }
}
