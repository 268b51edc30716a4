//! From [`crate::Format`] to the C ABI.
pub mod shims {
    //! Not yet.
}
