//! Settings that are not for eyes.

use std::fmt;

use zeroize::Zeroizing;

/// A setting that is not for eyes. Wiped when dropped.
///
/// ```
/// fn connect(secret: &pernoex::settings::Secret) -> usize {
///     secret.expose().len()
/// }
/// ```
/// ```compile_fail,E0277
/// fn log(secret: &pernoex::settings::Secret) -> String {
///     format!("{secret}")
/// }
/// ```
/// ```compile_fail,E0599
/// fn keep(secret: pernoex::settings::Secret) -> pernoex::settings::Secret {
///     secret.clone()
/// }
/// ```
/// ```compile_fail,E0277
/// fn send(secret: &pernoex::settings::Secret) -> String {
///     serde_json::to_string(secret).unwrap()
/// }
/// ```
pub struct Secret(pub(super) Zeroizing<String>);

impl Secret {
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn of(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
