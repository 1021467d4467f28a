/* zlib for Swift: the macros that Swift cannot import, as functions. */
#ifndef JACQUARD_CZLIB_SHIM_H
#define JACQUARD_CZLIB_SHIM_H

#include <zlib.h>

/* 15 + 16: a gzip stream; -15: deflate without a header, as in zip archives. */
static inline int czlib_inflate_begin(z_stream *stream, int windowBits) {
  return inflateInit2(stream, windowBits);
}

static inline int czlib_deflate_begin_gzip(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

#endif
