//! The sandbox's Clerk, held against Clerk's own specification: every answer of
//! every endpoint that both know, by status and by body.

use std::collections::BTreeSet;
use std::time::Duration;

use perch_sandbox::{Options, Sandbox};
use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};

use crate::browser::{VERIFIER, code, form, query, redemption, signed_in, text, userinfo as userinfo_of};
use crate::fapi::Specification;
use crate::native::{Answer, App};
use crate::{Hand, http, org, small, start};

/// Refusals that Clerk gives whatever was asked, by its index of Frontend API
/// errors. The specification does not repeat them at every operation.
const WHATEVER_WAS_ASKED: [(u16, &str); 3] =
    [(400, "native_api_disabled"), (401, "signed_out"), (403, "organization_not_enabled_in_instance")];

/// What the specification has and the sandbox never answers: operations that
/// Perch has no use for, redirects of a browser to another domain, clients with
/// a secret, accounts that are locked or deleted.
const NEVER: [(&str, &[u16]); 16] = [
    ("GET /.well-known/jwks.json", &[500]),
    ("GET /oauth/authorize", &[200, 302, 401, 403]),
    ("POST /oauth/authorize", &[200, 302, 303, 400, 401, 403]),
    ("POST /oauth/token", &[403]),
    ("GET /oauth/userinfo", &[400, 403]),
    ("POST /oauth/userinfo", &[400, 403]),
    ("POST /oauth/token_info", &[200, 422]),
    ("GET /v1/client", &[403]),
    ("PUT /v1/client", &[200, 307]),
    ("POST /v1/client", &[307]),
    ("DELETE /v1/client", &[307]),
    ("POST /v1/client/sessions/{session_id}/touch", &[400]),
    ("POST /v1/client/sessions/{session_id}/remove", &[400]),
    ("GET /v1/me", &[403, 404]),
    ("PATCH /v1/me", &[200, 400, 401, 403, 404, 422]),
    ("DELETE /v1/me", &[200, 401, 403, 404, 500]),
];

/// Judges answers, and remembers which there were.
struct Judge {
    specification: Specification,
    seen: BTreeSet<(String, u16)>,
    problems: Vec<String>,
}

impl Judge {
    fn new() -> Self {
        Self { specification: Specification::read(), seen: BTreeSet::new(), problems: Vec::new() }
    }

    /// Asks an endpoint of OAuth's.
    async fn ask(&mut self, operation: &str, request: RequestBuilder) {
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let kind = response.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().expect("text").to_owned());
        let body = response.text().await.expect("a body");
        self.seen.insert((operation.to_owned(), status));
        self.problems.extend(self.specification.check(operation, status, kind.as_deref(), &body).err());
    }

    /// Asks an endpoint of the Frontend API's.
    async fn get(&mut self, app: &mut App, operation: &str, path: &str) -> Value {
        let answer = app.get(path).await;
        self.judge(operation, answer)
    }

    /// As [`Judge::get`].
    async fn post(&mut self, app: &mut App, operation: &str, path: &str, form: &[(&str, &str)]) -> Value {
        let answer = app.post(path, form).await;
        self.judge(operation, answer)
    }

    fn judge(&mut self, operation: &str, answer: Answer) -> Value {
        let (kind, body) = (answer.kind.as_deref(), answer.body.to_string());
        let refusal = answer.body["errors"][0]["code"].as_str().unwrap_or_default();
        let verdict = match self.specification.check(operation, answer.status, kind, &body) {
            Err(_) if WHATEVER_WAS_ASKED.contains(&(answer.status, refusal)) => {
                self.specification.check_error(kind, &body)
            }
            verdict => verdict,
        };
        self.seen.insert((operation.to_owned(), answer.status));
        self.problems.extend(verdict.err());
        answer.body
    }
}

#[tokio::test]
async fn every_answer_is_as_clerk_specifies() {
    let mut judge = Judge::new();
    for opaque_access_tokens in [false, true] {
        let hand = Hand::new();
        let options = Options { opaque_access_tokens, events: 300, clock: hand.clock(), ..Options::default() };
        let sandbox = start(options).await;
        documents(&mut judge, &sandbox).await;
        token(&mut judge, &sandbox, &hand).await;
        userinfo(&mut judge, &sandbox).await;
        revoke(&mut judge, &sandbox).await;
        client(&mut judge, &sandbox).await;
        session(&mut judge, &sandbox).await;
        tokens(&mut judge, &sandbox).await;
        me(&mut judge, &sandbox).await;
    }
    turned_off(&mut judge).await;

    assert!(judge.problems.is_empty(), "{}", judge.problems.join("\n\n"));
    let answers = |(operation, statuses): &(&str, &[u16])| -> Vec<(String, u16)> {
        statuses.iter().map(|status| ((*operation).to_owned(), *status)).collect()
    };
    let never: BTreeSet<(String, u16)> = NEVER.iter().flat_map(answers).collect();
    let specified: BTreeSet<(String, u16)> = judge.specification.answers().into_iter().collect();
    let listed: BTreeSet<(String, u16)> = judge.seen.intersection(&specified).cloned().collect();
    // Each answer that is specified was met here, or is one of those that are named above.
    assert_eq!(&listed | &never, specified);
    assert_eq!(&listed & &never, BTreeSet::new());
}

