//! Stretches of time in one state, from rows that each say when a state began.

use std::collections::HashMap;

use perch_tinybird::Column;

use crate::series::name_of;

/// A stretch of time in one state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub(super) from: f64,
    pub(super) to: f64,
    /// By its number in [`Lanes::states`].
    pub(super) state: usize,
}

/// One thing and its states, in order.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    /// The engine's text.
    pub(super) value: Option<String>,
    pub(super) spans: Vec<Span>,
}

/// All things, in the order in which they first appear.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) lanes: Vec<Lane>,
    /// The engine's texts.
    pub(super) states: Vec<String>,
    pub(super) from: f64,
    /// The last row's moment: how long what is then lasts is not known.
    pub(super) last: f64,
    pub(super) to: f64,
}

impl Lanes {
    /// A state ends where the thing's next row begins. How long the last one lasts nobody knows: it is drawn a little
    /// beyond the last moment of the table, by the shortest time between two and no more than a twentieth of all. Equal states that follow each other are one; a null is none. `None` where
    /// no row has a moment.
    pub(super) fn read(moments: &[f64], things: Option<&Column>, states: &Column) -> Option<Self> {
        let mut order: Vec<usize> = (0..moments.len()).filter(|row| !moments[*row].is_nan()).collect();
        order.sort_by(|a, b| moments[*a].total_cmp(&moments[*b]));
        let (from, last) = (moments[*order.first()?], moments[*order.last()?]);
        let apart = order.windows(2).map(|pair| moments[pair[1]] - moments[pair[0]]).filter(|apart| *apart > 0.0);
        // One moment alone lasts a second; a short burst must not hide what comes last.
        let whole = last - from;
        let to = last + apart.fold(f64::INFINITY, f64::min).min(whole / 20.0).max(whole / 100.0).max(1e6);

        // Things stand in the table's order, not in time's.
        let mut lanes: Vec<Lane> = Vec::new();
        let mut numbers = HashMap::new();
        let mut lane_of = vec![0; moments.len()];
        for row in (0..moments.len()).filter(|row| !moments[*row].is_nan()) {
            let key = things.and_then(|things| things.text(row));
            lane_of[row] = *numbers.entry(key).or_insert_with_key(|key| {
                let name = things.map_or_else(String::new, |_| name_of(key.as_deref()));
                lanes.push(Lane { name, value: key.as_ref().map(|key| key.to_string()), spans: Vec::new() });
                lanes.len() - 1
            });
        }
        let mut names: Vec<String> = Vec::new();
        let mut known = HashMap::new();
        // Of each lane, since when which state is.
        let mut open: Vec<Option<(f64, Option<usize>)>> = vec![None; lanes.len()];
        for row in order {
            let state = states.text(row).map(|text| {
                *known.entry(text).or_insert_with_key(|text| {
                    names.push(text.to_string());
                    names.len() - 1
                })
            });
            let (lane, at) = (lane_of[row], moments[row]);
            match open[lane] {
                Some((_, before)) if before == state => {}
                before => {
                    lanes[lane].close(before, at);
                    open[lane] = Some((at, state));
                }
            }
        }
        for (lane, open) in lanes.iter_mut().zip(open) {
            lane.close(open, to);
        }
        Some(Self { lanes, states: names, from, last, to })
    }

    /// For how long each state is known to have been, all things together.
    pub(super) fn lasted(&self) -> Vec<f64> {
        let mut lasted = vec![0.0; self.states.len()];
        for span in self.lanes.iter().flat_map(|lane| &lane.spans) {
            lasted[span.state] += (span.to.min(self.last) - span.from).max(0.0);
        }
        lasted
    }
}

impl Lane {
    /// Ends what was; two states at one moment leave the later.
    fn close(&mut self, open: Option<(f64, Option<usize>)>, to: f64) {
        if let Some((from, Some(state))) = open
            && from < to
        {
            match self.spans.last_mut() {
                // What lay between lasted no time.
                Some(last) if last.state == state && last.to == from => last.to = to,
                _ => self.spans.push(Span { from, to, state }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use perch_tinybird::{Type, Values};
    use proptest::prelude::*;

    use super::*;

    fn texts(values: &[Option<&str>]) -> Column {
        let values: Values = values.to_vec().into();
        Column::new("state", Type::parse("Nullable(String)"), values)
    }

    #[test]
    fn equal_states_merge_and_a_null_is_a_gap() {
        let states = texts(&[Some("up"), Some("up"), None, Some("down")]);
        let lanes = Lanes::read(&[0.0, 1e7, 2e7, 3e7], None, &states).expect("lanes");
        let spans = &lanes.lanes[0].spans;
        assert_eq!(spans, &[Span { from: 0.0, to: 2e7, state: 0 }, Span { from: 3e7, to: 3.15e7, state: 1 }]);
        assert_eq!(lanes.lasted(), [2e7, 0.0]);
        assert_eq!(lanes.states, ["up", "down"]);
    }

    proptest! {
        #[test]
        fn a_thing_is_in_one_state_at_a_time_and_the_last_lasts_to_the_end(
            rows in prop::collection::vec((0i64..100, 0usize..3, prop::option::of(0usize..4)), 1..60),
        ) {
            let moments: Vec<f64> = rows.iter().map(|(at, ..)| *at as f64 * 1e6).collect();
            let things: Vec<&str> = rows.iter().map(|(_, thing, _)| ["a", "b", "c"][*thing]).collect();
            let things = Column::new("thing", Type::parse("String"), things.into());
            let names: Vec<Option<&str>> = rows.iter().map(|(.., state)| state.map(|state| ["u", "v", "w", "x"][state])).collect();
            let states = Column::new("state", Type::parse("Nullable(String)"), names.into());
            let lanes = Lanes::read(&moments, Some(&things), &states).expect("lanes");
            for lane in &lanes.lanes {
                prop_assert!(lane.spans.iter().all(|span| span.from < span.to && span.to <= lanes.to));
                prop_assert!(lane.spans.windows(2).all(|pair| pair[0].to <= pair[1].from));
                prop_assert!(lane.spans.windows(2).all(|pair| pair[0].state != pair[1].state || pair[0].to < pair[1].from));
            }
        }
    }
}
