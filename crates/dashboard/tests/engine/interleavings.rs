//! Whatever happens in whatever order: no row of one tenant under another.

use std::sync::LazyLock;

use perch_dashboard::{Preset, Selection, TimeRange};
use perch_offline::Store;
use proptest::prelude::*;

use crate::stand_in::{Clock, Mood, Server, Visit, shown, tile};

const ORGANIZATIONS: [&str; 3] = ["org_a", "org_b", "org_c"];
static RANGE: LazyLock<Selection> = LazyLock::new(|| TimeRange::Last(Preset::Days7).into());

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Several tenants' tiles refresh at once; bits choose which.
    Refresh { tenants: u8, pipe: usize },
    /// The tenant's app starts again on what is on the disk.
    Restart { tenant: usize },
    /// The tenant signs out while a refresh may be under way, and in again.
    SignOut { tenant: usize, during_refresh: bool },
    /// The server changes how it answers.
    Turn { mood: usize },
    /// Tinybird stops accepting the tenant's token.
    Refuse { tenant: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_u8..8, 0_usize..2).prop_map(|(tenants, pipe)| Step::Refresh { tenants, pipe }),
        1 => (0_usize..3).prop_map(|tenant| Step::Restart { tenant }),
        1 => (0_usize..3, any::<bool>()).prop_map(|(tenant, during_refresh)| Step::SignOut { tenant, during_refresh }),
        1 => (0_usize..3).prop_map(|mood| Step::Turn { mood }),
        1 => (0_usize..3).prop_map(|tenant| Step::Refuse { tenant }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_interleaving_shows_a_row_under_another_tenant(steps in proptest::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(run(&steps));
    }
}

async fn run(steps: &[Step]) {
    let server = Server::start().await;
    let dir = tempfile::tempdir().expect("a folder");
    let clock = Clock::new();
    let begin = |tenant: usize| Visit::begin(dir.path(), &server.address, ORGANIZATIONS[tenant], &clock);
    let mut visits = [begin(0), begin(1), begin(2)];
    // The very same questions for everyone.
    let tiles = [tile("kpis", ""), tile("top_pages", "")];

    for step in steps {
        match *step {
            Step::Refresh { tenants, pipe } => {
                let asked = (0..3).filter(|tenant| tenants & (1 << tenant) != 0).flat_map(|tenant| {
                    let (visit, tile) = (&visits[tenant], &tiles[pipe]);
                    [0, 1].map(|_| async move { (tenant, visit.engine.refresh(tile, &RANGE).await) })
                });
                for (tenant, outcome) in futures_util::future::join_all(asked).await {
                    if let Ok(data) = outcome {
                        assert_eq!(shown(&data).0, ORGANIZATIONS[tenant]);
                    }
                }
            }
            Step::Restart { tenant } => visits[tenant] = begin(tenant),
            Step::SignOut { tenant, during_refresh } => {
                let engine = visits[tenant].engine.clone();
                let refresh = during_refresh.then(|| {
                    let (engine, tile) = (engine.clone(), tiles[0].clone());
                    tokio::spawn(async move { drop(engine.refresh(&tile, &RANGE).await) })
                });
                tokio::task::yield_now().await;
                engine.close();
                Store::remove(dir.path(), &visits[tenant].tenant.id()).expect("removed");
                visits[tenant] = begin(tenant);
                if let Some(refresh) = refresh {
                    refresh.await.expect("a task");
                }
                for tile in &tiles {
                    assert!(engine.seen(tile, &RANGE).is_none());
                    assert!(visits[tenant].engine.seen(tile, &RANGE).is_none(), "signing out leaves nothing behind");
                }
            }
            Step::Turn { mood } => server.set([Mood::Answers, Mood::Refuses, Mood::Babbles][mood]),
            Step::Refuse { tenant } => server.refuse(visits[tenant].tokens.current().expose()),
        }
        for (visit, organization) in visits.iter().zip(ORGANIZATIONS) {
            for tile in &tiles {
                if let Some(data) = visit.engine.seen(tile, &RANGE) {
                    assert_eq!(shown(&data).0, organization);
                }
            }
        }
    }
}
