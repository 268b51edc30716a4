//! Gives the library its name. Names are added to it and never taken away or changed: it stays 1.
fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libfsimage.so.1");
    println!("cargo:rerun-if-changed=build.rs");
}
