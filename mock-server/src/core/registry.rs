//! All worlds of one mock, and which token selects which. Each world has a lock of its own, so that tests that run
//! side by side never wait for each other; the map of tokens is read by every request and written only when a world
//! begins, changes its tokens, or ends.
//!
//! Locks are those of the standard library: they are held for microseconds and never across a wait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use contract::reader::Fault;
use contract::time::UnixMillis;
use serde_json::Value;

use super::capture::Secrets;
use super::clock::ClockStart;
use super::description::{Blueprint, DEFAULT_ID, Keys, complete};
use super::journal::Caps;
use super::origin::Defaults;
use super::world::World;
use crate::control::event::Change;

/// One world behind its lock.
#[derive(Debug)]
pub struct Cell {
    id: Box<str>,
    world: Mutex<World>,
}

impl Cell {
    /// The world's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The world. A panic while it was held does not end it: see [`World::handle`].
    pub fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What worlds are made with.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The description of the default world, and of every part that another description lacks.
    pub base: Value,
    /// The seed of the default world, and of others that do not say.
    pub seed: u64,
    /// The clock of worlds whose description does not say.
    pub clock: ClockStart,
    /// What the command line says for every world.
    pub defaults: Defaults,
    /// Whether worlds hold their own answers against the contract.
    pub self_check: bool,
    /// How much the default world's journal keeps.
    pub caps: Caps,
    /// How much the journals of further worlds keep, each.
    pub further_caps: Caps,
    /// How much each world's feed keeps of what its journal does not.
    pub feed: Caps,
    /// Most worlds at once, the default world included.
    pub most_worlds: usize,
}

/// All worlds.
#[derive(Debug)]
pub struct Registry {
    plan: Plan,
    default: Arc<Cell>,
    index: RwLock<Index>,
    /// Held while a world ends, is reset or replaced: its tokens and its state change together.
    changing: Mutex<()>,
}

/// Which world is where. Read by every request.
#[derive(Debug)]
pub struct Index {
    worlds: BTreeMap<Box<str>, Arc<Cell>>,
    tokens: BTreeMap<Box<[u8]>, Arc<Cell>>,
    /// What must not be written down, by the world that it belongs to: tokens, and more.
    secrets_of: BTreeMap<Box<str>, Vec<String>>,
    secrets: Secrets,
    last_id: u64,
}

impl Index {
    /// The world that a token selects.
    pub fn by_token(&self, token: &[u8]) -> Option<&Arc<Cell>> {
        self.tokens.get(token)
    }

    /// The world with an id.
    pub fn by_id(&self, id: &str) -> Option<&Arc<Cell>> {
        self.worlds.get(id)
    }

    /// Every secret of every world, ready to be masked.
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}

impl Registry {
    /// A registry with its default world.
    ///
    /// # Errors
    /// Every fault of the default world's description.
    pub fn begin(plan: Plan, wall: UnixMillis) -> Result<Self, Vec<Fault>> {
        let world = World::begin(blueprint(&plan, DEFAULT_ID, plan.seed, None), plan.caps, plan.feed, wall)?;
        let keys = world.keys();
        let default = Arc::new(Cell { id: DEFAULT_ID.into(), world: Mutex::new(world) });
        let mut index = Index {
            worlds: BTreeMap::from([(DEFAULT_ID.into(), Arc::clone(&default))]),
            tokens: BTreeMap::new(),
            secrets_of: BTreeMap::new(),
            secrets: std::iter::empty().collect(),
            last_id: 0,
        };
        index.claim(&default, keys)?;
        Ok(Self { plan, default, index: RwLock::new(index), changing: Mutex::new(()) })
    }

    /// The default world.
    pub fn default_world(&self) -> &Arc<Cell> {
        &self.default
    }

    /// The maps, for reading.
    pub fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a further world.
    ///
    /// # Errors
    /// Every fault of its description; a token that belongs to another world; too many worlds.
    pub fn create(&self, seed: Option<u64>, world: Option<&Value>, wall: UnixMillis) -> Result<Arc<Cell>, Vec<Fault>> {
        let id = {
            let mut index = self.index_mut();
            if index.worlds.len() >= self.plan.most_worlds {
                let most = self.plan.most_worlds;
                return Err(whole(format!(
                    "there are {most} worlds already: end one with DELETE /_mock/worlds/{{id}}"
                )));
            }
            index.last_id += 1;
            format!("w{}", index.last_id)
        };
        // Reading a description may take milliseconds: nobody waits for it.
        let blueprint = blueprint(&self.plan, &id, seed.unwrap_or(self.plan.seed), world);
        let world = World::begin(blueprint, self.plan.further_caps, self.plan.feed, wall)?;
        let keys = world.keys();
        let cell = Arc::new(Cell { id: id.clone().into(), world: Mutex::new(world) });
        let mut index = self.index_mut();
        index.claim(&cell, keys)?;
        index.worlds.insert(id.clone().into(), Arc::clone(&cell));
        drop(index);
        self.default.lock().tell(Change::WorldCreated { world: id });
        Ok(cell)
    }

