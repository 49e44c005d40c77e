"""The whole product on one machine, run by `attibooks demo` and `make demo`.

`stage` sets up a sandbox and a host; `guide` leaves both to a person with a browser, `once` does the main job itself.
"""
