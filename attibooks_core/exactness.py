"""Money is exact: a float among its fields is a mistake of whoever made the value."""

from dataclasses import fields


def refuse_floats(value: object) -> None:
    """Refuse a dataclass instance with a float in it.

    :raises TypeError: one of its fields is a float.
    """
    for name in (f.name for f in fields(value)):  # type: ignore[arg-type]
        if isinstance(getattr(value, name), float):
            raise TypeError(f"{type(value).__name__}.{name} is money and must be a Decimal, not a float")