async fn documents(judge: &mut Judge, sandbox: &Sandbox) {
    for path in
        ["/.well-known/jwks.json", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
    {
        judge.ask(&format!("GET {path}"), http().get(format!("{}{path}", sandbox.clerk()))).await;
    }
    for changes in [&[][..], &[("prompt", "none")], &[("client_id", "someone_else")]] {
        let address = format!("{}/oauth/authorize?{}", sandbox.clerk(), query(sandbox, changes));
        judge.ask("GET /oauth/authorize", http().get(address)).await;
    }
}

async fn token(judge: &mut Judge, sandbox: &Sandbox, hand: &Hand) {
    let operation = "POST /oauth/token";
    for scope in ["openid", ""] {
        let tokens = signed_in(sandbox, "linus", org(2)).await;
        let token = text(&tokens, "refresh_token");
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", sandbox.client_id()),
            ("refresh_token", token.as_str()),
            ("scope", scope),
        ];
        judge.ask(operation, form(sandbox, "/oauth/token", &fields)).await;
    }
    let used = code(sandbox, "grace", org(1)).await;
    for changes in [
        [("client_id", "someone_else")],
        [("grant_type", "password")],
        [("grant_type", "")],
        [("scope", "")],
        [("scope", "")],
    ] {
        judge.ask(operation, redemption(sandbox, &used, &changes)).await;
    }
    let late = code(sandbox, "grace", org(1)).await;
    hand.pass(Duration::from_secs(601));
    judge.ask(operation, redemption(sandbox, &late, &[])).await;
    judge.ask(operation, http().post(format!("{}/oauth/token", sandbox.clerk())).json(&json!({}))).await;
}

async fn userinfo(judge: &mut Judge, sandbox: &Sandbox) {
    let address = format!("{}/oauth/userinfo", sandbox.clerk());
    let tokens = [
        text(&signed_in(sandbox, "grace", org(1)).await, "access_token"),
        text(&signed_in(sandbox, "noor", "").await, "access_token"),
        "oat_of-nobody".to_owned(),
    ];
    for token in tokens {
        judge.ask("GET /oauth/userinfo", http().get(&address).bearer_auth(&token)).await;
        judge.ask("POST /oauth/userinfo", http().post(&address).bearer_auth(&token)).await;
    }
    judge.ask("GET /oauth/userinfo", http().get(&address)).await;
}

async fn revoke(judge: &mut Judge, sandbox: &Sandbox) {
    let tokens = signed_in(sandbox, "ada", org(0)).await;
    let (refresh, id) = (text(&tokens, "refresh_token"), text(&tokens, "id_token"));
    let client = sandbox.client_id();
    for (token, client) in [(&refresh, ""), (&id, client), (&refresh, client), (&String::new(), client)] {
        let fields = [("token", token.as_str()), ("client_id", client)];
        judge.ask("POST /oauth/token/revoke", form(sandbox, "/oauth/token/revoke", &fields)).await;
    }
    let fields = [("token", refresh.as_str()), ("client_id", client)];
    judge.ask("POST /oauth/token_info", form(sandbox, "/oauth/token_info", &fields)).await;
}

async fn client(judge: &mut Judge, sandbox: &Sandbox) {
    let (get, post, delete) = ("GET /v1/client", "POST /v1/client", "DELETE /v1/client");
    let mut app = App::new(sandbox);
    judge.get(&mut app, get, "/v1/client").await;
    let answer = app.delete("/v1/client").await;
    judge.judge(delete, answer);
    judge.post(&mut app, post, "/v1/client", &[]).await;
    judge.get(&mut app, get, "/v1/client").await;

    // `_method=GET` makes a redemption a GET.
    let returned = app.browse("grace").await;
    for verifier in [VERIFIER, VERIFIER, ""] {
        let answer = app.redeem(&returned.nonce, verifier).await;
        judge.judge(get, answer);
    }
    let returned = app.browse("noor").await;
    let answer = app.redeem(&returned.nonce, "another-verifier-of-at-least-forty-three-chars").await;
    judge.judge(get, answer);
    app.sign_in("noor").await;
    judge.get(&mut app, get, "/v1/client").await;

    let conflict = app.request(Method::GET, "/v1/client").header(header::ORIGIN, "https://evil.example");
    let answer = app.send(conflict).await;
    judge.judge(get, answer);
    let answer = app.delete("/v1/client").await;
    judge.judge(delete, answer);
    for (operation, method) in [(get, Method::GET), (delete, Method::DELETE)] {
        app.token = Some("stale".to_owned());
        let request = app.request(method, "/v1/client");
        let answer = app.send(request).await;
        judge.judge(operation, answer);
    }
}

