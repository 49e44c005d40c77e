"""Attio, QuickBooks Online and Stripe on loopback: three services and the control plane that tests steer them by.

`kernel` knows HTTP, faults, clocks and the log of calls, and nothing of any vendor. `attio`, `quickbooks` and `stripe`
are the services, each built from the vendor's reference alone. `worlds` holds the seeded data, `control` the plane that
no real vendor has. What a client of ours sends is no argument here: only what the vendor documents or was seen to
answer.
"""
