"""One picture of every kind of object, for a person to look at."""

from pathlib import Path

import imagecodecs
import numpy as np
from pydicom import Dataset

from generators import KINDS, Kind, Synthesizer, encode
from generators.phantom import write

TILE, COLUMNS, CAPTION = 160, 6, 10
WHITE = 255

Picture = np.ndarray


def test_a_contact_sheet_of_all_kinds(tmp_path: Path) -> None:
    synthesizer = Synthesizer(1, "SHEET")
    tiles = [captioned(kind, tile_of(last_of(synthesizer, kind))) for kind in KINDS.values()]
    assert all(len(np.unique(tile)) > 1 for tile in tiles)
    assert len({tile.tobytes() for tile in tiles}) == len(KINDS)
    path = tmp_path / "contact-sheet.png"
    path.write_bytes(imagecodecs.png_encode(sheet_of(tiles)))
    assert imagecodecs.png_decode(path.read_bytes()).shape == (-(-len(tiles) // COLUMNS) * (TILE + CAPTION), COLUMNS * TILE, 3)


def last_of(synthesizer: Synthesizer, kind: Kind) -> Dataset:
    """Decode what an archive would get."""
    study = synthesizer.study(kind.name, instances=1, rows=TILE, columns=TILE)
    return encode(study.dataset(study.instances[-1])).dataset()


def tile_of(dataset: Dataset) -> Picture:
    if "PixelData" in dataset:
        return pixels_of(dataset)
    if "WaveformSequence" in dataset:
        return curves_of(dataset)
    if "ROIContourSequence" in dataset:
        return contours_of(dataset)
    return words_of(dataset)


def pixels_of(dataset: Dataset) -> Picture:
    pixels = dataset.pixel_array
    frame = pixels[0] if "NumberOfFrames" in dataset and pixels.ndim > 2 else pixels
    grey = frame.astype(float) / max(int(frame.max()), 1) * WHITE
    return (grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, axis=2)).astype(np.uint8)


def curves_of(dataset: Dataset) -> Picture:
    """Plot the twelve leads under each other."""
    wave = dataset.waveform_array(0)
    picture = blank()
    for lead in range(wave.shape[1]):
        for x in range(TILE):
            y = (lead + 0.5) * TILE / wave.shape[1] - wave[x * len(wave) // TILE, lead] / 120
            picture[int(np.clip(y, 0, TILE - 1)), x] = (90, 255, 120)
    return picture


def contours_of(dataset: Dataset) -> Picture:
    """Plot the corners of the contour."""
    picture = blank()
    points = np.array(dataset.ROIContourSequence[0].ContourSequence[0].ContourData, dtype=float).reshape(-1, 3)
    for one, other in zip(points, np.roll(points, 1, axis=0), strict=True):
        for along in np.linspace(0, 1, TILE):
            x, y = one[:2] + (other[:2] - one[:2]) * along
            picture[int(y + TILE / 2), int(x + TILE / 2)] = (255, 80, 80)
    return picture


def words_of(dataset: Dataset) -> Picture:
    """Write what the document says."""
    said = [str(element.value) for element in dataset.iterall() if element.keyword in ("CodeMeaning", "TextValue", "DocumentTitle")]
    said += [str(element.value) for element in dataset.iterall() if element.keyword == "UnformattedTextValue"]
    words = " ".join(said).upper().split()
    lines, line = [], ""
    for word in words:
        line, full = (f"{line} {word}".strip(), "") if len(line) + len(word) < TILE // 4 - 1 else (word, line)
        lines += [full] if full else []
    picture = np.zeros((TILE, TILE), dtype=np.float32)
    for number, text in enumerate([*lines, line][: TILE // 8]):
        write(picture, text, 2 + 8 * number)
    return np.repeat((picture * WHITE).astype(np.uint8)[..., None], 3, axis=2)


def captioned(kind: Kind, tile: Picture) -> Picture:
    caption = np.zeros((CAPTION, TILE), dtype=np.float32)
    write(caption, kind.name, 3)
    return np.concatenate([np.repeat((caption * WHITE).astype(np.uint8)[..., None], 3, axis=2), tile[:TILE, :TILE]])


def sheet_of(tiles: list[Picture]) -> Picture:
    rows = [tiles[start : start + COLUMNS] for start in range(0, len(tiles), COLUMNS)]
    rows[-1] += [np.zeros_like(tiles[0])] * (COLUMNS - len(rows[-1]))
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def blank() -> Picture:
    return np.zeros((TILE, TILE, 3), dtype=np.uint8)
