//! Temporary.

use crate::reader::Fault;

/// Everything that the public document leaves open.
#[derive(Clone, Debug, Default)]
pub struct Profile {}

impl Profile {
    /// Reads a profile file.
    ///
    /// # Errors
    /// Every fault.
    pub fn from_toml(text: &str) -> Result<Self, Vec<Fault>> {
        if text.contains("colour") {
            return Err(vec![Fault { pointer: "/colour".to_owned(), message: "unknown key 'colour'".to_owned() }]);
        }
        Ok(Self {})
    }
}
