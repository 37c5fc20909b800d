"""Transfer syntaxes in which an image may have lost what cannot be had again (PS3.5 10, A.4)."""

from pydicom.uid import (
    AllTransferSyntaxes,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

LOSSLESS = {JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, HTJ2KLossless, HTJ2KLosslessRPCL, RLELossless}
MAY_BE_LOSSY = {str(uid) for uid in AllTransferSyntaxes if uid.is_compressed and not uid.is_deflated} - LOSSLESS
