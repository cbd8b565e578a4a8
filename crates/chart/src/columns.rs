//! Which columns of a table a spec means: by their names, or by what they hold where it names none.

use perch_tinybird::{Column, Family, Table};

use crate::{ChartError, Kind, Spec, Target, text};

/// The columns to draw.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns<'t> {
    pub(crate) x: Option<&'t Column>,
    pub(crate) y: Vec<&'t Column>,
    pub(crate) group: Option<&'t Column>,
    pub(crate) size: Option<&'t Column>,
    pub(crate) link: Option<&'t Column>,
    pub(crate) icon: Option<&'t Column>,
    pub(crate) target: Option<&'t Column>,
}

/// What a column must hold to play a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    Numbers,
    Times,
    /// Texts, and yes or no.
    Names,
    /// Whatever has a place on an axis: where none is named, the first time, else the first name, else a number.
    Places,
    /// The same, where a number comes first.
    Measures,
    Anything,
}

/// Whether a kind has a use for a column besides its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// None: to name one is a mistake.
    Never,
    /// If the spec names one.
    Named(Holds),
    /// If the spec names one, else the first that holds this, if there is one. Who writes a name may name any place.
    Found(Holds),
    /// The same, and there must be one.
    Must(Holds),
}

/// What a kind does with a spec's `y`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// No column.
    None,
    /// One column of numbers.
    One,
    /// One or more.
    Many,
    /// A column of numbers for each of these, in this order: those that are called so, else the first ones.
    Each(&'static [&'static str]),
    /// One column of names: what something is in.
    State,
    /// Any columns at all.
    Any,
}

impl Values {
    /// How many columns there must be.
    fn least(self) -> usize {
        match self {
            Self::None | Self::Any => 0,
            Self::One | Self::Many | Self::State => 1,
            Self::Each(names) => names.len(),
        }
    }

    fn most(self) -> usize {
        match self {
            Self::Many | Self::Any => usize::MAX,
            _ => self.least(),
        }
    }

    /// What is chosen where nothing is named.
    fn chosen(self) -> Holds {
        if self == Self::State { Holds::Names } else { Holds::Numbers }
    }

    /// What may be named.
    fn allowed(self) -> Holds {
        if self == Self::State { Holds::Places } else { Holds::Numbers }
    }
}

/// What a kind asks of a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    pub(crate) x: Role,
    pub(crate) values: Values,
    pub(crate) group: Role,
    pub(crate) size: Role,
}

impl Needs {
    /// These values, and no other column.
    pub(crate) const fn of(values: Values) -> Self {
        Self { x: Role::Never, values, group: Role::Never, size: Role::Never }
    }

    pub(crate) const fn x(self, x: Role) -> Self {
        Self { x, ..self }
    }

    pub(crate) const fn group(self, group: Role) -> Self {
        Self { group, ..self }
    }

    pub(crate) const fn size(self, size: Role) -> Self {
        Self { size, ..self }
    }
}

