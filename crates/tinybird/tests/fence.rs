//! The fence: which tokens a tenant may hold, and that what we mint passes it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use perch_tenant::{Attribute, Bindings, Organization, Origin, Secret, Tenant, User};
use perch_tinybird::{FenceError, Template, TenantToken, TokenClaims, mint};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: u64 = 1_780_000_000;
const WORKSPACE: &str = "4e1f6f8a-0000-4000-8000-000000000001";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

fn tenant() -> Tenant {
    let origin = |text| Origin::parse(text).expect("an origin");
    Tenant {
        issuer: origin("https://clerk.acme.example"),
        user: User { id: "user_1".to_owned(), name: Some("Ada".to_owned()), email: None },
        organization: Some(Organization {
            id: "org_1".to_owned(),
            name: Some("Acme".to_owned()),
            slug: Some(String::new()),
            role: Some("org:admin".to_owned()),
        }),
        tinybird: origin("https://api.tinybird.co"),
        workspace_id: WORKSPACE.to_owned(),
    }
}

fn bind(pairs: &[(&str, Attribute)]) -> Bindings {
    let pairs: BTreeMap<_, _> =
        pairs.iter().map(|(parameter, attribute)| (parameter.to_string(), *attribute)).collect();
    Bindings::try_from(pairs).expect("bindings")
}

fn by_org() -> Bindings {
    bind(&[("org_id", Attribute::OrgId)])
}

fn good() -> Value {
    json!({
        "workspace_id": WORKSPACE,
        "name": "acme:org_1:user_1",
        "exp": NOW + 600,
        "scopes": [
            { "type": "PIPES:READ", "resource": "kpis", "fixed_params": { "org_id": "org_1" } },
            { "type": "PIPES:READ", "resource": "t_1f", "fixed_params": { "org_id": "org_1", "limit": 10 } },
        ],
        "limits": { "rps": 10 },
    })
}

/// A JWT with these claims and somebody's signature.
fn signed(claims: &Value) -> Secret {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    Secret::new(format!("{}.{}.c2ln", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims)))
}

fn admit(claims: &Value) -> Result<TenantToken, FenceError> {
    TenantToken::admit(signed(claims), &tenant(), &by_org(), now())
}

/// The good token with one thing changed, or taken away with `None`.
fn with(pointer: &str, value: impl Into<Option<Value>>) -> Result<TenantToken, FenceError> {
    let mut claims = good();
    match value.into() {
        Some(value) => *claims.pointer_mut(pointer).expect(pointer) = value,
        None => {
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            let parent = claims.pointer_mut(parent).and_then(Value::as_object_mut);
            parent.and_then(|parent| parent.remove(key)).expect(pointer);
        }
    }
    admit(&claims)
}

fn code(outcome: Result<TenantToken, FenceError>) -> &'static str {
    outcome.map_or_else(|error| error.code(), |_| "admitted")
}

#[test]
fn a_token_whose_every_scope_names_the_tenant_is_admitted() {
    let token = admit(&good()).expect("a good token");
    assert_eq!(token.tenant(), &tenant().id());
    assert_eq!(token.expires(), now() + Duration::from_secs(600));
    assert!(token.reads("kpis") && token.reads("t_1f") && !token.reads("top_pages"));
    assert_eq!((token.rps(), token.name()), (Some(10), "acme:org_1:user_1"));
    assert_eq!(token.claims()["scopes"][0]["resource"], "kpis");
}

#[test]
fn a_token_for_another_organization_is_refused() {
    let outcome = with("/scopes/1/fixed_params/org_id", json!("org_2"));
    assert_eq!(
        outcome.expect_err("another tenant"),
        FenceError::OtherTenant { pipe: "t_1f".to_owned(), parameter: "org_id".to_owned() }
    );
    for near in ["ORG_1", "org_1 ", " org_1", "org_", "org_11", "", "org_1\u{0}"] {
        assert_eq!(code(with("/scopes/0/fixed_params/org_id", json!(near))), "token-other-tenant", "{near:?}");
    }
}

#[test]
fn a_scope_that_binds_nothing_is_refused_even_beside_one_that_does() {
    assert_eq!(code(with("/scopes/1/fixed_params/org_id", None)), "token-unbound");
    assert_eq!(code(with("/scopes/1/fixed_params", None)), "token-unbound");
    for odd in [json!(null), json!([]), json!("org_1"), json!(["org_id", "org_1"])] {
        assert_eq!(code(with("/scopes/1/fixed_params", odd.clone())), "token-unbound", "{odd}");
    }
}

