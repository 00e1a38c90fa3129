//! The process among others: ports, files, folders, exit codes, and starting again in place.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};

use crate::snowflake::support::key;
use crate::support::{KEY, Server, Signal, run};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn bad_settings_are_told_all_at_once_with_exit_code_64() {
    let vars = [
        ("ENVIRONMENT", "production"),
        ("SERVER_WORKERS", "none-of-your-business"),
        ("SHUTDOWN_TIMEOUT", "30"),
    ];
    let output = run(&[], &vars);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{told}");
    for name in ["SERVER_WORKERS", "SHUTDOWN_TIMEOUT", "SNOWFLAKE_ACCOUNT"] {
        assert!(told.contains(name), "{name} in\n{told}");
    }
    assert!(!told.contains("none-of-your-business"), "{told}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_port_in_use_is_a_failed_start_that_names_the_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&[], &[("SERVER_HOST", "127.0.0.1"), ("SERVER_PORT", &port)]);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains("SERVER_PORT") && told.contains(&port),
        "{told}"
    );
}

#[test]
fn what_only_the_rooms_can_tell_of_the_settings_is_told_by_check_as_by_a_start() {
    let account = [
        ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
        ("SNOWFLAKE_USER", "SERVICE"),
    ];
    // Nobody is there to look at a browser.
    let lacking = [
        ("SNOWFLAKE_AUTH_TYPE", "external_browser"),
        ("SERVER_HOST", "0.0.0.0"),
        ("API_KEY", "test-key-0123456789abcdef"),
    ];
    let misnamed = [
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "none-of-your-business"),
        ("SNOWFLAKE_ROLE", "\"ANALYST"),
    ];
    let administrator = [
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "none-of-your-business"),
        ("SNOWFLAKE_ROLE", "accountadmin"),
    ];
    let unlisted = [
        ("SNOWFLAKE_AUTH_TYPE", "password"),
        ("SNOWFLAKE_PASSWORD", "none-of-your-business"),
        ("SNOWFLAKE_WAREHOUSE", "LOAD_XXL"),
        ("ALLOWED_WAREHOUSES", "AGENT_*"),
    ];
    for (vars, setting) in [
        (&lacking[..], "SNOWFLAKE_AUTH_TYPE"),
        (&misnamed[..], "SNOWFLAKE_ROLE"),
        (&administrator[..], "SNOWFLAKE_ROLE"),
        (&unlisted[..], "SNOWFLAKE_WAREHOUSE"),
    ] {
        for command in [&[][..], &["check"], &["config", "--effective"]] {
            let output = run(command, &[&account, vars].concat());
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(64), "{command:?}: {told}");
            assert!(told.contains(setting), "{command:?}: {told}");
        }
    }
}

#[test]
fn a_check_that_cannot_connect_says_why() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port().to_string();
    drop(nobody);
    let output = run(
        &["check", "--connect"],
        &[
            ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
            ("SNOWFLAKE_USER", "SERVICE"),
            ("SNOWFLAKE_AUTH_TYPE", "password"),
            ("SNOWFLAKE_PASSWORD", "none-of-your-business"),
            ("SNOWFLAKE_HOST", "127.0.0.1"),
            ("SNOWFLAKE_PORT", &port),
            ("SNOWFLAKE_PROTOCOL", "http"),
            ("SNOWFLAKE_POOL_RETRY_ATTEMPTS", "0"),
            ("SNOWFLAKE_POOL_CONNECTION_TIMEOUT", "2"),
        ],
    );
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.to_lowercase().contains("connection refused"), "{told}");
    assert!(!told.contains("none-of-your-business"), "{told}");
}

