//! Signing a tenant's token with the workspace's admin token as the key: on an
//! operator's machine, who holds that key anyway, or in the operator's broker.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use perch_tenant::{Secret, Tenant};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::claimant::Claimant;
use crate::template::Template;
use crate::token::{FenceError, refuse_null};

/// Why no token was signed.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The admin token is empty, so anyone could sign the same.
    #[error("the workspace's admin token is empty")]
    NoKey,
    /// The clock stands where no token can live.
    #[error("this computer's clock is far from right")]
    Clock,
    /// The signature could not be made.
    #[error("the token could not be signed")]
    Signing(#[source] jsonwebtoken::errors::Error),
}

impl MintError {
    /// A stable name for the kind of error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoKey => "mint-no-key",
            Self::Clock => "mint-clock",
            Self::Signing(_) => "mint-signing",
        }
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::NoKey => "Enter the workspace's admin token again.",
            Self::Clock => "Set this computer's date and time.",
            Self::Signing(_) => "Enter the workspace's admin token again, exactly as Tinybird shows it.",
        }
    }
}

/// How much earlier than its signing a token is valid, for Tinybird's clock may
/// be behind ours: what Clerk's templates have by default.
const SKEW: Duration = Duration::from_secs(5);

/// The claims of one token, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenClaims(Map<String, Value>);

impl TokenClaims {
    /// Puts in what no template decides: `iat`, `nbf` and `exp` in whole seconds
    /// (RFC 7519 §4.1), and a `name` that holds organization and person, because
    /// Tinybird counts rates by it. The name ends with both ids, so that no two
    /// tenants share one, whatever the template says, and is never longer than
    /// 230 characters.
    pub fn new(
        mut filled: Map<String, Value>,
        organization: Option<&str>,
        user: &str,
        lifetime: Duration,
        now: SystemTime,
    ) -> Result<Self, MintError> {
        let name = own_name(filled.get("name"), organization, user);
        filled.insert(NAME.to_owned(), name.into());
        for (claim, seconds) in Life::new(lifetime, now)?.claims() {
            filled.insert(claim.to_owned(), seconds.into());
        }
        Ok(Self(filled))
    }

    /// The part of the fence that needs to know neither tenant nor connection:
    /// that no scope fixes a parameter to null.
    pub fn refuse_null(&self) -> Result<(), FenceError> {
        let scopes = self.0.get("scopes").and_then(Value::as_array).into_iter().flatten();
        scopes.into_iter().try_for_each(refuse_null)
    }

    /// The claims, for showing.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// Under which Tinybird counts rates.
const NAME: &str = "name";

/// When a token begins and ends, in whole seconds (RFC 7519 §4.1).
struct Life {
    issued: u64,
    not_before: u64,
    expires: u64,
}

impl Life {
    fn new(lifetime: Duration, now: SystemTime) -> Result<Self, MintError> {
        let issued = now.duration_since(UNIX_EPOCH).map_err(|_| MintError::Clock)?;
        let expires = issued.checked_add(lifetime).ok_or(MintError::Clock)?;
        let not_before = issued.saturating_sub(SKEW).as_secs();
        Ok(Self { issued: issued.as_secs(), not_before, expires: expires.as_secs() })
    }

    fn claims(&self) -> [(&'static str, u64); 3] {
        [("iat", self.issued), ("nbf", self.not_before), ("exp", self.expires)]
    }
}

/// What [`TokenClaims`] would hold, filled while it is written: most tokens are
/// signed and never looked at.
struct Written<'a> {
    template: &'a Template,
    claimant: &'a dyn Claimant,
    name: &'a str,
    life: Life,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut claims = serializer.serialize_map(None)?;
        let mut is_named = false;
        for (claim, value) in self.template.claims(self.claimant) {
            if claim == NAME {
                is_named = true;
                claims.serialize_entry(NAME, self.name)?;
            } else {
                claims.serialize_entry(claim, &value)?;
            }
        }
        if !is_named {
            claims.serialize_entry(NAME, self.name)?;
        }
        for (claim, seconds) in self.life.claims() {
            claims.serialize_entry(claim, &seconds)?;
        }
        claims.end()
    }
}

/// Signs tokens with one admin token, from one template. Whoever signs many
/// keeps it.
#[derive(Clone)]
pub struct Signer {
    key: EncodingKey,
    /// The same for every token, in base64url, with the dot behind it.
    header: String,
    template: Template,
    lifetime: Duration,
}

impl Signer {
    /// A signer whose key is the text of the workspace's admin token.
    pub fn new(admin_token: &Secret, template: Template, lifetime: Duration) -> Result<Self, MintError> {
        if admin_token.expose().trim().is_empty() {
            return Err(MintError::NoKey);
        }
        let mut header = URL_SAFE_NO_PAD.encode(json(&Header::new(Algorithm::HS256))?);
        header.push('.');
        Ok(Self { key: EncodingKey::from_secret(admin_token.expose().as_bytes()), header, template, lifetime })
    }

