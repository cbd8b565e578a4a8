//! Where tokens come from, as the connection file says: who signs a tenant's,
//! what each must be bound to, and what shows the dashboards that anyone may
//! see.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Name, Origin, Secret};

/// Where the tenant's token comes from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "TokenTable")]
pub enum TokenSource {
    /// This machine signs with the workspace's admin token, which the keychain
    /// holds: for operators, never for their customers.
    Mint {
        /// Clerk's own JSON of claims, with its shortcodes.
        template: String,
        /// Which `fixed_params` every scope must hold, and this tenant's
        /// attribute that each must equal.
        bind: Bindings,
        /// How long a minted token lives, in seconds.
        lifetime_seconds: u32,
    },
    /// Clerk signs, from a JWT template of the application and for a session of
    /// `sign_in = "hosted"`: no key of the workspace is on this machine.
    ClerkTemplate {
        /// The JWT template's name in Clerk.
        template_name: Name,
        /// As for [`TokenSource::Mint`].
        bind: Bindings,
    },
    /// The operator's `perch-broker` signs, for the access token of an OAuth
    /// application.
    Broker {
        /// Where the broker answers.
        url: Origin,
        /// As for [`TokenSource::Mint`].
        bind: Bindings,
    },
}

/// The table as the file has it. Not a tagged enum, which would tell every
/// mistake at the table's first line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenTable {
    source: SourceName,
    bind: Bindings,
    template: Option<String>,
    lifetime_seconds: Option<u32>,
    template_name: Option<Name>,
    url: Option<Origin>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SourceName {
    Mint,
    ClerkTemplate,
    Broker,
    /// Of `[public]`, and here only to say so.
    Static,
}

/// Ten minutes, in seconds.
const DEFAULT_LIFETIME: u32 = 600;

impl TryFrom<TokenTable> for TokenSource {
    type Error = &'static str;

    fn try_from(table: TokenTable) -> Result<Self, Self::Error> {
        let TokenTable { source, bind, template, lifetime_seconds, template_name, url } = table;
        match (source, template, lifetime_seconds, template_name, url) {
            (SourceName::Mint, Some(template), lifetime, None, None) => {
                Ok(Self::Mint { template, bind, lifetime_seconds: lifetime.unwrap_or(DEFAULT_LIFETIME) })
            }
            (SourceName::Mint, ..) => {
                Err("source = \"mint\" takes `template`, the JSON of claims, and neither `template_name` nor `url`")
            }
            (SourceName::ClerkTemplate, None, None, Some(template_name), None) => {
                Ok(Self::ClerkTemplate { template_name, bind })
            }
            (SourceName::ClerkTemplate, ..) => Err(
                "source = \"clerk-template\" takes `template_name`, the name of the JWT template in Clerk, and neither `template` nor `lifetime_seconds`, which stand in Clerk, nor `url`",
            ),
            (SourceName::Broker, None, None, None, Some(url)) => Ok(Self::Broker { url, bind }),
            (SourceName::Broker, ..) => Err(
                "source = \"broker\" takes `url`, where the broker answers, and none of `template`, `lifetime_seconds` and `template_name`, which stand in the broker's configuration",
            ),
            (SourceName::Static, ..) => Err(
                "a static token shows what anyone may see and no tenant's rows; write it below [public], with source = \"static\" and `token`",
            ),
        }
    }
}

impl TokenSource {
    /// The source's name, as the connection file writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mint { .. } => "mint",
            Self::ClerkTemplate { .. } => "clerk-template",
            Self::Broker { .. } => "broker",
        }
    }

    /// What the fence demands.
    pub fn bindings(&self) -> &Bindings {
        match self {
            Self::Mint { bind, .. } | Self::ClerkTemplate { bind, .. } | Self::Broker { bind, .. } => bind,
        }
    }

    /// The claims template, where it stands in the connection file.
    pub fn template(&self) -> Option<&str> {
        match self {
            Self::Mint { template, .. } => Some(template),
            Self::ClerkTemplate { .. } | Self::Broker { .. } => None,
        }
    }
}

/// With what the dashboards marked `public = true` are asked for: the table
/// `[public]`, beside whatever signs for tenants.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "PublicTable")]
pub struct PublicAccess {
    /// A token of the workspace that reads what anyone may see: it stands in a
    /// file on every viewer's machine. At most 4,096 printable characters of
    /// ASCII.
    pub token: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicTable {
    #[serde(rename = "source")]
    _source: StaticSource,
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StaticSource {
    Static,
}

impl TryFrom<PublicTable> for PublicAccess {
    type Error = &'static str;

    fn try_from(table: PublicTable) -> Result<Self, Self::Error> {
        let token = table.token.trim();
        if token.is_empty() || token.len() > 4096 || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("this is no token; copy one from Tinybird that reads nothing but what anyone may see");
        }
        Ok(Self { token: Secret::new(token) })
    }
}

/// Fixed parameters by name, and the attribute of the tenant that each must
/// equal. Never empty: a token bound to nothing shows every tenant's rows.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BTreeMap<String, Attribute>")]
pub struct Bindings(BTreeMap<String, Attribute>);

impl Bindings {
    /// The pairs of parameter and attribute, in the parameters' order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Attribute)> {
        self.0.iter().map(|(parameter, attribute)| (parameter.as_str(), *attribute))
    }
}

impl TryFrom<BTreeMap<String, Attribute>> for Bindings {
    type Error = &'static str;

    fn try_from(pairs: BTreeMap<String, Attribute>) -> Result<Self, Self::Error> {
        if pairs.is_empty() {
            return Err(
                "`bind` is empty, so a token would show every tenant's rows; write bind = { org_id = \"org.id\" } with the parameter that your pipes filter by",
            );
        }
        Ok(Self(pairs))
    }
}

/// What tells one tenant from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Attribute {
    /// The organization's id.
    #[serde(rename = "org.id")]
    OrgId,
    /// The organization's slug.
    #[serde(rename = "org.slug")]
    OrgSlug,
    /// The person's id.
    #[serde(rename = "user.id")]
    UserId,
}

impl fmt::Display for Attribute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OrgId => "org.id",
            Self::OrgSlug => "org.slug",
            Self::UserId => "user.id",
        })
    }
}
