//! What programs fetch: a file, wheels, a package of Debian, and what a repository holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use super::super::payload::payload;
use crate::servers::Nginx;

/// The file that is fetched alone.
pub(crate) const FETCHED: &str = "proxied.bin";
/// The file of the repository.
pub(crate) const CLONED: &str = "cloned.bin";
/// The package of Debian, by its name and as apt names the file that it makes.
pub(crate) const PACKAGE: (&str, &str) = ("sim800-example", "sim800-example_1.0_all.deb");

const SIZE: usize = 100_000;

/// Makes a wheel of each name, of random octets, which the first one wants the others beside.
const WHEELS: &str = r#"
import base64, hashlib, pathlib, random, sys, zipfile
folder, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
for place, name in enumerate(names):
    wants = "".join(f"Requires-Dist: {other}\n" for other in names[1:]) if place == 0 else ""
    files = {
        f"{name}/__init__.py": b"",
        f"{name}/data.bin": random.Random(name).randbytes(25_000 * (place + 1)),
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{wants}".encode(),
        f"{name}-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: none\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digest = lambda data: base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    record = "".join(f"{path},sha256={digest(data)},{len(data)}\n" for path, data in files.items())
    files[f"{name}-1.0.dist-info/RECORD"] = record.encode()
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, data in files.items():
            wheel.writestr(path, data)
"#;

/// The wheels: the first is asked for.
pub(crate) const WHEEL_NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

/// Octets by the names of files.
pub(crate) type Contents = BTreeMap<String, Vec<u8>>;

/// What there is to be fetched.
pub(crate) struct Files {
    pub(crate) fetched: Vec<u8>,
    pub(crate) wheels: Contents,
    pub(crate) package: Vec<u8>,
    pub(crate) cloned: Vec<u8>,
}

impl Files {
    /// Makes them, and gives them to the server but for the repository. `folder` is for what they are made of.
    pub(crate) fn make(server: &Nginx, folder: &Path) -> Result<Self> {
        let fetched = payload(SIZE, 30);
        fs::write(server.file(FETCHED), &fetched)?;
        // git would make less of what repeats itself.
        let cloned = (0..SIZE / 32).flat_map(|n| Sha256::digest(n.to_le_bytes())).collect();
        Ok(Self {
            fetched,
            wheels: make_wheels(server, &folder.join("wheels"))?,
            package: make_package(server, &folder.join("package"))?,
            cloned,
        })
    }
}

/// Makes the wheels, and the index that they are found by (PEP 503).
fn make_wheels(server: &Nginx, folder: &Path) -> Result<Contents> {
    fs::create_dir_all(folder)?;
    let mut python = Command::new("python3");
    python.args(["-c", WHEELS]).arg(folder).args(WHEEL_NAMES);
    ensure!(python.status()?.success(), "the wheels were not made");
    let wheels = read(folder)?;
    for (file, octets) in &wheels {
        let name = file.split('-').next().context("no name")?;
        let place = server.file("simple").join(name);
        fs::create_dir_all(&place)?;
        fs::write(place.join(file), octets)?;
        let link = format!("<a href=\"{file}#sha256={}\">{file}</a>\n", digest(octets));
        fs::write(place.join("index.html"), format!("<!DOCTYPE html>\n{link}"))?;
    }
    Ok(wheels)
}

/// Makes a package, and the archive that it stands in.
fn make_package(server: &Nginx, folder: &Path) -> Result<Vec<u8>> {
    let (name, file) = PACKAGE;
    let control = format!(
        "Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: Nobody <nobody@example.com>\nDescription: octets\n"
    );
    fs::create_dir_all(folder.join("DEBIAN"))?;
    fs::write(folder.join("DEBIAN/control"), &control)?;
    fs::write(folder.join("data.bin"), payload(SIZE, 35))?;
    let archive = server.file("apt");
    fs::create_dir_all(&archive)?;
    let mut build = Command::new("dpkg-deb");
    build.args(["--root-owner-group", "-Znone", "--build"]).arg(folder).arg(archive.join(file));
    ensure!(build.output()?.status.success(), "dpkg-deb failed");
    let package = fs::read(archive.join(file))?;
    let mut index = control;
    write!(index, "Filename: ./{file}\nSize: {}\nSHA256: {}\n\n", package.len(), digest(&package))?;
    fs::write(archive.join("Packages"), &index)?;
    let entry = format!("SHA256:\n {} {} Packages\n", digest(index.as_bytes()), index.len());
    fs::write(
        archive.join("Release"),
        format!("Origin: sim800\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n{entry}"),
    )?;
    Ok(package)
}

fn digest(octets: &[u8]) -> String {
    Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The files of a folder.
pub(crate) fn read(folder: &Path) -> Result<Contents> {
    let mut contents = Contents::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            contents.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
        }
    }
    Ok(contents)
}
