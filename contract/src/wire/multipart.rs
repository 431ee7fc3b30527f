//! `multipart/form-data`, on a body that is already complete.

use bytes::Bytes;
use futures_util::future::FutureExt;
use futures_util::stream;
use http::HeaderValue;
use http::header::CONTENT_DISPOSITION;

use super::disposition::Disposition;

/// One part of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The form field's name.
    pub name: String,
    /// The file name, where the sender gave one.
    pub filename: Option<String>,
    /// The part's own bytes.
    pub data: Bytes,
}

/// Why a multipart body could not be read. The words are for the operator, never for the peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// No boundary in `Content-Type`, or another media type.
    #[error("Content-Type is not multipart/form-data with a boundary")]
    NoBoundary,
    /// The body does not follow its boundary.
    #[error("the multipart body is malformed: {0}")]
    Malformed(String),
}

/// Reads every part. Parts may come in any order; text after the closing boundary is ignored (RFC 2046, 5.1.1).
///
/// # Errors
/// [`MultipartError`] when there is no boundary or the body breaks off or is malformed.
pub fn decode(content_type: &str, body: &Bytes) -> Result<Vec<Part>, MultipartError> {
    let boundary = multer::parse_boundary(content_type).map_err(|_| MultipartError::NoBoundary)?;
    let whole = stream::once(async { Ok::<Bytes, std::convert::Infallible>(body.clone()) });
    let mut multipart = multer::Multipart::new(whole, boundary);
    // The stream is complete, so every poll is ready: no runtime is needed.
    let parts = async {
        let mut parts = Vec::new();
        while let Some(field) = multipart.next_field().await? {
            let disposition = field.headers().get(CONTENT_DISPOSITION).map(HeaderValue::as_bytes);
            let Disposition { name, filename } = disposition.map(Disposition::read).unwrap_or_default();
            let data = field.bytes().await?;
            parts.push(Part { name: name.unwrap_or_default(), filename, data });
        }
        Ok::<_, multer::Error>(parts)
    };
    match parts.now_or_never() {
        Some(Ok(parts)) => Ok(parts),
        Some(Err(error)) => Err(MultipartError::Malformed(error.to_string())),
        None => Err(MultipartError::Malformed("the body ends inside a part".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=XyZ";

    fn body(text: &str) -> Bytes {
        Bytes::from(text.replace('\n', "\r\n"))
    }

    #[test]
    fn parts_are_read_in_their_order_with_names_and_bytes() {
        let parts = decode(
            TYPE,
            &body("--XyZ\nContent-Disposition: form-data; name=\"message\"\n\nสวัสดี\n--XyZ\nContent-Disposition: form-data; name=\"file\"; filename=\"日本.txt\"\nContent-Type: text/plain\n\n\nab\n\n--XyZ--\n\n"),
        )
        .unwrap();
        assert_eq!(parts[0], Part { name: "message".into(), filename: None, data: Bytes::from("สวัสดี") });
        assert_eq!(
            parts[1],
            Part { name: "file".into(), filename: Some("日本.txt".into()), data: Bytes::from("\r\nab\r\n") }
        );
    }

    #[test]
    fn file_names_come_through_however_they_are_written() {
        for (written, read) in [
            ("filename*=UTF-8''%E6%97%A5%E6%9C%AC.txt", "日本.txt"),
            ("filename*=utf-8''%E6%97%A5.txt; filename=x", "日.txt"),
            ("filename=รายงาน.txt", "รายงาน.txt"),
        ] {
            let head = format!("--XyZ\nContent-Disposition: form-data; name=file; {written}\n\nab\n--XyZ--\n");
            assert_eq!(decode(TYPE, &body(&head)).unwrap()[0].filename.as_deref(), Some(read), "{written}");
        }
        let latin = b"--XyZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\xe9.txt\"\r\n\r\n\r\n--XyZ--";
        assert_eq!(decode(TYPE, &Bytes::from_static(latin)).unwrap()[0].filename.as_deref(), Some("\u{fffd}.txt"));
    }

    #[test]
    fn a_body_that_breaks_off_or_has_no_boundary_is_an_error() {
        let cut = body("--XyZ\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\n\nhal");
        assert!(matches!(decode(TYPE, &cut), Err(MultipartError::Malformed(_))));
        assert_eq!(decode("multipart/form-data", &cut), Err(MultipartError::NoBoundary));
        assert_eq!(decode("application/json", &cut), Err(MultipartError::NoBoundary));
        assert!(decode(TYPE, &Bytes::new()).is_err());
    }
}
