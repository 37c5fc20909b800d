"""The driver of DICOMweb: one request, one reply, as they crossed the wire (PS3.18 8, 10).

1. `WebDoor(service)` needs the extra `web`. Raises WebUnavailable where it is not installed.
2. `search`, `retrieve`, `store` send one request. No redirect is followed, so no credential reaches another host. Raises
   WebUnanswered where no reply comes in time, or one larger than MAX_BYTES.
3. `Reply.parts` and `Reply.datasets` read the payload. Raise WebPayloadError where it is not what its media type says.
"""

import json
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.message import Message
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from conformance.dimse import Timeouts
from conformance.errors import ConformanceError
from conformance.evidence import Recorder

if TYPE_CHECKING:
    import requests

MAX_BYTES = 64 << 20  # the largest study of a run has a few MiB
CHUNK = 1 << 16
LIMIT = "200"  # no question of the suite has so many answers of its own
JSON = "application/dicom+json"
DICOM = "application/dicom"
MULTIPART = "multipart/related"
AS_STORED = f'{MULTIPART}; type="{DICOM}"; transfer-syntax=*'  # PS3.18 8.7.3.5.2


class WebUnavailable(ConformanceError):
    """The libraries that speak HTTP are not installed."""


class WebUnanswered(ConformanceError):
    """No reply came, or none that could be taken in."""


class WebPayloadError(ConformanceError):
    """The payload of a reply is not what its media type says."""


