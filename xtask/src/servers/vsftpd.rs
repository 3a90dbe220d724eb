//! vsftpd: an anonymous user with a password, so that no account has to be made on this machine.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::ftp::{FtpServer, PASSWORD};
use super::{create_folder, free_port, wait_for_port};
use crate::process::{Background, find};

/// Starts vsftpd with everything that it writes under `folder`. Needs root.
pub(crate) fn start(folder: &Path) -> Result<FtpServer> {
    let program = find("vsftpd").context("vsftpd is not installed")?;
    let root = folder.join("root");
    let files = root.join("files");
    create_folder(folder, 0o755)?;
    // vsftpd refuses an anonymous user whose root can be written to; hence the folder inside.
    create_folder(&root, 0o755)?;
    create_folder(&files, 0o777)?;
    create_folder(&folder.join("empty"), 0o755)?;
    fs::write(folder.join("passwords"), format!("{PASSWORD}\n"))?;
    let port = free_port()?;
    let configuration = folder.join("vsftpd.conf");
    fs::write(&configuration, configure(folder, port))?;
    let mut process = Background::spawn(&program, &[configuration.into()], folder.join("output.log"))?;
    wait_for_port(&mut process, port)?;
    Ok(FtpServer { name: "vsftpd", process, port, user: "anonymous", files })
}

/// The password list is what vsftpd has for anonymous users' mail addresses. Its sandbox does not get along with
/// the kernels of containers, and it holds no secrets here.
fn configure(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "\
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
secure_email_list_enable=YES
email_password_file={folder}/passwords
anon_root={folder}/root
ftp_username=ftp
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
connect_from_port_20=NO
ascii_upload_enable=YES
ascii_download_enable=YES
async_abor_enable=YES
seccomp_sandbox=NO
secure_chroot_dir={folder}/empty
"
    )
}