#[test]
fn a_parameter_bound_to_anything_but_a_text_is_refused() {
    for odd in [json!(null), json!(1), json!(true), json!(["org_1"]), json!({ "org_1": "org_1" })] {
        assert_eq!(code(with("/scopes/0/fixed_params/org_id", odd.clone())), "token-binding-not-text", "{odd}");
    }
}

#[test]
fn a_parameter_that_is_null_is_refused_whether_it_is_bound_or_not() {
    for odd in [json!(null), json!([null]), json!(["a", [null]]), json!({ "a": { "b": null } })] {
        let refused = with("/scopes/1/fixed_params/limit", odd.clone()).expect_err("a null");
        let (pipe, parameter) = ("t_1f".to_owned(), "limit".to_owned());
        assert_eq!(refused, FenceError::NullParameter { pipe, parameter }, "{odd}");
        assert_eq!(refused.code(), "token-null-parameter");
        assert!(refused.to_string().contains("`limit` for the pipe `t_1f` to null"), "{refused}");
        assert!(refused.next_step().contains("|| 'none'"), "{}", refused.next_step());
    }
    for sound in [json!("null"), json!(""), json!([]), json!(false), json!(0)] {
        assert_eq!(code(with("/scopes/1/fixed_params/limit", sound.clone())), "admitted", "{sound}");
    }
}

#[test]
fn a_token_that_may_do_more_than_read_pipes_is_refused() {
    for kind in ["DATASOURCES:READ", "DATASOURCES:APPEND", "ADMIN", "PIPE:READ", "pipes:read", "PIPES:READ "] {
        assert_eq!(code(with("/scopes/1/type", json!(kind))), "token-other-scope", "{kind}");
    }
}

#[test]
fn a_token_for_another_workspace_is_refused() {
    for other in [json!("4e1f6f8a-0000-4000-8000-000000000002"), json!(null), json!(""), json!([WORKSPACE])] {
        assert_eq!(code(with("/workspace_id", other.clone())), "token-other-workspace", "{other}");
    }
    assert_eq!(code(with("/workspace_id", None)), "token-other-workspace");
}

#[test]
fn a_token_is_judged_by_its_expiry_to_the_second() {
    for (exp, outcome) in [
        (json!(NOW - 1), "token-expired"),
        (json!(0), "token-expired"),
        (json!(NOW), "token-nearly-expired"),
        (json!(NOW + 1), "token-nearly-expired"),
        (json!((NOW + 1) as f64 + 0.9), "token-nearly-expired"),
        (json!(NOW + 2), "admitted"),
        (json!((NOW + 60) as f64), "admitted"),
        (json!(-1), "token-malformed"),
        (json!("1780000600"), "token-malformed"),
        (json!(null), "token-malformed"),
        (json!(u64::MAX), "token-malformed"),
    ] {
        assert_eq!(code(with("/exp", exp.clone())), outcome, "{exp}");
    }
    assert_eq!(code(with("/exp", None)), "token-malformed");
}

#[test]
fn a_token_for_nothing_is_refused() {
    assert_eq!(code(with("/scopes", json!([]))), "token-no-scopes");
    assert_eq!(code(with("/scopes", None)), "token-no-scopes");
    assert_eq!(code(with("/scopes", json!({}))), "token-malformed");
    assert_eq!(code(with("/scopes/0", json!("PIPES:READ"))), "token-malformed");
    assert_eq!(code(with("/scopes/0/resource", json!(""))), "token-malformed");
    assert_eq!(code(with("/scopes/0/resource", None)), "token-malformed");
}

#[test]
fn a_tenant_without_the_bound_attribute_gets_no_token() {
    let mut personal = tenant();
    personal.organization = None;
    let mut claims = good();
    for value in [json!(""), json!("null"), json!(null)] {
        claims["scopes"][0]["fixed_params"]["org_id"] = value;
        let outcome = TenantToken::admit(signed(&claims), &personal, &by_org(), now());
        assert_eq!(code(outcome), "tenant-lacks-attribute");
    }
    // This tenant's slug is the empty text, which tells no tenant from another.
    claims["scopes"][0]["fixed_params"] = json!({ "org": "" });
    let by_slug = bind(&[("org", Attribute::OrgSlug)]);
    assert_eq!(code(TenantToken::admit(signed(&claims), &tenant(), &by_slug, now())), "tenant-lacks-attribute");
}

#[test]
fn every_bound_parameter_counts() {
    let both = bind(&[("org_id", Attribute::OrgId), ("user_id", Attribute::UserId)]);
    assert_eq!(code(TenantToken::admit(signed(&good()), &tenant(), &both, now())), "token-unbound");
}