@dataclass(frozen=True, slots=True)
class WebService:
    """Where DICOMweb is served. `secret` is a bearer token, or the password of `user`; `ca` a file with the trusted certificates."""

    url: str
    ca: str = ""
    user: str = ""
    secret: str = field(default="", repr=False)

    def curl(self, url: str, accept: str) -> str:
        """The command that asks the same again; the secret is left to whoever runs it, as `$SECRET`."""
        words = ["curl", "-i", "-H", f"Accept: {accept}", *(["--cacert", self.ca] if self.ca else []), url]
        credentials = f'-u {shlex.quote(self.user)}:"$SECRET"' if self.user else '-H "Authorization: Bearer $SECRET"'
        return shlex.join(words) + f" {credentials}" * bool(self.secret)


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP response: its status, its Content-Type as it was sent, its payload."""

    status: int
    content_type: str
    body: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        return self.content_type.partition(";")[0].strip().lower()

    def parameter(self, name: str) -> str:
        """A parameter of the media type, without quotes; empty where there is none."""
        message = Message()
        message["Content-Type"] = self.content_type
        return str(message.get_param(name, ""))

    def parts(self) -> list[bytes]:
        """The parts of a multipart payload (PS3.18 8.6.1.2.1)."""
        from requests_toolbelt.multipart.decoder import ImproperBodyPartContentException, MultipartDecoder

        if self.media_type != MULTIPART or not self.parameter("boundary"):
            raise WebPayloadError(f"the payload is {self.media_type or 'of no media type'}, not {MULTIPART} with a boundary")
        try:
            return [part.content for part in MultipartDecoder(self.body, self.content_type).parts]
        except ImproperBodyPartContentException as error:
            raise WebPayloadError(f"a part of the payload has no end of its header: {error}") from error

    def document(self) -> Any:
        """The payload as JSON in UTF-8 (PS3.18 F.2)."""
        if self.media_type not in (JSON, "application/json"):
            raise WebPayloadError(f"the payload is {self.media_type or 'of no media type'}, not {JSON}")
        try:
            return json.loads(self.body.decode("utf-8"))
        except ValueError as error:
            raise WebPayloadError(f"the payload is no JSON in UTF-8 ({type(error).__name__})") from error

    def datasets(self) -> list[dict[str, Any]]:
        """The data sets of a JSON payload; 204 has none."""
        if self.status == 204:
            return []
        document = self.document()
        if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
            raise WebPayloadError("the payload is no JSON array of objects")
        return document


class WebDoor:
    """Sends requests, each on a fresh connection and with a bound on time and size, and notes them for the report.

    `tell` is given the command that asks each question again.
    """

    def __init__(self, service: WebService, timeouts: Timeouts, tell: Callable[[str], None]) -> None:
        try:
            import requests
            import requests_toolbelt  # noqa: F401 # `Reply.parts` needs it: better said now than in the middle of a check
        except ImportError as error:
            raise WebUnavailable(
                "DICOMweb needs requests and requests-toolbelt", remedy='pip install "ontario-dicom-conformance[web]"'
            ) from error
        self._requests = requests
        self.service = service
        self._timeouts = timeouts
        self._tell = tell

    def as_stranger(self, secret: str = "") -> "WebDoor":
        """The same door for somebody without credentials, or with wrong ones."""
        return WebDoor(replace(self.service, secret=secret), self._timeouts, self._tell)

    def at(self, url: str) -> "WebDoor":
        """The door at another base URL."""
        return WebDoor(replace(self.service, url=url), self._timeouts, self._tell)

    def search(self, recorder: Recorder, keys: Mapping[str, str], fields: Sequence[str] = ()) -> Reply:
        """QIDO-RS for studies (PS3.18 10.6); `fields` are attributes to be returned besides. The number of results is limited."""
        query = [*keys.items(), *(("includefield", name) for name in fields), ("limit", LIMIT)]
        return self._send(recorder, "GET", "studies", accept=JSON, query=query)

    def retrieve(self, recorder: Recorder, *uids: str) -> Reply:
        """WADO-RS of a study, a series or an instance, in the stored syntax (PS3.18 10.4.1.1.1)."""
        return self._send(recorder, "GET", _path(uids), accept=AS_STORED)

    def metadata(self, recorder: Recorder, study: str) -> Reply:
        """WADO-RS of the metadata of a study (PS3.18 10.4.1.1.2)."""
        return self._send(recorder, "GET", f"{_path([study])}/metadata", accept=JSON)

    def store(self, recorder: Recorder, files: Sequence[bytes], study: str = "") -> Reply:
        """STOW-RS of Part 10 files, to any study or to a given one (PS3.18 10.5)."""
        from urllib3.fields import RequestField
        from urllib3.filepost import choose_boundary, encode_multipart_formdata

        boundary = choose_boundary()
        parts = [RequestField("", file, headers={"Content-Type": DICOM}) for file in files]
        body, _ = encode_multipart_formdata(parts, boundary)
        media_type = f'{MULTIPART}; type="{DICOM}"; boundary={boundary}'
        return self._send(recorder, "POST", _path([study] if study else []), accept=JSON, body=body, media_type=media_type)

    def _send(
        self,
        recorder: Recorder,
        method: str,
        path: str,
        *,
        accept: str,
        query: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        media_type: str = "",
    ) -> Reply:
        headers = {"Accept": accept, "Connection": "close"} | ({"Content-Type": media_type} if media_type else {})
        url = f"{self.service.url.rstrip('/')}/{path}" + (f"?{urlencode(query)}" if query else "")
        if body is None:
            self._tell(self.service.curl(url, accept))
        what = f"{method} {path.partition('/')[0]}"
        recorder.note("sent", what, size=len(body or b""))
        began = time.monotonic()
        try:
            reply = self._reply(method, url, headers, body)
        except (self._requests.RequestException, OSError) as error:
            raise WebUnanswered(f"{what} was left without a reply ({type(error).__name__})", where=self.service.url) from error
        finally:
            recorder.waited(time.monotonic() - began)
        recorder.note("received", f"HTTP {reply.status}", size=len(reply.body))
        return reply

    def _reply(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Reply:
        deadline = time.monotonic() + self._timeouts.response
        with self._session() as session:
            response = session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=(self._timeouts.connect, self._timeouts.response),
                allow_redirects=False,
                stream=True,
            )
            payload = bytearray()
            for chunk in response.iter_content(CHUNK):
                payload += chunk
                if len(payload) > MAX_BYTES or time.monotonic() > deadline:
                    raise WebUnanswered(f"the payload was not over after {len(payload)} bytes", where=self.service.url)
            return Reply(response.status_code, response.headers.get("Content-Type", ""), bytes(payload))

    def _session(self) -> "requests.Session":
        session = self._requests.Session()
        session.trust_env = False  # neither a proxy nor a .netrc of this machine takes part
        session.verify = self.service.ca or True
        if self.service.user and self.service.secret:
            session.auth = (self.service.user, self.service.secret)
        elif self.service.secret:
            session.headers["Authorization"] = f"Bearer {self.service.secret}"
        return session


def _path(uids: Sequence[str]) -> str:
    """The resource of a study, series or instance; of all studies where no UID is given."""
    names = ("studies", "series", "instances")
    return "/".join(part for pair in zip(names, uids, strict=False) for part in pair) or names[0]
