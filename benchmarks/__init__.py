"""One file a table; never imported by the product."""