    /// Fills the template with what is known of the `claimant`, who may be the
    /// tenant itself, and signs it with HS256. See [`TokenClaims::new`] for what
    /// is not the template's to say.
    ///
    /// What comes out still has to pass the fence.
    pub fn sign(&self, tenant: &Tenant, claimant: &dyn Claimant, now: SystemTime) -> Result<Secret, MintError> {
        let given = self.template.claims(claimant).find(|(claim, _)| *claim == NAME).map(|(_, given)| given.value());
        let name = own_name(given.as_ref(), organization_of(tenant), &tenant.user.id);
        let life = Life::new(self.lifetime, now)?;
        self.seal_json(&Written { template: &self.template, claimant, name: &name, life })
    }

    /// The same for claims that were filled before, and perhaps narrowed.
    pub fn sign_claims(
        &self,
        filled: Map<String, Value>,
        tenant: &Tenant,
        now: SystemTime,
    ) -> Result<Secret, MintError> {
        let organization = organization_of(tenant);
        self.seal(&TokenClaims::new(filled, organization, &tenant.user.id, self.lifetime, now)?)
    }

    /// Signs claims as they are.
    pub fn seal(&self, claims: &TokenClaims) -> Result<Secret, MintError> {
        self.seal_json(&claims.0)
    }

    /// A JWS in its compact form (RFC 7515 §7.1).
    fn seal_json(&self, claims: &impl Serialize) -> Result<Secret, MintError> {
        let claims = json(claims)?;
        // Four characters for three bytes, and the signature.
        let mut token = String::with_capacity(self.header.len() + claims.len() * 4 / 3 + 64);
        token.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = jsonwebtoken::crypto::sign(token.as_bytes(), &self.key, Algorithm::HS256);
        let signature = signature.map_err(MintError::Signing)?;
        token.push('.');
        token.push_str(&signature);
        Ok(Secret::new(token))
    }

    /// The template.
    pub fn template(&self) -> &Template {
        &self.template
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Signer").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

fn organization_of(tenant: &Tenant) -> Option<&str> {
    tenant.organization.as_ref().map(|organization| organization.id.as_str())
}

/// Room for most claims, so that they are not moved while they are written.
const USUAL_CLAIMS: usize = 1024;

fn json(value: &impl Serialize) -> Result<Vec<u8>, MintError> {
    let mut bytes = Vec::with_capacity(USUAL_CLAIMS);
    serde_json::to_writer(&mut bytes, value).map_err(|error| MintError::Signing(error.into()))?;
    Ok(bytes)
}

/// One token for `tenant`, of whom nothing is known but what sign-in told. See
/// [`Signer::sign`].
pub fn mint(
    admin_token: &Secret,
    template: &Template,
    tenant: &Tenant,
    lifetime: Duration,
    now: SystemTime,
) -> Result<Secret, MintError> {
    Signer::new(admin_token, template.clone(), lifetime)?.sign(tenant, tenant, now)
}

/// How much of a template's name is kept, in characters.
const LONGEST_HEAD: usize = 100;
/// How much of an id, in bytes. Clerk's have 32.
const LONGEST_ID: usize = 64;
/// Stands where an organization's id would.
const PERSONAL: &str = "personal";

/// The template's name, and then the ids of organization and person, unless it
/// ends with them or with the organization's: `acme:org_1:user_1`.
fn own_name(name: Option<&Value>, organization: Option<&str>, user: &str) -> String {
    let organization = organization.map_or(Cow::Borrowed(PERSONAL), name_of_id);
    let ids = format!("{organization}:{}", name_of_id(user));
    let given = name.and_then(Value::as_str).unwrap_or("perch");
    let head = before(given, &ids).or_else(|| before(given, &organization)).unwrap_or(given);
    let mut own: String = head.chars().filter(|character| !character.is_control()).take(LONGEST_HEAD).collect();
    if !own.is_empty() {
        own.push(':');
    }
    own + &ids
}

/// What stands before `ids` where `name` ends with them, without the colon.
fn before<'a>(name: &'a str, ids: &str) -> Option<&'a str> {
    let head = name.strip_suffix(ids)?;
    if head.is_empty() { Some(head) } else { head.strip_suffix(':') }
}

