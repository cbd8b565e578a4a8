//! One tenant on one machine, whose Perch is killed again and again: what is
//! left of it, what must follow from that, and whether the next start agrees.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use perch_desktop::view::{RangeView, SignInIntent, SignInView, TenantStatus};
use perch_desktop::{Desktop, Surroundings};
use perch_keychain::{Keychain, Slot};
use perch_sandbox::{Options, Sandbox, visitor};
use perch_tenant::{Origin, PersonId, Secret, TenantId};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::child::{Child, Role};
use crate::clerk_door::{ClerkDoor, Step};
use crate::world::{PATIENCE, World, active, draw, eventually, files_below, open, status, values};

const PERSON: &str = "ada";
const ORGANIZATION: &str = "harbor-coffee";
const TILE: &str = "top-pages";

/// How a person signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    OAuth,
    Hosted,
}

/// What became of a session whose Perch was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Whole,
    Gone,
}

/// What was left of it.
#[derive(Debug, PartialEq, Eq)]
enum Left {
    /// A session that Clerk takes.
    Session,
    /// A session whose token was spent, and whose next one nobody received.
    SpentSession,
    /// Somebody on the way out.
    Leaving,
    Nobody,
}

/// The machine, its services and its tenant.
pub struct Stage {
    way: Way,
    world: World,
    pub door: ClerkDoor,
    keychain: Keychain,
    tenant: TenantId,
    connection: String,
    person: PersonId,
    /// Days that are over: what the tile says of them stays so, also at midnight.
    range: RangeView,
    /// What the tile says.
    seen: Vec<String>,
    runtime: Runtime,
}

