//! Making, renaming and ending projects.

use entities::{
    Millis, ProjectId, StoreError,
    audit::{self, Act, Target},
    job, keys, projects, source, source_item,
};
use serde_json::json;

use super::{
    CreateProject, DeleteProject, PURGE_STEP, ProjectCard, PurgeProject, RenameProject, TenantSupervisor, new_public_key, public_key_hash,
};
use crate::{
    audit::By,
    billing::{Meter, require_room},
    contain::Serve,
    embeddings::towards,
    fault::{Fault, Limit},
    text::parse_name,
    vault::{
        MintProjectKey,
        admin::{abandon, destroy_now, queue_destruction},
    },
};

/// More than anyone has products; bounds what one workspace can make the server hold.
const MOST_PROJECTS: usize = 500;
impl TenantSupervisor {
    /// Stores a new project with its first key.
    async fn store_project(&self, project: &projects::Project, by: &By, now: Millis) -> Result<(), Fault> {
        let key = self.seed.vault.call(MintProjectKey(project.id)).await??;
        let share = key.share.id;
        let stored = self.db().write(async |tx| {
            if projects::list(tx).await?.len() >= MOST_PROJECTS {
                let reason = format!("A workspace has at most {MOST_PROJECTS} projects.");
                return Err(Fault::Limit {
                    code: Limit::TooManyProjects,
                    reason,
                });
            }
            projects::insert(tx, project, public_key_hash(&project.public_key)).await?;
            keys::store_project_key(tx, key, now).await?;
            towards(tx, project.id, self.seed.tree.engine.models.wanted(), now).await?;
            // Before the log: whoever changes the team holds the workspace, and then waits for the log.
            require_room(self.billing(), tx, Meter::Projects, now).await?;
            let target = Target::of("project", project.id, project.name.as_str());
            audit::append(tx, by.did(Act::ProjectCreated, target, now)).await?;
            Ok(())
        });
        let stored = stored.await;
        let ring = self.key_ring();
        match &stored {
            Ok(()) => {}
            Err(Fault::Storage(error)) => abandon(ring, share, error).await,
            Err(_) => destroy_now(ring, &[share]).await,
        }
        stored
    }
}

impl Serve<CreateProject> for TenantSupervisor {
    async fn serve(&self, create: CreateProject) -> Result<ProjectCard, Fault> {
        let name = parse_name(&create.name, "name")?;
        let now = self.now();
        let project = projects::Project {
            id: ProjectId::new(),
            look: default_look(&name),
            name,
            created_at: now,
            public_key_at: now,
            allowed_origins: Vec::new(),
            public_key: new_public_key(),
            hand_off: None,
        };
        let mut stored = self.store_project(&project, &create.by, now).await;
        if matches!(stored, Err(Fault::Storage(StoreError::KeyRetired))) {
            // The workspace's key was rotated between the two.
            stored = self.store_project(&project, &create.by, now).await;
        }
        match stored {
            Ok(()) => self.card(project.id).await,
            Err(Fault::Storage(StoreError::Conflict)) => Err(Fault::NameTaken("name")),
            Err(error) => Err(error),
        }
    }
}

impl Serve<RenameProject> for TenantSupervisor {
    async fn serve(&self, rename: RenameProject) -> Result<ProjectCard, Fault> {
        let name = parse_name(&rename.name, "name")?;
        let (id, now) = (rename.project, self.now());
        let renamed = self.db().write(async |tx| {
            let before = projects::find(tx, id).await?.ok_or(Fault::NotFound)?;
            if !projects::rename(tx, id, &name).await? {
                return Err(Fault::NotFound);
            }
            let (target, details) = (Target::of("project", id, name), json!({ "from": before.name }));
            audit::append(tx, rename.by.did_with(Act::ProjectRenamed, target, now, details)).await?;
            Ok(())
        });
        match renamed.await {
            Ok(()) => self.card(id).await,
            Err(Fault::Storage(StoreError::Conflict)) => Err(Fault::NameTaken("name")),
            Err(error) => Err(error),
        }
    }
}

impl Serve<DeleteProject> for TenantSupervisor {
    async fn serve(&self, delete: DeleteProject) -> Result<(), Fault> {
        let (id, now, ring) = (delete.project, self.now(), self.key_ring());
        let shares = self
            .db()
            .write_alone(async |tx| {
                let project = projects::find(tx, id).await?.ok_or(Fault::NotFound)?;
                if project.name != delete.confirm.trim() {
                    return Err(Fault::ConfirmationMismatch);
                }
                let shares = projects::delete(tx, id, now).await?.ok_or(Fault::NotFound)?;
                queue_destruction(tx, ring, id, &shares, now).await?;
                job::enqueue(tx, id, job::Work::PurgeProject, now).await?;
                let target = Target::of("project", id, project.name);
                audit::append(tx, delete.by.did(Act::ProjectDeleted, target, now)).await?;
                Ok(shares)
            })
            .await?;
        destroy_now(ring, &shares).await;
        self.seed.children.lock().remove(&id);
        self.ring();
        Ok(())
    }
}

impl Serve<PurgeProject> for TenantSupervisor {
    async fn serve(&self, PurgeProject(job): PurgeProject) -> Result<(), Fault> {
        let now = self.now();
        self.db()
            .write_alone(async |tx| {
                let mut items = 0;
                for source in source::list(tx, Some(job.project)).await? {
                    items += source_item::purge(tx, source.id, PURGE_STEP).await?;
                }
                let removed = items
                    + entities::chunk::purge(tx, job.project, PURGE_STEP).await?
                    + entities::webhook_delivery::purge(tx, job.project, PURGE_STEP).await?
                    + entities::conversation::purge(tx, job.project, PURGE_STEP).await?
                    + entities::rollup::purge(tx, job.project, PURGE_STEP).await?;
                if removed > 0 {
                    job::release(tx, &job, now).await?;
                    return Ok::<_, Fault>(());
                }
                projects::purge(tx, job.project).await?;
                job::finish(tx, &job).await?;
                Ok(())
            })
            .await
    }
}

fn default_look(name: &str) -> projects::Look {
    projects::Look {
        title: format!("Ask {}", name.chars().take(50).collect::<String>()),
        greeting: "Hello! Ask anything about the product. Every answer shows its sources.".into(),
        color: "#2457d6".into(),
        position: "right".into(),
        ..projects::Look::default()
    }
}
