//! Which kinds of document are read, and how a file is recognised as one.

/// A kind of document that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaType {
    Markdown,
    PlainText,
    Html,
    Pdf,
    Docx,
}

impl MediaType {
    pub const ALL: [Self; 5] = [Self::Markdown, Self::PlainText, Self::Html, Self::Pdf, Self::Docx];

    /// By the name's extension; PDF and DOCX must also begin as such, and text must not.
    pub fn detect(file_name: &str, bytes: &[u8]) -> Option<Self> {
        let (_, extension) = file_name.rsplit_once('.')?;
        let media = match extension.to_ascii_lowercase().as_str() {
            "md" | "markdown" | "mdx" => Self::Markdown,
            "txt" | "text" => Self::PlainText,
            "html" | "htm" => Self::Html,
            "pdf" => Self::Pdf,
            "docx" => Self::Docx,
            _ => return None,
        };
        // Producers write up to a kilobyte of junk before a PDF's marker, and readers accept it.
        let is_pdf = bytes
            .get(..bytes.len().min(1024))
            .is_some_and(|head| head.windows(5).any(|part| part == b"%PDF-"));
        let is_zip = bytes.starts_with(b"PK\x03\x04");
        let fits = match media {
            Self::Pdf => is_pdf,
            Self::Docx => is_zip,
            Self::Markdown | Self::PlainText | Self::Html => !bytes.starts_with(b"%PDF-") && !is_zip && !is_binary(bytes),
        };
        fits.then_some(media)
    }

    /// The IANA media type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown",
            Self::PlainText => "text/plain",
            Self::Html => "text/html",
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }

    /// Reads an IANA media type; parameters such as `charset` are ignored.
    #[expect(clippy::should_implement_trait, reason = "there is no error to name: an unknown type is `None`")]
    pub fn from_str(name: &str) -> Option<Self> {
        let name = name.split(';').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|media| media.as_str().eq_ignore_ascii_case(name))
    }

    /// The usual file extension, without its dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::PlainText => "txt",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
        }
    }

    /// What a person calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Markdown => "Markdown",
            Self::PlainText => "text",
            Self::Html => "HTML",
            Self::Pdf => "PDF",
            Self::Docx => "Word (DOCX)",
        }
    }
}

/// Zero bytes stand in pictures, programs and archives, and but for a stray one in no text except UTF-16, which opens with
/// a mark.
fn is_binary(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
    let wide = head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]);
    let zeros = head.iter().filter(|byte| **byte == 0).count();
    !wide && zeros > 1 && zeros * 32 > head.len()
}