#[tokio::test]
async fn the_pid_file_is_there_while_the_process_is() {
    let mut server = Server::start(&[("PID_FILE", "server.pid")]).await;
    let path = server.folder.path().join("server.pid");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("{}\n", server.pid())
    );

    let pid_file = path.to_str().unwrap();
    let second = run(&[], &[("PID_FILE", pid_file)]);
    let told = text(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{told}");
    assert!(
        told.contains("PID_FILE") && told.contains(&server.pid().to_string()),
        "{told}"
    );

    assert_eq!(server.stop().await.code(), Some(0));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_pid_file_left_behind_is_overwritten() {
    let mut killed = Server::start(&[("PID_FILE", "server.pid")]).await;
    killed.signal(Signal::KILL);
    killed.ended().await;
    let path = killed.folder.path().join("server.pid");
    assert!(path.exists());
    let pid_file = path.to_str().unwrap();
    let server = Server::start(&[("PID_FILE", pid_file)]).await;
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        format!("{}\n", server.pid())
    );
}

#[tokio::test]
async fn relative_paths_are_taken_from_the_working_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("logs")).unwrap();
    let mut server = Server::start(&[
        ("WORKING_DIR", folder.path().to_str().unwrap()),
        ("PID_FILE", "server.pid"),
        ("LOG_FILE", "logs/server.log"),
    ])
    .await;
    server.event("ready").await;
    assert!(folder.path().join("server.pid").exists());
    assert_eq!(server.stop().await.code(), Some(0));

    let files: Vec<_> = fs::read_dir(folder.path().join("logs")).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let file = files[0].as_ref().unwrap();
    let name = file.file_name().into_string().unwrap();
    assert!(name.starts_with("server.log.20"), "{name}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
    assert_eq!(
        mode & 0o137,
        0,
        "{mode:o}: only its owner writes it, and only its group reads it"
    );
    // The same lines as on stderr, to the last one.
    let logged = fs::read_to_string(file.path()).unwrap();
    let messages = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines
            .map(|line: Value| line["message"].to_string())
            .collect()
    };
    assert_eq!(messages(&logged), messages(&server.log()));
    assert!(logged.contains(r#""event":"stopped""#), "{logged}");
}

#[test]
fn a_check_reads_keys_where_the_service_would() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key.p8"), key(0)).unwrap();
    let vars = |path| {
        [
            ("WORKING_DIR", folder.path().to_str().unwrap()),
            ("SNOWFLAKE_ACCOUNT", "myorg-myaccount"),
            ("SNOWFLAKE_USER", "SERVICE"),
            ("SNOWFLAKE_PRIVATE_KEY_PATH", path),
        ]
    };
    let output = run(&["check"], &vars("key.p8"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = run(&["check"], &vars("other.p8"));
    assert_eq!(output.status.code(), Some(64));
}

#[test]
fn a_working_folder_that_cannot_be_is_a_bad_setting() {
    let output = run(&[], &[("WORKING_DIR", "/etc/passwd/below")]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("WORKING_DIR"));
}

#[tokio::test]
async fn a_health_check_tells_a_server_that_lives_from_one_that_does_not() {
    let mut server = Server::start(&[("MANAGEMENT_PORT", "0")]).await;
    let main = server.address.port().to_string();
    let management = server.management.unwrap().port().to_string();
    let settings = [("SERVER_PORT", &*main), ("MANAGEMENT_PORT", &*management)];
    let alive = run(&["healthcheck"], &settings);
    assert_eq!(alive.status.code(), Some(0), "{}", text(&alive.stderr));
    // The probes are not on the public port.
    let elsewhere = run(&["healthcheck"], &settings[..1]);
    assert_eq!(elsewhere.status.code(), Some(1));
    assert!(text(&elsewhere.stderr).contains("404"));
    server.stop().await;
    let gone = run(&["healthcheck"], &settings);
    assert_eq!(gone.status.code(), Some(1));
    assert!(!gone.stderr.is_empty());
}

#[tokio::test]
async fn a_changed_program_is_started_again_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("snowflake-mcp");
    fs::copy(env!("CARGO_BIN_EXE_snowflake-mcp"), &program).unwrap();
    let vars = [("SERVER_RELOAD", "true"), ("PID_FILE", "server.pid")];
    let mut server = Server::start_program(&program, &[], &vars, folder).await;
    let address = server.address;
    // As a linker does it: a new file under the old name.
    let next = server.folder.path().join("next");
    fs::copy(env!("CARGO_BIN_EXE_snowflake-mcp"), &next).unwrap();
    fs::rename(&next, &program).unwrap();

    let again = server.nth_event("listening", 2).await;
    // Clients find it where it was.
    assert_eq!(again["address"], address.to_string());
    assert_eq!(server.get(&server.url("/livez")).await.0, 200);
    let pid_file = server.folder.path().join("server.pid");
    assert_eq!(
        fs::read_to_string(pid_file).unwrap(),
        format!("{}\n", server.pid())
    );
    assert_eq!(server.stop().await.code(), Some(0));
}

#[tokio::test]
async fn a_changed_env_file_is_taken_over_only_when_it_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let env_file = folder.path().join("settings.env");
    fs::write(&env_file, "DEFAULT_ROWS=5\n").unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_snowflake-mcp"));
    // Relative, and from another folder than the one the server works in.
    let arguments = ["--env-file", "settings.env"];
    let elsewhere = tempfile::tempdir().unwrap();
    let vars = [
        ("SERVER_RELOAD", "true"),
        ("WORKING_DIR", elsewhere.path().to_str().unwrap()),
    ];
    let mut server = Server::start_program(program, &arguments, &vars, folder).await;

    fs::write(&env_file, "DEFAULT_ROWS=lots\n").unwrap();
    let refused = server.event("not_taken_over").await;
    assert!(
        refused["message"].to_string().contains("DEFAULT_ROWS"),
        "{refused}"
    );
    assert!(!server.log().contains("lots"));
    assert_eq!(server.get(&server.url("/livez")).await.0, 200);

    fs::write(&env_file, "DEFAULT_ROWS=55\n").unwrap();
    server.nth_event("listening", 2).await;
    assert_eq!(server.stop().await.code(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn the_first_line_says_what_starts_and_how_it_was_set_up() {
    let vars = [
        ("ENVIRONMENT", "staging"),
        ("WAREHOUSE_BACKEND", "embedded"),
        ("API_KEY", KEY),
        ("TOOLSETS", "query"),
        ("MAX_ROWS", "7000"),
        // Also where hardly anything is logged.
        ("LOG_LEVEL", "ERROR"),
    ];
    let mut server = Server::start(&vars).await;
    let line = server.event("starting").await;
    assert_eq!(server.lines()[0], line);
    assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(line["warehouse"], "embedded");
    assert_eq!(
        line["tools"],
        "execute_query,fetch_results,query_status,cancel_query,explain_query"
    );
    let settings: Value = serde_json::from_str(line["settings"].as_str().unwrap()).unwrap();
    assert_eq!(settings["API_KEY"], "****");
    assert_eq!(settings["MAX_ROWS"], "7000");
    // Defaults are in force as well.
    assert_eq!(settings["QUERY_TIMEOUT"], "5m");
    assert!(!line.to_string().contains(KEY));
}

#[tokio::test]
async fn in_development_the_first_line_has_what_was_set() {
    let mut server = Server::start(&[("MAX_ROWS", "7000")]).await;
    let line = server.event("starting").await;
    let settings = line["settings"].as_str().unwrap();
    assert!(settings.contains(r#""MAX_ROWS":"7000""#), "{line}");
    assert!(!settings.contains("QUERY_TIMEOUT"), "{line}");
}

#[test]
fn a_connection_of_snowflakes_own_tools_is_taken_by_its_name() {
    let home = tempfile::tempdir().unwrap();
    let text = "[dev]\naccount = 'myorg-dev'\nuser = 'ANNA'\npassword = 'a secret value'\n";
    std::fs::write(home.path().join("connections.toml"), text).unwrap();
    let folder = home.path().to_str().unwrap();
    let check = |name| {
        let vars = [
            ("SNOWFLAKE_HOME", folder),
            ("SNOWFLAKE_CONNECTION_NAME", name),
        ];
        run(&["check"], &vars)
    };
    let right = check("dev");
    assert_eq!(right.status.code(), Some(0), "{right:?}");
    let told = String::from_utf8_lossy(&right.stdout).into_owned();
    assert!(told.contains("answering from Snowflake"), "{told}");
    let wrong = check("dve");
    assert_eq!(wrong.status.code(), Some(64), "{wrong:?}");
    let told = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(
        told.contains("SNOWFLAKE_CONNECTION_NAME") && told.contains("there are: dev"),
        "{told}"
    );
    assert!(!told.contains("secret value"), "{told}");
}

#[test]
fn a_file_of_secrets_that_everybody_may_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (secret, plain) = (
        folder.path().join("secret.env"),
        folder.path().join("plain.env"),
    );
    fs::write(&secret, "API_KEY=0123456789abcdef0123\n").unwrap();
    fs::write(&plain, "MAX_ROWS=1000\n").unwrap();
    let warned = |file: &std::path::Path, mode: u32| {
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        let arguments = ["--env-file", file.to_str().unwrap(), "check"];
        let output = run(&arguments, &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
        told.contains("every user of this machine can read")
    };
    assert!(warned(&secret, 0o644));
    assert!(!warned(&secret, 0o640));
    assert!(!warned(&plain, 0o644), "nothing in it is secret");
}

#[test]
fn what_is_wrong_with_the_settings_is_told_as_log_lines_are() {
    let settings = [
        ("LOG_FORMAT", "json"),
        ("SERVER_PORT", "http"),
        ("SYNC_WAIT", "45"),
    ];
    let output = run(&["serve"], &settings);
    assert_eq!(output.status.code(), Some(64));
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{text}");
    for line in &lines {
        assert_eq!(
            (line["level"].as_str(), line["event"].as_str()),
            (Some("ERROR"), Some("bad_settings"))
        );
    }
    // `check` is for a person.
    let output = run(&["check"], &settings);
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("SERVER_PORT: expected")
    );
}

#[tokio::test]
async fn sighup_opens_the_files_of_log_and_audit_anew_and_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let audit = folder.path().join("made/for/it/audit.jsonl");
    let log = folder.path().join("logs/server.log");
    let mut server = Server::start(&[
        ("AUDIT_LOG_FILE", audit.to_str().unwrap()),
        ("LOG_FILE", log.to_str().unwrap()),
    ])
    .await;
    let call = async |server: &Server| {
        let result = server.mcp().call_tool("list_databases", json!({})).await;
        assert_eq!(result["isError"], false, "{result}");
    };
    server.event("ready").await;
    call(&server).await;
    // What a rotation by others does.
    until_written(&audit).await;
    fs::rename(&audit, audit.with_extension("1")).unwrap();
    fs::rename(log.parent().unwrap(), folder.path().join("old")).unwrap();
    fs::create_dir(log.parent().unwrap()).unwrap();
    server.signal(Signal::HUP);
    server
        .line("the signal", |line| line["signal"] == "SIGHUP")
        .await;
    call(&server).await;
    until_written(&audit).await;
    until_written(log.parent().unwrap()).await;
    assert_eq!(server.stop().await.code(), Some(0));
}

/// Until a file has a line, or a folder a file.
async fn until_written(path: &Path) {
    for _ in 0..200 {
        let is_written = match fs::read_dir(path) {
            Ok(mut files) => files.next().is_some(),
            Err(_) => fs::metadata(path).is_ok_and(|file| file.len() > 0),
        };
        if is_written {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("nothing is written to {}", path.display());
}
