//! What is not kept of what people write.

mod mask;
mod numbers;
mod secrets;

pub use mask::{MaskSettings, mask, without_marks};
