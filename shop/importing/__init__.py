"""Files that come in, all or nothing, and the same files as they go out.

A catalogue is read into the values of `rows`, and `apply` writes them. Suppliers, purchase orders and counts of the
shelves are read cell by cell. What becomes of each row is said in the words of `planned`.
"""
