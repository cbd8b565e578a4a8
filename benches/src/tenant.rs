//! Who asks in the benches that need a tenant, and what their tokens hold.

use std::collections::BTreeMap;
use std::time::Duration;

use perch_tenant::{Attribute, Bindings, Organization, Origin, Secret, Tenant, User};
use perch_tinybird::{Signer, Template};

use crate::error::BenchError;

/// How long the tokens live.
const LIFETIME: Duration = Duration::from_secs(600);

/// A tenant of this workspace.
pub fn tenant(tinybird: &str, workspace_id: &str) -> Result<Tenant, BenchError> {
    let origin = Origin::parse(tinybird)?;
    Ok(Tenant {
        issuer: origin.clone(),
        user: User { id: "user_bench".to_owned(), name: Some("Ada".to_owned()), email: None },
        organization: Some(Organization { id: "org_bench".to_owned(), name: None, slug: None, role: None }),
        tinybird: origin,
        workspace_id: workspace_id.to_owned(),
    })
}

/// What signs this tenant's tokens.
pub fn signer(admin_token: &str, template: &str) -> Result<Signer, BenchError> {
    Ok(Signer::new(&Secret::new(admin_token.to_owned()), Template::parse(template)?, LIFETIME)?)
}

/// What the fence asks of them.
pub fn bindings() -> Result<Bindings, BenchError> {
    let bound = BTreeMap::from([("org_id".to_owned(), Attribute::OrgId)]);
    Bindings::try_from(bound).map_err(|error| BenchError::InVain(error.to_string()))
}
