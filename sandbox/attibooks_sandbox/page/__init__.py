"""The page at `/`: the CRM on one side, the books on the other, and the calls that crossed the wire between them.

`service` answers its calls, `crm`, `books` and `wire` say what it shows, `presets` are the faults that it can switch
on, `static` holds what the browser loads. Hands in the books and faults go through the control plane where it has a
call for them.
"""
