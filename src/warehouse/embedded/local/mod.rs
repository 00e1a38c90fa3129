//! Own data: the files below `EMBEDDED_DATA_DIR` as tables of the database `LOCAL`.
//!
//! `folder` finds the files and gives them names, `table` reads what columns a file has and says how it is read, and this
//! file keeps both up to date while the process runs. A table is a view on its file, so nothing is loaded, and what is
//! appended is seen at once; files that come, go or change their columns are noticed within seconds.
//!
//! Statements still reach no file by themselves: only a view of ours names one. The engine opens paths below the folder
//! alone. It follows links, so those that lead out of the folder are left out; one that is put in a file's place later
//! is noticed by `links` when a statement uses it.

mod csv;
mod faithful;
mod folder;
mod links;
mod names;
mod table;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use duckdb::Connection;

use super::catalog::{self, Catalog, LOCAL_DATABASE, Stored, Table};
use folder::{File, Found, Stamp};
pub(super) use links::Files;
use links::Lying;
use names::Names;

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// How long the start waits for the first look. What is left then is read beside everything else.
const START: Duration = Duration::from_secs(10);

/// The catalog as it is now.
pub(super) struct Latest(RwLock<Arc<Catalog>>);

impl Latest {
    pub(super) fn new(catalog: Catalog) -> Self {
        Self(RwLock::new(Arc::new(catalog)))
    }

    pub(super) fn get(&self) -> Arc<Catalog> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, catalog: Catalog) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
    }
}

/// Keeps the tables of `LOCAL` as the folder is. Dropping it ends that.
pub(super) struct Local {
    _stop: SyncSender<()>,
}

/// The folder and what is known of it.
struct Keeper {
    root: PathBuf,
    connection: Connection,
    names: Names,
    latest: Arc<Latest>,
    stored: Stored,
    /// The catalog without own data.
    base: Catalog,
    known: BTreeMap<PathBuf, Known>,
    /// The views there are.
    published: Tables,
    files: Arc<Files>,
    /// What was warned about and is still there, so that it is said once.
    warned: BTreeMap<PathBuf, String>,
}

/// A schema and a table in it.
type Place = (&'static str, &'static str);

/// What there is at each place.
type Tables = BTreeMap<Place, Arc<table::Described>>;

/// A file that has been read, or could not be.
struct Known {
    real: PathBuf,
    stamp: Stamp,
    schema: &'static str,
    table: Option<Arc<table::Described>>,
}

/// Lets the engine open the files of the folder. Before it is locked.
///
/// # Errors
///
/// It is no folder that can be read.
pub(super) fn open(connection: &Connection, folder: &Path) -> Result<PathBuf, Error> {
    let root =
        std::fs::canonicalize(folder).and_then(|root| std::fs::read_dir(&root).map(|_| root));
    let root = root.map_err(|source| Error::Folder {
        folder: folder.to_owned(),
        source,
    })?;
    let path = root.to_str().ok_or_else(|| Error::Name(root.clone()))?;
    connection.execute_batch(&format!(
        "SET allowed_directories = [{}]",
        words::literal(path)
    ))?;
    Ok(root)
}

