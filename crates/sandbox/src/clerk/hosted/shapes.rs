//! Clerk's objects, as the Frontend API writes them. `shared/clerk/fapi.yml`,
//! of which `tests/clerk` has a copy, says what belongs in each.

use serde_json::{Value, json};

use super::sessions::Session;
use crate::clerk::fapi_error::FapiError;
use crate::clerk::opaque::digest;
use crate::clerk::{Clerk, pictures};
use crate::people::{Membership, Organization, Person};

/// Thirty days, in milliseconds: after so much silence a session is given up.
const ABANDONED_AFTER: i64 = 30 * 86_400_000;
/// Everybody has been here since 2026-01-05 09:00 UTC.
const SINCE: i64 = 1_767_603_600_000;

/// `Client.Client-2`: a client and the sessions that it lists.
pub(super) fn client(clerk: &Clerk, id: &str) -> Result<Value, FapiError> {
    let now = clerk.clock.unix() * 1_000;
    let Some(client) = clerk.ledger.client(id)? else { return Ok(Value::Null) };
    let sessions = clerk.ledger.sessions_of_client(id, now)?;
    let goes_on = |id: &String| sessions.iter().any(|session| session.id == *id && session.is_active());
    let last = client.last_session.filter(goes_on);
    let listed: Vec<Value> = sessions.iter().map(|session| self::session(clerk, session)).collect::<Result<_, _>>()?;
    Ok(json!({
        "object": "client",
        "id": client.id,
        "sessions": listed,
        "sign_in": null,
        "sign_up": null,
        "last_active_session_id": last,
        "last_authentication_strategy": (!listed.is_empty()).then_some("password"),
        "cookie_expires_at": null,
        "captcha_bypass": false,
        "created_at": client.created_at,
        "updated_at": client.updated_at,
    }))
}

/// `Client.Session-2`. Who it is of stands in it as long as it goes on.
pub(super) fn session(clerk: &Clerk, session: &Session) -> Result<Value, FapiError> {
    let mut written = json!({
        "object": "session",
        "id": session.id,
        "status": session.status.word(),
        "expire_at": session.expires_at(),
        "abandon_at": session.last_active_at + ABANDONED_AFTER,
        "last_active_at": session.last_active_at,
        "last_active_organization_id": session.organization,
        "last_active_token": null,
        "actor": null,
        "tasks": null,
        "public_user_data": session.is_active().then(|| public_user_data(clerk, session.person)),
        "factor_verification_age": [(clerk.clock.unix() - session.created_at / 1_000) / 60, -1],
        "created_at": session.created_at,
        "updated_at": session.updated_at,
    });
    if session.is_active() {
        written["user"] = user(clerk, session.person)?;
    }
    Ok(written)
}

/// A session as `/v1/me/sessions` tells of it: where it is used, not by whom.
pub(super) fn session_with_activities(session: &Session) -> Value {
    json!({
        "object": "session",
        "id": session.id,
        "status": session.status.word(),
        "expire_at": session.expires_at(),
        "abandon_at": session.last_active_at + ABANDONED_AFTER,
        "last_active_at": session.last_active_at,
        "latest_activity": {
            "object": "session_activity",
            "id": session.id.replacen("sess_", "sess_activity_", 1),
            "device_type": "desktop",
            "is_mobile": false,
            "ip_address": "127.0.0.1",
        },
        "actor": null,
    })
}

/// `Client.User`.
pub(in crate::clerk) fn user(clerk: &Clerk, person: &Person) -> Result<Value, FapiError> {
    let memberships = if clerk.organizations { clerk.ledger.memberships(person)? } else { Vec::new() };
    let memberships: Vec<Value> = memberships.into_iter().map(|one| membership(clerk, person, one)).collect();
    let email = person.id.replacen("user_", "idn_", 1);
    Ok(json!({
        "object": "user",
        "id": person.id,
        "username": null,
        "first_name": person.given_name,
        "last_name": person.family_name,
        "image_url": pictures::address(&clerk.issuer, person.id),
        "has_image": person.has_image,
        "primary_email_address_id": email,
        "primary_phone_number_id": null,
        "primary_web3_wallet_id": null,
        "password_enabled": true,
        "two_factor_enabled": false,
        "totp_enabled": false,
        "backup_code_enabled": false,
        "email_addresses": [{
            "object": "email_address",
            "id": email,
            "email_address": person.email,
            "reserved": false,
            "verification": {
                "object": "verification_admin",
                "status": "verified",
                "strategy": "admin",
                "attempts": null,
                "expire_at": null,
            },
            "linked_to": [],
            "matches_sso_connection": false,
            "created_at": SINCE,
            "updated_at": SINCE,
        }],
        "phone_numbers": [],
        "web3_wallets": [],
        "passkeys": [],
        "organization_memberships": memberships,
        "external_accounts": [],
        "saml_accounts": [],
        "enterprise_accounts": [],
        "password_last_updated_at": SINCE,
        "public_metadata": {},
        "unsafe_metadata": {},
        "external_id": null,
        "last_sign_in_at": null,
        "banned": false,
        "locked": false,
        "lockout_expires_in_seconds": null,
        "verification_attempts_remaining": null,
        "created_at": SINCE,
        "updated_at": SINCE,
        "delete_self_enabled": false,
        "create_organization_enabled": false,
        "last_active_at": null,
        "mfa_enabled_at": null,
        "mfa_disabled_at": null,
        "legal_accepted_at": null,
    }))
}

/// `Client.OrganizationMembership`.
pub(super) fn membership(clerk: &Clerk, person: &Person, membership: &Membership) -> Value {
    let (role_name, permissions) = match membership.role {
        "org:admin" => {
            ("Admin", &["org:sys_profile:manage", "org:sys_memberships:read", "org:sys_memberships:manage"][..])
        }
        _ => ("Member", &["org:sys_memberships:read"][..]),
    };
    // Its id is the pair's, so that it is the same at every start.
    let id = format!("orgmem_{}", digest(&format!("{}{}", person.id, membership.organization.id)));
    json!({
        "object": "organization_membership",
        "id": id,
        "role": membership.role,
        "role_name": role_name,
        "permissions": permissions,
        "public_metadata": {},
        "organization": organization(clerk, membership.organization),
        "public_user_data": public_user_data(clerk, person),
        "created_at": SINCE,
        "updated_at": SINCE,
    })
}

/// `Client.Organization`.
fn organization(clerk: &Clerk, organization: &Organization) -> Value {
    json!({
        "object": "organization",
        "id": organization.id,
        "name": organization.name,
        "slug": organization.slug,
        "image_url": pictures::address(&clerk.issuer, organization.id),
        "has_image": organization.has_image,
        "max_allowed_memberships": 50,
        "admin_delete_enabled": true,
        "public_metadata": {},
        "created_at": SINCE,
        "updated_at": SINCE,
    })
}

/// `Client.PublicUserData`.
fn public_user_data(clerk: &Clerk, person: &Person) -> Value {
    json!({
        "user_id": person.id,
        "first_name": person.given_name,
        "last_name": person.family_name,
        "image_url": pictures::address(&clerk.issuer, person.id),
        "has_image": person.has_image,
        "identifier": person.email,
        "username": null,
        "banned": false,
    })
}
