//! Lets every binary of the package find the prebuilt DuckDB library without `LD_LIBRARY_PATH`.
//!
//! The library is linked into the profile folder (`target/debug`, `target/release`) and the run path is relative to the
//! binary, so a target folder, an image or an installation prefix can be moved as a whole.

#![allow(
    clippy::disallowed_methods,
    reason = "a build script is told what to build by its environment"
)]

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo:rerun-if-env-changed=SNOWFLAKE_MCP_VERSION");
    println!("cargo:rerun-if-env-changed=SNOWFLAKE_MCP_REVISION");
    let embedded = env::var_os("CARGO_FEATURE_EMBEDDED").is_some();
    let bundled = env::var_os("CARGO_FEATURE_BUNDLED").is_some();
    if !embedded || bundled {
        return Ok(());
    }
    let origin = match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("macos") => "@loader_path",
        _ => "$ORIGIN",
    };
    // Beside the binary; above it, for the test binaries in `deps`; and the usual place under an installation prefix.
    for place in ["", "/..", "/../lib"] {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{origin}{place}");
    }
    if let Some(folder) = env::var_os("DUCKDB_LIB_DIR") {
        link_into_profile_folder(Path::new(&folder))?;
    }
    Ok(())
}

/// `OUT_DIR` is `<target>/<profile>/build/<package>-<hash>/out`: the profile folder is three levels up.
fn link_into_profile_folder(library_folder: &Path) -> io::Result<()> {
    let out_dir = env::var_os("OUT_DIR").unwrap_or_default();
    let Some(profile) = Path::new(&out_dir).ancestors().nth(3) else {
        return Ok(());
    };
    for name in ["libduckdb.so", "libduckdb.dylib"] {
        let library = library_folder.join(name);
        if !library.exists() {
            continue;
        }
        // Only of a file that is there: Cargo takes a missing one as changed, every time.
        println!("cargo:rerun-if-changed={}", library.display());
        let place = profile.join(name);
        // Replaced, not overwritten: a running program may still have the old file mapped.
        if let Err(error) = fs::remove_file(&place)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        if fs::hard_link(&library, &place).is_err() {
            fs::copy(&library, &place)?;
        }
    }
    Ok(())
}
