//! A request's way from an access token to what is handed out.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::state::{InMemoryState, NotKeyed, keyed::HashMapStateStore};
use governor::{Quota, RateLimiter};
use perch_tenant::{Attribute, Secret, Tenant};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::access_token::{self, AccessToken, Bearer, Expected, TokenError};
use crate::clerk::{Clerk, ClerkTrouble, Wanted};
use crate::clock::Clock;
use crate::keys::Keys;
use crate::memory::Memory;
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

/// The broker without its sockets.
pub(crate) struct Admission {
    policy: RwLock<Arc<Policy>>,
    clerk: Arc<Clerk>,
    pub(crate) keys: Keys,
    pub(crate) metrics: Metrics,
    clock: Clock,
    people: Memory<(String, Wanted), Option<Arc<Person>>>,
    /// Opaque tokens, by their digest.
    opaque: Memory<[u8; 32], Result<Bearer, TokenError>>,
    per_person: RateLimiter<String, HashMapStateStore<String>, DefaultClock>,
    opaque_checks: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
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
        Self {
            policy: RwLock::new(Arc::new(policy)),
            keys: Keys::new(Arc::clone(&clerk), clock.clone()),
            clerk,
            metrics,
            people: Memory::new(clock.clone(), limits.memory, MOST_REMEMBERED),
            opaque: Memory::new(clock.clone(), limits.memory, MOST_REMEMBERED),
            clock,
            per_person: RateLimiter::hashmap(per_person),
            opaque_checks: RateLimiter::direct(Quota::per_second(limits.opaque_checks_per_second)),
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
    pub(crate) async fn bearer(&self, text: &str) -> Result<Bearer, Refusal> {
        let policy = self.policy();
        let bearer = match AccessToken::read(text)? {
            AccessToken::Jwt { token, key } => {
                let key = self.keys.find(&key).await?.ok_or(TokenError::UnknownKey)?;
                let issuer = &policy.connection.clerk.issuer;
                let expected = Expected { issuer, client_ids: &policy.client_ids, now: self.clock.now() };
                access_token::verify(&token, &key, &expected)?
            }
            AccessToken::Opaque(token) => self.opaque_bearer(&policy, &token).await?,
        };
        self.per_person
            .check_key(&bearer.user)
            .map_err(|soonest| Refusal::TooOften { wait: soonest.wait_time_from(DefaultClock::default().now()) })?;
        Ok(bearer)
    }

    async fn opaque_bearer(&self, policy: &Policy, token: &Secret) -> Result<Bearer, Refusal> {
        let userinfo = self.keys.userinfo()?;
        let find = async {
            // Anybody can make up texts, and each would be a question to Clerk.
            self.opaque_checks.check().map_err(|soonest| Refusal::TooManyChecks {
                wait: soonest.wait_time_from(DefaultClock::default().now()),
            })?;
            let verdict = self.clerk.verify(&policy.secret_key, token, &policy.client_ids).await?;
            let verdict = match verdict {
                Ok(subject) => self.clerk.bearer(&userinfo, token, &subject).await?,
                Err(error) => Err(error),
            };
            Ok::<_, Refusal>(verdict)
        };
        let digest: [u8; 32] = Sha256::digest(token.expose()).into();
        let recalled = self.opaque.recall(&digest, |_, _| true, find).await?;
        self.metrics.recalled("opaque-token", recalled.hit);
        Ok(recalled.value?)
    }

    /// Looks up what Clerk says today of a token's bearer.
    pub(crate) async fn admit(&self, bearer: &Bearer) -> Result<Admitted, Refusal> {
        let policy = self.policy();
        let bound = policy.connection.token.bindings();
        if bearer.organization.is_none() && bound.iter().any(|(_, attribute)| attribute != Attribute::UserId) {
            return Err(Refusal::NoOrganization);
        }
        let organization = bearer.organization.as_deref();
        // Who is for no organization is nowhere's member, so whether they are
        // there at all is asked by itself.
        let (memberships, details) = (organization.is_some(), policy.needs_details || organization.is_none());
        let wanted = Wanted { memberships, details };
        let serves = |person: &Option<Arc<Person>>, age| {
            let member = match (person, organization) {
                (Some(person), Some(id)) => person.memberships.contains_key(id),
                (Some(_), None) => true,
                (None, _) => false,
            };
            member || age < NEWS
        };
        let find = async {
            let person = self.clerk.person(&policy.secret_key, &bearer.user, wanted).await?;
            Ok::<_, ClerkTrouble>(person.map(Arc::new))
        };
        let recalled = self.people.recall(&(bearer.user.clone(), wanted), serves, find).await?;
        self.metrics.recalled("person", recalled.hit);
        let person = recalled.value.ok_or(Refusal::Closed)?;
        let membership = match organization {
            Some(id) => Some(person.memberships.get(id).cloned().ok_or(Refusal::NotAMember)?),
            None => None,
        };
        let details = person.details.as_ref();
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
