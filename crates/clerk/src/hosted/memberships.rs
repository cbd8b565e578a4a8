//! The organizations that a person is a member of.

use std::collections::HashSet;

use perch_tenant::Organization;
use reqwest::Method;

use super::answer::{Failure, List, Member, Wrapped};
use super::{ClientToken, FrontendApi, HostedSession};
use crate::userinfo::filled;
use crate::{ClerkError, Picture};

const ENDPOINT: &str = "list of organizations";

/// How many are asked for at once. Clerk allows 500, but an organization's and a
/// membership's metadata may have 8 KB each.
const PAGE: usize = 100;

/// Nobody is in more organizations than these pages hold: 10,000.
const MOST_PAGES: usize = 100;

/// One organization of a person.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The organization, with the person's role in it.
    pub organization: Organization,
    /// What the role permits, `org:reports:read` for example.
    pub permissions: Vec<String>,
    /// The organization's picture, if it has one.
    pub picture: Option<Picture>,
}

impl FrontendApi {
    /// All organizations of the session's person, in Clerk's order.
    ///
    /// # Errors
    /// [`ClerkError::OrganizationsDisabled`] where there are none to have,
    /// [`ClerkError::AnotherPerson`] when Clerk lists somebody else's,
    /// [`ClerkError::SessionEnded`] when the session is over.
    pub async fn memberships(
        &self,
        client: &mut ClientToken<'_>,
        session: &HostedSession,
    ) -> Result<Vec<Membership>, ClerkError> {
        let mut memberships = Vec::new();
        // A list that changes between two pages may tell one twice.
        let mut seen = HashSet::new();
        let mut received = 0;
        for _ in 0..MOST_PAGES {
            let call = self
                .call(ENDPOINT, Method::GET, &["me", "organization_memberships"])
                .of_session(&session.session_id)
                .parameter("paginated", "true")
                .parameter("limit", &PAGE.to_string())
                .parameter("offset", &received.to_string());
            let answer: Wrapped<List<Member>> = self.ask(&call, client).await.map_err(Failure::of_session)?;
            let (members, last) = match answer.response {
                List::Page { data, total_count } => {
                    received += data.len();
                    let last = match total_count {
                        // Whoever is missing from a list that is shorter than it
                        // says would look as if they had left.
                        Some(total) if data.is_empty() && received < total => {
                            return Err(ClerkError::NotUnderstood { endpoint: ENDPOINT });
                        }
                        Some(total) => received >= total,
                        None => data.len() < PAGE,
                    };
                    (data, last)
                }
                List::Whole(members) => (members, true),
            };
            for member in members {
                let about = member.public_user_data.as_ref().and_then(|user| user.user_id.as_ref());
                if about.is_some_and(|user_id| *user_id != session.user.id) {
                    return Err(ClerkError::AnotherPerson);
                }
                if seen.insert(member.organization.id.clone()) {
                    memberships.push(self.membership(member));
                }
            }
            if last {
                return Ok(memberships);
            }
        }
        Err(ClerkError::TooLarge { endpoint: ENDPOINT })
    }

    pub(super) fn membership(&self, member: Member) -> Membership {
        let company = member.organization;
        Membership {
            picture: self.picture(company.has_image, company.image_url.as_deref()),
            // The id is not touched, because tenants are told apart by it.
            organization: Organization {
                id: company.id,
                name: filled(company.name),
                slug: filled(company.slug),
                role: filled(member.role),
            },
            permissions: member.permissions.unwrap_or_default(),
        }
    }
}