#[test]
fn what_is_no_signed_token_is_refused() {
    let raw = signed(&good());
    let parts: Vec<&str> = raw.expose().split('.').collect();
    let unsigned = URL_SAFE_NO_PAD.encode(json!({ "alg": "none" }).to_string());
    for odd in [
        String::new(),
        "..".to_owned(),
        "p.eyJ1IjoiYWRtaW4ifQ.c2ln".to_owned(),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}.!!", parts[0], parts[1]),
        format!("{unsigned}.{}.c2ln", parts[1]),
        format!("{}.{}.c2ln", parts[0], URL_SAFE_NO_PAD.encode("[]")),
        format!("{}.{}=.c2ln", parts[0], parts[1]),
        format!("{}.c2ln", raw.expose()),
    ] {
        let outcome = TenantToken::admit(Secret::new(odd.clone()), &tenant(), &by_org(), now());
        assert_eq!(code(outcome), "token-malformed", "{odd}");
    }
}

#[test]
fn a_token_does_not_print_itself() {
    let token = admit(&good()).expect("a good token");
    let printed = format!("{token:?}");
    assert!(!printed.contains("eyJ") && !printed.contains("org_1"), "{printed}");
}

/// A value like the good one, or anything else.
fn often<T: Into<Value> + Clone + std::fmt::Debug + 'static>(good: T) -> impl Strategy<Value = Value> {
    let odd = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        "org_[12]|PIPES:READ|[a-z]{0,3}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
    ];
    prop_oneof![9 => Just(good.into()), 1 => odd]
}

prop_compose! {
    fn scope()(
        kind in often("PIPES:READ"),
        resource in often("kpis"),
        key in prop_oneof![9 => Just("org_id".to_owned()), 1 => "[a-z_]{0,6}"],
        value in often("org_1"),
        team in often("blue"),
        whole in prop::option::weighted(0.1, often("org_1")),
    ) -> Value {
        let fixed = whole.unwrap_or_else(|| json!({ "team": team, key: value }));
        json!({ "type": kind, "resource": resource, "fixed_params": fixed })
    }
}

/// Any value in which no text looks like a null.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        9 => prop_oneof![any::<bool>().prop_map(Value::from), any::<i64>().prop_map(Value::from), "[a-m]{0,4}".prop_map(Value::from)],
    ];
    leaf.prop_recursive(4, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-m]{1,3}", inner, 0..4).prop_map(|entries| json!(entries)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_token_that_binds_the_tenant_is_refused_where_it_holds_a_null_and_there_alone(
        others in prop::collection::hash_map("[a-m]{1,3}", any_value(), 0..4),
    ) {
        let mut fixed = json!(others);
        let holds_null = fixed.to_string().contains("null");
        fixed["org_id"] = json!("org_1");
        let outcome = code(with("/scopes/0/fixed_params", fixed.clone()));
        prop_assert_eq!(outcome, if holds_null { "token-null-parameter" } else { "admitted" }, "{}", fixed);
    }

    #[test]
    fn only_a_token_whose_every_scope_binds_the_tenant_is_admitted(
        scopes in prop::collection::vec(scope(), 0..4),
        workspace in often(WORKSPACE),
        exp in NOW - 5..NOW + 50,
    ) {
        let claims = json!({ "workspace_id": workspace, "exp": exp, "scopes": scopes });
        // Written once more, from the outside: what must hold of every scope.
        let binds = |scope: &Value| {
            scope["type"] == "PIPES:READ"
                && scope["resource"].as_str().is_some_and(|pipe| !pipe.is_empty())
                && scope["fixed_params"]["org_id"] == "org_1"
                && scope["fixed_params"].get("team").is_none_or(|team| !team.is_null())
        };
        let rightful =
            !scopes.is_empty() && scopes.iter().all(binds) && workspace == WORKSPACE && exp >= NOW + 2;
        prop_assert_eq!(admit(&claims).is_ok(), rightful, "{}", claims);
    }

    #[test]
    fn no_text_is_admitted_by_chance(raw in "[A-Za-z0-9_.=-]{0,60}|\\PC*") {
        prop_assert!(TenantToken::admit(Secret::new(raw), &tenant(), &by_org(), now()).is_err());
    }
}

const TEMPLATE: &str = r#"{
  "workspace_id": "4e1f6f8a-0000-4000-8000-000000000001",
  "name": "{{org.slug || 'acme'}}",
  "exp": 9999999999,
  "iat": 1,
  "scopes": [{"type": "PIPES:READ", "resource": "kpis", "fixed_params": {"org_id": "{{org.id}}"}}],
  "limits": {"rps": 10}
}"#;

