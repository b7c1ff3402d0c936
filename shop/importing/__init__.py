"""Catalogues from elsewhere: a file is read into the values of `rows`, and `apply` writes them, all or nothing."""