/// An id as it stands in a name: itself if it looks like one of Clerk's, else a
/// digest of it, so that a colon in an id cannot make it two.
fn name_of_id(id: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain) && id != PERSONAL {
        return Cow::Borrowed(id);
    }
    let digest = Sha256::digest(id);
    Cow::Owned(digest[..16].iter().fold("~".to_owned(), |name, byte| format!("{name}{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(given: &str, organization: Option<&str>, user: &str) -> String {
        own_name(Some(&given.into()), organization, user)
    }

    #[test]
    fn a_token_is_the_same_whether_its_claims_were_kept_or_only_written() {
        let origin = perch_tenant::Origin::parse("https://clerk.example").expect("an origin");
        let user = perch_tenant::User { id: "user_1".into(), name: Some("A \"b\" ñ\n".into()), email: None };
        let tenant =
            Tenant { issuer: origin.clone(), user, organization: None, tinybird: origin, workspace_id: "w".into() };
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for template in [
            "{}",
            r#"{"name": "a", "x": [1, "{{user.full_name}}", "<{{user.full_name}}>", {"y": "{{org.id || 2}}"}, null, 1.5]}"#,
            r#"{"x": "{{user.email_verified || org.slug}}", "name": "{{user.full_name}}", "exp": 1, "b": {"c": []}}"#,
            r#"{"name": 7}"#,
        ] {
            let template = Template::parse(template).expect(template);
            let signer = Signer::new(&Secret::new("key"), template.clone(), Duration::from_secs(60)).expect("a signer");
            let written = signer.sign(&tenant, &tenant, now).expect("a token");
            let kept = signer.sign_claims(template.fill(&tenant), &tenant, now).expect("a token");
            assert_eq!(written.expose(), kept.expose());
            let header = jsonwebtoken::decode_header(written.expose()).expect("a header");
            assert_eq!(header, Header::new(Algorithm::HS256));
        }
    }

    #[test]
    fn a_name_ends_with_organization_and_person_and_says_neither_twice() {
        for (given, name) in [
            ("acme", "acme:org_1:user_1"),
            ("perch:org_1:user_1", "perch:org_1:user_1"),
            ("org_1:user_1", "org_1:user_1"),
            ("acme:org_1", "acme:org_1:user_1"),
            ("org_1", "org_1:user_1"),
            ("user_1:org_1", "user_1:org_1:user_1"),
            ("user_1 at org_1", "user_1 at org_1:org_1:user_1"),
            // Of others, whose ids end or begin as these.
            ("another_org_1:user_1", "another_org_1:user_1:org_1:user_1"),
            ("org_1:user_12", "org_1:user_12:org_1:user_1"),
            ("", "org_1:user_1"),
            ("a\nb\u{0}", "ab:org_1:user_1"),
        ] {
            assert_eq!(named(given, Some("org_1"), "user_1"), name);
        }
        assert_eq!(named("acme", None, "user_1"), "acme:personal:user_1");
        assert_eq!(own_name(None, Some("org_1"), "user_1"), "perch:org_1:user_1");
        assert_eq!(own_name(Some(&Value::Null), Some("org_1"), "user_1"), "perch:org_1:user_1");
    }

    #[test]
    fn an_id_cannot_take_the_place_of_two_or_of_none() {
        assert_ne!(named("", Some("a"), "b:c"), named("", Some("a:b"), "c"));
        assert_ne!(named("", Some(PERSONAL), "a"), named("", None, "a"));
        let digest = named("", None, "a:b").trim_start_matches("personal:").to_owned();
        assert_ne!(named("", None, "a:b"), named("", None, &digest));
        assert_ne!(named("", None, &"a".repeat(65)), named("", None, &"a".repeat(66)));
    }

    /// Ids as Clerk makes them, and such as would make two names one.
    fn id() -> impl Strategy<Value = String> {
        prop_oneof![
            6 => "[a:]{1,3}",
            2 => Just(PERSONAL.to_owned()),
            1 => "(org|user)_[12]",
            1 => "~[0-9a-f]{32}",
            1 => any::<String>(),
        ]
    }

    fn given() -> impl Strategy<Value = String> {
        prop_oneof![4 => "[a:]{0,3}", 2 => (id(), id()).prop_map(|(one, two)| format!("{one}:{two}")), 1 => "\\PC*"]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_two_tenants_share_a_name_whatever_their_templates_say(
            (here, there) in (prop::option::of(id()), prop::option::of(id())),
            (ada, bob) in (id(), id()),
            (one, two) in (given(), given()),
        ) {
            let name = named(&one, here.as_deref(), &ada);
            prop_assert!(
                name != named(&two, there.as_deref(), &bob) || (&here, &ada) == (&there, &bob),
                "{:?} of {:?}, and {:?} of {:?}: {:?}", ada, here, bob, there, name,
            );
        }

        #[test]
        fn a_name_is_bounded_and_holds_no_control_character(
            given in any::<String>(), length in 0..200_usize, organization in id(), user in id(),
        ) {
            let name = named(&given.repeat(length), Some(&organization), &user.repeat(40));
            prop_assert!(name.chars().count() <= 230 && !name.chars().any(char::is_control), "{name:?}");
        }
    }
}
