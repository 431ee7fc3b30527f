//! Sources, decisions and words, for reading.
