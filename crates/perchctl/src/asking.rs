//! Asking a tenant's pipes from the command line: with a token that was handed over, or with one that is signed for the
//! purpose. Either goes through the fence. What comes is kept in memory, for as long as the command runs.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use perch_dashboard::{Dashboard, Engine, Finding, Source, Survey, TokenError, Tokens, check_live, survey};
use perch_offline::Store;
use perch_tenant::{Attribute, Connection, Organization, Secret, Tenant, TenantId, User};
use perch_tinybird::{Client, PublicToken, TenantToken};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::arguments::{Access, Token};
use crate::{Failure, files, token};

/// Pipes that can be asked.
pub(crate) struct Asking {
    runtime: Runtime,
    engine: Engine,
    /// What anyone may see, where the connection has a token for it.
    public: Option<Engine>,
    pipes: Vec<String>,
}

impl Asking {
    pub(crate) fn new(
        access: &Access,
        template: Option<&Path>,
        connection_path: &Path,
        connection: &Connection,
        now: SystemTime,
    ) -> Result<Self, Failure> {
        let (tenant, token) = match &access.token_file {
            Some(path) => handed_over(path, connection, now)?,
            None => token::signed(&signing(access, template, connection_path)?, connection, now)?,
        };
        let pipes = token.pipes().map(str::to_owned).collect();
        let store = Store::for_this_visit(&tenant.id())?;
        let client = Client::new()?;
        let tokens = Arc::new(OneToken(Arc::new(token)));
        let public = connection.public.as_ref().map(|public| public_engine(&public.token, connection, &client, now));
        Ok(Self {
            runtime: Runtime::new().map_err(Failure::Runtime)?,
            engine: Engine::new(tenant, store, client, tokens, Arc::new(SystemTime::now)),
            public: public.transpose()?,
            pipes,
        })
    }

    /// What the pipes say of these dashboards.
    pub(crate) fn check(&self, sources: &[Source<'_>]) -> Result<Vec<Finding>, Failure> {
        let pipes: Vec<_> = self.pipes.iter().map(String::as_str).collect();
        let mut findings = Vec::new();
        for source in sources {
            let engine = if is_public(source) { self.public.as_ref() } else { Some(&self.engine) };
            let Some(engine) = engine else { continue };
            let problems = self.runtime.block_on(check_live(source, engine, &pipes))?;
            findings.extend(problems.into_iter().map(|problem| Finding { file: source.name.to_owned(), problem }));
        }
        Ok(findings)
    }

    /// What the token's pipes answer.
    pub(crate) fn survey(&self) -> Result<Survey, Failure> {
        Ok(self.runtime.block_on(survey(&self.engine, &self.pipes, |_| {}))?)
    }
}

fn is_public(source: &Source<'_>) -> bool {
    let text = std::str::from_utf8(source.bytes).unwrap_or_default();
    Dashboard::read("", text).dashboard.is_some_and(|dashboard| dashboard.public)
}

fn public_engine(token: &Secret, connection: &Connection, client: &Client, now: SystemTime) -> Result<Engine, Failure> {
    let nobody = TenantId::public(connection);
    let workspace = &connection.tinybird;
    let token = PublicToken::new(token.clone(), workspace.host.clone(), &workspace.workspace_id, now)?;
    let store = Store::for_this_visit(&nobody)?;
    Ok(Engine::public(nobody, store, client.clone(), token, Arc::new(SystemTime::now)))
}

/// A token is for whoever its first scope names; the fence then sees that all of them do.
fn handed_over(path: &Path, connection: &Connection, now: SystemTime) -> Result<(Tenant, TenantToken), Failure> {
    let raw = Secret::new(files::read_text(path)?.trim());
    let fixed = fixed_parameters(raw.expose());
    let mut user = User { id: "user_unknown".to_owned(), name: None, email: None };
    let mut organization: Option<Organization> = None;
    for (parameter, attribute) in connection.token.bindings().iter() {
        let value = fixed.get(parameter).and_then(Value::as_str).map(str::to_owned);
        let unbound = || Failure::Unbound { path: path.to_owned(), parameter: parameter.to_owned() };
        let value = value.ok_or_else(unbound)?;
        match attribute {
            Attribute::OrgId => organization.get_or_insert_with(some_organization).id = value,
            Attribute::OrgSlug => organization.get_or_insert_with(some_organization).slug = Some(value),
            Attribute::UserId => user.id = value,
        }
    }
    let tenant = Tenant::new(connection, user, organization);
    let token = TenantToken::admit(raw, &tenant, connection.token.bindings(), now)?;
    Ok((tenant, token))
}

/// One of which only what the token fixes is known.
fn some_organization() -> Organization {
    Organization { id: "org_unknown".to_owned(), name: None, slug: None, role: None }
}

/// What the first scope of a token fixes, as far as it can be read.
fn fixed_parameters(token: &str) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let claims = token.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
    let claims: Option<Value> = claims.and_then(|claims| serde_json::from_slice(&claims).ok());
    claims.and_then(|claims| claims.pointer("/scopes/0/fixed_params").cloned()).unwrap_or_default()
}

/// The same as for `perchctl token`.
fn signing(access: &Access, template: Option<&Path>, connection: &Path) -> Result<Token, Failure> {
    let user = access.user.clone().filter(|_| access.key_env.is_some() || access.key_file.is_some());
    Ok(Token {
        template: template.map(Path::to_owned),
        user: user.ok_or(Failure::NoAccess)?,
        org: access.org.clone(),
        key_env: access.key_env.clone(),
        key_file: access.key_file.clone(),
        connection: Some(connection.to_owned()),
        lifetime: None,
        org_slug: access.org_slug.clone(),
        org_role: None,
        org_name: None,
        email: None,
        name: None,
        metadata: access.metadata.clone(),
        claims: false,
    })
}

/// One token for as long as it lives: nobody renews it.
struct OneToken(Arc<TenantToken>);

impl Tokens for OneToken {
    fn token(&self, _: bool) -> Pin<Box<dyn Future<Output = Result<Arc<TenantToken>, TokenError>> + Send + '_>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }

    fn source(&self) -> &str {
        "perchctl"
    }
}
