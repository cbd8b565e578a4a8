//! `mint`: one tenant's token, its template filled, signed, and not yet before
//! the fence, beside the npm package `jose` signing the same claims, one awaited
//! after another. `jose` has its key as its documentation signs with a shared
//! secret, the bytes made once, and its claims ready.

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use perch_tenant::Tenant;
use perch_tinybird::Signer;

use crate::comparison::Comparison;
use crate::error::BenchError;
use crate::node::{Node, Task};
use crate::tenant;

const ADMIN_TOKEN: &str = "p.the-admin-token-of-the-bench-which-signs-nothing-else";

/// Two pipes, as in Clerk's own example of a template for Tinybird.
const TEMPLATE: &str = r#"{
    "name": "acme:{{org.id}}:{{user.id}}",
    "workspace_id": "5a4db0c5-0000-4000-8000-000000000001",
    "limits": { "rps": 10 },
    "scopes": [
        { "type": "PIPES:READ", "resource": "kpis", "fixed_params": { "org_id": "{{org.id}}" } },
        { "type": "PIPES:READ", "resource": "top_pages", "fixed_params": { "org_id": "{{org.id}}" } }
    ]
}"#;

/// How often the two take turns, after one turn that does not count.
const ROUNDS: usize = 11;

/// How many tokens each signs in a turn.
const TOKENS: usize = 2_000;

/// Lets the two sign in turns.
pub fn compare(node: &mut Node) -> Result<Comparison, BenchError> {
    let tenant = tenant::tenant("https://api.tinybird.co", "5a4db0c5-0000-4000-8000-000000000001")?;
    let signer = tenant::signer(ADMIN_TOKEN, TEMPLATE)?;
    let now = SystemTime::now();
    let token = signer.sign(&tenant, &tenant, now)?;
    let task = Task::Mint { secret: ADMIN_TOKEN.to_owned(), claims: claims(token.expose())? };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let signed = (0..TOKENS).map(|_| sign(&signer, &tenant, now)).collect::<Result<Vec<_>, _>>()?;
        let awaited = node.times(&task, TOKENS)?;
        if round > 0 {
            ours.extend(signed);
            theirs.extend(awaited);
        }
    }
    Comparison::of("mint", &ours, "SignJWT of the npm package jose", &theirs)
        .ok_or_else(|| BenchError::InVain("a single turn".to_owned()))
}

fn sign(signer: &Signer, tenant: &Tenant, now: SystemTime) -> Result<Duration, BenchError> {
    let begun = Instant::now();
    let token = signer.sign(black_box(tenant), tenant, now)?;
    let signed = begun.elapsed();
    // Overwritten when it is dropped, which is no part of signing.
    drop(black_box(token));
    Ok(signed)
}

/// What a token says.
fn claims(token: &str) -> Result<serde_json::Value, BenchError> {
    let claims = token.split('.').nth(1).and_then(|payload| URL_SAFE_NO_PAD.decode(payload).ok());
    let claims = claims.and_then(|json| serde_json::from_slice(&json).ok());
    claims.ok_or_else(|| BenchError::InVain("the claims of a token".to_owned()))
}
