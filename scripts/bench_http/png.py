"""PNG pictures as pixels, by the standard library alone."""

import struct
import zlib


def pixels(png: bytes) -> bytes:
    """The picture as RGB over white. All that the two servers write: 8 bit or less, not interlaced."""
    at, compressed, palette, alpha = 8, [], b"", b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", body)
        elif kind == b"PLTE":
            palette = body
        elif kind == b"tRNS":
            alpha = body
        elif kind == b"IDAT":
            compressed.append(body)
        at += 12 + length
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    if interlace or depth > 8 or (depth < 8 and colour not in (0, 3)):
        raise ValueError(f"a PNG of {depth} bits, colour type {colour}, interlace {interlace}")
    raw, stride, step = (
        zlib.decompress(b"".join(compressed)),
        (width * channels * depth + 7) // 8,
        max(1, channels * depth // 8),
    )
    rows, before = [], bytes(stride)
    for number in range(height):
        begin = number * (stride + 1)
        before = unfiltered(raw[begin], raw[begin + 1 : begin + 1 + stride], before, step)
        rows.append(before)
    if depth < 8:
        mask, per_byte = (1 << depth) - 1, 8 // depth
        rows = [
            bytes(row[x // per_byte] >> (8 - depth - x % per_byte * depth) & mask for x in range(width)) for row in rows
        ]
    flat = b"".join(rows)
    if colour == 3:
        table = [
            tuple(255 + (palette[3 * i + c] - 255) * (alpha[i] if i < len(alpha) else 255) // 255 for c in range(3))
            for i in range(len(palette) // 3)
        ]
        out = bytearray(3 * len(flat))
        for channel in range(3):
            out[channel::3] = flat.translate(bytes(table[i][channel] if i < len(table) else 0 for i in range(256)))
        return bytes(out)
    if colour == 2:
        return flat
    out = bytearray(3 * width * height)
    shades = [flat[c::channels] for c in range(channels)]
    opacity = shades.pop() if colour in (4, 6) else None
    for channel in range(3):
        values = shades[channel if colour == 6 else 0]
        out[channel::3] = (
            values if opacity is None else bytes(255 + (v - 255) * a // 255 for v, a in zip(values, opacity))
        )
    return bytes(out)


def unfiltered(kind: int, row: bytes, above: bytes, step: int) -> bytes:
    """A PNG row without its filter (PNG 3rd edition, clause 9)."""
    if kind == 0:
        return row
    out = bytearray(row)
    if kind == 2:
        return bytes((a + b) & 255 for a, b in zip(row, above))
    for i in range(len(out)):
        left = out[i - step] if i >= step else 0
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + above[i]) >> 1
        else:
            corner = above[i - step] if i >= step else 0
            base = left + above[i] - corner
            by_left, by_above, by_corner = abs(base - left), abs(base - above[i]), abs(base - corner)
            guess = (
                left if by_left <= by_above and by_left <= by_corner else above[i] if by_above <= by_corner else corner
            )
        out[i] = (out[i] + guess) & 255
    return bytes(out)
