//! Plans and payments.

use actix_web::{HttpResponse, web::Json};
use actors::{
    billing::{BeginCheckout, CancelSubscription, ChangePlan, KeepSubscription, ListInvoices, OpenPortal, ShowBilling, ShowUsage},
    role::{ManageBilling, UseProjects},
};

use crate::{
    doors::Pass,
    error::Problem,
    routes::views::{BillingView, InvoiceView, Invoices, PlanChoice, ProviderAway, UsageView},
};

pub async fn show(pass: Pass<ManageBilling>) -> Result<Json<BillingView>, Problem> {
    Ok(Json(BillingView::from(pass.integrate(ShowBilling).await?)))
}

pub async fn usage(pass: Pass<UseProjects>) -> Result<Json<UsageView>, Problem> {
    Ok(Json(UsageView::from(pass.integrate(ShowUsage).await?)))
}

pub async fn checkout(pass: Pass<ManageBilling>, body: Json<PlanChoice>) -> Result<Json<ProviderAway>, Problem> {
    let begin = BeginCheckout {
        by: pass.by(),
        plan: body.into_inner().plan,
    };
    Ok(Json(ProviderAway {
        url: pass.integrate(begin).await?,
    }))
}

pub async fn portal(pass: Pass<ManageBilling>) -> Result<Json<ProviderAway>, Problem> {
    Ok(Json(ProviderAway {
        url: pass.integrate(OpenPortal { by: pass.by() }).await?,
    }))
}

pub async fn change(pass: Pass<ManageBilling>, body: Json<PlanChoice>) -> Result<HttpResponse, Problem> {
    let change = ChangePlan {
        by: pass.by(),
        plan: body.into_inner().plan,
    };
    pass.integrate(change).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn cancel(pass: Pass<ManageBilling>) -> Result<HttpResponse, Problem> {
    pass.integrate(CancelSubscription { by: pass.by() }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn keep(pass: Pass<ManageBilling>) -> Result<HttpResponse, Problem> {
    pass.integrate(KeepSubscription { by: pass.by() }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn invoices(pass: Pass<ManageBilling>) -> Result<Json<Invoices>, Problem> {
    let found = pass.integrate(ListInvoices).await?;
    Ok(Json(Invoices {
        invoices: found.into_iter().map(InvoiceView::from).collect(),
    }))
}
