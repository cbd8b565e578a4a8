//! A person and where they belong, as Clerk's Backend API tells it, and what of
//! that a claims template's shortcodes name.

use std::collections::{BTreeSet, HashMap};

use perch_tenant::{Organization, User};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What is known of a person.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// By the organization's id.
    pub(crate) memberships: HashMap<String, Membership>,
    /// What `GET /v1/users/ID` says.
    pub(crate) details: Details,
}

/// A place in an organization.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Membership {
    pub(crate) organization_id: String,
    pub(crate) name: Option<String>,
    pub(crate) slug: Option<String>,
    pub(crate) role: String,
    pub(crate) permissions: BTreeSet<String>,
    pub(crate) image_url: Value,
    pub(crate) organization_metadata: Value,
    pub(crate) metadata: Value,
}

/// One of the Backend API's `organization_membership`.
#[derive(Deserialize)]
pub(crate) struct MembershipAnswer {
    role: String,
    #[serde(default)]
    permissions: Option<BTreeSet<String>>,
    #[serde(default)]
    public_metadata: Value,
    organization: OrganizationAnswer,
}

#[derive(Deserialize)]
struct OrganizationAnswer {
    id: String,
    name: Option<String>,
    slug: Option<String>,
    #[serde(default)]
    image_url: Value,
    #[serde(default)]
    public_metadata: Value,
}

impl From<MembershipAnswer> for Membership {
    fn from(answer: MembershipAnswer) -> Self {
        let MembershipAnswer { role, permissions, public_metadata, organization, .. } = answer;
        Self {
            organization_id: organization.id,
            name: organization.name,
            slug: organization.slug.filter(|slug| !slug.is_empty()),
            role,
            permissions: permissions.unwrap_or_default(),
            image_url: organization.image_url,
            organization_metadata: organization.public_metadata,
            metadata: public_metadata,
        }
    }
}

impl Membership {
    /// The organization as a tenant's.
    pub(crate) fn organization(&self) -> Organization {
        Organization {
            id: self.organization_id.clone(),
            name: self.name.clone(),
            slug: self.slug.clone(),
            role: Some(self.role.clone()),
        }
    }
}

/// The Backend API's `user`: what shortcodes name of it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Details {
    // Without a default: who does not say is not taken for a no.
    banned: bool,
    first_name: Option<String>,
    last_name: Option<String>,
    username: Option<String>,
    #[serde(default)]
    image_url: Value,
    primary_email_address_id: Option<String>,
    #[serde(default)]
    email_addresses: Vec<EmailAddress>,
    #[serde(default)]
    created_at: Value,
    #[serde(default)]
    public_metadata: Value,
    #[serde(default)]
    unsafe_metadata: Value,
}

#[derive(Debug, Clone, Deserialize)]
struct EmailAddress {
    id: Option<String>,
    email_address: String,
    verification: Option<Verification>,
}

#[derive(Debug, Clone, Deserialize)]
struct Verification {
    status: Option<String>,
}

impl Details {
    /// Whether the application has banned them. That Clerk has locked the account
    /// is no matter here: it keeps people from signing in for a while, and anybody
    /// can bring it about by signing in wrongly.
    pub(crate) fn is_banned(&self) -> bool {
        self.banned
    }

    fn full_name(&self) -> Option<String> {
        let parts = [&self.first_name, &self.last_name].into_iter().flatten().map(|part| part.trim());
        let name = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        (!name.is_empty()).then_some(name)
    }

    fn primary_email(&self) -> Option<&EmailAddress> {
        let id = self.primary_email_address_id.as_deref()?;
        self.email_addresses.iter().find(|address| address.id.as_deref() == Some(id))
    }
}

/// The person as a tenant's.
pub(crate) fn user(id: &str, details: &Details) -> User {
    User {
        id: id.to_owned(),
        name: details.full_name(),
        email: details.primary_email().map(|address| address.email_address.clone()),
    }
}

