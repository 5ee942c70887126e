//! What the operator's language model read and wrote for a project, and what that cost.

pub use entities::model_use::Spent;

use entities::{message::day_of, model_use};

use super::ProjectActor;
use crate::{contain::Serve, fault::Fault, request};

/// Of the last `days` days, today included.
pub struct ModelUse {
    pub days: u16,
}

pub struct ModelReport {
    /// The model that writes answers now.
    pub model: Option<String>,
    /// That costs are in, where there are prices.
    pub currency: Option<String>,
    /// Days since the epoch, UTC; both included.
    pub from: i32,
    pub to: i32,
    pub days: Vec<Spent>,
    pub total: Spent,
}

request! { ModelUse => ModelReport, needs Member; }

const MOST_DAYS: u16 = 365;

impl Serve<ModelUse> for ProjectActor {
    async fn serve(&self, ModelUse { days }: ModelUse) -> Result<ModelReport, Fault> {
        let (project, to) = (self.id(), day_of(self.now()));
        let from = to - i32::from(days.clamp(1, MOST_DAYS)) + 1;
        let days = self.db().read(async |tx| model_use::per_day(tx, project, (from, to)).await).await?;
        let mut total = Spent {
            day: to,
            ..Spent::default()
        };
        for day in &days {
            total.answers += day.answers;
            total.guessed += day.guessed;
            total.tokens_in += day.tokens_in;
            total.tokens_out += day.tokens_out;
            total.cost_micros += day.cost_micros;
        }
        let model = self.seed.engine.language_model.as_ref();
        let prices = model
            .map(|model| model.prices())
            .filter(|prices| prices.input.or(prices.output).is_some());
        Ok(ModelReport {
            model: model.map(|model| model.name().to_owned()),
            currency: prices.map(|prices| prices.currency.clone()),
            from,
            to,
            days,
            total,
        })
    }
}
