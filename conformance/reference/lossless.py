"""JPEG Lossless for pydicom, which has no decoder of a permissive licence for it: a plugin over imagecodecs (PS3.5 A.4.1)."""

from pydicom.pixels.decoders.base import DecodeRunner, JPEGLosslessDecoder, JPEGLosslessSV1Decoder

PLUGIN = "imagecodecs"
DECODERS = (JPEGLosslessDecoder, JPEGLosslessSV1Decoder)


def is_available(uid: str) -> bool:
    """Answer for pydicom whether what the decoder needs is installed: imagecodecs always is."""
    return any(uid == decoder.UID for decoder in DECODERS)


def decode_frame(stream: bytes, runner: DecodeRunner) -> bytes:
    """Decode one frame to samples of 8 or 16 bits, colour by pixel, and tell pydicom which."""
    from imagecodecs import jpeg8_decode

    frame = jpeg8_decode(stream)
    runner.set_option("bits_allocated", frame.itemsize * 8)
    if frame.ndim == 3:
        runner.set_option("planar_configuration", 0)
    return bytes(frame.tobytes())


def teach_pydicom() -> None:
    """Enter the plugin with pydicom's decoders; once in a process, for pydicom refuses a second time."""
    for decoder in DECODERS:
        decoder.add_plugin(PLUGIN, (__name__, decode_frame.__name__))
