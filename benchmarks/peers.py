"""The change data capture of other clients: which invoices they tell of since an instant."""

import json
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import requests

NODE = Path(__file__).parent / "node"


class Session:
    """What python-quickbooks wants of an OAuth session: one keep-alive connection and a token."""

    def __init__(self, token):
        self._requests, self.access_token = requests.Session(), token

    def request(self, method, url, headers, params, data):
        """One call."""
        return self._requests.request(method, url, headers=headers, params=params, data=data)


def python_client(box, company, token):
    """A client of python-quickbooks."""
    from quickbooks import QuickBooks

    QuickBooks.sandbox_api_url_v3 = f"{box.quickbooks_url('sandbox')}/v3"
    client = QuickBooks(company_id=company["realm"], minorversion=75)
    client.sandbox, client.session = True, Session(token)
    return client


def told_to_python(client, since: datetime) -> set[str]:
    """Ids of what python-quickbooks' `change_data_capture` gives."""
    from quickbooks.cdc import change_data_capture
    from quickbooks.objects import Invoice

    told = change_data_capture([Invoice], since.isoformat(), qb=client)
    found = getattr(told, "Invoice", None)
    return {each.Id for each in found._object_list} if found else set()  # noqa: SLF001 - it gives them no other way


def has_node() -> bool:
    """Whether node-quickbooks can be run; its packages are installed when they are not yet there."""
    if shutil.which("node") is None:
        return False
    if not (NODE / "node_modules").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=NODE, check=True)
    return True


def told_to_node(box, company, token, since: datetime) -> set[str]:
    """Ids of what node-quickbooks' `changeDataCapture` gives."""
    base = f"{box.quickbooks_url('sandbox')}/v3/company/"
    command = ["node", "changes.js", base, company["realm"], token, since.isoformat()]
    done = subprocess.run(command, cwd=NODE, check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))