/// Finds the columns, or says which one is not there or not of the right type.
pub(crate) fn find<'t>(kind: Kind, needs: Needs, spec: &Spec, table: &'t Table) -> Result<Columns<'t>, ChartError> {
    let search = Search { kind, needs, table };
    let mut x = search.named("x", spec.x.as_ref(), needs.x)?;
    let mut group = search.named("group_by", spec.group_by.as_ref(), needs.group)?;
    let mut size = search.named("size", spec.size.as_ref(), needs.size)?;
    let link = search.named("link", spec.link.as_ref(), Role::Named(Holds::Names))?;
    let icon = search.named("icon", spec.icon.as_ref(), Role::Named(Holds::Names))?;
    let target = match &spec.target {
        Some(Target::Column(name)) => search.named("target", Some(name), Role::Named(Holds::Numbers))?,
        _ => None,
    };
    if kind == Kind::Text && spec.text.is_none() {
        return Err(ChartError::Missing { kind, field: "text" });
    }
    for name in spec.formats.keys() {
        search.column("formats", name)?;
    }
    let mut y = search.values(spec)?;

    if needs.values == Values::Any {
        if y.is_empty() {
            let beside = |column: &Column| [link, icon].iter().flatten().any(|beside| same(beside, column));
            y = table.columns().iter().filter(|column| !beside(column)).collect();
        } else if let Some(x) = x.filter(|x| !y.iter().any(|y| same(x, y))) {
            y.insert(0, x);
        }
        return Ok(Columns { x, y, group, size, link, icon, target });
    }
    let mut taken: Vec<&Column> =
        y.iter().copied().chain([x, group, size, link, icon, target].into_iter().flatten()).collect();
    let named_y = !y.is_empty();
    for (role, wanted, column) in [("x", needs.x, &mut x), ("group_by", needs.group, &mut group)] {
        search.fill(role, wanted, column, &mut taken, !named_y)?;
    }
    if !named_y {
        y = search.choose_values(&taken);
        taken.extend(&y);
    }
    if y.len() < needs.values.least() {
        return Err(search.none_suits("y", needs.values.chosen()));
    }
    search.fill("size", needs.size, &mut size, &mut taken, false)?;
    Ok(Columns { x, y, group, size, link, icon, target })
}

/// What is wrong with a spec whatever the table: a field that the kind has no use for, or more values than it shows.
pub(crate) fn plausible(kind: Kind, needs: Needs, spec: &Spec) -> Result<(), ChartError> {
    for (field, said, role) in [("group_by", &spec.group_by, needs.group), ("size", &spec.size, needs.size)] {
        if said.is_some() && role == Role::Never {
            return Err(ChartError::Meaningless { kind, field });
        }
    }
    if spec.y.len() > needs.values.most() {
        return Err(ChartError::TooMany { kind, most: needs.values.most(), given: spec.y.len() });
    }
    match spec.right.iter().find(|name| !spec.y.is_empty() && !spec.y.contains(name)) {
        Some(name) => Err(ChartError::NotAmongValues { name: text::name(name), values: spec.y.clone() }),
        None if kind == Kind::Text && spec.text.is_none() => Err(ChartError::Missing { kind, field: "text" }),
        None => Ok(()),
    }
}

/// A table, and what is looked for in it.
struct Search<'t> {
    kind: Kind,
    needs: Needs,
    table: &'t Table,
}

