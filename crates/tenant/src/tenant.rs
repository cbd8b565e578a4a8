//! Who is looking, and on behalf of whom.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Attribute, Connection, Origin};

/// A person, as Clerk's userinfo and ID token describe them (OpenID Connect Core
/// §5.1), or the user of a hosted session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Clerk's id, `user_…`: the `sub` claim.
    pub id: String,
    /// The name to show, when the person has one.
    pub name: Option<String>,
    /// The primary address, when the scope `email` was granted.
    pub email: Option<String>,
}

impl User {
    /// What to call the person on the screen.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().or(self.email.as_deref()).unwrap_or(&self.id)
    }
}

/// An organization: the one that was chosen on Clerk's consent screen, or one of
/// those of a hosted session's person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Clerk's id, `org_…`.
    pub id: String,
    /// The name to show.
    pub name: Option<String>,
    /// The name in addresses.
    pub slug: Option<String>,
    /// The person's role in it, `org:admin` for example, when Clerk tells it.
    pub role: Option<String>,
}

impl Organization {
    /// What to call the organization on the screen.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().or(self.slug.as_deref()).unwrap_or(&self.id)
    }
}

/// One person in one organization at one company's services. A person without
/// an organization is a tenant too, a personal one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Clerk's issuer.
    pub issuer: Origin,
    /// The person.
    pub user: User,
    /// The organization, or `None` for a personal tenant.
    pub organization: Option<Organization>,
    /// Tinybird's API host.
    pub tinybird: Origin,
    /// Tinybird's workspace.
    pub workspace_id: String,
}

impl Tenant {
    /// The tenant of a person, and perhaps an organization, at `connection`.
    pub fn new(connection: &Connection, user: User, organization: Option<Organization>) -> Self {
        Self {
            issuer: connection.clerk.issuer.clone(),
            user,
            organization,
            tinybird: connection.tinybird.host.clone(),
            workspace_id: connection.tinybird.workspace_id.to_string(),
        }
    }

    /// The name under which everything of this tenant is kept.
    pub fn id(&self) -> TenantId {
        let organization = self.organization.as_ref().map_or("", |organization| &organization.id);
        TenantId(digest(&[
            self.issuer.as_str(),
            &self.user.id,
            organization,
            self.tinybird.as_str(),
            &self.workspace_id,
        ]))
    }

    /// The name of the person behind it, whichever the organization.
    pub fn person(&self) -> PersonId {
        PersonId::new(&self.issuer, &self.user.id)
    }

    /// This tenant's value for an attribute that the fence binds, or `None`
    /// where the tenant has none: a personal tenant has no `org.id`.
    pub fn attribute(&self, attribute: Attribute) -> Option<&str> {
        let organization = self.organization.as_ref();
        match attribute {
            Attribute::OrgId => organization.map(|organization| organization.id.as_str()),
            Attribute::OrgSlug => organization.and_then(|organization| organization.slug.as_deref()),
            Attribute::UserId => Some(&self.user.id),
        }
    }

    /// What to call the tenant on the screen.
    pub fn display_name(&self) -> &str {
        self.organization.as_ref().map_or_else(|| self.user.display_name(), Organization::display_name)
    }
}

/// Names one tenant: 128 bits of SHA-256 over issuer, user, organization,
/// Tinybird host and workspace, as 32 lower-case hexadecimal digits. Tells
/// nothing of them, so it may stand in file names and keychain entries.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(String);

impl TenantId {
    /// The id of nobody: under which everything is asked for, kept and drawn
    /// that anyone with `connection` may see. It is no tenant's, because a
    /// tenant's id is a digest of five parts.
    pub fn public(connection: &Connection) -> Self {
        Self(digest(&["public", &connection.id()]))
    }

    /// The 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names one person at one Clerk instance, as [`TenantId`] names a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PersonId(String);

impl PersonId {
    /// The id of the person whom `issuer` knows as `user`.
    pub fn new(issuer: &Origin, user: &str) -> Self {
        Self(digest(&[issuer.as_str(), user]))
    }

    /// The 32 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PersonId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if is_digest(&text) {
            Ok(Self(text))
        } else {
            Err(format!("`{text}` is not a person's id: it has 32 hexadecimal digits"))
        }
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// 128 bits of SHA-256 over the parts, in hexadecimal. Each part is preceded by
/// its length, so that no two lists share a digest by moving a character from
/// one part to the next.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a text is what [`digest`] makes.
fn is_digest(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl TryFrom<String> for TenantId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if is_digest(&text) {
            Ok(Self(text))
        } else {
            Err(format!("`{text}` is not a tenant's id: it has 32 hexadecimal digits"))
        }
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TenantId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tenant(user: &str, organization: Option<&str>, workspace: &str) -> Tenant {
        let origin = Origin::parse("https://clerk.example.com").expect("an origin");
        Tenant {
            issuer: origin.clone(),
            user: User { id: user.to_owned(), name: None, email: None },
            organization: organization.map(|id| Organization { id: id.to_owned(), name: None, slug: None, role: None }),
            tinybird: origin,
            workspace_id: workspace.to_owned(),
        }
    }

    proptest! {
        #[test]
        fn different_tenants_have_different_ids(a in "[a-c]{0,3}", b in "[a-c]{0,3}", c in "[a-c]{0,3}", x in "[a-c]{0,3}", y in "[a-c]{0,3}", z in "[a-c]{0,3}") {
            let same = (&a, &b, &c) == (&x, &y, &z);
            prop_assert_eq!(tenant(&a, Some(&b), &c).id() == tenant(&x, Some(&y), &z).id(), same);
        }
    }

    fn connection(workspace: &str) -> Connection {
        let text = format!(
            "version = 1\nname = \"A\"\n[clerk]\nissuer = \"https://clerk.example.com\"\nclient_id = \"c\"\n[tinybird]\n\
             host = \"https://api.tinybird.co\"\nworkspace_id = \"{workspace}\"\n\
             [token]\nsource = \"mint\"\ntemplate = \"{{}}\"\nbind = {{ org_id = \"org.id\" }}\n"
        );
        Connection::parse(&text).expect("a connection")
    }

    #[test]
    fn what_anyone_may_see_has_an_id_for_each_connection_that_is_no_tenants_and_no_persons() {
        let (a, b) = (connection("a"), connection("b"));
        let public = TenantId::public(&a);
        assert_eq!(TenantId::try_from(public.to_string()), Ok(public.clone()));
        assert_ne!(public, TenantId::public(&b));
        // Made of the same words, in every place where words can stand.
        let id = a.id();
        for (user, organization, workspace) in
            [("public", Some(id.as_str()), ""), (&id, None, "public"), ("", None, "a")]
        {
            assert_ne!(public, tenant(user, organization, workspace).id());
        }
        assert_ne!(public.as_str(), tenant(&id, None, "a").person().as_str());
    }

    #[test]
    fn a_role_or_a_new_name_does_not_make_another_tenant() {
        let plain = tenant("user_1", Some("org_1"), "w");
        let mut renamed = plain.clone();
        renamed.user.name = Some("Ada".to_owned());
        if let Some(organization) = renamed.organization.as_mut() {
            organization.role = Some("org:admin".to_owned());
            organization.name = Some("Acme".to_owned());
        }
        assert_eq!(plain.id(), renamed.id());
    }

    #[test]
    fn a_path_is_not_a_tenants_id() {
        assert!(TenantId::try_from("../../../../etc/passwd".to_owned()).is_err());
        assert!(TenantId::try_from("A".repeat(32)).is_err());
    }
}
