"""The REST API: thin Litestar routes over the jobs layer, and the document that describes them."""
