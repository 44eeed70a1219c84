//! Whether a folder lies on an encrypted volume, as the kernel's device mapper tells (LUKS, plain dm-crypt).
//!
//! Documents, numbers and indices are encrypted as one by the volume, which no key of the hub's own could do. What a
//! cloud's disks or a file system of its own (ZFS) do below is not seen here; whoever relies on that does not demand it.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Where the kernel tells of block devices.
pub const SYSTEM: &str = "/sys/dev/block";
/// What the device mapper's name of an encrypted volume begins with.
const CRYPT: &str = "CRYPT-";
/// Most devices below one another that are looked at: partitions, volume groups, arrays.
pub const LAYERS_MAX: u32 = 8;

/// What is known of the volume a folder lies on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Volume {
    /// All of it is encrypted.
    Encrypted,
    /// Some of it is not.
    Plain,
    /// It is no block device the kernel tells of.
    Unknown,
}

impl Volume {
    /// What is known, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Encrypted => "its volume is encrypted",
            Self::Plain => "its volume is not encrypted",
            Self::Unknown => {
                "it cannot be told whether its volume is encrypted: it is no device of this system's"
            }
        }
    }
}

/// What is known of the volume of a folder, or of the nearest one above it that is there.
///
/// # Errors
/// What the system says.
pub fn of(folder: &Path) -> io::Result<Volume> {
    let folder = std::path::absolute(folder)?;
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let device = fs::metadata(there)?.dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    Ok(device_at(&Path::new(SYSTEM).join(format!("{major}:{minor}")), LAYERS_MAX))
}

/// What is known of a device, by its folder under [`SYSTEM`].
fn device_at(device: &Path, layers: u32) -> Volume {
    if layers == 0 || !device.exists() {
        return Volume::Unknown;
    }
    if fs::read_to_string(device.join("dm/uuid")).is_ok_and(|uuid| uuid.starts_with(CRYPT)) {
        return Volume::Encrypted;
    }
    let below: Vec<PathBuf> = fs::read_dir(device.join("slaves"))
        .map(|below| below.flatten().map(|device| device.path()).collect())
        .unwrap_or_default();
    let below: Vec<Volume> = below.iter().map(|device| device_at(device, layers - 1)).collect();
    match below.iter().find(|volume| **volume != Volume::Encrypted) {
        Some(worse) => *worse,
        None if below.is_empty() => Volume::Plain,
        None => Volume::Encrypted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device with the name of the device mapper, if it has one, over others.
    fn device(system: &Path, name: &str, uuid: Option<&str>, below: &[&str]) -> PathBuf {
        let folder = system.join(name);
        fs::create_dir_all(folder.join("slaves")).unwrap();
        if let Some(uuid) = uuid {
            fs::create_dir_all(folder.join("dm")).unwrap();
            fs::write(folder.join("dm/uuid"), uuid).unwrap();
        }
        for other in below {
            std::os::unix::fs::symlink(system.join(other), folder.join("slaves").join(other)).unwrap();
        }
        folder
    }

    #[test]
    fn a_volume_is_encrypted_when_everything_under_it_is() {
        let system = tempfile::tempdir().unwrap();
        let at = system.path();
        device(at, "disk", None, &[]);
        device(at, "luks", Some("CRYPT-LUKS2-0f-data"), &["disk"]);
        let cases = [
            ("plain", None, vec![], Volume::Plain),
            ("crypt", Some("CRYPT-PLAIN-x"), vec!["disk"], Volume::Encrypted),
            ("group-on-luks", Some("LVM-abc"), vec!["luks"], Volume::Encrypted),
            ("group-on-disk", Some("LVM-abc"), vec!["disk"], Volume::Plain),
            ("array-half", None, vec!["luks", "disk"], Volume::Plain),
            ("over-nothing", Some("LVM-abc"), vec!["gone"], Volume::Unknown),
        ];
        for (name, uuid, below, expected) in cases {
            let volume = device_at(&device(at, name, uuid, &below), LAYERS_MAX);
            assert_eq!(volume, expected, "{name}");
        }
        assert_eq!(device_at(&at.join("nfs"), LAYERS_MAX), Volume::Unknown);
    }

    #[test]
    fn devices_are_followed_up_to_the_limit_and_no_further() {
        let system = tempfile::tempdir().unwrap();
        let at = system.path();
        let mut below = "0".to_owned();
        device(at, &below, Some("CRYPT-LUKS2-x"), &[]);
        for layer in 1..=LAYERS_MAX {
            let name = layer.to_string();
            device(at, &name, None, &[&below]);
            below = name;
        }
        assert_eq!(device_at(&at.join((LAYERS_MAX - 1).to_string()), LAYERS_MAX), Volume::Encrypted);
        assert_eq!(device_at(&at.join(LAYERS_MAX.to_string()), LAYERS_MAX), Volume::Unknown);
    }
}
