//! The same trouble before the whole way to a tile: the engine, its store, and
//! the picture.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, StreamExt as _};
use perch_chart::{Setting, Size, Theme, View};
use perch_dashboard::{Dashboard, Engine, Preset, Selection, Tile, TileData, TimeRange, TokenError, Tokens};
use perch_offline::Store;
use perch_tinybird::{Client, Limits, PipeName, TenantToken};

use crate::front::{Front, Sent};
use crate::proxy::{Connections, Proxy};
use crate::service::secure::Secure;
use crate::{Visit, seed, standing_still};

/// How often every tile is asked for anew.
const ROUNDS: usize = 8;

/// Tiles without the time filter show the same over any range.
static RANGE: LazyLock<Selection> = LazyLock::new(|| (TimeRange::Last(Preset::Days7)).into());

/// Two tokens of one tenant: the second is for when the first is refused.
struct Pair([Arc<TenantToken>; 2]);

impl Tokens for Pair {
    fn token(&self, fresh: bool) -> BoxFuture<'_, Result<Arc<TenantToken>, TokenError>> {
        let token = Arc::clone(&self.0[usize::from(fresh)]);
        async move { Ok(token) }.boxed()
    }

    fn source(&self) -> &str {
        "mint"
    }
}

fn engine(visit: &Visit, at: &str, client: Client) -> Engine {
    let tenant = visit.tenant(at);
    let store = Store::for_this_visit(&tenant.id()).expect("a store");
    let tokens = Pair([0, 1].map(|name| Arc::new(visit.token(at, name))));
    Engine::new(tenant, store, client, Arc::new(tokens), Arc::new(SystemTime::now))
}

/// Two tables of each pipe.
fn tiles(pipes: &[PipeName]) -> Vec<Tile> {
    let mut text = "version = 1\ntitle = \"Trouble\"\n".to_owned();
    for (number, pipe) in pipes.iter().enumerate() {
        for limit in [3, 10] {
            text += &format!(
                "[[tile]]\ntitle = \"{pipe}\"\npipe = \"{pipe}\"\n\
                 parameters = {{ n = {number}, limit = {limit}, date_from = 2026-10-01 }}\n\
                 [tile.chart]\nkind = \"table\"\n"
            );
        }
    }
    Dashboard::parse("trouble", &text).expect("a dashboard").tiles
}

/// The picture that a viewer sees.
fn picture(engine: &Engine, tile: &Tile, data: &TileData) -> String {
    let size = Size { width: 600, height: 400 };
    engine.draw(Some(data), tile, &View::default(), &Setting::default(), size, Theme::Light).expect("a picture").svg
}

#[tokio::test(flavor = "multi_thread")]
async fn no_tile_shows_a_wrong_number_and_none_loses_the_last_good_one() {
    let seed = seed();
    let (sandbox, recorded) = standing_still().await;
    let visit = Visit::of(&sandbox);
    let tiles = tiles(&visit.pipes(&recorded));

    let undisturbed = engine(&visit, sandbox.tinybird(), Client::new().expect("a client"));
    let mut right = BTreeMap::new();
    for tile in &tiles {
        let data = undisturbed.refresh(tile, &RANGE).await.expect("an answer");
        right.insert(tile.id.clone(), picture(&undisturbed, tile, &data));
    }

    let connections = Connections::default();
    let front = Front::new(sandbox.tinybird(), connections.clone(), seed);
    let secure = Secure::serve(front.router()).await;
    let proxy = Proxy::start(secure.address, connections, seed).await;
    let limits = Limits { stall: Duration::from_secs(2), ..Limits::default() };
    let client = Client::over(secure.trusted(), limits).expect("a client");
    let troubled = engine(&visit, &format!("https://{}", proxy.address), client);
    let (mut answered, mut failed) = (0, 0);
    for _ in 0..ROUNDS {
        let outcomes = stream::iter(&tiles).map(|tile| {
            let engine = &troubled;
            async move {
                let before = engine.seen(tile, &RANGE).is_some();
                (tile, before, engine.refresh(tile, &RANGE).await)
            }
        });
        for (tile, before, outcome) in outcomes.buffer_unordered(40).collect::<Vec<_>>().await {
            let seen = troubled.seen(tile, &RANGE);
            match outcome {
                Ok(data) => {
                    answered += 1;
                    assert!(picture(&troubled, tile, &data) == right[&tile.id], "{} shows something else", tile.id);
                    assert!(seen.is_some(), "{} is kept", tile.id);
                }
                Err(error) => {
                    failed += 1;
                    assert!(!error.to_string().is_empty() && !error.next_step().is_empty());
                    assert!(seen.is_some() || !before, "{} keeps the last good answer", tile.id);
                    assert!(troubled.failure(tile, &RANGE).is_some(), "{} tells why", tile.id);
                }
            }
            if let Some(seen) = seen {
                assert!(picture(&troubled, tile, &seen) == right[&tile.id], "{} shows something else", tile.id);
            }
        }
    }
    let requests: Vec<_> = front.record().into_values().flatten().map(|entry| entry.sent).collect();
    let spoilt = requests.iter().filter(|sent| **sent != Sent::Whole(200)).count();
    eprintln!("{} tiles, {ROUNDS} rounds: {answered} answers, {failed} failures", tiles.len());
    eprintln!("{} requests, {spoilt} of them spoilt inside of TLS", requests.len());
    assert!(spoilt > 20, "there was trouble");
    assert!(answered > failed * 10, "and most of it was overcome");
}
