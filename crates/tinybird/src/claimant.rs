//! Of whom a token speaks: what shortcodes find, by the names that Clerk gave
//! them.

use std::borrow::Cow;

use perch_tenant::Tenant;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// Somebody for whom a template is filled.
pub trait Claimant {
    /// What `path` names, `org.id` for example, or `None` where it is missing.
    fn find(&self, path: &str) -> Option<Found<'_>>;
}

/// What a shortcode names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found<'a> {
    /// A text.
    Text(&'a str),
    /// Any value.
    Json(&'a Value),
}

impl<'a> Found<'a> {
    /// Whether `||` goes on to what comes after it.
    pub(crate) fn is_passed_over(self) -> bool {
        matches!(self, Self::Json(Value::Null | Value::Bool(false)))
    }

    /// As it is written into a longer text: what is missing becomes the word
    /// `null`.
    pub(crate) fn text(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Json(Value::String(text)) => Cow::Borrowed(text),
            Self::Json(value) => Cow::Owned(value.to_string()),
        }
    }

    pub(crate) fn value(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Json(value) => value.clone(),
        }
    }
}

impl Serialize for Found<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Json(value) => value.serialize(serializer),
        }
    }
}

/// An object of objects: `{"user": {…}, "org": {…}, "org_membership": {…}}`.
impl Claimant for Value {
    fn find(&self, path: &str) -> Option<Found<'_>> {
        path.split('.').try_fold(self, |value, key| value.get(key)).map(Found::Json)
    }
}

/// What sign-in told. What it does not tell, such as metadata, is missing.
impl Claimant for Tenant {
    fn find(&self, path: &str) -> Option<Found<'_>> {
        let (user, organization) = (&self.user, self.organization.as_ref());
        let found = match path {
            "user.id" => Some(&user.id),
            "user.full_name" => user.name.as_ref(),
            "user.primary_email_address" => user.email.as_ref(),
            "org.id" => organization.map(|organization| &organization.id),
            "org.name" => organization?.name.as_ref(),
            "org.slug" => organization?.slug.as_ref(),
            "org.role" => organization?.role.as_ref(),
            _ => None,
        };
        found.map(|text| Found::Text(text))
    }
}

/// What is known of a tenant, as one value, to which more can be added.
pub fn claimant(tenant: &Tenant) -> Value {
    let mut claimant = Map::new();
    let user = &tenant.user;
    claimant.insert(
        "user".to_owned(),
        json!({ "id": user.id, "full_name": user.name, "primary_email_address": user.email }),
    );
    if let Some(organization) = &tenant.organization {
        claimant.insert(
            "org".to_owned(),
            json!({
                "id": organization.id,
                "name": organization.name,
                "slug": organization.slug,
                "role": organization.role,
            }),
        );
    }
    Value::Object(claimant)
}

#[cfg(test)]
mod tests {
    use perch_tenant::{Organization, Origin, User};
    use proptest::prelude::*;

    use super::*;
    use crate::Template;
    use crate::shortcode::NAMES;

    fn tenant(texts: [Option<String>; 5], personal: bool) -> Tenant {
        let [name, email, org_name, slug, role] = texts;
        let origin = Origin::parse("https://clerk.example").expect("an origin");
        let organization = Organization { id: "org_1".to_owned(), name: org_name, slug, role };
        Tenant {
            issuer: origin.clone(),
            user: User { id: "user_1".to_owned(), name, email },
            organization: (!personal).then_some(organization),
            tinybird: origin,
            workspace_id: "w".to_owned(),
        }
    }

    proptest! {
        #[test]
        fn a_tenant_and_its_value_fill_a_template_the_same(
            texts in prop::array::uniform5(prop::option::of(any::<String>())),
            personal: bool,
        ) {
            let tenant = tenant(texts, personal);
            let known = claimant(&tenant);
            for path in NAMES.into_iter().chain(["user.public_metadata.plan", "org.public_metadata.plan.name"]) {
                let template = json!({ "alone": format!("{{{{{path}}}}}"), "within": format!("a {{{{{path}}}}} b"),
                    "or": format!("{{{{{path} || 'none'}}}}") });
                let template = Template::parse(&template.to_string()).expect(path);
                prop_assert_eq!(template.fill(&tenant), template.fill(&known), "{}", path);
            }
        }
    }
}
