"""A 12-lead electrocardiogram."""

import numpy as np
from pydicom import Dataset

from generators.elements import code, item, put
from generators.kinds.kind import Kind, Scene
from generators.kinds.modules import common, numbered

RATE = 500
"""Samples a second."""
SECONDS = 1
_LEADS = (
    ("2:1", "Lead I", 0.6),
    ("2:2", "Lead II", 1.0),
    ("2:61", "Lead III", 0.4),
    ("2:62", "aVR, augmented voltage, right", -0.8),
    ("2:63", "aVL, augmented voltage, left", 0.3),
    ("2:64", "aVF, augmented voltage, foot", 0.7),
    ("2:3", "Lead V1", -0.5),
    ("2:4", "Lead V2", 0.3),
    ("2:5", "Lead V3", 0.8),
    ("2:6", "Lead V4", 1.2),
    ("2:7", "Lead V5", 1.1),
    ("2:8", "Lead V6", 0.9),
)


def ecg(scene: Scene) -> Dataset:
    """Render one second of a 12-lead ECG at 500 samples a second, one heart beat in it."""
    study = scene.study
    return put(
        common(scene),
        **numbered(scene),
        ContentDate=study.date,
        ContentTime=study.time,
        AcquisitionDateTime=f"{study.date}{study.time}",
        AcquisitionContextSequence=[],
        WaveformSequence=[_rhythm(scene.instance.seed)],
    )


def _rhythm(seed: int) -> Dataset:
    samples = RATE * SECONDS
    return item(
        WaveformOriginality="ORIGINAL",
        NumberOfWaveformChannels=len(_LEADS),
        NumberOfWaveformSamples=samples,
        SamplingFrequency=str(RATE),
        MultiplexGroupLabel="RHYTHM",
        ChannelDefinitionSequence=[_channel(value, meaning) for value, meaning, _ in _LEADS],
        WaveformBitsAllocated=16,
        WaveformSampleInterpretation="SS",
        WaveformData=_samples(samples, seed),
    )


def _channel(value: str, meaning: str) -> Dataset:
    return item(
        ChannelSourceSequence=[code(value, "MDC", meaning)],
        ChannelSensitivity="1",
        ChannelSensitivityUnitsSequence=[code("uV", "UCUM", "microvolt")],
        ChannelSensitivityCorrectionFactor="1",
        ChannelBaseline="0",
        ChannelSampleSkew="0",
        WaveformBitsStored=16,
    )


def _samples(samples: int, seed: int) -> bytes:
    time = np.linspace(0, SECONDS, samples, endpoint=False)
    beat = sum(
        height * np.exp(-(((time - at) / width) ** 2)) for at, width, height in ((0.2, 0.03, 150), (0.4, 0.01, 1000), (0.7, 0.05, 250))
    )
    noise = np.random.Generator(np.random.PCG64(seed)).integers(-5, 6, (samples, len(_LEADS)))
    leads = np.array([gain for _, _, gain in _LEADS])
    return bytes((np.outer(beat, leads) + noise).astype("<i2").tobytes())


KINDS = (Kind("ECG", "ECG", "12-lead ECG Waveform", "1.2.840.10008.5.1.4.1.1.9.1.1", ecg),)
