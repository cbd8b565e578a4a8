//! Which pipes which role may read. A rule gives; what no rule gives is taken
//! out of the filled template before it is signed.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::config_error::ConfigError;
use crate::person::Membership;
use crate::settings::{Page, Table};

/// What the configuration says of who may read what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rules {
    /// Nothing: everybody reads what the template has.
    Unsaid,
    /// `rules = "none"`: the same, on purpose.
    None,
    /// These, in the file's order. What none of them gives, nobody gets.
    Given(Vec<Rule>),
}

/// The one word of `rules`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Word {
    /// There are no rules, and that is meant.
    None,
}

/// Gives some pipes to some members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    who: Who,
    pipes: Pipes,
}

/// Whom a rule is for, in Clerk's words.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Who {
    /// A role: `org:admin`.
    Role(String),
    /// A permission: `org:reports:read`.
    Permission(String),
}

/// What a rule gives.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pipes {
    /// `"*"`: whatever the template has.
    All,
    /// These, as the template's scopes name them.
    Named(BTreeSet<String>),
}

impl Rules {
    /// The rules of the configuration. They may name the pipes that are
    /// `known`, where that is.
    pub(crate) fn read(page: &Page<'_>, table: &Table, known: Option<&BTreeSet<String>>) -> Result<Self, ConfigError> {
        let mut rules = Vec::with_capacity(table.rules.len());
        for spanned in &table.rules {
            let rule = spanned.get_ref();
            let who = match (&rule.role, &rule.permission) {
                (Some(role), None) => Who::Role(role.clone()),
                (None, Some(permission)) => Who::Permission(permission.clone()),
                _ => {
                    let message = "a rule is for one `role` or one `permission`; write role = \"org:member\"";
                    return Err(page.refuse_at(spanned.span().start, message));
                }
            };
            let mut named = BTreeSet::new();
            for pipe in &rule.pipes {
                let name = pipe.get_ref();
                if known.is_some_and(|known| name != "*" && !known.contains(name)) {
                    let message =
                        format!("no scope of the template reads the pipe `{name}`; add one there, or write \"*\"");
                    return Err(page.refuse_at(pipe.span().start, message));
                }
                named.insert(name.clone());
            }
            let pipes = if named.contains("*") { Pipes::All } else { Pipes::Named(named) };
            rules.push(Rule { who, pipes });
        }
        match &table.no_rules {
            Some(_) if rules.is_empty() => Ok(Self::None),
            Some(word) => {
                let message =
                    "`rules = \"none\"` says that there are no rules, and there are some; leave one of them out";
                Err(page.refuse_at(word.span().start, message))
            }
            None if rules.is_empty() => Ok(Self::Unsaid),
            None => Ok(Self::Given(rules)),
        }
    }

    /// Whether all of the rules that there were `before` are gone and nobody
    /// says that this is meant. Rules stand at the end of the file, so the first
    /// half of it has none, and gives everything to everybody.
    pub(crate) fn lost_since(&self, before: &Self) -> bool {
        matches!((before, self), (Self::Given(_), Self::Unsaid))
    }

    /// Takes out of filled claims each scope that no rule gives to a person
    /// with this membership, or with none. Whether any scope is left.
    pub(crate) fn narrow(&self, claims: &mut Map<String, Value>, membership: Option<&Membership>) -> bool {
        let Self::Given(rules) = self else { return true };
        let Some(Value::Array(scopes)) = claims.get_mut("scopes") else { return false };
        scopes.retain(|scope| {
            let pipe = scope.get("resource").and_then(Value::as_str);
            pipe.is_some_and(|pipe| give(rules, membership, pipe))
        });
        !scopes.is_empty()
    }
}

