"""The shipped catalog, loaded once for all tests: loading it takes half a second."""

from rulebook.catalog import load_catalog

CATALOG = load_catalog()
