//! Who lives in the sandbox: three organizations and four people, who are
//! members of one, two, three and none of them. The ids are the same at every
//! start, and as long as Clerk's own, so that what is measured here holds there.

/// An organization of the sandbox's Clerk.
#[derive(Debug, PartialEq, Eq)]
pub struct Organization {
    /// Clerk's id, `org_…`.
    pub id: &'static str,
    /// The name to show.
    pub name: &'static str,
    /// The name in addresses.
    pub slug: &'static str,
    /// Whether somebody uploaded a picture. Where nobody did, Clerk has an
    /// address all the same, of a mark that it made up.
    pub has_image: bool,
}

/// A person with an account at the sandbox's Clerk.
#[derive(Debug, PartialEq, Eq)]
pub struct Person {
    /// Clerk's id, `user_…`.
    pub id: &'static str,
    /// The short name by which pages and tests address the person:
    /// `button[data-person="grace"]`.
    pub handle: &'static str,
    /// First name.
    pub given_name: &'static str,
    /// Last name.
    pub family_name: &'static str,
    /// The address to sign in with.
    pub email: &'static str,
    /// The password, which the sign-in page shows: this is a sandbox.
    pub password: &'static str,
    /// As [`Organization::has_image`].
    pub has_image: bool,
    /// Where the person belongs, in the order that the consent page shows.
    pub memberships: &'static [Membership],
}

/// A person's place in an organization.
#[derive(Debug, PartialEq, Eq)]
pub struct Membership {
    /// The organization.
    pub organization: &'static Organization,
    /// `org:admin` or `org:member`.
    pub role: &'static str,
}

impl Person {
    /// First and last name.
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    /// The person's place in the organization with this id, if there is one.
    pub fn membership(&self, organization: &str) -> Option<&'static Membership> {
        self.memberships.iter().find(|membership| membership.organization.id == organization)
    }
}

static HARBOR: Organization = Organization {
    id: "org_31aHarborCoffee000000000001",
    name: "Harbor Coffee",
    slug: "harbor-coffee",
    has_image: true,
};
static LARKSPUR: Organization = Organization {
    id: "org_31aLarkspurBooks00000000002",
    name: "Larkspur Books",
    slug: "larkspur-books",
    has_image: true,
};
// The ampersand is on purpose: a name that is pasted into markup shows here.
static JUNIPER: Organization = Organization {
    id: "org_31aJuniperPine0000000000003",
    name: "Juniper & Pine",
    slug: "juniper-pine",
    has_image: false,
};

static ORGANIZATIONS: [&Organization; 3] = [&HARBOR, &LARKSPUR, &JUNIPER];

static PEOPLE: [Person; 4] = [
    Person {
        id: "user_31aAdaMoreau0000000000001",
        handle: "ada",
        given_name: "Ada",
        family_name: "Moreau",
        email: "ada@harbor.example",
        password: "ada-likes-espresso",
        has_image: true,
        memberships: &[Membership { organization: &HARBOR, role: "org:admin" }],
    },
    Person {
        id: "user_31aGraceOkafor000000000002",
        handle: "grace",
        given_name: "Grace",
        family_name: "Okafor",
        email: "grace@larkspur.example",
        password: "grace-likes-novels",
        has_image: true,
        memberships: &[
            Membership { organization: &HARBOR, role: "org:member" },
            Membership { organization: &LARKSPUR, role: "org:admin" },
        ],
    },
    Person {
        id: "user_31aLinusBergstrom00000003",
        handle: "linus",
        given_name: "Linus",
        family_name: "Bergström",
        email: "linus@juniper.example",
        password: "linus-likes-ferns",
        has_image: true,
        memberships: &[
            Membership { organization: &HARBOR, role: "org:member" },
            Membership { organization: &LARKSPUR, role: "org:member" },
            Membership { organization: &JUNIPER, role: "org:admin" },
        ],
    },
    Person {
        id: "user_31aNoorHaddad0000000000004",
        handle: "noor",
        given_name: "Noor",
        family_name: "Haddad",
        email: "noor@haddad.example",
        password: "noor-likes-maps",
        has_image: false,
        memberships: &[],
    },
];

/// The three organizations, the largest first.
pub fn organizations() -> &'static [&'static Organization] {
    &ORGANIZATIONS
}

/// The four people: `ada` is a member of one organization, `grace` of two,
/// `linus` of three, `noor` of none.
pub fn people() -> &'static [Person] {
    &PEOPLE
}

/// Who signs in with this address and password.
pub(crate) fn with_credentials(email: &str, password: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.email.eq_ignore_ascii_case(email) && person.password == password)
}

/// The person with this id.
pub(crate) fn person(id: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.id == id)
}
