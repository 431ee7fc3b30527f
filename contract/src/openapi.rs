//! The tables as OpenAPI 3.1 documents.
