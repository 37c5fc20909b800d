"""The recipes for real systems: each starts, stays on loopback, answers, knows its peers, and leaves nothing behind.

A missing program fails the test with the words of `start.py`, which name the package to install.
"""

import contextlib
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE, evt

START = Path(__file__).parents[2] / "fixtures" / "systems" / "start.py"
LOOPBACK = "0100007F"  # 127.0.0.1 as /proc/net/tcp writes it on a little-endian machine
MAPPED = "0000000000000000FFFF0000"  # what stands before an IPv4 address in tcp6
LISTEN = "0A"
STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
TITLES = {name: name.upper() for name in ("orthanc", "dcmqrscp", "qrscp", "pixelmed", "storescp", "wlmscpfs")}
VARIANTS = [
    *[("orthanc", name) for name in ("exact-titles", "overwrite", "unknown-classes", "utf8", "case-sensitive", "asynchronous-move")],
    *[("dcmqrscp", "strict"), ("dcmqrscp", "no-get"), ("storescp", "fork")],
]

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform != "linux", reason="the recipes preload a shim and the tests read /proc"),
]


@dataclass(frozen=True)
class Started:
    """A running start.py, and what it said it serves."""

    process: subprocess.Popen[str]
    host: str
    port: int

    @property
    def child(self) -> int:
        """The process id of the system itself."""
        pid = self.process.pid
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return int(child)


