//! Where configuration and data live on this machine.

use std::path::PathBuf;

use directories::ProjectDirs;

/// The folders that Perch writes to, and no others.
#[derive(Debug, Clone)]
pub struct Places {
    /// Connections and dashboards: what an operator may look at and edit.
    pub config: PathBuf,
    /// The list of accounts and the sealed stores.
    pub data: PathBuf,
    /// Where a connection is that came with the program, if there can be one; nothing is written there.
    pub bundled: Option<PathBuf>,
}

impl Places {
    /// The system's usual folders, or those that `PERCH_CONFIG_DIR` and
    /// `PERCH_DATA_DIR` name. `None` when there is no home folder at all. `bundled` is where the program's own resources
    /// have a connection, unless `PERCH_BUNDLED_DIR` names another place.
    pub fn from_environment(bundled: Option<PathBuf>) -> Option<Self> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let usual = ProjectDirs::from("dev", "perch", "Perch");
        Some(Self {
            config: variable("PERCH_CONFIG_DIR").or_else(|| Some(usual.as_ref()?.config_dir().to_owned()))?,
            data: variable("PERCH_DATA_DIR").or_else(|| Some(usual.as_ref()?.data_local_dir().to_owned()))?,
            bundled: variable("PERCH_BUNDLED_DIR").or(bundled),
        })
    }

    /// One folder a connection.
    pub fn connections(&self) -> PathBuf {
        self.config.join("connections")
    }

    /// One sealed file a tenant.
    pub fn stores(&self) -> PathBuf {
        self.data.join("stores")
    }

    /// The pictures of organizations, one small file each.
    pub fn pictures(&self) -> PathBuf {
        self.data.join("pictures")
    }

    /// What two processes take turns by.
    pub fn turns(&self) -> PathBuf {
        self.data.join("turns")
    }

    /// Who is signed in.
    pub fn accounts(&self) -> PathBuf {
        self.data.join("accounts.json")
    }

    /// Which connection came with the program that was opened last.
    pub fn remembered_bundle(&self) -> PathBuf {
        self.data.join("bundled")
    }

    /// What the demo's sandbox keeps between two starts.
    pub fn sandbox(&self) -> PathBuf {
        self.data.join("sandbox")
    }
}