impl<'t> Search<'t> {
    fn column(&self, role: &'static str, name: &str) -> Result<&'t Column, ChartError> {
        let none = || ChartError::NoColumn { role, name: text::name(name), available: names(self.table) };
        self.table.column(name).ok_or_else(none)
    }

    /// The column that the spec names for a role.
    fn named(&self, role: &'static str, name: Option<&String>, wanted: Role) -> Result<Option<&'t Column>, ChartError> {
        let Some(name) = name else { return Ok(None) };
        let holds = match wanted {
            // Dashboards keep an `x` that says of what a number is.
            Role::Never if role == "x" => Holds::Anything,
            Role::Never => return Err(ChartError::Meaningless { kind: self.kind, field: role }),
            Role::Found(Holds::Times | Holds::Names) => Holds::Places,
            Role::Named(holds) | Role::Found(holds) | Role::Must(holds) => holds,
        };
        let column = self.column(role, name)?;
        require(role, column, holds)?;
        Ok(Some(column))
    }

    /// The columns that the spec names for its values.
    fn values(&self, spec: &Spec) -> Result<Vec<&'t Column>, ChartError> {
        let values = self.needs.values;
        let y = spec.y.iter().map(|name| self.column("y", name)).collect::<Result<Vec<_>, _>>()?;
        if y.len() > values.most() {
            return Err(ChartError::TooMany { kind: self.kind, most: values.most(), given: y.len() });
        }
        if values != Values::Any {
            y.iter().try_for_each(|column| require("y", column, values.allowed()))?;
        }
        Ok(y)
    }

    /// Chooses the column of a role that the spec names none for.
    fn fill(
        &self,
        role: &'static str,
        wanted: Role,
        column: &mut Option<&'t Column>,
        taken: &mut Vec<&'t Column>,
        keep_values: bool,
    ) -> Result<(), ChartError> {
        let (holds, must) = match wanted {
            Role::Must(holds) => (holds, true),
            Role::Found(holds) => (holds, false),
            Role::Never | Role::Named(_) => return Ok(()),
        };
        if column.is_some() {
            return Ok(());
        }
        let first = |holds| {
            self.free(taken).find(|column| fits(column, holds) && !(keep_values && self.is_needed(column, taken)))
        };
        *column = match holds {
            Holds::Places => first(Holds::Times).or_else(|| first(Holds::Names)).or_else(|| first(Holds::Numbers)),
            Holds::Measures => first(Holds::Numbers).or_else(|| first(Holds::Times)).or_else(|| first(Holds::Names)),
            holds => first(holds),
        };
        if column.is_none() && must {
            return Err(self.none_suits(role, holds));
        }
        taken.extend(*column);
        Ok(())
    }

    /// Whether there would be too few columns for the values without this one.
    fn is_needed(&self, column: &Column, taken: &[&Column]) -> bool {
        let chosen = self.needs.values.chosen();
        let others = self.free(taken).filter(|other| fits(other, chosen) && !same(other, column));
        fits(column, chosen) && others.count() < self.needs.values.least()
    }

    fn choose_values(&self, taken: &[&Column]) -> Vec<&'t Column> {
        let free = || self.free(taken).filter(|column| fits(column, self.needs.values.chosen()));
        if let Values::Each(names) = self.needs.values {
            let called = |name: &&str| free().find(|column| column.name().eq_ignore_ascii_case(name));
            if let Some(columns) = names.iter().map(called).collect() {
                return columns;
            }
        }
        free().take(self.needs.values.most()).collect()
    }

    fn free<'a>(&self, taken: &'a [&Column]) -> impl Iterator<Item = &'t Column> + use<'a, 't> {
        self.table.columns().iter().filter(move |column| !taken.iter().any(|taken| same(column, taken)))
    }

    fn none_suits(&self, role: &'static str, holds: Holds) -> ChartError {
        let needed = match self.needs.values {
            Values::Each(_) if role == "y" => "four columns of numbers",
            _ => words(holds),
        };
        ChartError::NoneSuits { kind: self.kind, role, needed, available: names(self.table) }
    }
}

/// Names may repeat in an answer, columns do not.
fn same(a: &Column, b: &Column) -> bool {
    std::ptr::eq(a, b)
}

fn fits(column: &Column, holds: Holds) -> bool {
    match (holds, column.family()) {
        (Holds::Anything, _)
        | (Holds::Numbers, Family::Number | Family::Boolean)
        | (Holds::Times, Family::Time)
        | (Holds::Names, Family::Text | Family::Boolean) => true,
        (Holds::Places | Holds::Measures, family) => family != Family::Other,
        _ => false,
    }
}

fn words(holds: Holds) -> &'static str {
    match holds {
        Holds::Numbers => "numbers",
        Holds::Times => "times",
        Holds::Names => "texts",
        Holds::Places | Holds::Measures | Holds::Anything => "times, numbers or texts",
    }
}

/// That a column holds what its role in the spec needs.
pub(crate) fn require(role: &'static str, column: &Column, holds: Holds) -> Result<(), ChartError> {
    if fits(column, holds) {
        return Ok(());
    }
    let (name, kind) = (text::name(column.name()), text::name(&column.kind().to_string()));
    Err(ChartError::WrongFamily { role, name, kind, needed: words(holds) })
}

fn names(table: &Table) -> Vec<String> {
    table.columns().iter().map(|column| column.name().to_owned()).collect()
}