/// What the template's shortcodes name, in the shape of
/// [`perch_tinybird::claimant`].
pub(crate) fn claimant(id: &str, details: &Details, membership: Option<&Membership>) -> Value {
    let email = details.primary_email();
    let verified = email.map(|email| {
        email.verification.as_ref().and_then(|verification| verification.status.as_deref()) == Some("verified")
    });
    let user = json!({
            "id": id,
            "first_name": details.first_name,
            "last_name": details.last_name,
            "full_name": details.full_name(),
            "username": details.username,
            "primary_email_address": email.map(|email| &email.email_address),
            "email_verified": verified,
            "image_url": details.image_url,
            "created_at": details.created_at,
            "public_metadata": details.public_metadata,
            "unsafe_metadata": details.unsafe_metadata,
    });
    let mut claimant = Map::from_iter([("user".to_owned(), user)]);
    if let Some(membership) = membership {
        let organization = json!({
            "id": membership.organization_id,
            "name": membership.name,
            "slug": membership.slug,
            "role": membership.role,
            "image_url": membership.image_url,
            "public_metadata": membership.organization_metadata,
        });
        claimant.insert("org".to_owned(), organization);
        claimant.insert("org_membership".to_owned(), json!({ "public_metadata": membership.metadata }));
    }
    Value::Object(claimant)
}

#[cfg(test)]
mod tests {
    use perch_tinybird::Template;

    use super::*;

    /// As `packages/backend/src/api/resources/JSON.ts` of clerk/javascript has
    /// a user, with some of its fields.
    fn grace() -> Details {
        serde_json::from_value(json!({
            "object": "user", "id": "user_1", "username": null, "first_name": "Grace", "last_name": "Hopper",
            "image_url": "https://img.example/1", "banned": false, "primary_email_address_id": "idn_2",
            "email_addresses": [
                {"id": "idn_1", "email_address": "old@example.com", "verification": null},
                {"id": "idn_2", "email_address": "grace@example.com", "verification": {"status": "verified"}},
            ],
            "created_at": 1_700_000_000_000_u64, "public_metadata": {"plan": {"seats": 3}},
            "private_metadata": {"note": "for servers only"}, "unsafe_metadata": {"theme": "dark"},
        }))
        .expect("a user")
    }

    fn membership() -> Membership {
        let answer: MembershipAnswer = serde_json::from_value(json!({
            "object": "organization_membership", "id": "orgmem_1", "role": "org:admin", "permissions": ["org:a:read"],
            "public_metadata": {"desk": 4}, "private_metadata": {"salary": 1},
            "organization": {"id": "org_1", "name": "Navy", "slug": "navy", "image_url": "https://img.example/2",
                "public_metadata": {"tier": "gold"}, "private_metadata": {"debt": 1}},
            "public_user_data": {"user_id": "user_1", "identifier": "grace@example.com"},
        }))
        .expect("a membership");
        answer.into()
    }

    #[test]
    fn every_shortcode_of_clerks_finds_its_value_and_no_private_metadata() {
        let names = [
            ("user.id", json!("user_1")),
            ("user.first_name", json!("Grace")),
            ("user.last_name", json!("Hopper")),
            ("user.full_name", json!("Grace Hopper")),
            ("user.username", Value::Null),
            ("user.primary_email_address", json!("grace@example.com")),
            ("user.email_verified", json!(true)),
            ("user.image_url", json!("https://img.example/1")),
            ("user.created_at", json!(1_700_000_000_000_u64)),
            ("user.public_metadata.plan.seats", json!(3)),
            ("user.unsafe_metadata.theme", json!("dark")),
            ("org.id", json!("org_1")),
            ("org.name", json!("Navy")),
            ("org.slug", json!("navy")),
            ("org.role", json!("org:admin")),
            ("org.image_url", json!("https://img.example/2")),
            ("org.public_metadata.tier", json!("gold")),
            ("org_membership.public_metadata.desk", json!(4)),
        ];
        let template: Map<String, Value> =
            names.iter().map(|(name, _)| ((*name).to_owned(), json!(format!("{{{{{name}}}}}")))).collect();
        let template = Template::parse(&Value::Object(template).to_string()).expect("a template");
        let claimant = claimant("user_1", &grace(), Some(&membership()));
        let filled = template.fill(&claimant);
        for (name, value) in names {
            assert_eq!(filled[name], value, "{name}");
        }
        assert!(!claimant.to_string().contains("private"), "{claimant}");
    }

    #[test]
    fn without_an_organization_its_shortcodes_are_missing() {
        let plain = claimant("user_1", &grace(), None);
        assert!(plain.get("org").is_none() && plain.get("org_membership").is_none(), "{plain}");
    }

    #[test]
    fn who_is_not_said_to_be_free_to_come_is_not_taken_for_free() {
        let told = |banned: Value| serde_json::from_value::<Details>(json!({"banned": banned}));
        for banned in [false, true] {
            assert_eq!(told(banned.into()).expect("a user").is_banned(), banned);
        }
        assert!(told(Value::Null).is_err());
        assert!(serde_json::from_value::<Details>(json!({})).is_err());
    }
}