fn minted(template: &str) -> Secret {
    let template = Template::parse(template).expect("a template");
    let key = Secret::new("p.admin-token");
    mint(&key, &template, &tenant(), Duration::from_secs(600), now()).expect("a token")
}

/// The claims, with the signature verified as Tinybird verifies it.
fn verified(raw: &Secret) -> Value {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(b"p.admin-token");
    jsonwebtoken::decode::<Value>(raw.expose(), &key, &validation).expect("our signature").claims
}

#[test]
fn what_we_mint_is_signed_with_the_admin_token_and_passes_the_fence() {
    let raw = minted(TEMPLATE);
    assert_eq!(verified(&raw)["scopes"][0]["fixed_params"]["org_id"], "org_1");
    assert!(TenantToken::admit(raw, &tenant(), &by_org(), now()).is_ok());
}

#[test]
fn a_template_cannot_set_what_a_signer_sets() {
    let claims = verified(&minted(TEMPLATE));
    // Valid a little earlier than signed, for Tinybird's clock may be behind.
    assert_eq!((&claims["iat"], &claims["nbf"], &claims["exp"]), (&json!(NOW), &json!(NOW - 5), &json!(NOW + 600)));
    let claims = verified(&minted(r#"{"sub": "user_2", "iss": "x", "jti": "1", "azp": "y", "sid": "s"}"#));
    let names: Vec<_> = claims.as_object().expect("claims").keys().collect();
    assert_eq!(names, ["sid", "name", "iat", "nbf", "exp"]);
}

#[test]
fn a_tokens_name_names_the_tenant_and_the_person() {
    let name = |name: &str| verified(&minted(&TEMPLATE.replace("{{org.slug || 'acme'}}", name)))["name"].clone();
    assert_eq!(name("acme"), "acme:org_1:user_1");
    assert_eq!(name("{{org.name}}:{{org.id}}"), "Acme:org_1:user_1");
    assert_eq!(name("{{org.id}}"), "org_1:user_1");
    // The ids of others, which contain this tenant's.
    assert_eq!(name("org_11:user_12"), "org_11:user_12:org_1:user_1");
    assert_eq!(name("{{user.username}}"), "perch:org_1:user_1");
}

#[test]
fn nothing_is_signed_without_a_key() {
    let template = Template::parse("{}").expect("a template");
    let outcome = mint(&Secret::new(" \n"), &template, &tenant(), Duration::from_secs(60), now());
    assert_eq!(outcome.map(|_| ()).expect_err("no key").code(), "mint-no-key");
}

#[test]
fn a_template_that_binds_nothing_mints_what_the_fence_refuses() {
    let raw = minted(&TEMPLATE.replace("org_id", "org"));
    assert_eq!(code(TenantToken::admit(raw, &tenant(), &by_org(), now())), "token-unbound");
    let raw = minted(&TEMPLATE.replace("\"{{org.id}}\"", "\"{{org.public_metadata.id}}\""));
    assert_eq!(code(TenantToken::admit(raw, &tenant(), &by_org(), now())), "token-binding-not-text");
}

#[test]
fn a_person_without_the_metadata_of_a_filter_has_a_token_only_with_a_fallback() {
    let minted = |team: &str| minted(&TEMPLATE.replace("\"org_id\"", &format!("\"team\": \"{team}\", \"org_id\"")));
    let admitted = |raw: Secret| code(TenantToken::admit(raw, &tenant(), &by_org(), now()));
    assert_eq!(admitted(minted("{{org_membership.public_metadata.team}}")), "token-null-parameter");
    assert_eq!(admitted(minted("{{org_membership.public_metadata.team || 'none'}}")), "admitted");
}

#[test]
fn claims_are_judged_for_nulls_without_a_tenant() {
    let claims = |scopes: Value| {
        let filled = [("scopes".to_owned(), scopes)].into_iter().collect();
        TokenClaims::new(filled, None, "user_1", Duration::from_secs(60), now()).expect("claims")
    };
    let judged = |scopes| claims(scopes).refuse_null().map_err(|error| error.code());
    assert_eq!(judged(good()["scopes"].clone()), Ok(()));
    assert_eq!(judged(json!([{ "resource": "kpis" }, { "fixed_params": { "a": null } }])), Err("token-null-parameter"));
    for odd in [json!(null), json!([]), json!("org_1")] {
        assert_eq!(judged(json!([{ "resource": "kpis", "fixed_params": odd }])), Err("token-no-parameters"), "{odd}");
    }
}