async fn session(judge: &mut Judge, sandbox: &Sandbox) {
    let get = "GET /v1/client/sessions/{session_id}";
    let (mut app, session) = App::signed_in(sandbox, "linus").await;
    let path = format!("/v1/client/sessions/{session}");
    judge.get(&mut app, get, &path).await;

    let (touch, touch_path) = ("POST /v1/client/sessions/{session_id}/touch", format!("{path}/touch"));
    for fields in [
        [("active_organization_id", org(1))],
        [("active_organization_id", "juniper-pine")],
        [("active_organization_id", "org_nobody")],
        [("active_organization_id", "")],
        [("intent", "focus")],
        [("intent", "nonsense")],
    ] {
        judge.post(&mut app, touch, &touch_path, &fields).await;
    }
    let gone = [("end", "/v1/client/sessions/sess_gone/end"), ("remove", "/v1/client/sessions/sess_gone/remove")];
    for (what, gone) in gone {
        let operation = format!("POST /v1/client/sessions/{{session_id}}/{what}");
        judge.post(&mut app, &operation, gone, &[]).await;
        judge.post(&mut App::new(sandbox), &operation, &format!("{path}/{what}"), &[]).await;
        // Ending what was ended is one mistake, removing it is none.
        for _ in 0..2 {
            judge.post(&mut app, &operation, &format!("{path}/{what}"), &[]).await;
        }
        judge.get(&mut app, get, &path).await;
        judge.get(&mut app, "GET /v1/client", "/v1/client").await;
    }
    judge.post(&mut app, touch, &touch_path, &[]).await;
    judge.post(&mut App::new(sandbox), touch, &touch_path, &[]).await;
    judge.get(&mut App::new(sandbox), get, &path).await;
}

async fn tokens(judge: &mut Judge, sandbox: &Sandbox) {
    let plain = "POST /v1/client/sessions/{session_id}/tokens";
    let template = "POST /v1/client/sessions/{session_id}/tokens/{template_name}";
    let (mut app, session) = App::signed_in(sandbox, "grace").await;
    let path = format!("/v1/client/sessions/{session}/tokens");
    for fields in [&[][..], &[("organization_id", org(0))], &[("organization_id", "")], &[("organization_id", org(2))]]
    {
        judge.post(&mut app, plain, &path, fields).await;
    }
    for name in ["tinybird", "nothing"] {
        judge.post(&mut app, template, &format!("{path}/{name}"), &[]).await;
    }
    judge.post(&mut App::new(sandbox), plain, &path, &[]).await;
    judge.post(&mut App::new(sandbox), template, &format!("{path}/tinybird"), &[]).await;
}

async fn me(judge: &mut Judge, sandbox: &Sandbox) {
    let memberships = "/v1/me/organization_memberships";
    for handle in ["linus", "noor"] {
        let (mut app, _) = App::signed_in(sandbox, handle).await;
        judge.get(&mut app, "GET /v1/me", "/v1/me").await;
        for page in ["", "?paginated=true", "?paginated=true&limit=1&offset=1", "?limit=0"] {
            judge.get(&mut app, &format!("GET {memberships}"), &format!("{memberships}{page}")).await;
        }
    }
    for path in ["/v1/me", memberships] {
        judge.get(&mut App::new(sandbox), &format!("GET {path}"), path).await;
    }
}

/// What an operator turned off.
async fn turned_off(judge: &mut Judge) {
    let sandbox = start(Options { native_api: false, events: 300, ..Options::default() }).await;
    judge.get(&mut App::new(&sandbox), "GET /v1/client", "/v1/client").await;
    judge.get(&mut App::new(&sandbox), "GET /v1/me", "/v1/me").await;

    let sandbox = start(Options { organizations: false, events: 300, ..Options::default() }).await;
    documents(judge, &sandbox).await;
    let (mut app, session) = App::signed_in(&sandbox, "linus").await;
    let path = format!("/v1/client/sessions/{session}");
    let fields = [("active_organization_id", org(0))];
    judge.post(&mut app, "POST /v1/client/sessions/{session_id}/touch", &format!("{path}/touch"), &fields).await;
    let fields = [("organization_id", org(0))];
    judge.post(&mut app, "POST /v1/client/sessions/{session_id}/tokens", &format!("{path}/tokens"), &fields).await;
    let memberships = "/v1/me/organization_memberships";
    judge.get(&mut app, &format!("GET {memberships}"), memberships).await;
    judge.get(&mut app, "GET /v1/me", "/v1/me").await;
}

