#!/usr/bin/env python3
"""Makes the files in this folder with NumPy and the standard library: python3 make.py

Arrays hold i * 0.5 - 1 (floats), i * 3 - 1 (signed), i * 7 (bytes) or i % 3 == 0 (bool) at position i in C
order, so that a test can tell what must be read.
"""
import gzip
import io
import json
import os
import random
import struct
import zipfile
import zlib

import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def pattern(dtype, shape):
    index = np.arange(int(np.prod(shape)), dtype=np.int64)
    kind = np.dtype(dtype).kind
    values = {"f": index * 0.5 - 1, "i": index * 3 - 1, "u": index * 7, "b": index % 3 == 0}[kind]
    return values.astype(dtype).reshape(shape)


# .npy: the name says dtype and shape
SHAPES = {"f4": [(2, 3), (7,), ()], "f8": [(3, 1, 2), ()], "i4": [(5,), (0, 3)], "i8": [(2, 2)],
          "u1": [(2, 2, 2), (130,)], "b1": [(4,), ()], "i1": [(5,)], "i2": [(3, 2)], "u2": [(4,)], "u4": [(2, 3)],
          "u8": [(3,)], "f2": [(7,)]}
NAMES = {"f4": "f32", "f8": "f64", "i4": "i32", "i8": "i64", "u1": "u8", "b1": "bool", "i1": "i8", "i2": "i16",
         "u2": "u16", "u4": "u32", "u8": "u64", "f2": "f16"}
for code, shapes in SHAPES.items():
    for shape in shapes:
        np.save(f"{NAMES[code]}_{'x'.join(map(str, shape)) or 'scalar'}.npy", pattern(code, shape))


def versioned(array, version):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version)
    return buffer.getvalue()


np.save("fortran_f32_2x3x4.npy", np.asfortranarray(pattern("f4", (2, 3, 4))))
np.save("fortran_f64_5x4.npy", np.asfortranarray(pattern("f8", (5, 4))))
np.save("fortran_i64_2x3x4x5.npy", np.asfortranarray(pattern("i8", (2, 3, 4, 5))))
np.save("fortran_u8_3x2.npy", np.asfortranarray(pattern("u1", (3, 2))))
write("version2_f32_2x3.npy", versioned(pattern("f4", (2, 3)), (2, 0)))
write("version3_i64_4.npy", versioned(pattern("i8", (4,)), (3, 0)))

