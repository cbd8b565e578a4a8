//! Text that would be markup, script or a way out, in every place of a picture
//! that shows text, in the real web view under the app's own policy: nothing
//! runs, nothing is loaded, nothing leaves its box.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::stage::{App, Stage, eventually};

/// The kinds that show `strings.json`'s texts: along axes, in bars, slices, cells and legends.
const KINDS: [&str; 9] = ["column", "bar", "bar-list", "donut", "pie", "table", "funnel", "heat-map", "line"];

/// Written as a title and as a text in Markdown.
const MARKUP: &str =
    r#"<img src=x onerror="window.hit = 1"><script>window.hit = 1</script>[a](javascript:window.hit=1)"#;

/// What was blocked or failed from now on, and whatever in the dashboard could load or run something.
const WATCH: &str = "window.trouble = [];
    addEventListener('securitypolicyviolation', ({ blockedURI }) => window.trouble.push(`blocked ${blockedURI}`));
    addEventListener('error', ({ message }) => window.trouble.push(`error ${message}`));";

/// What the tiles that show no picture say, once all have been answered.
const SETTLED: &str = "
    const tiles = [...document.querySelectorAll('[data-dashboard=\"hostile\"] [data-state]')];
    if (tiles.length !== arguments[0] || tiles.some(({ dataset }) => dataset.state === 'loading')) return null;
    return tiles.filter(({ dataset }) => dataset.state === 'failed')
      .map((tile) => `${tile.dataset.testid}: ${tile.textContent}`);";

const FOUND: &str = r#"
    const main = document.querySelector('main');
    const all = 'img, image, script, style, iframe, object, embed, use, foreignObject, animate, set, a, link, [href], [style*="url"]';
    const odd = [...main.querySelectorAll(all)].map((element) => element.outerHTML.slice(0, 120));
    const events = [...main.querySelectorAll('*')]
      .filter((element) => [...element.attributes].some(({ name }) => name.startsWith('on')))
      .map((element) => element.outerHTML.slice(0, 120));
    const loaded = performance.getEntriesByType('resource').map(({ name }) => name)
      .filter((name) => !name.startsWith(location.origin) && !name.startsWith('ipc:') && !name.startsWith('picture:'));
    // What stands in a picture within the picture, as a table's rows do, is cut at its edge: that one must be inside.
    const isWithin = (element) => element.parentElement.closest('svg svg') !== null;
    const pictures = [...main.querySelectorAll('[data-testid="chart"] svg')]
      .filter((svg) => svg.parentElement.closest('svg') === null);
    const outside = pictures.flatMap((svg) => {
      const box = svg.getBoundingClientRect();
      return [...svg.querySelectorAll('text, svg')].filter((element) => !isWithin(element)).flatMap((text) => {
        const { left, right, top, bottom } = text.getBoundingClientRect();
        const beyond = [box.left - left, right - box.right, box.top - top, bottom - box.bottom];
        // Kerning moves a letter or two by a pixel; Perch measures without.
        if (Math.max(...beyond) <= 2) return [];
        return [`${svg.querySelector('title')?.textContent.slice(0, 40)}: ${text.textContent.slice(0, 80)}: ${beyond}`];
      });
    });
    return { hit: window.hit ?? null, trouble: window.trouble, odd, events, loaded, outside,
             texts: main.textContent.includes('<script>alert(1)</script>') };"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the desktop of `make test`"]
async fn text_from_data_is_never_more_than_text() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let stage = Stage::serving(Some(golden)).await;
    fs::write(stage.dashboards().join("hostile.toml"), dashboard()).expect("a dashboard");
    let app = App::start_connected(&stage).await;
    app.sign_in("ada", "harbor-coffee").await;
    app.find("dashboard").await;
    app.script(WATCH, Vec::new()).await;
    app.click("dashboard-tab-hostile").await;
    let problems = eventually("every tile to be answered", || async {
        let problems = app.script(SETTLED, vec![json!(KINDS.len() + 1)]).await;
        problems.is_array().then_some(problems)
    })
    .await;
    assert_eq!(problems, json!([]), "every kind draws these texts");
    // Every mark's tooltip too, and what is said aloud of it.
    for kind in KINDS {
        for mark in app.walk(kind).await {
            assert!(!mark.heading.contains('\0'), "{kind}: {mark:?}");
        }
    }
    let found = app.script(FOUND, Vec::new()).await;
    let nothing = json!([]);
    assert_eq!(found["hit"], Value::Null, "something ran");
    assert_eq!(found["texts"], json!(true), "the texts are shown as they are");
    for trap in ["trouble", "odd", "events", "loaded", "outside"] {
        assert_eq!(found[trap], nothing, "{trap}");
    }
    app.quit().await;
}

fn dashboard() -> String {
    let tiles = KINDS.map(|kind| {
        let columns = match kind {
            "table" => "",
            "heat-map" => "x = \"s\"\ngroup_by = \"s\"\ny = [\"n\"]\n",
            "line" => "x = \"n\"\ngroup_by = \"s\"\ny = [\"n\"]\n",
            _ => "x = \"s\"\ny = [\"n\"]\n",
        };
        format!(
            "\n[[tile]]\nid = \"{kind}\"\ntitle = '{MARKUP}'\npipe = \"strings\"\nwidth = 4\nheight = 4\n\
             [tile.chart]\nkind = \"{kind}\"\n{columns}"
        )
    });
    let text = format!(
        "\n[[tile]]\nid = \"text\"\ntitle = \"Text\"\nwidth = 12\nheight = 3\n[tile.chart]\nkind = \"text\"\ntext = '{MARKUP}'\n"
    );
    format!("version = 1\ntitle = '{MARKUP}'\n{}{text}", tiles.concat())
}
