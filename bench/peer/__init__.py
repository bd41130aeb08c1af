"""The peers of the product: the same request in Litestar, on a PostgreSQL table or with no work at all."""
