"""The harness's own end for associations that the system under test opens: storage, verification, commitment reports.

One thread accepts, one serves each association; their number, idle time and sizes are bounded. Leaving the context closes every
connection and joins every thread.
"""

import contextlib
import select
import socket
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from types import TracebackType
from typing import Self

from conformance.dimse.acceptor import Acceptor, Terms
from conformance.dimse.answers import AvailabilityNotice, CommitmentReport
from conformance.dimse.endpoint import Timeouts
from conformance.dimse.pdu import encode_reject
from conformance.dimse.policy import ACCEPT_ALL, NO_STORAGE, Policy
from conformance.dimse.reception import Reception, wait_for
from conformance.dimse.wire import Wire
from conformance.errors import ConformanceError
from conformance.evidence import Recorder

MAX_THREADS = 32
MAX_REPORTS = 1000
_BACKLOG = 128
_JOIN_SECONDS = 5.0
_LOCAL_LIMIT = (2, 3, 2)  # rejected-transient, local limit exceeded (PS3.8 Table 9-21)


class Listener:
    """A Storage and Verification SCP that also takes Storage Commitment reports and notices of availability, for checks to look into.

    `port` 0 takes a free one; the property then gives it. `recorder_for` is asked at each association for the recorder of the
    check that runs. Without a `reception` no storage context is accepted. Called AE titles are recorded, not judged.
    """

    def __init__(
        self,
        host: str,
        port: int,
        ae_title: str,
        *,
        timeouts: Timeouts | None = None,
        recorder_for: Callable[[], Recorder | None] | None = None,
        max_pdu: int = 65536,
        idle: float = 300.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host, self.ae_title, self.max_pdu = host, ae_title, max_pdu
        self._port = port
        self._timeouts, self._recorder_for, self._idle, self._tls = timeouts or Timeouts(), recorder_for, idle, tls
        self._changed = threading.Condition()
        self._reception = Reception(NO_STORAGE, self._waited)
        self._reports: dict[str, deque[CommitmentReport]] = defaultdict(deque)
        self._notices: dict[str, deque[AvailabilityNotice]] = defaultdict(deque)
        self._reported = 0
        self._serial = 0
        self._serving: dict[threading.Thread, Wire] = {}
        self._stop: socket.socket | None = None
        self._accepting: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    # --- for checks

    @contextlib.contextmanager
    def reception(self, policy: Policy = ACCEPT_ALL) -> Iterator[Reception]:
        """Receive under this policy. Associations opened meanwhile stay with this reception until they end. Receptions nest."""
        outer, mine = self._reception, Reception(policy, self._waited)
        self._reception = mine
        try:
            yield mine
        finally:
            self._reception = outer

    def await_report(self, transaction_uid: str, seconds: float) -> CommitmentReport | None:
        """Wait for the next commitment report of this transaction, by a new association; None when none came in time."""
        reports = self._reports
        if wait_for(self._changed, lambda: bool(reports.get(transaction_uid)), seconds, self._waited):
            with self._changed:
                return reports[transaction_uid].popleft()
        return None

    def await_notice(self, study_uid: str, seconds: float) -> AvailabilityNotice | None:
        """Wait for the next notice about the availability of a study's instances; None when none came in time."""
        notices = self._notices
        if wait_for(self._changed, lambda: bool(notices.get(study_uid)), seconds, self._waited):
            with self._changed:
                return notices[study_uid].popleft()
        return None

    def take_stray_reports(self, known: Collection[str]) -> list[CommitmentReport]:
        """Take the reports of transactions that are not among the `known`: somebody changed or left out the Transaction UID."""
        with self._changed:
            return [report for uid in set(self._reports) - set(known) for report in self._reports.pop(uid)]

    @contextlib.contextmanager
    def unreachable(self) -> Iterator[None]:
        """Close the port and every connection for the length of the block, then listen on the same port again."""
        self._close()
        try:
            yield
        finally:
            self._open()

    # --- threads

    def _open(self) -> None:
        try:
            listening = socket.create_server((self.host, self._port), backlog=_BACKLOG)
        except OSError as error:
            where, remedy = f"{self.host}:{self._port}", "choose an address and a free port of this machine"
            raise ConformanceError(f"cannot listen: {error}", where=where, remedy=remedy) from error
        self._port = listening.getsockname()[1]
        self._stop, wake = socket.socketpair()
        self._accepting = threading.Thread(target=self._accept_all, args=(listening, wake), name=f"listener {self._port}", daemon=True)
        self._accepting.start()

    def _close(self) -> None:
        if self._stop is None or self._accepting is None:
            return
        self._stop.close()
        self._accepting.join(_JOIN_SECONDS)
        with self._changed:
            serving = dict(self._serving)
        for wire in serving.values():
            wire.interrupt()
        for thread in serving:
            thread.join(_JOIN_SECONDS)
        self._stop = self._accepting = None

    def _accept_all(self, listening: socket.socket, wake: socket.socket) -> None:
        with listening, wake:
            while True:
                readable, _, _ = select.select([listening, wake], [], [])
                if wake in readable:
                    return
                with contextlib.suppress(OSError):  # of a peer that left before it was accepted
                    self._admit(listening.accept()[0])

    def _admit(self, connection: socket.socket) -> None:
        with self._changed:
            full = len(self._serving) >= MAX_THREADS
        if full:
            connection.sendall(encode_reject(*_LOCAL_LIMIT))
            return connection.close()
        self._serial += 1
        recorder = self._recorder_for() if self._recorder_for else None
        wire = Wire(self._secured(connection), self._timeouts, recorder, counts_waiting=False)
        acceptor = Acceptor(wire, self._serial, Terms(self._reception, self.max_pdu, self._idle, self._keep, self._keep_notice))
        thread = threading.Thread(target=self._run, args=(acceptor,), name=f"association {self._serial}", daemon=True)
        with self._changed:
            self._serving[thread] = wire
        return thread.start()

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self._tls is None:
            return connection
        try:
            return self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except OSError:
            connection.close()
            raise

    def _run(self, acceptor: Acceptor) -> None:
        try:
            acceptor.serve()
        finally:
            with self._changed:
                self._serving.pop(threading.current_thread(), None)

    # --- called by threads

    def _keep(self, report: CommitmentReport) -> None:
        with self._changed:
            self._reported += 1
            if self._reported <= MAX_REPORTS:
                self._reports[report.transaction_uid].append(report)
            self._changed.notify_all()

    def _keep_notice(self, notice: AvailabilityNotice) -> None:
        with self._changed:
            self._reported += 1
            if self._reported <= MAX_REPORTS:
                self._notices[notice.study_uid].append(notice)
            self._changed.notify_all()

    def _waited(self, seconds: float) -> None:
        recorder = self._recorder_for() if self._recorder_for else None
        if recorder:
            recorder.waited(seconds)