/// Why own data cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("EMBEDDED_DATA_DIR {} is no folder that can be read", .folder.display())]
    Folder {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("EMBEDDED_DATA_DIR {} has a name that is no UTF-8", .0.display())]
    Name(PathBuf),
    #[error("no thread could be started that looks after EMBEDDED_DATA_DIR")]
    Thread(#[source] std::io::Error),
    #[error(transparent)]
    Engine(#[from] duckdb::Error),
}

impl Local {
    /// Reads the folder, and goes on doing so on a thread of its own.
    ///
    /// # Errors
    ///
    /// The engine refuses a connection, or the system a thread.
    pub(super) fn start(
        root: PathBuf,
        connection: Connection,
        latest: &Arc<Latest>,
        stored: Stored,
        files: Arc<Files>,
    ) -> Result<Self, Error> {
        let mut keeper = Keeper {
            root,
            connection,
            names: Names::default(),
            latest: Arc::clone(latest),
            stored,
            base: Catalog::clone(&latest.get()),
            known: BTreeMap::new(),
            published: Tables::new(),
            files,
            warned: BTreeMap::new(),
        };
        keeper.look(Instant::now() + START);
        let (stop, stopped) = sync_channel(1);
        let thread = std::thread::Builder::new().name("embedded-data".into());
        let spawned = thread.spawn(move || keeper.go_on(&stopped));
        spawned.map_err(Error::Thread)?;
        Ok(Self { _stop: stop })
    }
}

impl Keeper {
    fn go_on(mut self, stopped: &Receiver<()>) {
        while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            self.look(Instant::now() + START);
        }
    }

    /// Reads what is new, and tells the engine and the catalog. After `until` the rest is left for the next time.
    fn look(&mut self, until: Instant) {
        let Found { files, left_out } = folder::find(&self.root);
        {
            let told: BTreeSet<&PathBuf> = left_out.iter().map(|(path, _)| path).collect();
            self.warned
                .retain(|path, _| files.contains_key(path) || told.contains(path));
        }
        for (path, reason) in left_out {
            self.warn(&path, reason);
        }
        let mut has_changed = false;
        let before = self.known.len();
        self.known.retain(|path, _| files.contains_key(path));
        has_changed |= self.known.len() != before;
        for (path, file) in files {
            let is_known = self
                .known
                .get(&path)
                .is_some_and(|known| known.real == file.path && known.stamp == file.stamp);
            if is_known {
                continue;
            }
            if Instant::now() >= until {
                break;
            }
            has_changed = true;
            self.read(path, file);
        }
        if !has_changed {
            return;
        }
        if let Err(error) = self.publish() {
            tracing::warn!(%error, "the tables of EMBEDDED_DATA_DIR stay as they were");
            // Said anew and tried anew with the next look, all of them: which part has failed is not known.
            self.known.clear();
        }
    }

    fn read(&mut self, path: PathBuf, file: File) {
        let described = table::describe(&self.connection, &file, &mut self.names);
        let (table, schema) = match (described, self.names.get(&file.schema)) {
            (Ok(table), Some(schema)) => (Some(Arc::new(table)), schema),
            (Ok(_), None) => {
                self.warn(&path, "too many different names".to_owned());
                (None, "")
            }
            (Err(reason), _) => {
                self.warn(&path, reason);
                (None, "")
            }
        };
        if table.is_some() {
            self.warned.remove(&path);
        }
        let known = Known {
            real: file.path,
            stamp: file.stamp,
            schema,
            table,
        };
        self.known.insert(path, known);
    }

    /// A file that is left out is told once, and again when the reason changes.
    fn warn(&mut self, path: &Path, reason: String) {
        if self.warned.get(path) == Some(&reason) {
            return;
        }
        let file = path.strip_prefix(&self.root).unwrap_or(path);
        tracing::warn!(
            file = %file.display(),
            "a file of EMBEDDED_DATA_DIR is left out: {reason}"
        );
        self.warned.insert(path.to_owned(), reason);
    }

    /// The tables there should be.
    fn wanted(&mut self) -> Tables {
        let mut wanted = Tables::new();
        let mut taken = BTreeSet::new();
        let mut doubles = Vec::new();
        for (path, known) in &self.known {
            let Some(table) = &known.table else { continue };
            // The engine does not tell names apart by their case: the second would take the place of the first.
            let name = format!("{}.{}", known.schema, table.table.name);
            if taken.insert(name.to_ascii_lowercase()) {
                wanted.insert((known.schema, table.table.name), Arc::clone(table));
            } else {
                doubles.push((path.clone(), format!("there is a table {name} already")));
            }
        }
        for (path, reason) in doubles {
            self.warn(&path, reason);
        }
        wanted
    }

    /// Makes the views that are new or have changed, then what the catalog says of them.
    fn publish(&mut self) -> duckdb::Result<()> {
        let wanted = self.wanted();
        let is_as_it_was = |(place, table): &(&Place, &Arc<table::Described>)| {
            let before = self.published.get(*place);
            before.is_some_and(|before| Arc::ptr_eq(before, table))
        };
        let changed: Vec<_> = wanted.iter().filter(|one| !is_as_it_was(one)).collect();
        let gone = self.published.keys();
        let gone: Vec<&Place> = gone.filter(|place| !wanted.contains_key(*place)).collect();
        self.connection
            .execute_batch(&views(&gone, &changed, &wanted))
            .inspect_err(|_| drop(self.connection.execute_batch("ROLLBACK")))?;
        let touched = gone
            .into_iter()
            .chain(changed.iter().map(|(place, _)| *place));
        let touched: BTreeSet<Place> = touched.copied().collect();
        let mut schemas: BTreeMap<&'static str, Vec<Table>> = BTreeMap::new();
        for ((schema, _), table) in &wanted {
            schemas.entry(schema).or_default().push(table.table.clone());
        }
        let mut catalog = self.base.clone();
        catalog.set_local(schemas.into_iter());
        self.files.set(files(&wanted));
        let (all, new) = (wanted.len(), touched.len());
        self.published = wanted;
        catalog::refresh_information_schema(
            &self.connection,
            &catalog,
            &mut self.stored,
            &touched,
        )?;
        self.latest.set(catalog);
        tracing::info!(
            tables = all,
            changed = new,
            "the tables of EMBEDDED_DATA_DIR are up to date"
        );
        Ok(())
    }
}

