//! The image: built of the Dockerfile without a registry, looked at, and run on a read-only root as the user it names.
//!
//! The builder stage cannot run here, since it is pulled. A static binary of this machine's own C library takes its place,
//! and everything behind it is the same.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::canary::Canary;
use crate::peers::process::program;
use crate::python::said;
use crate::scene::Scene;
use crate::workspace::Workspace;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The binary is all there is, and this one is not optimized.
const LARGEST: u64 = 64_000_000;

/// What a command says that must succeed.
fn ok(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Builds the static binary; where it is. Takes minutes the first time.
fn static_binary() -> PathBuf {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let built = ok(Command::new(env!("CARGO"))
        .args(["build", "--locked", "--bin", "api-canary", "--message-format=json-render-diagnostics"])
        .args(["--target", &target])
        .current_dir(ROOT)
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env("CARGO_PROFILE_DEV_STRIP", "true"));
    let messages = built.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let executable =
        messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back();
    executable.expect("cargo says where the binary is")
}

/// An image in a store of its own.
struct Image {
    workspace: Workspace,
    root: PathBuf,
    config: Value,
}

impl Image {
    fn build() -> Self {
        let workspace = Workspace::new();
        let stage = workspace.path().join("binary");
        std::fs::create_dir_all(stage.join("state")).unwrap();
        std::fs::copy(static_binary(), stage.join("api-canary")).unwrap();
        let mut bud = Self::buildah(&workspace);
        bud.args(["bud", "--isolation", "chroot", "--format", "docker", "--build-arg", "BASE=scratch"])
            .arg(format!("--build-context=binary={}", stage.display()))
            .args(["--build-arg", "REVISION=0123abc", "--tag", "api-canary:test", ROOT]);
        ok(&mut bud);
        let mut inspect = Self::buildah(&workspace);
        let about = ok(inspect.args(["inspect", "--type", "image", "api-canary:test"]));
        let about: Value = serde_json::from_str(&about).unwrap();
        let container = ok(Self::buildah(&workspace).args(["from", "--pull-never", "api-canary:test"]));
        let root = ok(Self::buildah(&workspace).args(["mount", container.trim()]));
        let config = about["Docker"]["config"].clone();
        Self { workspace, root: root.trim().into(), config }
    }

    fn buildah(workspace: &Workspace) -> Command {
        let mut command = program("buildah");
        for (option, place) in [("--root", "store"), ("--runroot", "run")] {
            command.arg(option).arg(workspace.path().join(place));
        }
        command.args(["--storage-driver", "vfs"]);
        command
    }

    /// Its own command with these arguments instead of the default ones, on a read-only root.
    fn command(&self, state: &Path, config: &Path, arguments: &[&str]) -> Command {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = |name: &str| self.config[name].as_array().unwrap().iter().map(text).collect::<Vec<_>>();
        let mut command = program("unshare");
        command
            .args(["--mount", "sh"])
            .arg(Path::new(ROOT).join("tests/integration/image/contained.sh"))
            .arg(&self.root)
            .arg(text(&self.config["User"]))
            .args([state, config])
            .args(list("Entrypoint"))
            .args(arguments)
            .env_clear();
        for variable in list("Env") {
            let (name, value) = variable.split_once('=').unwrap();
            command.env(name, value);
        }
        command
    }

    /// Every file in it, with its size.
    fn files(&self) -> Vec<(PathBuf, u64)> {
        let entries = walkdir::WalkDir::new(&self.root).into_iter().map(Result::unwrap);
        let files = entries.filter(|entry| !entry.file_type().is_dir());
        files
            .map(|entry| {
                let path = entry.path().strip_prefix(&self.root).unwrap().to_owned();
                (path, entry.metadata().unwrap().len())
            })
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_watches_on_a_read_only_root_as_a_user_without_rights() {
    let image = tokio::task::spawn_blocking(Image::build).await.unwrap();
    says_what_it_is(&image.config);
    let files = image.files();
    assert_eq!(files.len(), 1, "nothing but the binary: {files:?}");
    assert_eq!(files[0].0, Path::new("usr/bin/api-canary"));
    assert!(files[0].1 < LARGEST, "{files:?}");

    let scene = Scene::new().await;
    let world = scene.workspace.path();
    let state = image.workspace.path().join("volume");
    std::fs::create_dir(&state).unwrap();
    std::os::unix::fs::chown(&state, Some(65532), Some(65532))
        .expect("this test runs a program as another user, which takes root");
    for directory in [world, image.workspace.path()] {
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let version = ok(&mut image.command(&state, world, &["--version"]));
    assert_eq!(version, concat!("api-canary ", env!("CARGO_PKG_VERSION"), "\n"));

    let call = ", api_key: { file: key }, call: { kind: message, max_daily_cost_usd: 1 }";
    scene.workspace.write("key", &api_canary::simulate::Options::default().api_key);
    let config = scene.config("interval: 1s", &[scene.target("claude", "api", call)]);
    let flag = format!("--config.file={}", config.display());
    let listen = "--web.listen-address=127.0.0.1:0";
    let canary = Canary::of(image.command(&state, world, &["serve", &flag, listen])).await;
    let samples = canary.wait_runs("claude", 2.0).await;
    assert_eq!(samples.one("target_up", &[("target", "claude")]), Some(1.0), "{:#?}", canary.log());
    assert!(scene.requests("api") > 0, "the API was called");
    without_rights(canary.pid());
    let kept: Vec<_> = std::fs::read_dir(&state).unwrap().map(Result::unwrap).collect();
    assert!(!kept.is_empty(), "what the calls cost is kept in the volume");
    assert!(kept.iter().all(|file| file.metadata().unwrap().uid() == 65532), "{kept:?}");

    let health = image.config["Healthcheck"]["Test"].as_array().unwrap();
    assert_eq!(health[..2], [json!("CMD"), image.config["Entrypoint"][0].clone()]);
    let arguments: Vec<_> = health[2..].iter().map(|part| part.as_str().unwrap()).collect();
    let address = canary.address().to_string();
    let check = || {
        let mut command = image.command(&state, world, &arguments);
        // Where it would listen by default, other programs of this machine may.
        command.env("API_CANARY_WEB_LISTEN_ADDRESS", &address).env("http_proxy", "http://127.0.0.1:1");
        command.output().unwrap()
    };
    let healthy = check();
    let line = format!("http://{address}/-/ready: 200 OK: api-canary is ready.\n");
    assert_eq!((healthy.status.code(), String::from_utf8_lossy(&healthy.stdout).as_ref()), (Some(0), &*line));
    drop(canary);
    let gone = check();
    assert_eq!(gone.status.code(), Some(1), "{}", said(&gone));
    assert!(String::from_utf8_lossy(&gone.stderr).contains("refused"), "{}", said(&gone));
}

/// What the builder is given is all that `.dockerignore` lets through.
#[test]
fn the_builder_is_given_all_that_it_reads_and_nothing_more() {
    let workspace = Workspace::new();
    let file = workspace.write("Containerfile", "FROM scratch\nCOPY . /\n");
    let mut bud = Image::buildah(&workspace);
    ok(bud.args(["bud", "--isolation", "chroot", "--tag", "context:test", "--file"]).arg(file).arg(ROOT));
    let container = ok(Image::buildah(&workspace).args(["from", "--pull-never", "context:test"]));
    let given = ok(Image::buildah(&workspace).args(["mount", container.trim()]));
    let given = Path::new(given.trim());
    let included = regex::Regex::new(r#"include_(?:str|bytes)!\(\s*"([^"]+)"\s*\)"#).unwrap();
    let mut wanted = vec![given.join("Cargo.toml"), given.join("Cargo.lock")];
    for file in walkdir::WalkDir::new(Path::new(ROOT).join("src")).into_iter().map(Result::unwrap) {
        if file.path().extension().is_some_and(|kind| kind == "rs") {
            let place = given.join(file.path().strip_prefix(ROOT).unwrap());
            let text = std::fs::read_to_string(file.path()).unwrap();
            wanted.extend(included.captures_iter(&text).map(|found| place.with_file_name(&found[1])));
            wanted.push(place);
        }
    }
    assert!(wanted.iter().any(|file| file.ends_with("docs/reasons.md")), "{wanted:?}");
    for file in wanted {
        assert!(file.exists(), "{} is not given to the builder", file.display());
    }
    // Cargo looks at every target of the manifest, whichever is built.
    ok(Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--locked", "--format-version=1", "--manifest-path"])
        .arg(given.join("Cargo.toml")));
    for left_out in ["target", ".git", "deploy", "scripts"] {
        assert!(!given.join(left_out).exists(), "{left_out}");
    }
}

fn says_what_it_is(config: &Value) {
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["ExposedPorts"], json!({ "10429/tcp": {} }));
    assert_eq!(config["Entrypoint"], json!(["/usr/bin/api-canary"]));
    assert_eq!(config["Cmd"], json!(["serve"]));
    assert_eq!(config["Healthcheck"]["Test"], json!(["CMD", "/usr/bin/api-canary", "healthcheck"]));
    for (name, value) in [
        ("title", "api-canary"),
        ("licenses", env!("CARGO_PKG_LICENSE")),
        ("version", env!("CARGO_PKG_VERSION")),
        ("revision", "0123abc"),
    ] {
        assert_eq!(config["Labels"][format!("org.opencontainers.image.{name}")], value, "{name}");
    }
    assert!(config["Labels"]["org.opencontainers.image.description"].is_string());
}

/// What the kernel says of the process.
fn without_rights(pid: u32) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = |name: &str| {
        let found = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":\t"));
        found.unwrap_or_else(|| panic!("{name} in {status}")).trim()
    };
    assert_eq!(line("Uid"), "65532\t65532\t65532\t65532");
    assert_eq!(line("Gid"), "65532\t65532\t65532\t65532");
    assert_eq!(line("Groups"), "");
    assert_eq!(line("NoNewPrivs"), "1");
    assert_eq!(line("CapEff"), "0000000000000000");
    let mounts = std::fs::read_to_string(format!("/proc/{pid}/mountinfo")).unwrap();
    let root: Vec<_> = mounts.lines().filter(|line| line.split(' ').nth(4) == Some("/")).collect();
    assert!(!root.is_empty() && root.iter().all(|line| line.contains(" / ro")), "{mounts}");
}
