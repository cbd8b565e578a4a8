//! Tiles by tab and section, for whoever shows all of them one below the other.
//! The window has the same order, and shows one tab at a time (`ui/src/arrange.ts`).

use crate::{Dashboard, Tile};

/// Tiles that stand together.
#[derive(Debug, Clone, PartialEq)]
pub struct Group<'a> {
    /// The tab that they stand on; `None` for those above the tabs.
    pub tab: Option<&'a str>,
    /// The heading that they stand below; `None` for those before the headings of their tab.
    pub section: Option<&'a str>,
    /// At least one, in the file's order.
    pub tiles: Vec<&'a Tile>,
}

impl Dashboard {
    /// All tiles: those above the tabs first, then tab by tab and section by section, each in the order of their
    /// first tiles.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let by_tab = grouped(self.tiles.iter(), |tile| tile.tab.as_deref());
        let groups = by_tab.into_iter().flat_map(|(tab, tiles)| {
            let by_section = grouped(tiles.into_iter(), |tile| tile.section.as_deref());
            by_section.into_iter().map(move |(section, tiles)| Group { tab, section, tiles })
        });
        groups.collect()
    }
}

/// By name, in the order of their first ones, those without a name first.
fn grouped<'a>(
    tiles: impl Iterator<Item = &'a Tile>,
    name_of: impl Fn(&'a Tile) -> Option<&'a str>,
) -> Vec<(Option<&'a str>, Vec<&'a Tile>)> {
    let mut groups: Vec<(Option<&str>, Vec<&Tile>)> = vec![(None, Vec::new())];
    for tile in tiles {
        let name = name_of(tile);
        match groups.iter_mut().find(|(other, _)| *other == name) {
            Some((_, group)) => group.push(tile),
            None => groups.push((name, vec![tile])),
        }
    }
    groups.retain(|(_, group)| !group.is_empty());
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a tile for each letter: its tab, then its section.
    fn dashboard(tiles: &[(&str, &str, &str)]) -> Dashboard {
        let mut text = "version = 2\ntitle = \"Groups\"\n".to_owned();
        for (title, tab, section) in tiles {
            text += &format!("[[tile]]\ntitle = \"{title}\"\n");
            for (key, name) in [("tab", tab), ("section", section)].into_iter().filter(|(_, name)| !name.is_empty()) {
                text += &format!("{key} = \"{name}\"\n");
            }
            text += "pipe = \"kpis\"\n[tile.chart]\nkind = \"auto\"\n";
        }
        Dashboard::parse("groups", &text).expect("a dashboard")
    }

    #[test]
    fn tabs_and_sections_stand_in_the_order_of_their_first_tiles_and_what_names_none_before_them() {
        let dashboard = dashboard(&[
            ("a", "Sources", "Web"),
            ("b", "Traffic", ""),
            ("c", "", "Glance"),
            ("d", "Sources", ""),
            ("e", "Sources", "Mail"),
            ("f", "", ""),
            ("g", "Sources", "Web"),
            ("h", "Traffic", "Web"),
        ]);
        let told: Vec<String> = dashboard
            .groups()
            .iter()
            .map(|group| {
                let titles: String = group.tiles.iter().map(|tile| tile.title.as_str()).collect();
                format!("{}/{}: {titles}", group.tab.unwrap_or("-"), group.section.unwrap_or("-"))
            })
            .collect();
        let wanted = [
            "-/-: f",
            "-/Glance: c",
            "Sources/-: d",
            "Sources/Web: ag",
            "Sources/Mail: e",
            "Traffic/-: b",
            "Traffic/Web: h",
        ];
        assert_eq!(told, wanted);
    }
}
