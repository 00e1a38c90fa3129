//! Warns about files with secrets that every user of the machine may read.

use std::path::Path;

use super::exchange::Exchange;
use super::tls::Tls;
use super::warehouse::Warehouse;

/// A warning for each file. Relative paths begin in `base`. The env file counts only if it sets a secret.
pub(super) fn warnings(
    warehouse: &Warehouse,
    tls: &Tls,
    exchange: &Exchange,
    base: &Path,
    env_file: Option<&Path>,
) -> Vec<String> {
    let below = |path: &Option<_>| path.as_deref().map(|path: &Path| base.join(path));
    [
        ("SNOWFLAKE_PRIVATE_KEY_PATH", below(&warehouse.private_key_path)),
        ("SNOWFLAKE_TOKEN_PATH", below(&warehouse.token_path)),
        ("TLS_KEY_FILE", below(&tls.key_file)),
        ("SNOWFLAKE_EXCHANGE_CLIENT_SECRET_FILE", below(&exchange.client_secret_file)),
        ("--env-file", env_file.map(Path::to_owned)),
    ]
    .into_iter()
    .filter_map(|(what, path)| {
        let path = path.filter(|path| is_open(path))?;
        let path = path.display();
        Some(format!(
            "{what}: every user of this machine can read {path}, which contains a secret; prevent that with `chmod o-rwx`"
        ))
    })
    .collect()
}

/// Whether anybody besides the owner and the group may read or write a file. Containers get their secrets by the group.
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o006 != 0)
}
