"""Calls from the host to the app inside Attio: the reverse call (contract §3).

They ask, and carry nothing that is worth stealing: what is asked for comes back by an ordinary signed call of the app.
"""

from urllib.parse import urlsplit

from attibooks_attio import signature as signed
from attibooks_attio.settings import AttioHostSettings
from attibooks_core.errors import Down, NotFound, NothingSent, RateLimited, ReconnectNeeded, TransportError, Unavailable
from attibooks_core.protocols import Clock, HttpFactory, HttpReply
from attibooks_core.retries import retry_after

TIMEOUT_S = 25.0
"""The app's function may run 20 seconds (app SDK reference, limits), and calls the host back within them."""

_GONE = frozenset({404, 410})


class ReverseCaller:
    """Signs and sends; the key is derived from the first listed secret of the app and the workspace."""

    def __init__(self, http: HttpFactory, clock: Clock, settings: AttioHostSettings) -> None:
        self._http = http
        self._clock = clock
        self._settings = settings

    async def call_back(self, workspace_id: str, callback_url: str, body: bytes) -> None:
        """Send a signed message (see `capabilities.AppCaller`)."""
        headers = self._headers(workspace_id, _target_of(callback_url), body)
        http = self._http.client(f"attio-app:{urlsplit(callback_url).netloc}")
        try:
            reply = await http.request("POST", callback_url, headers=headers, content=body, timeout=TIMEOUT_S)
        except NothingSent as error:
            raise Down("The AttiBooks app in Attio cannot be reached. It is called again soon.") from error
        except TransportError as error:
            raise Down("The AttiBooks app in Attio did not answer. It is called again soon.") from error
        self._understand(reply)

    def _headers(self, workspace_id: str, target: str, body: bytes) -> dict[str, str]:
        key_id, secret = next(iter(self._settings.app_secrets.items()), (None, None))
        if key_id is None or secret is None:
            raise Unavailable("This host has no secret to call the app with. Set ATTIBOOKS_ATTIO__APP_SECRETS.")
        timestamp = int(self._clock.now().timestamp())
        key = signed.callback_key(secret.get_secret_value(), workspace_id)
        return {
            "content-type": "application/json",
            signed.WORKSPACE: workspace_id,
            signed.KEY_ID: key_id,
            signed.TIMESTAMP: str(timestamp),
            signed.SIGNATURE: signed.sign(
                key, timestamp=timestamp, method="POST", target=target, workspace=workspace_id, body=body
            ),
        }

    def _understand(self, reply: HttpReply) -> None:
        if reply.status // 100 == 2:
            return
        if reply.status == 409:
            raise ReconnectNeeded(
                "The app in Attio has no working connection to the accounting system. "
                "Connect it again in the app's settings, section 1."
            )
        if reply.status in _GONE:
            raise NotFound("The app in Attio is not there any more. Install it again.", code="callback_gone")
        if reply.status == 429:
            wait = retry_after(reply.headers, self._clock.now())
            raise RateLimited("The app in Attio asks to slow down. It is called again soon.", retry_after=wait)
        raise Down(f"The app in Attio answered with status {reply.status}. It is called again soon.")


def _target_of(url: str) -> str:
    """What is signed as the path: that of the address, with its query."""
    parts = urlsplit(url)
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
