#!/usr/bin/env python3
"""Writes the seeds of tests/fuzz/corpus: small files that reach every rule of a parser. Run it after a new
rule; files that a fuzzer found are added beside these by hand under a name that says what they broke."""
import io
import json
import pathlib
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"


def put(parser, name, data):
    path = CORPUS / parser / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def make_json():
    for name, text in {
        "values": '{"a":18446744073709551615,"b":-5,"c":1.5e3,"d":[true,null,"x\\u00e9\\ud83d\\ude00\\n"],"e":[]}',
        "twice": '{"a":1,"a":2}',
        "nested": "[" * 64 + "]" * 64,
        "too_deep": "[" * 65 + "]" * 65,
        "escapes": '["\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000"]',
        "nul_in_name": '{"a\\u0000b":1}',
        "half_surrogate": '["\\ud83d"]',
        "overlong": b'["\xc0\xaf"]',
        "long_number": "[" + "1" * 500 + "]",
        "numbers": "[0,-0,1.0,1e9,1E-9,-1.5e+3,9007199254740993,1e999]",
        "unfinished": '{"1":1,',
        "bom": b"\xef\xbb\xbf{}",
        "blanks": " \t\r\n{ \"a\" : [ 1 , 2 ] } \n",
        "behind": "{} x",
    }.items():
        put("json", name, text)


def npy(header, data, version=1):
    body = header.encode()
    length = struct.pack("<H" if version == 1 else "<I", len(body))
    return b"\x93NUMPY" + bytes([version, 0]) + length + body + data


def make_npy():
    four = struct.pack("<4i", 1, 2, 3, 4)
    plain = "{'descr': '<i4', 'fortran_order': False, 'shape': (4,), }\n"
    put("npy", "ids", npy(plain, four))
    put("npy", "version_2", npy(plain, four, 2))
    put("npy", "matrix", npy(plain.replace("(4,)", "(2, 2)"), four))
    put("npy", "empty", npy(plain.replace("(4,)", "(0,)"), b""))
    put("npy", "scalar", npy(plain.replace("(4,)", "()"), four[:4]))
    put("npy", "fortran", npy(plain.replace("False", "True"), four))
    put("npy", "floats", npy(plain.replace("<i4", "<f4"), four))
    put("npy", "object", npy(plain.replace("<i4", "|O"), four))
    put("npy", "structured", npy(plain.replace("'<i4'", "[('a', '<i4')]"), four))
    put("npy", "huge_shape", npy(plain.replace("(4,)", "(4294967296, 4294967296)"), four))
    put("npy", "wrapping_bytes", npy(plain.replace("(4,)", "(4611686018427387904,)"), four))
    put("npy", "big_endian", npy(plain.replace("<i4", ">u2").replace("(4,)", "(8,)"), four))
    put("npy", "wide", npy(plain.replace("<i4", "<i8").replace("(4,)", "(2,)"), four))
    put("npy", "negative", npy(plain, struct.pack("<4i", 1, -2, 3, 4)))
    put("npy", "twice", npy(plain.replace("'shape': (4,)", "'shape': (4,), 'shape': (4,)"), four))
    put("npy", "header_longer_than_file", b"\x93NUMPY\1\0\xff\xff{}")
    put("npy", "version_9", npy(plain, four)[:6] + b"\x09" + npy(plain, four)[7:])


def main():
    make_json()
    make_npy()


main()