# .npy that must be refused
np.save("bad_big_endian.npy", pattern("f4", (3,)).astype(">f4"))
np.save("bad_object.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
np.save("bad_structured.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
np.save("bad_text.npy", np.array(["ab", "c"]))
np.save("bad_complex.npy", np.zeros(2, dtype="c8"))

# .npz, with a fixed time so that the files do not change
tensors = {"weight": pattern("f4", (3, 5)), "a/b": pattern("i8", (2,)), "mask": pattern("b1", (4,)),
           "fortran": np.asfortranarray(pattern("f8", (2, 3)))}
for name, method in [("stored.npz", zipfile.ZIP_STORED), ("deflated.npz", zipfile.ZIP_DEFLATED)]:
    with zipfile.ZipFile(name, "w", method) as archive:
        for key, value in tensors.items():
            info = zipfile.ZipInfo(f"{key}.npy", (1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            with archive.open(info, "w", force_zip64=True) as member:  # as numpy.savez does
                np.lib.format.write_array(member, value)
        archive.writestr(zipfile.ZipInfo("note.txt", (1980, 1, 1, 0, 0, 0)), "not an array")

# safetensors, laid out as the format's own library does
ORDER = [("big", "U64", "u8", (2,)), ("steps", "I64", "i8", (2,)), ("f64", "F64", "f8", ()), ("bias", "F32", "f4", (3,)),
         ("layer/weight", "F32", "f4", (2, 3)), ("ids", "U32", "u4", (2,)), ("labels", "I32", "i4", (3,)), ("half", "F16", "f2", (3,)),
         ("counts", "U16", "u2", (2,)), ("short", "I16", "i2", (2,)), ("tiny", "I8", "i1", (3,)), ("image", "U8", "u1", (3,)),
         ("mask", "BOOL", "b1", (5,))]
header, data = {"__metadata__": {"format": "np", "note": "a \"quote\""}}, b""
for name, text, code, shape in ORDER:
    part = pattern(code, shape).tobytes()
    header[name] = {"dtype": text, "shape": list(shape), "data_offsets": [len(data), len(data) + len(part)]}
    data += part
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
write("canonical.safetensors", struct.pack("<Q", len(text)) + text + data)
header = {"b": {"shape": [2], "dtype": "C64", "data_offsets": [4, 20]},
          "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
text = json.dumps(header).encode()
write("unordered.safetensors", struct.pack("<Q", len(text)) + text + struct.pack("<fffff", 1.5, 0, 1, 0, 1))

# IDX
images = pattern("u1", (3, 2, 2))
idx = bytes([0, 0, 8, 3]) + struct.pack(">III", 3, 2, 2) + images.tobytes()
write("images.idx3", idx)
write("images.idx3.gz", gzip.compress(idx, mtime=0))
write("labels.idx1", bytes([0, 0, 8, 1]) + struct.pack(">I", 3) + bytes([0, 7, 9]))
write("two_members.gz", gzip.compress(b"hello ", mtime=0) + gzip.compress(b"world", mtime=0))

# CSV
write("table.csv.gz", gzip.compress(b"x,y\r\n1,0.5\r\n2,1.5\r\n", mtime=0))


# PNG
def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, depth, color, rows, extra=b""):
    raw = b"".join(b"\0" + row for row in rows)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
            + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


write("gray.png", png(3, 2, 8, 0, [bytes([0, 128, 255]), bytes([1, 2, 3])]))
write("gray1.png", png(3, 2, 1, 0, [bytes([0b10100000]), bytes([0b01000000])]))
write("gray16.png", png(2, 1, 16, 0, [struct.pack(">HH", 0x0101 * 100, 0xFFFF)]))
write("gray_alpha.png", png(2, 1, 8, 4, [bytes([10, 0, 20, 128])]))
write("rgb.png", png(2, 1, 8, 2, [bytes([1, 2, 3, 250, 251, 252])]))
write("rgb16.png", png(1, 1, 16, 2, [struct.pack(">HHH", 0x0101 * 7, 0x0101 * 8, 0x0101 * 9)]))
write("rgba.png", png(2, 1, 8, 6, [bytes([1, 2, 3, 0, 250, 251, 252, 77])]))
palette = chunk(b"PLTE", bytes([9, 8, 7, 200, 100, 50]))
write("palette.png", png(2, 1, 8, 3, [bytes([1, 0])], palette))
write("palette_alpha.png", png(2, 1, 8, 3, [bytes([1, 0])], palette + chunk(b"tRNS", bytes([0, 128]))))

# Doubles and floats: bits, and the shortest text by Python and NumPy
random.seed(1)
doubles = [0.1, 1e16, 1e22, 1e23, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -0.0, 3.0,
           123456.0]
doubles += [struct.unpack("<d", struct.pack("<Q", random.getrandbits(64)))[0] for _ in range(300)]
doubles = [value for value in doubles if np.isfinite(value)]
floats = [0.1, 16777216.0, 1e10, 1e-45, 3.4028235e38, 1.1754944e-38, 0.3]
floats += [struct.unpack("<f", struct.pack("<I", random.getrandbits(32)))[0] for _ in range(300)]
floats = [np.float32(value) for value in floats if np.isfinite(value)]
rows = {"doubles": [[struct.pack(">d", value).hex(), value] for value in doubles]}
text = json.dumps(rows)[:-1] + ', "floats": ['
text += ", ".join(f'["{struct.pack(">f", v).hex()}", {str(v)}]' for v in floats) + "]}\n"
write("floats.json", text.encode())
