//! Tells where cargo puts the worker and the plugins: OUT_DIR is `<there>/build/fsimage-demo-HASH/out`.
use std::path::PathBuf;

fn main() {
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from).unwrap_or_default();
    let built = out.ancestors().nth(3).unwrap_or(&out);
    println!("cargo:rustc-env=FSIMAGE_DEMO_BUILT={}", built.display());
    println!("cargo:rerun-if-changed=build.rs");
}
