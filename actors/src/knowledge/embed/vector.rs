//! A vector of length 1, rounded to one byte a dimension.

/// Of all-MiniLM-L6-v2.
pub const DIMENSIONS: usize = 384;

/// Bytes that a vector of so many dimensions takes: whole steps of [`product`].
#[must_use]
pub const fn width(dimensions: usize) -> usize {
    dimensions.next_multiple_of(STEP)
}

const STEP: usize = 16;

/// A signed byte a dimension and the factor that makes them numbers again. 388 bytes when stored, of the built-in model.
#[derive(Clone, PartialEq)]
pub struct Vector {
    scale: f32,
    values: Box<[i8]>,
}

impl Vector {
    /// Of the built-in model. Scales to length 1 and rounds. Missing dimensions count as 0, those beyond 384 are ignored.
    pub fn quantise(exact: &[f32]) -> Self {
        Self::quantise_to(exact, DIMENSIONS)
    }

    /// As [`Self::quantise`], of another number of dimensions.
    pub fn quantise_to(exact: &[f32], dimensions: usize) -> Self {
        let number = |at: usize| {
            let known = exact.get(at).copied().filter(|_| at < dimensions);
            known.filter(|value| value.is_finite()).unwrap_or_default()
        };
        let width = width(dimensions);
        let largest = (0..width).map(|at| number(at).abs()).fold(0.0f32, f32::max);
        if largest == 0.0 {
            return Self {
                scale: 0.0,
                values: vec![0; width].into(),
            };
        }
        #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
        let values: Box<[i8]> = (0..width).map(|at| (number(at) / largest * 127.0).round() as i8).collect();
        // From the rounded bytes, so that a vector's product with itself is 1.
        let squares: i32 = values.iter().map(|value| i32::from(*value) * i32::from(*value)).sum();
        #[expect(
            clippy::cast_precision_loss,
            reason = "of the built-in model at most 384 × 127², which is exact; of others near enough"
        )]
        let length = (squares as f32).sqrt();
        Self {
            scale: 1.0 / length,
            values,
        }
    }

    /// The cosine of the angle between both, -1 to 1.
    pub fn dot(&self, other: &Self) -> f32 {
        product(&self.values, &other.values) * self.scale * other.scale
    }

    /// Little-endian factor, then the bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + self.values.len());
        bytes.extend(self.scale.to_le_bytes());
        bytes.extend(self.values.iter().map(|value| value.cast_unsigned()));
        bytes
    }

    /// `None` unless it is what [`Self::to_bytes`] gives for a vector of the built-in model.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_bytes_of(bytes, DIMENSIONS)
    }

    /// As [`Self::from_bytes`], of another number of dimensions.
    pub fn from_bytes_of(bytes: &[u8], dimensions: usize) -> Option<Self> {
        let (scale, values) = bytes.split_first_chunk::<4>()?;
        let scale = f32::from_le_bytes(*scale);
        let whole = values.len() == width(dimensions) && scale.is_finite() && (0.0..=1.0).contains(&scale);
        whole.then(|| Self {
            scale,
            values: values.iter().map(|value| value.cast_signed()).collect(),
        })
    }

    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }

    pub(crate) fn values(&self) -> &[i8] {
        &self.values
    }
}

impl std::fmt::Debug for Vector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vector({})", self.values.len())
    }
}

/// Sum of products, exact for the built-in model: 384 × 127² stays far below the limit of `i32` and of what `f32` holds exactly. Of 4 096
/// dimensions it stays below the former.
///
/// Sixteen sums side by side and arithmetic without overflow checks, so that the compiler vectorises it in every profile.
#[expect(clippy::cast_precision_loss, reason = "below 2²⁴ of the built-in model, and near enough of others")]
pub(crate) fn product(a: &[i8], b: &[i8]) -> f32 {
    let mut sums = [0i32; STEP];
    for (a, b) in a.as_chunks::<STEP>().0.iter().zip(b.as_chunks::<STEP>().0) {
        for lane in 0..STEP {
            sums[lane] = sums[lane].wrapping_add(i32::from(a[lane]).wrapping_mul(i32::from(b[lane])));
        }
    }
    sums.iter().fold(0i32, |sum, lane| sum.wrapping_add(*lane)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_and_read_again_it_is_the_same() {
        let exact: Vec<f32> = (0..DIMENSIONS).map(|at| (at as f32 * 0.37).sin()).collect();
        let vector = Vector::quantise(&exact);
        assert_eq!(Vector::from_bytes(&vector.to_bytes()), Some(vector.clone()));
        assert!((vector.dot(&vector) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn another_models_vectors_have_another_length_and_every_dimension_counts() {
        let exact: Vec<f32> = (0..1_537).map(|at| if at == 1_536 { 1.0 } else { 0.0 }).collect();
        let vector = Vector::quantise_to(&exact, 1_537);
        assert!((vector.dot(&vector) - 1.0).abs() < 1e-5);
        assert_eq!(Vector::from_bytes_of(&vector.to_bytes(), 1_537), Some(vector.clone()));
        assert!(Vector::from_bytes(&vector.to_bytes()).is_none());
        let largest = Vector::quantise_to(&vec![1.0; 4_096], 4_096);
        assert!((largest.dot(&largest) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let bytes = Vector::quantise(&[1.0; DIMENSIONS]).to_bytes();
        assert!(Vector::from_bytes(&[]).is_none());
        assert!(Vector::from_bytes(&bytes[1..]).is_none());
        let mut endless = bytes;
        endless[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        assert!(Vector::from_bytes(&endless).is_none());
    }

    #[test]
    fn odd_numbers_do_no_harm() {
        let odd = Vector::quantise(&[f32::NAN, f32::INFINITY, -0.0]);
        assert_eq!(odd.dot(&odd), 0.0);
        assert_eq!(Vector::quantise(&[]).dot(&Vector::quantise(&[1.0; 1000])), 0.0);
    }
}
