//! What the system tells of this process, and of the disk that its data is on. Nothing where it does not tell.

use std::path::Path;

/// Bytes of memory that this process holds.
pub fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Seconds of processor time that this process took, all threads together.
#[cfg(target_os = "linux")]
#[expect(clippy::cast_precision_loss, reason = "seconds far below 2⁵³")]
pub fn processor_seconds() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

#[cfg(not(target_os = "linux"))]
pub fn processor_seconds() -> Option<f64> {
    None
}

/// Open files and connections of this process, and how many it may have.
pub fn open_files() -> Option<(u64, u64)> {
    let open = std::fs::read_dir("/proc/self/fd").ok()?.count();
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let most = line.split_whitespace().next()?.parse().unwrap_or(u64::MAX);
    Some((u64::try_from(open).ok()?, most))
}

/// Room on the disk under a folder, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    /// What this process may still take.
    pub free: u64,
    pub size: u64,
}

#[cfg(unix)]
pub fn disk(folder: &Path) -> Option<Disk> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(Disk {
        free: found.f_bavail.saturating_mul(found.f_frsize),
        size: found.f_blocks.saturating_mul(found.f_frsize),
    })
}

#[cfg(not(unix))]
pub fn disk(_: &Path) -> Option<Disk> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_of_this_process_and_of_a_disk() {
        assert!(memory().unwrap() > 100_000);
        assert!(processor_seconds().unwrap() >= 0.0);
        let (open, most) = open_files().unwrap();
        assert!(open >= 3 && open < most, "{open} of {most}");
        let found = disk(&std::env::temp_dir()).unwrap();
        assert!(found.free <= found.size && found.size > 1 << 20, "{found:?}");
        assert!(disk(Path::new("/nowhere/at/all")).is_none());
    }
}
