"""The app inside Attio, as the sandbox plays it: it calls an AttiBooks host the way the real one does.

`signing` signs a call, `transport` carries one over the wire, `line` repeats it while the answer may still change,
`app` holds what Attio keeps for the app in each workspace and does what its buttons do, `words` turns answers into
toasts. It is written from the contract of the host and shares no code with it. The emulated services know nothing of
this package.
"""
