/* libpng's simplified interface for Swift: no macros, no callbacks, no jumps out of libpng. */
#ifndef JACQUARD_CPNG_SHIM_H
#define JACQUARD_CPNG_SHIM_H

#include <png.h>
#include <string.h>

typedef struct {
  png_image image;
} cpng_reader;

/* Reads the header; 0 is failure. The bytes must stay until cpng_end. */
static inline int cpng_begin(cpng_reader *reader, const void *bytes, size_t size) {
  memset(reader, 0, sizeof *reader);
  reader->image.version = PNG_IMAGE_VERSION;
  return png_image_begin_read_from_memory(&reader->image, bytes, size);
}

static inline int cpng_has_color(const cpng_reader *reader) {
  return (reader->image.format & PNG_FORMAT_FLAG_COLOR) != 0;
}

static inline int cpng_has_alpha(const cpng_reader *reader) {
  return (reader->image.format & PNG_FORMAT_FLAG_ALPHA) != 0;
}

/* Decodes to 8-bit rows of height x width x channels (gray, gray + alpha, RGB or RGBA); 0 is failure. */
static inline int cpng_decode(cpng_reader *reader, int color, int alpha, void *pixels) {
  reader->image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB; /* 16-bit samples are scaled, not gamma corrected */
  reader->image.format = (color ? PNG_FORMAT_FLAG_COLOR : 0) | (alpha ? PNG_FORMAT_FLAG_ALPHA : 0);
  return png_image_finish_read(&reader->image, NULL, pixels, 0, NULL);
}

static inline const char *cpng_message(const cpng_reader *reader) { return reader->image.message; }

static inline void cpng_end(cpng_reader *reader) { png_image_free(&reader->image); }

/* Describes rows of height x width x channels (1 gray or 3 RGB) of 8 bits. */
static inline void cpng_describe(png_image *image, unsigned width, unsigned height, int color) {
  memset(image, 0, sizeof *image);
  image->version = PNG_IMAGE_VERSION;
  image->width = width;
  image->height = height;
  image->format = color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
}

/* Encodes pixels; *size is the room at `bytes`, or what is needed if `bytes` is NULL. 0 is failure. */
static inline int cpng_encode(png_image *image, const void *pixels, void *bytes, size_t *size) {
  png_alloc_size_t room = *size;
  int done = png_image_write_to_memory(image, bytes, &room, 0, pixels, 0, NULL);
  *size = room;
  return done;
}

#endif