#[tokio::test]
async fn an_answer_that_is_bent_is_refused() {
    let sandbox = small().await;
    let specification = Specification::read();
    let json = Some("application/json");
    let check = |operation: &str, status, body: &Value| specification.check(operation, status, json, &body.to_string());

    let tokens = signed_in(&sandbox, "grace", org(1)).await;
    let (_, userinfo) = userinfo_of(&sandbox, &text(&tokens, "access_token")).await;
    let (mut app, _) = App::signed_in(&sandbox, "grace").await;
    let client = app.get("/v1/client").await.body;
    let memberships = app.get("/v1/me/organization_memberships").await.body;
    let refused = app.get("/v1/client/sessions/sess_gone").await.body;
    let (userinfo_of, client_of) = ("GET /oauth/userinfo", "GET /v1/client");
    let (memberships_of, session_of) = ("GET /v1/me/organization_memberships", "GET /v1/client/sessions/{session_id}");
    for (operation, status, answer, pointer, bent) in [
        (userinfo_of, 200, &userinfo, "/org_role", json!("org:admin")),
        (userinfo_of, 200, &userinfo, "/email_verified", json!("true")),
        (client_of, 200, &client, "/extra", json!(1)),
        (client_of, 200, &client, "/response/object", json!("user")),
        (client_of, 200, &client, "/response/sessions/0/status", json!("replaced")),
        (client_of, 200, &client, "/response/sessions/0/last_active_organization_id", json!(5)),
        (client_of, 200, &client, "/response/sessions/0/public_user_data/role", json!("org:admin")),
        (client_of, 200, &client, "/response/sessions/0/user/email_addresses/0/verification/strategy", json!("guess")),
        (client_of, 200, &client, "/response/created_at", json!("2026-11-21")),
        (memberships_of, 200, &memberships, "/client", Value::Null),
        (memberships_of, 200, &memberships, "/response/0/organization/plan", json!("free")),
        (session_of, 404, &refused, "/errors/0/code", Value::Null),
        (session_of, 404, &refused, "/errors", json!({})),
    ] {
        assert_eq!(check(operation, status, answer), Ok(()), "{pointer} before");
        let mut answer = answer.clone();
        put(&mut answer, pointer, bent);
        assert!(check(operation, status, &answer).is_err(), "{pointer} after");
    }

    assert!(check(client_of, 418, &client).is_err(), "a status that is not in the specification");
    assert!(check(session_of, 404, &client).is_err(), "another answer than the status says");
    assert!(specification.check(client_of, 200, Some("text/html"), &client.to_string()).is_err());
    assert!(specification.check(client_of, 200, json, "{").is_err());
    for nullable in ["/response/sessions/0/public_user_data", "/response", "/client"] {
        let mut answer = client.clone();
        put(&mut answer, nullable, Value::Null);
        assert_eq!(check(client_of, 200, &answer), Ok(()), "{nullable} may be null");
    }
}

#[tokio::test]
async fn what_is_required_cannot_be_left_out() {
    let sandbox = small().await;
    let specification = Specification::read();
    let (mut app, _) = App::signed_in(&sandbox, "linus").await;
    let client = app.get("/v1/client").await.body;
    let left_out = |object: &str| -> Vec<String> {
        let names: Vec<String> =
            client.pointer(object).and_then(Value::as_object).expect("an object").keys().cloned().collect();
        let refused = |name: &String| {
            let mut answer = client.clone();
            answer.pointer_mut(object).and_then(Value::as_object_mut).expect("an object").remove(name);
            specification.check("GET /v1/client", 200, Some("application/json"), &answer.to_string()).is_err()
        };
        names.into_iter().filter(refused).collect()
    };
    assert_eq!(left_out(""), ["response", "client"]);
    assert_eq!(left_out("/response").len(), 11, "all of a client's members");
    let session = "/response/sessions/0";
    assert_eq!(left_out(session).len(), 11);
    let organization = "/response/sessions/0/user/organization_memberships/0/organization";
    assert_eq!(
        left_out(organization),
        [
            "object",
            "id",
            "name",
            "slug",
            "has_image",
            "max_allowed_memberships",
            "admin_delete_enabled",
            "public_metadata",
            "created_at",
            "updated_at"
        ]
    );
}

/// Puts a value where a JSON pointer leads, which may be a new member.
fn put(answer: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    answer.pointer_mut(parent).expect("a place")[name] = value;
}