@contextlib.contextmanager
def started(*arguments: str) -> Iterator[Started]:
    process = subprocess.Popen(
        [sys.executable, str(START), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline().split()
        assert line[:1] == ["ready"], process.stderr.read()
        yield Started(process, line[1], int(line[2]))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def dcmtk(program: str) -> str:
    """Find DCMTK's program and not pynetdicom's, which has the same name and lies beside this Python."""
    own = Path(sys.executable).parent
    folders = [folder for folder in os.get_exec_path() if Path(folder) != own]
    found = shutil.which(program, path=os.pathsep.join(folders))
    assert found, f"{program} is not installed; apt-get install dcmtk"
    return found


def echo(system: Started, called: str, calling: str = "CONFORMANCE") -> subprocess.CompletedProcess[str]:
    command = [dcmtk("echoscu"), "-v", "-to", "10", "-aet", calling, "-aec", called, system.host, str(system.port)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def listeners(port: int) -> set[str]:
    """Return the addresses, as the kernel writes them, on which something listens at this port, IPv4 and IPv6."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for row in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            local, state = row.split()[1], row.split()[3]
            address, _, hexadecimal = local.partition(":")
            if state == LISTEN and int(hexadecimal, 16) == port:
                found.add(address.removeprefix(MAPPED))
    return found


@pytest.mark.parametrize(("name", "title"), TITLES.items())
def test_starts_on_loopback_answers_and_is_gone_after_sigterm(name: str, title: str) -> None:
    with started(name, "--peer", "CONFORMANCE=127.0.0.1:11112") as system:
        assert system.host == "127.0.0.1"
        assert listeners(system.port) == {LOOPBACK}
        answer = echo(system, title)
        assert answer.returncode == 0, answer.stderr
        child = system.child
        folder = Path(f"/proc/{child}/cwd").readlink()
        system.process.send_signal(signal.SIGTERM)
        assert system.process.wait() == 0
    assert listeners(system.port) == set()
    assert not Path(f"/proc/{child}").exists()
    assert not folder.exists()


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_starts_in_each_variant(name: str, variant: str) -> None:
    with started(name, "--variant", variant, "--peer", "CONFORMANCE=127.0.0.1:11112") as system:
        assert listeners(system.port) == {LOOPBACK}
        assert echo(system, TITLES[name]).returncode == 0


def test_orthanc_refuses_other_titles_only_in_its_strict_variant() -> None:
    peer = "CONFORMANCE=127.0.0.1:11112"
    with started("orthanc", "--peer", peer) as stock, started("orthanc", "--variant", "strict", "--peer", peer) as strict:
        assert echo(stock, "ELSEWHERE").returncode == 0
        assert echo(stock, "ORTHANC", calling="STRANGER").returncode == 0
        assert echo(strict, "ORTHANC").returncode == 0
        assert echo(strict, "ELSEWHERE").returncode != 0
        assert echo(strict, "ORTHANC", calling="STRANGER").returncode != 0


@pytest.mark.parametrize("name", ["orthanc", "dcmqrscp", "qrscp", "pixelmed"])
def test_an_archive_stores_and_moves_to_its_peer(name: str) -> None:
    received: queue.Queue[str] = queue.Queue()

    def keep(event: evt.Event) -> int:
        received.put(event.dataset.SOPInstanceUID)
        return 0

    listener = AE(ae_title="CONFORMANCE")
    listener.add_supported_context(CTImageStorage)
    server = listener.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, keep)])
    assert server is not None
    try:
        with started(name, "--peer", f"CONFORMANCE=127.0.0.1:{server.server_address[1]}") as system:
            image = synthetic_image()
            status = store_and_move(system, TITLES[name], image)
        assert (status, received.get(timeout=10)) == (0, image.SOPInstanceUID)
    finally:
        server.shutdown()


def store_and_move(system: Started, title: str, image: Dataset) -> int:
    """Store one image, then ask for its study to be sent to us; return the final status of the C-MOVE."""
    entity = AE(ae_title="CONFORMANCE")
    entity.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
    entity.add_requested_context(STUDY_ROOT_MOVE)
    association = entity.associate(system.host, system.port, ae_title=title)
    assert association.is_established
    assert association.send_c_store(image).Status == 0
    wanted = Dataset()
    wanted.QueryRetrieveLevel = "STUDY"
    wanted.StudyInstanceUID = image.StudyInstanceUID
    *_, (final, _) = association.send_c_move(wanted, "CONFORMANCE", STUDY_ROOT_MOVE)
    association.release()
    return int(final.Status)


def synthetic_image() -> Dataset:
    image = Dataset()
    image.SOPClassUID = CTImageStorage
    image.SOPInstanceUID = generate_uid(prefix=None)
    image.StudyInstanceUID, image.SeriesInstanceUID = generate_uid(prefix=None), generate_uid(prefix=None)
    image.PatientID, image.PatientName = "SYN-START", "SYNTHETIC^START"
    image.StudyDate, image.StudyTime, image.AccessionNumber, image.StudyID = "20260424", "101500", "SYN1", "1"
    image.Modality, image.SeriesNumber, image.InstanceNumber = "CT", "1", "1"
    image.Rows = image.Columns = 2
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    image.PixelData = bytes(8)
    encoded = BytesIO()
    image.save_as(encoded, implicit_vr=False, little_endian=True)
    encoded.seek(0)
    read = dcmread(encoded, force=True)
    read.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return read


@pytest.mark.parametrize("name", ["orthanc", "dcmqrscp"])
@pytest.mark.parametrize("no_delay", [False, True], ids=["Nagle on", "Nagle off"])
def test_sets_tcp_nodelay_only_where_asked(monkeypatch: pytest.MonkeyPatch, name: str, no_delay: bool) -> None:
    monkeypatch.setenv("TCP_NODELAY", "1")
    with started(name, *(["--no-delay"] if no_delay else [])) as system:
        environment = Path(f"/proc/{system.child}/environ").read_bytes().split(b"\0")
        assert (b"TCP_NODELAY=1" in environment) is no_delay


def test_takes_the_port_and_the_title_that_it_is_given(free_port: Callable[[], int]) -> None:
    port = free_port()
    with started("dcmqrscp", "--port", str(port), "--ae", "ANOTHER") as system:
        assert system.port == port
        assert echo(system, "ANOTHER").returncode == 0
        assert echo(system, "DCMQRSCP").returncode != 0


def test_stops_on_an_interrupt_as_well() -> None:
    with started("storescp") as system:
        system.process.send_signal(signal.SIGINT)
        assert system.process.wait() == 0
    assert listeners(system.port) == set()


def test_says_so_when_the_system_ends_by_itself(tmp_path: Path) -> None:
    log = tmp_path / "storescp.log"
    with started("storescp", "--log", str(log)) as system:
        os.kill(system.child, signal.SIGKILL)
        assert system.process.wait() == 1
        assert system.process.stderr is not None
        assert system.process.stderr.read() == "storescp: ended by itself with code -9\n"
    assert log.exists()


def refused(*arguments: str, path: str | None = None) -> tuple[int, str]:
    environment = os.environ | ({"PATH": path} if path is not None else {})
    done = subprocess.run([sys.executable, str(START), *arguments], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()[-1]


def test_names_the_package_of_a_missing_program(tmp_path: Path) -> None:
    assert refused("dcmqrscp", path=str(tmp_path)) == (2, "dcmqrscp: dcmqrscp is not installed; apt-get install dcmtk")


def test_names_the_package_of_a_missing_compiler(tmp_path: Path) -> None:
    (tmp_path / "storescp").symlink_to(dcmtk("storescp"))
    assert refused("storescp", path=str(tmp_path)) == (
        2,
        "storescp: cc is not installed, and storescp needs it to stay on loopback; apt-get install gcc libc6-dev",
    )


def test_refuses_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        expected = f"storescp: somebody listens on 127.0.0.1:{port} already; choose another --port, or none"
        assert refused("storescp", "--port", str(port)) == (1, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["orthanc", "--variant", "loose"], "argument --variant: orthanc has stock, strict, exact-titles,"),
        (["orthanc", "--peer", "CONFORMANCE"], "argument --peer: 'CONFORMANCE' is not AE=HOST:PORT"),
        (["orthanc", "--peer", "A B=127.0.0.1:104"], "argument --peer: 'A B' is not an AE title of 1 to 16 letters"),
        (["dcmqrscp", "--ae", "X\nAETable END"], "argument --ae: 'X\\nAETable END' is not an AE title of 1 to 16 letters"),
        (["pacs"], "argument system: invalid choice: 'pacs'"),
    ],
)
def test_refuses_wrong_use_in_one_line(arguments: list[str], message: str) -> None:
    code, line = refused(*arguments)
    assert code == 2
    assert message in line