/// One transaction that drops what is gone and makes what has changed.
fn views(gone: &[&Place], changed: &[(&Place, &Arc<table::Described>)], wanted: &Tables) -> String {
    let mut batch = String::from("BEGIN TRANSACTION;");
    let kept: BTreeSet<String> = wanted
        .keys()
        .map(|(schema, _)| schema.to_ascii_lowercase())
        .collect();
    for (schema, name) in gone {
        batch.push_str(&format!(
            "DROP VIEW IF EXISTS {};",
            place(schema, Some(name))
        ));
    }
    let left: BTreeSet<String> = gone
        .iter()
        .map(|(schema, _)| schema.to_ascii_lowercase())
        // One of this name is in every database of the engine, and cannot be dropped.
        .filter(|schema| schema != "main" && !kept.contains(schema))
        .collect();
    for schema in left {
        batch.push_str(&format!(
            "DROP SCHEMA IF EXISTS {} CASCADE;",
            place(&schema, None)
        ));
    }
    let schemas: BTreeSet<&str> = changed.iter().map(|((schema, _), _)| *schema).collect();
    for schema in schemas {
        batch.push_str(&format!(
            "CREATE SCHEMA IF NOT EXISTS {};",
            place(schema, None)
        ));
    }
    for ((schema, name), table) in changed {
        batch.push_str(&format!(
            "CREATE OR REPLACE VIEW {} AS {};",
            place(schema, Some(name)),
            table.query
        ));
    }
    batch.push_str("COMMIT;");
    batch
}

/// Where the file of each table lies.
fn files(tables: &Tables) -> HashMap<String, Lying> {
    tables
        .iter()
        .map(|((schema, name), table)| {
            let name = place(schema, Some(name)).to_ascii_lowercase();
            (name, table.file.clone())
        })
        .collect()
}

fn place(schema: &str, table: Option<&str>) -> String {
    let mut place = format!(
        "{}.{}",
        catalog::quoted(LOCAL_DATABASE),
        catalog::quoted(schema)
    );
    if let Some(table) = table {
        place.push('.');
        place.push_str(&catalog::quoted(table));
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &'static str) -> Arc<table::Described> {
        Arc::new(table::Described {
            table: Table {
                name,
                comment: "",
                columns: Vec::new(),
                kind: catalog::TableKind::View { query: "" },
            },
            query: format!("SELECT '{name}'"),
            file: Lying {
                path: PathBuf::new(),
                shown: String::new(),
                stamp: Stamp::none(),
            },
        })
    }

    #[test]
    fn only_what_has_changed_is_made_anew() {
        let wanted: Tables = [("A", "T"), ("A", "U"), ("main", "V")]
            .map(|(schema, name)| ((schema, name), table(name)))
            .into();
        let changed: Vec<_> = wanted.iter().filter(|(place, _)| place.1 == "U").collect();
        let gone = [&("A", "W"), &("B", "X"), &("B", "Y"), &("Main", "Z")];
        assert_eq!(
            views(&gone, &changed, &wanted),
            "BEGIN TRANSACTION;DROP VIEW IF EXISTS \"LOCAL\".\"A\".\"W\";\
             DROP VIEW IF EXISTS \"LOCAL\".\"B\".\"X\";DROP VIEW IF EXISTS \"LOCAL\".\"B\".\"Y\";\
             DROP VIEW IF EXISTS \"LOCAL\".\"Main\".\"Z\";DROP SCHEMA IF EXISTS \"LOCAL\".\"b\" CASCADE;\
             CREATE SCHEMA IF NOT EXISTS \"LOCAL\".\"A\";\
             CREATE OR REPLACE VIEW \"LOCAL\".\"A\".\"U\" AS SELECT 'U';COMMIT;"
        );
    }
}
