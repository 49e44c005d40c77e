"""The endpoints, by kind of object."""
