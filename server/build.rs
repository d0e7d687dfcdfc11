//! The binary carries `dist/`, the browser's part, inside.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    // A checkout that has not built it yet still has to compile.
    let dist = Path::new("../dist");
    fs::create_dir_all(dist)?;

    println!("cargo::rerun-if-changed=build.rs");
    // Debug builds read the folder while they run.
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../dist");
        if !dist.join("index.html").exists() {
            println!(
                "cargo::warning=dist/ is empty, so the binary has no pages; run scripts/build-spa first"
            );
        }
    }
    Ok(())
}