    /// Ends a world. `false` where there is none with that id.
    ///
    /// # Errors
    /// The default world cannot end.
    pub fn delete(&self, id: &str) -> Result<bool, Vec<Fault>> {
        if id == DEFAULT_ID {
            return Err(whole(
                "the default world cannot be deleted: POST /_mock/reset takes it back to its seed".into(),
            ));
        }
        let _alone = self.alone();
        let mut index = self.index_mut();
        let Some(cell) = index.worlds.remove(id) else { return Ok(false) };
        index.release(&cell);
        drop(index);
        {
            let mut world = cell.lock();
            world.end();
            world.withdraw_all("the world was deleted before it was sent");
        }
        self.default.lock().tell(Change::WorldDeleted { world: id.to_owned() });
        Ok(true)
    }

    /// Takes a world back to its seed.
    ///
    /// # Errors
    /// A token of the seed that another world has taken meanwhile; the world is then as it was.
    pub fn reset(&self, cell: &Arc<Cell>, wall: UnixMillis) -> Result<(), Vec<Fault>> {
        let (blueprint, born) = cell.lock().beginning();
        let parts = blueprint.assemble(wall, born)?;
        let _alone = self.alone();
        self.is_there(cell)?;
        self.index_mut().exchange(cell, parts.keys())?;
        cell.lock().reset(parts);
        Ok(())
    }

    /// Replaces a world's state, all or nothing.
    ///
    /// # Errors
    /// Every fault; the world is then as it was.
    pub fn restore(&self, cell: &Arc<Cell>, state: &Value, wall: UnixMillis) -> Result<(), Vec<Fault>> {
        let (mut blueprint, _) = cell.lock().beginning();
        blueprint.description = complete(Some(state), &self.plan.base, cell.id());
        let parts = blueprint.assemble(wall, wall)?;
        let _alone = self.alone();
        self.is_there(cell)?;
        self.index_mut().exchange(cell, parts.keys())?;
        cell.lock().replace(parts);
        Ok(())
    }

    /// Learns a world's tokens and secrets anew, after it got a new one.
    pub fn rekey(&self, cell: &Arc<Cell>) {
        let _alone = self.alone();
        if self.is_there(cell).is_ok() {
            let keys = cell.lock().keys();
            // A new secret of a world is no token that another world could own.
            let _ = self.index_mut().exchange(cell, keys);
        }
    }

