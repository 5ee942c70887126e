//! `pernoex keys`: what an operator does with keys, while servers run or not.

use std::io::{BufRead, Write};

use actors::{KeyAdmin, KeyReport, Location, MasterKeys, MasterStep, ProjectId, SecretBytes, TenantId, clock::Clock};
use clap::{Args, Subcommand};
use zeroize::Zeroizing;

use crate::{StartError, settings::Settings};

#[derive(Subcommand)]
pub enum Action {
    /// Show versions, ages, and how much older versions still seal. Never a key.
    List {
        /// Of one tenant only.
        #[arg(long)]
        tenant: Option<TenantId>,
    },
    /// Replace a key by a new version.
    Rotate(Rotate),
    /// Make a customer's own key the new version of their tenant's: 32 bytes in Base64, read from standard input.
    Import {
        #[arg(long)]
        tenant: TenantId,
    },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Rotate {
    /// The key of a tenant, and with it what wraps its projects' keys.
    #[arg(long)]
    tenant: Option<TenantId>,
    /// The keys of all projects of a tenant; their content is sealed anew in the background.
    #[arg(long)]
    projects_of: Option<TenantId>,
    /// The key of a project; its content is sealed anew in the background.
    #[arg(long)]
    project: Option<ProjectId>,
    /// The master key, and with it what wraps everything else.
    #[arg(long)]
    master: bool,
}

/// Opens the keys of an installation that exists.
///
/// # Errors
/// When it is not there, or its keys cannot be opened.
pub async fn open(settings: &Settings) -> Result<KeyAdmin, StartError> {
    let (masters, location) = installation(settings).await?;
    Ok(KeyAdmin::open(masters, crate::installation::key_ring(settings)?, &location, Clock::system()).await?)
}

/// The master keys of an installation that exists, and where its rows are.
///
/// # Errors
/// When it is not there.
pub async fn installation(settings: &Settings) -> Result<(MasterKeys, Location), StartError> {
    let (masters, made) = crate::installation::master_keys(settings)?;
    let location = crate::installation::location(settings, &masters).await?;
    if let Location::Embedded { path, .. } = &location
        && (made || !path.exists())
    {
        return Err(StartError::Input(
            "there is no installation here yet: start the server once, or set PERNOEX_DATA",
        ));
    }
    Ok((masters, location))
}

/// # Errors
/// When something stands in the way; what was done before stays done.
pub async fn run(settings: &Settings, action: Action) -> Result<(), StartError> {
    let admin = open(settings).await?;
    let outcome = act(&admin, action).await;
    admin.close().await;
    outcome
}

async fn act(admin: &KeyAdmin, action: Action) -> Result<(), StartError> {
    match action {
        Action::List { tenant } => print(&admin.list(tenant).await?),
        Action::Import { tenant } => {
            let version = admin.import_tenant(tenant, &read_key()?).await?;
            println!("The imported key is version {version} of the tenant's key. Its projects' keys are wrapped by it.");
        }
        Action::Rotate(rotate) => return rotate_one(admin, rotate).await,
    }
    Ok(())
}

async fn rotate_one(admin: &KeyAdmin, rotate: Rotate) -> Result<(), StartError> {
    if let Some(tenant) = rotate.tenant {
        let version = admin.rotate_tenant(tenant).await?;
        println!("The tenant's key is at version {version}. Its projects' keys are wrapped by it.");
    }
    let projects = match (rotate.projects_of, rotate.project) {
        (Some(tenant), _) => admin.projects_of(tenant).await?,
        (_, project) => project.into_iter().collect(),
    };
    for project in &projects {
        let (_, version) = admin.rotate_project(*project).await?;
        println!("Project {project}: the key is at version {version}.");
    }
    if !projects.is_empty() {
        println!("Servers seal the content anew in the background. `pernoex keys list` shows how far they are.");
    }
    if rotate.master {
        return rotate_master(admin).await;
    }
    Ok(())
}

async fn rotate_master(admin: &KeyAdmin) -> Result<(), StartError> {
    let mut rotation = admin.rotate_master()?;
    loop {
        match rotation.step().await? {
            MasterStep::KeyAdded => println!("The key file holds a new key beside the old one."),
            MasterStep::Adopted => println!("The new key is in use."),
            MasterStep::DatabaseKey => println!("It wraps the key of the database file."),
            MasterStep::Tenant(tenant) => println!("It wraps the key of tenant {tenant}."),
            MasterStep::OldKeyDropped => println!("The old key is gone from the key file."),
            MasterStep::Done => break,
        }
    }
    println!("Nothing is wrapped by an older master key any more. Where one is still set or kept, remove it now.");
    Ok(())
}

/// The first line of standard input.
fn read_key() -> Result<SecretBytes, StartError> {
    // Room for the longest line that is looked at: a buffer that grows leaves parts of the key behind.
    let mut line = Zeroizing::new(Vec::with_capacity(1024));
    let read = std::io::Read::take(std::io::stdin().lock(), 1000).read_until(b'\n', &mut line);
    read.map_err(|_| StartError::Input("standard input cannot be read"))?;
    Ok(SecretBytes::new(std::mem::take(&mut *line)))
}

fn days_since(at: i64) -> i64 {
    (Clock::system().now() - at) / 86_400_000
}

fn days(number: i64) -> String {
    match number {
        1 => "1 day".into(),
        days => format!("{days} days"),
    }
}

fn print(report: &KeyReport) {
    let out = &mut std::io::stdout().lock();
    // A reader that closes the pipe has seen enough.
    let _ = write(out, report);
}

fn write(out: &mut impl Write, report: &KeyReport) -> std::io::Result<()> {
    let others: Vec<String> = report
        .masters
        .iter()
        .filter(|id| **id != report.current_master)
        .map(ToString::to_string)
        .collect();
    write!(out, "master key {}", report.current_master)?;
    if !others.is_empty() {
        write!(out, ", besides {}", others.join(", "))?;
    }
    writeln!(out)?;
    for tenant in &report.tenants {
        writeln!(out, "\ntenant {}", tenant.tenant)?;
        if tenant.versions.is_empty() {
            writeln!(out, "  no key: destroyed")?;
        }
        for key in &tenant.versions {
            let master = key
                .master
                .map_or_else(|| "an unnamed master key".into(), |id| format!("master key {id}"));
            writeln!(
                out,
                "  version {}, {} old, wrapped by {master}",
                key.version,
                days(days_since(key.created_at))
            )?;
        }
        if let Some(last) = tenant.waiting_shares.last() {
            let (shares, left) = (tenant.waiting_shares.len(), -days_since(*last));
            writeln!(
                out,
                "  shares of replaced keys that wait to be destroyed: {shares}, the last in {}",
                days(left.max(0))
            )?;
        }
        for project in &tenant.projects {
            writeln!(out, "  project {}", project.project)?;
            for key in &project.versions {
                writeln!(
                    out,
                    "    version {}, {} old, wrapped by version {}, {}: {} cells",
                    key.version,
                    days(days_since(key.created_at)),
                    key.tenant_version,
                    key.state,
                    key.cells
                )?;
            }
        }
    }
    Ok(())
}