impl Stage {
    /// A machine where somebody is signed in and has looked.
    pub fn new(way: Way) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let door = ClerkDoor::default();
        door.open(None);
        let options = Options {
            events: 2_000,
            now: Some(SystemTime::now()),
            witness: Some(door.witness()),
            ..Options::default()
        };
        let connection = match way {
            Way::OAuth => Sandbox::connection_toml,
            Way::Hosted => Sandbox::hosted_connection_toml,
        };
        let world = runtime.block_on(World::with(options, connection));
        let issuer = Origin::parse(world.sandbox().clerk()).expect("an origin");
        let user = perch_sandbox::people().iter().find(|person| person.handle == PERSON).expect("she lives there").id;
        let days_ago = |days: u64| {
            let then = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
            let then = jiff::Timestamp::try_from(then).expect("a moment");
            then.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
        };
        let mut stage = Self {
            way,
            world,
            door,
            keychain: Keychain::open(),
            tenant: TenantId::try_from("0".repeat(32)).expect("an id"),
            connection: String::new(),
            person: PersonId::new(&issuer, user),
            range: RangeView::Between { from: days_ago(20), to: days_ago(2) },
            seen: Vec::new(),
            runtime,
        };
        let visit = Visit::new(&stage);
        visit.runtime.block_on(visit.app.open_connection(&stage.world.connection())).expect("the connection opens");
        (stage.tenant, stage.seen) = visit.sign_in(&stage, SignInIntent::First);
        stage.connection = visit.app.app_view().connections[0].id.clone();
        visit.end(&stage);
        stage
    }

    /// Starts the Perch that is to be killed, with one step of Clerk's kept back.
    pub fn start(&self, role: Role, kept_back: Option<Step>) -> Child {
        self.door.open(kept_back);
        self.another(role)
    }

    /// Starts one more.
    pub fn another(&self, role: Role) -> Child {
        Child::start(role, self.world.folder.path(), self.tenant.as_str())
    }

    /// Kills it. From here on nothing happens any more.
    pub fn kill(&self, child: Child) {
        child.kill();
        self.door.shut();
        self.wait_for_the_keychain();
    }

    /// Holds what the next start does of what is left against what it has to do.
    /// Afterwards somebody is signed in and has looked.
    pub fn start_again(&self, role: Role) -> Outcome {
        let steps = self.door.steps();
        let _told = ToldWhenItFails(&steps);
        let left = self.left();
        assert_eq!(self.door.refused(), 0, "Clerk refused something of the Perch that was killed");
        self.assert_no_token_on_the_disk();
        self.door.open(None);
        match left {
            Left::Session => {
                self.assert_whole();
                Outcome::Whole
            }
            Left::SpentSession => {
                let answered = steps.iter().rposition(|step| *step == Step::Answered("token"));
                let nothing_after =
                    answered.is_some_and(|at| !steps[at..].iter().any(|step| matches!(step, Step::Arrived(_))));
                let allowed = self.way == Way::OAuth && role == Role::Renew && nothing_after;
                assert!(allowed, "the session was lost");
                self.assert_closed();
                Outcome::Gone
            }
            Left::Leaving | Left::Nobody => {
                assert_eq!(role, Role::SignOut, "nobody signed out");
                if left == Left::Nobody {
                    assert_eq!(self.traces(), Vec::<String>::new(), "the account went before the rest");
                }
                self.assert_signed_out();
                Outcome::Gone
            }
        }
    }

    /// What is left, read as the next start will read it.
    fn left(&self) -> Left {
        let accounts = self.world.places().accounts();
        assert!(!accounts.with_extension("json.unreadable").exists(), "a list of accounts was put aside");
        let Ok(text) = std::fs::read_to_string(accounts) else { return Left::Nobody };
        let list: Vec<Value> = serde_json::from_str(&text).expect("a whole list of accounts");
        assert_eq!(list.len(), 1, "one account: {list:?}");
        match list[0]["standing"].as_str() {
            None => {}
            Some("leaving") => return Left::Leaving,
            Some(standing) => panic!("nothing ended the session, and it is {standing}"),
        }
        let token = self.kept(self.session_slot()).expect("what renews the session is in the keychain");
        match self.world.sandbox().takes(token.expose()).expect("Clerk looks") {
            true => Left::Session,
            false => Left::SpentSession,
        }
    }

    /// Whether an account is on its way out, or out.
    pub fn is_leaving(&self) -> bool {
        let text = std::fs::read_to_string(self.world.places().accounts());
        text.map_or(true, |text| text.contains("\"leaving\""))
    }

    pub fn is_out(&self) -> bool {
        !self.world.places().accounts().exists()
    }

    pub fn session_slot(&self) -> Slot<'_> {
        match self.way {
            Way::OAuth => Slot::Session(&self.tenant),
            Way::Hosted => Slot::Client(&self.person),
        }
    }

    pub fn store_key_slot(&self) -> Slot<'_> {
        Slot::StoreKey(&self.tenant)
    }

    /// What the keychain holds. An entry that is being replaced or removed at
    /// this moment cannot be read: it is looked at again.
    pub fn kept(&self, slot: Slot<'_>) -> Option<Secret> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.runtime.block_on(self.keychain.retrieve(slot)) {
                Ok(kept) => return kept,
                Err(error) => assert!(Instant::now() < deadline, "the keychain did not answer: {error}"),
            }
        }
    }

    /// What a process asked of the keychain before it was killed is done all the
    /// same, a moment later: waits until two looks see one thing.
    fn wait_for_the_keychain(&self) {
        let look = || self.slots().map(|slot| self.kept(slot));
        let mut before = look();
        loop {
            let now = look();
            if now == before {
                return;
            }
            before = now;
        }
    }

    fn slots(&self) -> [Slot<'_>; 4] {
        [
            Slot::Session(&self.tenant),
            Slot::Client(&self.person),
            Slot::StoreKey(&self.tenant),
            Slot::SigningKey { connection: &self.connection },
        ]
    }

    pub fn files(&self, folder: &str) -> Vec<PathBuf> {
        files_below(&self.data().join(folder))
    }

    fn data(&self) -> PathBuf {
        self.world.places().data
    }

    /// Everything of the tenant that is left in the keychain and on the disk,
    /// but for the account.
    fn traces(&self) -> Vec<String> {
        // The admin token is the connection's, and stays with an account that is closed.
        let slots = self.slots().into_iter().take(3);
        let kept = slots.filter(|slot| self.kept(*slot).is_some()).map(|slot| slot.account());
        let accounts = self.world.places().accounts();
        let files = files_below(&self.data()).into_iter().filter(|file| *file != accounts);
        kept.chain(files.map(|file| file.display().to_string())).collect()
    }

    /// No token lies anywhere in the open, not even half-written.
    fn assert_no_token_on_the_disk(&self) {
        let tokens = self.door.tokens();
        for file in files_below(&self.data()) {
            // Removed since it was listed: there is nothing to find.
            let Ok(bytes) = std::fs::read(&file) else { continue };
            let text = String::from_utf8_lossy(&bytes);
            assert!(!tokens.iter().any(|token| text.contains(token)), "a token lies in {}", file.display());
        }
    }

    /// The session goes on, no browser was asked for, and what was seen is
    /// there.
    fn assert_whole(&self) {
        let visit = Visit::new(self);
        visit.runtime.block_on(async {
            let (app, tenant) = (&visit.app, self.tenant.as_str());
            assert_eq!(app.boot().await.app.tenants.len(), 1, "the tenant is there");
            open(app, tenant).await;
            assert_eq!(values(app, tenant, TILE).await, self.seen);
            online(app, tenant).await;
            app.token(tenant).await.expect("the tenant's token");
            assert_eq!(values(app, tenant, TILE).await, self.seen);
            assert_eq!(app.app_view().notices, [], "there is nothing to tell");
        });
        visit.end(self);
        assert_eq!(self.door.refused(), 0, "Clerk refused something of the next start");
    }

    /// The tenant is closed with a sentence, nothing of it is left, and to sign
    /// in again opens it.
    fn assert_closed(&self) {
        let visit = Visit::new(self);
        visit.runtime.block_on(async {
            let (app, tenant) = (&visit.app, self.tenant.as_str());
            app.boot().await;
            // Closed already, where the start was quick.
            let _ = app.open_dashboard(tenant, Some("web-traffic")).await;
            let problem = eventually("the tenant to close", || async {
                match status(app, tenant) {
                    TenantStatus::Closed { problem } => Some(problem),
                    _ => None,
                }
            })
            .await;
            assert_eq!(problem.code, "session-ended");
            assert!(!problem.next_step.is_empty() && draw(app, tenant, TILE).await.is_err());
        });
        visit.wait_until("nothing of it to be left", || self.traces().is_empty());
        assert_eq!(self.door.refused(), 1, "the spent token, once");
        assert!(visit.wanted_browsers().is_empty());
        let again = SignInIntent::Again { tenant: self.tenant.to_string() };
        assert_eq!(visit.sign_in(self, again), (self.tenant.clone(), self.seen.clone()));
        visit.end(self);
    }

    /// Nobody is shown, not for a moment, and nothing is left.
    fn assert_signed_out(&self) {
        let visit = Visit::new(self);
        let view = visit.runtime.block_on(visit.app.boot()).app;
        assert_eq!((view.tenants.len(), view.active), (0, None), "somebody who left is shown");
        visit.wait_until("nobody to be left", || files_below(&self.data()).is_empty());
        assert_eq!(self.traces(), Vec::<String>::new());
        assert!(self.kept(Slot::SigningKey { connection: &self.connection }).is_none());
        let view = visit.app.app_view();
        assert_eq!((view.tenants.len(), view.notices), (0, Vec::new()));
        assert!(visit.wanted_browsers().is_empty());
        assert_eq!(visit.sign_in(self, SignInIntent::First), (self.tenant.clone(), self.seen.clone()));
        visit.end(self);
    }
}