    fn alone(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A world that ended meanwhile must not claim tokens again.
    fn is_there(&self, cell: &Arc<Cell>) -> Result<(), Vec<Fault>> {
        match self.index().by_id(cell.id()) {
            Some(_) => Ok(()),
            None => Err(whole(format!("the world '{}' was deleted meanwhile", cell.id()))),
        }
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    /// Gives a world its tokens, all or none.
    fn claim(&mut self, cell: &Arc<Cell>, keys: Keys) -> Result<(), Vec<Fault>> {
        let owner_of = |token: &String| self.tokens.get(token.as_bytes()).filter(|owner| !Arc::ptr_eq(owner, cell));
        let taken = |token: &String| {
            let (owner, start) = (owner_of(token)?.id(), token.chars().take(4).collect::<String>());
            let message = format!(
                "the token or client_id that begins with '{start}' belongs to the world '{owner}' already: it selects \
                 one world; leave it out to get a new one"
            );
            Some(Fault { pointer: String::new(), message })
        };
        let faults: Vec<Fault> = keys.tokens.iter().filter_map(taken).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        for token in &keys.tokens {
            self.tokens.insert(token.as_bytes().into(), Arc::clone(cell));
        }
        self.secrets_of.insert(cell.id().into(), keys.secrets);
        self.refresh();
        Ok(())
    }

    /// Gives a world other tokens instead of those that it has.
    fn exchange(&mut self, cell: &Arc<Cell>, keys: Keys) -> Result<(), Vec<Fault>> {
        let kept = keys.tokens.clone();
        self.claim(cell, keys)?;
        self.tokens
            .retain(|token, owner| !Arc::ptr_eq(owner, cell) || kept.iter().any(|kept| kept.as_bytes() == &**token));
        Ok(())
    }

    fn release(&mut self, cell: &Arc<Cell>) {
        self.tokens.retain(|_, owner| !Arc::ptr_eq(owner, cell));
        self.secrets_of.remove(cell.id());
        self.refresh();
    }

    fn refresh(&mut self) {
        self.secrets = self.secrets_of.values().flatten().map(String::as_str).collect();
    }
}

fn blueprint(plan: &Plan, id: &str, seed: u64, description: Option<&Value>) -> Blueprint {
    Blueprint {
        id: id.to_owned(),
        seed,
        description: complete(description, &plan.base, id),
        clock: plan.clock,
        defaults: plan.defaults.clone(),
        self_check: plan.self_check,
    }
}

fn whole(message: String) -> Vec<Fault> {
    vec![Fault { pointer: String::new(), message }]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WALL: UnixMillis = UnixMillis(1_790_000_000_000);

    fn registry() -> Registry {
        let caps = Caps { bytes: 1 << 20, entries: 100 };
        Registry::begin(
            Plan {
                base: super::super::description::default_description().unwrap(),
                seed: 1,
                clock: ClockStart::default(),
                defaults: Defaults::default(),
                self_check: true,
                caps,
                further_caps: caps,
                feed: caps,
                most_worlds: 3,
            },
            WALL,
        )
        .unwrap()
    }

    fn owner(registry: &Registry, token: &str) -> Option<String> {
        registry.index().by_token(token.as_bytes()).map(|cell| cell.id().to_owned())
    }

    #[test]
    fn each_world_has_tokens_of_its_own_and_they_go_with_it() {
        let registry = registry();
        let one = registry.create(None, None, WALL).unwrap();
        let two = registry.create(None, None, WALL).unwrap();
        let (first, second) = (one.lock().keys().tokens, two.lock().keys().tokens);
        assert!(first.iter().all(|token| !second.contains(token)));
        assert_eq!(owner(&registry, &first[0]).as_deref(), Some("w1"));
        assert_eq!(registry.delete("w1"), Ok(true));
        assert_eq!(owner(&registry, &first[0]), None);
        assert_eq!(registry.delete("w1"), Ok(false));
        assert!(registry.delete(DEFAULT_ID).is_err());
    }

    #[test]
    fn a_token_that_another_world_owns_is_refused_and_nothing_changes() {
        let registry = registry();
        let taken = registry.default_world().lock().dump(WALL);
        let faults = registry.create(None, Some(&taken), WALL).unwrap_err();
        assert!(faults[0].message.contains("belongs to the world 'default' already"), "{faults:?}");
        let cell = registry.create(None, None, WALL).unwrap();
        let before = cell.lock().dump(WALL);
        assert!(registry.restore(&cell, &taken, WALL).is_err());
        assert_eq!(cell.lock().dump(WALL), before);
        let token = &cell.lock().keys().tokens[0];
        assert_eq!(owner(&registry, token).as_deref(), Some(cell.id()));
    }

    #[test]
    fn a_faulty_state_leaves_the_world_as_it_was_and_every_fault_is_named() {
        let registry = registry();
        let cell = registry.default_world();
        let before = cell.lock().dump(WALL);
        let faults = registry.restore(cell, &json!({"chatwork": 1, "chatday": [], "x": 1}), WALL).unwrap_err();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert_eq!(cell.lock().dump(WALL), before);
    }

    #[test]
    fn there_is_a_bound_on_worlds() {
        let registry = registry();
        registry.create(None, None, WALL).unwrap();
        registry.create(None, None, WALL).unwrap();
        assert!(registry.create(None, None, WALL).unwrap_err()[0].message.contains("3 worlds already"));
        registry.delete("w2").unwrap();
        assert_eq!(registry.create(None, None, WALL).unwrap().id(), "w3", "ids are not used twice");
    }

    #[test]
    fn a_reset_world_is_what_it_was_at_its_beginning() {
        let registry = registry();
        let cell = registry.create(Some(9), Some(&json!({"clock": {"frozen": true}})), WALL).unwrap();
        let before = cell.lock().dump(WALL);
        cell.lock().change_clock(crate::control::ClockChange { advance_ms: Some(5), ..Default::default() }, WALL);
        let later = WALL.plus_millis(60_000);
        assert_ne!(cell.lock().dump(later), before);
        registry.reset(&cell, later).unwrap();
        assert_eq!(cell.lock().dump(later), before);
    }

    #[test]
    fn a_world_that_ended_takes_no_state_and_claims_no_token() {
        let registry = registry();
        let cell = registry.create(None, None, WALL).unwrap();
        let state = cell.lock().dump(WALL);
        registry.delete(cell.id()).unwrap();
        assert!(registry.restore(&cell, &state, WALL).unwrap_err()[0].message.contains("was deleted meanwhile"));
        assert!(registry.reset(&cell, WALL).is_err());
        assert_eq!(owner(&registry, &cell.lock().keys().tokens[0]), None);
    }
}
