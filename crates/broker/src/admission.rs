//! A request's way from an access token to what is handed out.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed, keyed::HashMapStateStore};
use governor::{Quota, RateLimiter};
use perch_tenant::{Attribute, Secret, Tenant};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::access_token::{self, AccessToken, Bearer, Expected, TokenError};
use crate::clerk::{Clerk, ClerkTrouble, Deadline};
use crate::clock::{Clock, Elapsed};
use crate::keys::Keys;
use crate::memory::{Look, Memory};
use crate::metrics::Metrics;
use crate::person::{self, Membership, Person};
use crate::policy::{self, Policy, Signed};
use crate::refusal::Refusal;
use crate::settings::Limits;

/// People and tokens that are remembered at once.
const MOST_REMEMBERED: usize = 10_000;

/// Who has joined an organization a moment ago is not kept out for as long as
/// the others' membership is believed.
const NEWS: Duration = Duration::from_secs(2);

/// A rate by the broker's own clock.
type Rate<K, S> = RateLimiter<K, S, Elapsed, NoOpMiddleware<Duration>>;

/// The broker without its sockets.
pub(crate) struct Admission {
    policy: RwLock<Arc<Policy>>,
    clerk: Arc<Clerk>,
    pub(crate) keys: Keys,
    pub(crate) metrics: Metrics,
    clock: Clock,
    elapsed: Elapsed,
    /// People, with their memberships or without.
    people: Memory<(String, bool), Option<Arc<Person>>, ClerkTrouble>,
    /// Opaque tokens that Clerk has vouched for, by their digest.
    opaque: Memory<[u8; 32], Bearer, Unverified>,
    per_person: Rate<String, HashMapStateStore<String>>,
    /// For opaque tokens that nobody has shown before, which may be made up.
    new_checks: Rate<NotKeyed, InMemoryState>,
    /// For those that Clerk has vouched for before: made-up ones take nothing
    /// from them.
    known_checks: Rate<NotKeyed, InMemoryState>,
}

/// Why an opaque token is not taken.
#[derive(Debug, Clone)]
enum Unverified {
    Clerk(ClerkTrouble),
    Token(TokenError),
}

impl From<ClerkTrouble> for Unverified {
    fn from(trouble: ClerkTrouble) -> Self {
        Self::Clerk(trouble)
    }
}

/// Somebody whom Clerk vouches for, with what is known of them.
pub(crate) struct Admitted {
    policy: Arc<Policy>,
    tenant: Tenant,
    claimant: Value,
    membership: Option<Membership>,
}

