"""The life of an invoice after it was made, at a person's wish: looking at it as it stands, editing it, voiding it.

There is no way to delete one.
"""
