"""Philox 4x32-10 as Jacquard draws it, and its golden vectors.

Element i of a draw uses word i mod 4 of block i / 4; the counter of a block is (low, high, 0, 0) of the block's number;
a key is two 32-bit words.

    uniform   u = (word >> 8) * 2^-24                                        in [0, 1)
    normal    elements 0, 1 of a block: sqrt(-2 ln u1) * (cos, sin)(2 pi u2) with u1 = ((word0 >> 8) + 1) * 2^-24 and
              u2 = (word1 >> 8) * 2^-24; elements 2, 3 the same from words 2 and 3

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011); the first three vectors below
are that paper's library's own known answers.
"""

import numpy as np

from .files import write_json, write_tensors

ROUNDS = 10
MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def block_words(counters, key):
    """The four words of each block. `counters`: four arrays (or numbers); `key`: two integers, read as 32 bits."""
    c0, c1, c2, c3 = (np.atleast_1d(np.asarray(c, np.uint64)) for c in counters)
    k0, k1 = (np.uint64(int(k) & 0xFFFFFFFF) for k in key)
    for _ in range(ROUNDS):
        p0, p1 = MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW, (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + WEYL[0]) & LOW, (k1 + WEYL[1]) & LOW
    return np.stack([c0, c1, c2, c3], axis=-1)


def words(key, blocks):
    """The words of the blocks with the given numbers, shape [blocks, 4]."""
    number = np.asarray(blocks, np.uint64)
    zero = np.zeros_like(number)
    return block_words((number & LOW, number >> HALF, zero, zero), key)


def top24(key, count):
    """The top 24 bits of the first `count` words, as integers."""
    drawn = words(key, np.arange((count + 3) // 4))
    return (drawn.reshape(-1)[:count] >> np.uint64(8)).astype(np.int64)


def uniform(key, shape, dtype=np.float64):
    """Uniform draws; exact in f32 too."""
    count = int(np.prod(shape))
    return (top24(key, count) * 2.0**-24).astype(dtype).reshape(shape)


def normal(key, shape, dtype=np.float64):
    """Normal draws, computed in f64 and then rounded to `dtype`."""
    count = int(np.prod(shape))
    bits = top24(key, (count + 3) // 4 * 4).reshape(-1, 2)
    u1, u2 = (bits[:, 0] + 1) * 2.0**-24, bits[:, 1] * 2.0**-24
    radius, angle = np.sqrt(-2 * np.log(u1)), 2 * np.pi * u2
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    return pairs.reshape(-1)[:count].astype(dtype).reshape(shape)


KNOWN_ANSWERS = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
KEYS = [(0, 0), (1, 0), (0, 1), (42, 7), (-1, -1), (-559038737, 305419896)]
SHAPES = [(1,), (2,), (3,), (7,), (4, 4), (3, 5, 7)]
FAR_BLOCKS = [2**32 - 1, 2**32, 2**32 + 5, 2**40 + 12345, 2**62]


def write(folder):
    """Writes philox.json and philox.safetensors."""
    for counter, key, answer in KNOWN_ANSWERS:
        assert tuple(block_words(counter, key)[0]) == answer, "Philox disagrees with its published vectors"
    blocks = [
        {"counter": [int(c) for c in counter], "key": [int(k) for k in key], "words": [int(w) for w in answer]}
        for counter, key, answer in KNOWN_ANSWERS
    ]
    for key in KEYS:
        for number in [0, 1, 2, *FAR_BLOCKS]:
            counter = [number & 0xFFFFFFFF, number >> 32, 0, 0]
            drawn = [int(w) for w in words(key, [number])[0]]
            blocks.append({"counter": counter, "key": [k & 0xFFFFFFFF for k in key], "words": drawn})

    tensors, draws = {}, []
    for key in KEYS:
        for shape in SHAPES:
            name = f"key{key[0]},{key[1]}/{'x'.join(map(str, shape))}"
            draws.append({"key": list(key), "shape": list(shape), "name": name})
            tensors[f"{name}/uniform"] = uniform(key, shape, np.float32)
            tensors[f"{name}/normal.f32"] = normal(key, shape, np.float32)
            tensors[f"{name}/normal.f64"] = normal(key, shape)
    head = {"format": "jacquard.goldens.philox", "version": 1}
    return [
        write_json(folder / "philox.json", head, blocks=blocks, draws=draws),
        write_tensors(folder / "philox.safetensors", tensors),
    ]