impl Admission {
    pub(crate) fn new(policy: Policy, limits: &Limits, clerk: Clerk, clock: Clock, metrics: Metrics) -> Self {
        let clerk = Arc::new(clerk);
        let per_person = Quota::per_minute(limits.requests_per_minute).allow_burst(limits.burst);
        let checks = Quota::per_second(limits.opaque_checks_per_second);
        let elapsed = Elapsed::new(clock.clone());
        Self {
            policy: RwLock::new(Arc::new(policy)),
            keys: Keys::new(Arc::clone(&clerk), clock.clone()),
            clerk,
            metrics,
            people: Memory::new(clock.clone(), limits.memory, MOST_REMEMBERED),
            opaque: Memory::new(clock.clone(), limits.memory, MOST_REMEMBERED),
            clock,
            per_person: RateLimiter::new(per_person, HashMapStateStore::default(), elapsed.clone()),
            new_checks: RateLimiter::direct_with_clock(checks, elapsed.clone()),
            known_checks: RateLimiter::direct_with_clock(checks, elapsed.clone()),
            elapsed,
        }
    }

    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a policy that was read anew. What is under way goes on by the old
    /// one.
    pub(crate) fn take(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// Forgets the rates of who has not been here for a while.
    pub(crate) fn tidy(&self) {
        self.per_person.retain_recent();
        self.per_person.shrink_to_fit();
    }

    /// Whose token this is, once Clerk's signature or Clerk itself has said so.
    pub(crate) async fn bearer(&self, text: &str, deadline: Deadline) -> Result<Bearer, Refusal> {
        let bearer = deadline.within(self.bearer_of(text, deadline)).await?;
        self.per_person
            .check_key(&bearer.user)
            .map_err(|soonest| Refusal::TooOften { wait: soonest.wait_time_from(self.elapsed.now()) })?;
        Ok(bearer)
    }

    async fn bearer_of(&self, text: &str, deadline: Deadline) -> Result<Bearer, Refusal> {
        let policy = self.policy();
        match AccessToken::read(text)? {
            AccessToken::Jwt { token, key } => {
                let key = self.keys.find(&key).await?.ok_or(TokenError::UnknownKey)?;
                let issuer = &policy.connection.clerk.issuer;
                let expected = Expected { issuer, client_ids: &policy.client_ids, now: self.clock.now() };
                Ok(access_token::verify(&token, &key, &expected)?)
            }
            AccessToken::Opaque(_) if !policy.opaque_tokens => Err(TokenError::Opaque.into()),
            AccessToken::Opaque(token) => self.opaque_bearer(&policy, &token, deadline).await,
        }
    }

    async fn opaque_bearer(&self, policy: &Policy, token: &Secret, deadline: Deadline) -> Result<Bearer, Refusal> {
        let userinfo = self.keys.userinfo()?;
        let digest: [u8; 32] = Sha256::digest(token.expose()).into();
        // Before it has a place in the memory: anybody can make up texts, and
        // they would drive out those of real people.
        let checks = match self.opaque.look(&digest) {
            Look::Fresh(bearer) => {
                self.metrics.recalled("opaque-token", true);
                return Ok(bearer);
            }
            Look::Stale => &self.known_checks,
            Look::New => &self.new_checks,
        };
        checks
            .check()
            .map_err(|soonest| Refusal::TooManyChecks { wait: soonest.wait_time_from(self.elapsed.now()) })?;
        let find = deadline.within(async {
            let verdict = self.clerk.verify(&policy.secret_key, token, &policy.client_ids).await?;
            let subject = verdict.map_err(Unverified::Token)?;
            self.clerk.bearer(&userinfo, token, &subject).await?.map_err(Unverified::Token)
        });
        match self.opaque.recall(&digest, |_, _| true, find).await {
            Ok(recalled) => {
                self.metrics.recalled("opaque-token", recalled.hit);
                Ok(recalled.value)
            }
            Err(Unverified::Clerk(trouble)) => Err(trouble.into()),
            Err(Unverified::Token(error)) => {
                self.opaque.forget(&digest);
                Err(error.into())
            }
        }
    }

    /// Looks up what Clerk says today of a token's bearer.
    pub(crate) async fn admit(&self, bearer: &Bearer, deadline: Deadline) -> Result<Admitted, Refusal> {
        let policy = self.policy();
        let bound = policy.connection.token.bindings();
        if bearer.organization.is_none() && bound.iter().any(|(_, attribute)| attribute != Attribute::UserId) {
            return Err(Refusal::NoOrganization);
        }
        let organization = bearer.organization.as_deref();
        let with_memberships = organization.is_some();
        let serves = |person: &Option<Arc<Person>>, age| {
            let member = match (person, organization) {
                (Some(person), Some(id)) => person.memberships.contains_key(id),
                (Some(_), None) => true,
                (None, _) => false,
            };
            member || age < NEWS
        };
        let find = deadline.within(async {
            let person = self.clerk.person(&policy.secret_key, &bearer.user, with_memberships).await?;
            Ok(person.map(Arc::new))
        });
        let key = (bearer.user.clone(), with_memberships);
        let recalled = deadline.within(self.people.recall(&key, serves, find)).await?;
        self.metrics.recalled("person", recalled.hit);
        let person = recalled.value.ok_or(Refusal::Closed)?;
        let membership = match organization {
            Some(id) => Some(person.memberships.get(id).cloned().ok_or(Refusal::NotAMember)?),
            None => None,
        };
        let details = &person.details;
        Ok(Admitted {
            tenant: policy::tenant(&policy.connection, &bearer.user, details, membership.as_ref()),
            claimant: person::claimant(&bearer.user, details, membership.as_ref()),
            membership,
            policy,
        })
    }

    /// A signed token for whoever was admitted.
    pub(crate) fn sign(&self, admitted: &Admitted, refused_key: Option<&str>) -> Result<Signed, Refusal> {
        let Admitted { policy, tenant, claimant, membership } = admitted;
        let signed = policy.sign(tenant, claimant, membership.as_ref(), refused_key, self.clock.now())?;
        self.metrics.minted(signed.previous);
        Ok(signed)
    }
}

impl Admitted {
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What a token of theirs would say.
    pub(crate) fn claims(&self) -> Result<Map<String, Value>, Refusal> {
        self.policy.claims(&self.claimant, self.membership.as_ref()).ok_or(Refusal::NothingAllowed)
    }
}
