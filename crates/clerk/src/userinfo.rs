//! Clerk's userinfo (OpenID Connect Core §5.3), with Clerk's own claims for the
//! organization that was chosen on the consent screen.

use perch_tenant::{Organization, Origin, User};
use serde::Deserialize;

use crate::{ClerkError, Picture};

/// The answer of the userinfo endpoint. Every claim but `sub` may be missing or
/// `null`, by what scopes were granted.
#[derive(Debug, Deserialize)]
pub(crate) struct Userinfo {
    sub: String,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    preferred_username: Option<String>,
    email: Option<String>,
    picture: Option<String>,
    org_id: Option<String>,
    org_name: Option<String>,
    org_slug: Option<String>,
}

/// Who looks, and on behalf of whom.
#[derive(Debug)]
pub(crate) struct Viewer {
    pub(crate) user: User,
    pub(crate) organization: Option<Organization>,
    /// The person's picture.
    pub(crate) picture: Option<Picture>,
}

impl Userinfo {
    /// Who it is, and for which organization, if it is about `user_id` (OpenID
    /// Connect Core §5.3.2: userinfo of another subject must not be used) and
    /// not about another organization than the ID token's.
    ///
    /// The organization is the one told here, and none where none is told, even
    /// when the ID token names one: that is how somebody looks who was removed
    /// from it since. Its id is not touched, because tenants are told apart by
    /// it.
    pub(crate) fn of(
        self,
        user_id: &str,
        organization_id: Option<&str>,
        issuer: &Origin,
    ) -> Result<Viewer, ClerkError> {
        if self.sub != user_id {
            return Err(ClerkError::AnotherPerson);
        }
        let told = self.org_id.filter(|id| !id.is_empty());
        if let (Some(proven), Some(told)) = (organization_id, &told)
            && proven != told
        {
            return Err(ClerkError::AnotherOrganization);
        }
        let full_name = || {
            let parts: Vec<_> =
                [&self.given_name, &self.family_name].into_iter().flatten().map(String::as_str).collect();
            parts.join(" ")
        };
        let name = filled(self.name.clone()).or_else(|| filled(Some(full_name()))).or(filled(self.preferred_username));
        let organization = told.map(|id| Organization {
            id,
            name: filled(self.org_name),
            slug: filled(self.org_slug),
            // Clerk tells it to hosted sessions only.
            role: None,
        });
        let user = User { id: self.sub, name, email: filled(self.email) };
        Ok(Viewer { user, organization, picture: self.picture.and_then(|address| Picture::parse(&address, issuer)) })
    }
}

/// A text for the screen, if there is anything in it.
pub(crate) fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(claims: Value, organization: Option<&str>) -> Result<Viewer, ClerkError> {
        let issuer = Origin::parse("https://clerk.acme.example").expect("an origin");
        serde_json::from_value::<Userinfo>(claims).expect("userinfo").of("user_1", organization, &issuer)
    }

    #[test]
    fn a_person_without_an_organization_is_themselves() {
        let claims = json!({"sub": "user_1", "name": null, "given_name": "Ada", "family_name": null, "org_id": null});
        let Viewer { user, organization, picture } = read(claims, None).expect("a person");
        assert_eq!(user.name.as_deref(), Some("Ada"));
        assert_eq!((user.email, organization, picture), (None, None, None));
    }

    #[test]
    fn a_picture_is_taken_only_from_an_address_that_perch_would_ask() {
        let told = |address: &str| read(json!({"sub": "user_1", "picture": address}), None).expect("a person").picture;
        let address = "https://img.clerk.com/ada.png";
        assert_eq!(told(address).as_ref().map(Picture::address), Some(address));
        for address in ["", "http://img.clerk.com/ada.png", "javascript:alert(1)", "https://127.0.0.1/ada.png"] {
            assert_eq!(told(address), None, "{address}");
        }
    }

    #[test]
    fn the_organization_comes_with_its_names() {
        let claims = json!({"sub": "user_1", "org_id": "org_1", "org_name": "Acme", "org_slug": "acme"});
        let organization = read(claims, Some("org_1")).expect("a person").organization.expect("an organization");
        assert_eq!(organization.display_name(), "Acme");
        assert_eq!((organization.slug.as_deref(), organization.role), (Some("acme"), None));
    }

    #[test]
    fn the_organization_is_the_one_told_and_none_where_none_is_told() {
        let told = |claims: Value, proven| read(claims, proven).map(|it| it.organization.map(|it| it.id));
        for none in [json!({"sub": "user_1"}), json!({"sub": "user_1", "org_id": null, "org_name": "Acme"})] {
            // Whom somebody removed from the organization has no other proof.
            assert_eq!(told(none.clone(), Some("org_1")).expect("a person"), None);
            assert_eq!(told(none, None).expect("a person"), None);
        }
        assert_eq!(told(json!({"sub": "user_1", "org_id": ""}), Some("org_1")).expect("a person"), None);
        for id in ["org_1", " org_1", "org_1\n", " "] {
            let claims = json!({"sub": "user_1", "org_id": id});
            assert_eq!(told(claims, None).expect("a person").as_deref(), Some(id), "as it came");
        }
        let spaced = told(json!({"sub": "user_1", "org_id": "org_1 "}), Some("org_1"));
        assert!(matches!(spaced, Err(ClerkError::AnotherOrganization)));
    }

    #[test]
    fn another_person_or_organization_is_refused() {
        assert!(matches!(read(json!({"sub": "user_2"}), None), Err(ClerkError::AnotherPerson)));
        let claims = json!({"sub": "user_1", "org_id": "org_2"});
        assert!(matches!(read(claims, Some("org_1")), Err(ClerkError::AnotherOrganization)));
    }
}
