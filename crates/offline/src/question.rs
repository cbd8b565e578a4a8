//! What was asked, as a key that is the same for the same question.

use std::collections::BTreeMap;

/// A pipe and the parameters that it was asked with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Question {
    /// The pipe's name.
    pub pipe: String,
    /// Parameters by name, without those that the token fixes.
    pub parameters: BTreeMap<String, String>,
}

impl Question {
    /// A question without parameters.
    pub fn new(pipe: impl Into<String>) -> Self {
        Self { pipe: pipe.into(), parameters: BTreeMap::new() }
    }

    /// The question as one text: JSON of pipe and sorted parameters. Two
    /// questions are equal exactly when their texts are.
    pub(crate) fn key(&self) -> String {
        let parameters = self.parameters.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        serde_json::Value::Array(vec![self.pipe.clone().into(), serde_json::Value::Object(parameters)]).to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn question() -> impl Strategy<Value = Question> {
        ("[a\":,{}]{0,3}", proptest::collection::btree_map("[a\":,]{0,2}", "[a\":,]{0,2}", 0..3))
            .prop_map(|(pipe, parameters)| Question { pipe, parameters })
    }

    proptest! {
        #[test]
        fn two_questions_share_a_key_only_if_they_are_the_same(a in question(), b in question()) {
            prop_assert_eq!(a.key() == b.key(), a == b);
        }
    }
}
