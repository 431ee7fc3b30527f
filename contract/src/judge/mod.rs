//! Holds one exchange against the contract.