/// Says what Clerk was asked, where a round fails.
struct ToldWhenItFails<'a>(&'a [Step]);

impl Drop for ToldWhenItFails<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let steps: Vec<_> = self.0.iter().map(Step::to_string).collect();
            eprintln!("until it was killed: {}", steps.join(", "));
        }
    }
}

/// A Perch in this process, with a runtime of its own, so that nothing of it
/// goes on when it ends.
struct Visit {
    app: Desktop,
    /// The addresses that it gave to the browser.
    addresses: Arc<Mutex<Vec<String>>>,
    runtime: Runtime,
}

impl Visit {
    fn new(stage: &Stage) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let addresses = Arc::<Mutex<Vec<String>>>::default();
        let given = addresses.clone();
        let _inside = runtime.enter();
        let app = Desktop::open(Surroundings {
            places: stage.world.places(),
            clock: Arc::new(SystemTime::now),
            locale: "en".to_owned(),
            events: Box::new(|_| {}),
            links_arrive: Box::new(|| true),
            browser: Box::new(move |url| {
                given.lock().expect("the addresses").push(url.to_owned());
                true
            }),
        })
        .expect("the app opens");
        drop(_inside);
        Self { app, addresses, runtime }
    }

    fn wanted_browsers(&self) -> Vec<String> {
        self.addresses.lock().expect("the addresses").clone()
    }

    fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        // The keychain is asked from outside of any runtime.
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < deadline, "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Signs in and looks: the tenant, and what its tile says.
    fn sign_in(&self, stage: &Stage, intent: SignInIntent) -> (TenantId, Vec<String>) {
        self.runtime.block_on(async {
            let app = &self.app;
            let connection = app.app_view().connections[0].id.clone();
            if stage.way == Way::OAuth {
                let key = stage.world.sandbox().admin_token().to_owned();
                app.save_signing_key(&connection, key).await.expect("the key is kept");
            }
            app.begin_sign_in(&connection, intent).await.expect("the sign-in begins");
            let url = eventually("the browser", || async { self.addresses.lock().expect("the addresses").pop() }).await;
            match stage.way {
                Way::OAuth => drop(visitor::allow(&url, PERSON, ORGANIZATION).await.expect("the visitor signs in")),
                Way::Hosted => {
                    app.follow_link(&visitor::return_link(&url, PERSON).await.expect("the visitor signs in"));
                }
            }
            let tenant = eventually("the tenant", || async {
                let view = app.app_view();
                if let Some(SignInView::Failed { problem, .. }) = &view.sign_in {
                    panic!("the sign-in failed: {problem:?}");
                }
                active(&view).filter(|_| view.sign_in.is_none()).map(|(tenant, _)| tenant)
            })
            .await;
            open(app, &tenant).await;
            app.set_time_range(&tenant, "web-traffic", &stage.range).await.expect("a range");
            let seen = values(app, &tenant, TILE).await;
            online(app, &tenant).await;
            if stage.way == Way::Hosted {
                eventually("its picture", || async { app.app_view().tenants.pop()?.picture }).await;
            }
            (TenantId::try_from(tenant).expect("an id"), seen)
        })
    }

    /// Quits, with nothing under way.
    fn end(self, stage: &Stage) {
        assert!(self.wanted_browsers().is_empty(), "a browser was opened that nobody wanted");
        stage.door.wait_for_quiet(Duration::from_millis(50));
        stage.door.shut();
    }
}

/// Waits until the services answer; nothing but silence may come before.
async fn online(app: &Desktop, tenant: &str) {
    eventually("the session to be confirmed", || async {
        match status(app, tenant) {
            TenantStatus::Online => Some(()),
            TenantStatus::Connecting | TenantStatus::Offline { problem: None, .. } => None,
            status => panic!("the session is not whole: {status:?}"),
        }
    })
    .await;
}