fn give(rules: &[Rule], membership: Option<&Membership>, pipe: &str) -> bool {
    let Some(membership) = membership else { return false };
    rules.iter().any(|rule| {
        let meant = match &rule.who {
            Who::Role(role) => membership.role == *role,
            Who::Permission(permission) => membership.permissions.contains(permission),
        };
        meant
            && match &rule.pipes {
                Pipes::All => true,
                Pipes::Named(names) => names.contains(pipe),
            }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn membership(role: &str, permissions: &[&str]) -> Membership {
        Membership {
            role: role.to_owned(),
            permissions: permissions.iter().map(|permission| (*permission).to_owned()).collect(),
            ..Membership::default()
        }
    }

    fn named(pipes: &[&str]) -> Pipes {
        Pipes::Named(pipes.iter().map(|pipe| (*pipe).to_owned()).collect())
    }

    fn rules() -> Rules {
        Rules::Given(vec![
            Rule { who: Who::Role("org:admin".into()), pipes: Pipes::All },
            Rule { who: Who::Role("org:member".into()), pipes: named(&["kpis"]) },
            Rule { who: Who::Permission("org:funnel:read".into()), pipes: named(&["funnel", "trend"]) },
        ])
    }

    fn left(rules: &Rules, membership: Option<&Membership>, scopes: Value) -> (bool, Vec<String>) {
        let mut claims = Map::from_iter([("scopes".to_owned(), scopes)]);
        let any = rules.narrow(&mut claims, membership);
        let pipes = claims["scopes"].as_array().cloned().unwrap_or_default();
        (any, pipes.iter().map(|scope| scope["resource"].as_str().unwrap_or("?").to_owned()).collect())
    }

    fn scopes(pipes: &[&str]) -> Value {
        pipes.iter().map(|pipe| json!({"type": "PIPES:READ", "resource": pipe})).collect()
    }

    #[test]
    fn a_role_and_a_permission_each_give_their_pipes_and_nothing_else() {
        let all = scopes(&["kpis", "funnel", "trend", "top_pages"]);
        let of = |membership: &Membership| left(&rules(), Some(membership), all.clone()).1;
        assert_eq!(of(&membership("org:admin", &[])).len(), 4);
        assert_eq!(of(&membership("org:member", &[])), ["kpis"]);
        assert_eq!(of(&membership("org:member", &["org:funnel:read"])), ["kpis", "funnel", "trend"]);
        assert_eq!(of(&membership("org:member:admin", &["org:admin"])), [""; 0]);
    }

    #[test]
    fn where_nothing_is_left_it_is_said_and_where_there_are_no_rules_everything_is() {
        let all = scopes(&["kpis"]);
        assert_eq!(left(&rules(), Some(&membership("org:guest", &[])), all.clone()), (false, vec![]));
        assert_eq!(left(&rules(), None, all.clone()), (false, vec![]));
        for open in [Rules::Unsaid, Rules::None] {
            assert_eq!(left(&open, None, all.clone()), (true, vec!["kpis".to_owned()]));
        }
    }

    #[test]
    fn scopes_that_are_none_are_not_let_through() {
        for odd in
            [json!("kpis"), json!(null), json!({"resource": "kpis"}), json!([{"resource": ["kpis"]}, "kpis", null])]
        {
            let (any, _) = left(&rules(), Some(&membership("org:member", &[])), odd.clone());
            assert!(!any, "{odd}");
        }
    }

    #[test]
    fn rules_are_lost_where_there_were_some_and_nobody_says_that_there_are_none() {
        assert!(Rules::Unsaid.lost_since(&rules()));
        for (now, before) in
            [(Rules::None, rules()), (rules(), rules()), (Rules::Unsaid, Rules::Unsaid), (Rules::Unsaid, Rules::None)]
        {
            assert!(!now.lost_since(&before), "{now:?} after {before:?}");
        }
    }

    proptest! {
        #[test]
        fn narrowing_only_ever_takes_away(pipes in prop::collection::vec("[a-d]", 0..6), role in "org:(admin|member|guest)") {
            let names: Vec<&str> = pipes.iter().map(String::as_str).collect();
            let (any, kept) = left(&rules(), Some(&membership(&role, &[])), scopes(&names));
            prop_assert!(kept.iter().all(|pipe| pipes.contains(pipe)));
            prop_assert_eq!(any, !kept.is_empty());
        }
    }
}
