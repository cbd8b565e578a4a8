//! Who a dashboard is for: `organizations` and `roles` at the top of its file. A convenience, and no fence: what
//! somebody may read, their token says.

use perch_tenant::Organization;

/// Who is shown a dashboard. Everybody where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audience {
    /// Clerk's ids of organizations, `org_…`, or their slugs; all where there is none.
    pub organizations: Vec<String>,
    /// Clerk's keys of roles, `org:admin` for example; all where there is none.
    pub roles: Vec<String>,
}

impl Audience {
    /// Whether somebody in this organization is among it; `None` is somebody who is in none.
    pub fn includes(&self, organization: Option<&Organization>) -> bool {
        let is_named = |names: &[String], known: [Option<&str>; 2]| {
            names.is_empty() || names.iter().any(|name| known.contains(&Some(name.as_str())))
        };
        let Some(organization) = organization else { return *self == Self::default() };
        is_named(&self.organizations, [Some(&organization.id), organization.slug.as_deref()])
            && is_named(&self.roles, [organization.role.as_deref(), None])
    }
}

/// Why a text names no organization of Clerk's, as an id or a slug.
pub(crate) fn check_organization(name: &str) -> Result<(), String> {
    let is_slug = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let id = name.strip_prefix("org_").filter(|id| !id.is_empty() && id.chars().all(is_part));
    if id.is_some() || !name.is_empty() && name.chars().all(is_slug) {
        return Ok(());
    }
    Err(format!("`{name}` is neither an organization's id nor its slug; write one like org_2abc or acme-inc"))
}

/// Why a text names no role of Clerk's.
pub(crate) fn check_role(name: &str) -> Result<(), String> {
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    match name.strip_prefix("org:") {
        Some(key) if !key.is_empty() && key.chars().all(is_part) => Ok(()),
        Some(_) => Err(format!("`{name}` is no key of a role; write it as Clerk does, like org:admin")),
        None => {
            Err(format!("`{name}` is no key of a role; write \"org:{}\"", name.to_lowercase().replace([' ', '-'], "_")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audience(organizations: &[&str], roles: &[&str]) -> Audience {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Audience { organizations: owned(organizations), roles: owned(roles) }
    }

    fn member(id: &str, slug: Option<&str>, role: Option<&str>) -> Organization {
        Organization { id: id.into(), name: None, slug: slug.map(str::to_owned), role: role.map(str::to_owned) }
    }

    #[test]
    fn a_dashboard_is_for_those_that_it_names_and_for_all_where_it_names_nobody() {
        let admin = member("org_1", Some("acme"), Some("org:admin"));
        let guest = member("org_2", None, None);
        for (audience, includes) in [
            (audience(&[], &[]), [true, true, true]),
            (audience(&["acme"], &[]), [true, false, false]),
            (audience(&["org_2", "org_1"], &[]), [true, true, false]),
            (audience(&[], &["org:admin"]), [true, false, false]),
            (audience(&["org_2"], &["org:admin"]), [false, false, false]),
        ] {
            let found = [Some(&admin), Some(&guest), None].map(|one| audience.includes(one));
            assert_eq!(found, includes, "{audience:?}");
        }
    }

    #[test]
    fn what_clerk_never_writes_is_told() {
        assert!(["org_2abC", "acme", "acme-2"].iter().all(|name| check_organization(name).is_ok()));
        assert!(["", "Acme Inc", "org_", "org_a b"].iter().all(|name| check_organization(name).is_err()));
        assert!(["org:admin", "org:billing_manager"].iter().all(|name| check_role(name).is_ok()));
        assert!(["", "org:", "org:Admin"].iter().all(|name| check_role(name).is_err()));
        assert_eq!(check_role("Admin").expect_err("no key"), "`Admin` is no key of a role; write \"org:admin\"");
    }
}
