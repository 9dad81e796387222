#include "plots/picture.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/text.h"

#include <cairo-svg.h>
#include <string.h>
#include <strings.h>

enum { SIDE_LEAST = 32, SIDE_MOST = 16384 };

struct bytes {
	char *data;
	size_t size, capacity;
};

static bool
append(struct bytes *bytes, const void *data, size_t length)
{
	if (buf_grow(&bytes->data, &bytes->capacity, bytes->size + length + 1, 1))
		return false;
	memcpy(bytes->data + bytes->size, data, length);
	bytes->size += length;
	bytes->data[bytes->size] = '\0';
	return true;
}

static cairo_status_t
take(void *closure, const unsigned char *data, unsigned length)
{
	return append(closure, data, length) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_NO_MEMORY;
}

static enum err
check(cairo_status_t status, const char *path)
{
	if (status == CAIRO_STATUS_SUCCESS)
		return OK;
	if (status == CAIRO_STATUS_NO_MEMORY)
		return err_at(ERR_NOMEM, path, NULL, "no memory for the picture; make it smaller");
	return err_at(ERR_IO, path, NULL, "drawing failed: %s", cairo_status_to_string(status));
}

enum err
picture_format(enum picture_format *out, const char *path)
{
	size_t length = strlen(path);
	const char *ending = length > 4 ? path + length - 4 : "";

	if (!strcasecmp(ending, ".svg"))
		*out = PICTURE_SVG;
	else if (!strcasecmp(ending, ".png"))
		*out = PICTURE_PNG;
	else
		return err_at(ERR_USAGE, path, NULL, "a picture's name ends in .svg or .png");
	return OK;
}

static const char *
entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

char *
picture_escape(const char *text)
{
	size_t capacity = 10 * strlen(text) + 1, used = 0; /* "<U+E007F>" for four bytes at most */
	char *visible = buf_alloc(capacity, 1), *out = visible ? buf_alloc(capacity, 6) : NULL;

	if (out) {
		text_visible(visible, capacity, text, strlen(text));
		for (const char *p = visible; *p; p++) {
			const char *name = entity(*p);
			size_t length = name ? strlen(name) : 1;

			memcpy(out + used, name ? name : p, length);
			used += length;
		}
	}
	buf_free(visible);
	return out;
}

/* Cairo numbers its surfaces through the whole life of a process: that number goes, so that equal
 * pictures are equal bytes. The title comes in. */
static enum err
finish_svg(struct bytes *out, const struct bytes *svg, const char *title)
{
	const char *body = strstr(svg->data, "<defs>"),
		   *group = strstr(svg->data, "<g id=\"surface");
	const char *end = group ? strchr(group, '>') : NULL;
	char *escaped = picture_escape(title ? title : "");
	bool good = escaped && end;

	if (!body || body > group)
		body = group;
	good = good && append(out, svg->data, (size_t)(body - svg->data)) &&
	       append(out, "<title>", 7) && append(out, escaped, strlen(escaped)) &&
	       append(out, "</title>\n", 9) && append(out, body, (size_t)(group - body)) &&
	       append(out, "<g", 2) && append(out, end, strlen(end));
	buf_free(escaped);
	if (!end)
		return err_set(ERR_UNSUPPORTED, "this version of Cairo writes SVG of another form");
	return good ? OK : ERR_NOMEM;
}

static cairo_surface_t *
make_surface(const struct picture *picture, enum picture_format format, struct bytes *bytes)
{
	cairo_surface_t *surface;

	if (format == PICTURE_PNG)
		return cairo_image_surface_create(CAIRO_FORMAT_RGB24, picture->width,
						  picture->height);
	surface = cairo_svg_surface_create_for_stream(take, bytes, picture->width, picture->height);
	if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS)
		cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
	return surface;
}

static cairo_status_t
draw(const struct picture *picture, enum picture_format format, struct bytes *bytes)
{
	cairo_surface_t *surface = make_surface(picture, format, bytes);
	cairo_t *cairo = cairo_create(surface);
	cairo_status_t status;

	picture->draw(cairo, picture->width, picture->height, picture->what);
	status = cairo_status(cairo);
	cairo_destroy(cairo);
	if (status == CAIRO_STATUS_SUCCESS && format == PICTURE_PNG)
		status = cairo_surface_write_to_png_stream(surface, take, bytes);
	cairo_surface_finish(surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	return status;
}

enum err
picture_save(const struct picture *picture, const char *path)
{
	struct bytes bytes = { 0 }, named = { 0 };
	enum picture_format format = PICTURE_SVG;
	enum err err;

	if ((err = picture_format(&format, path)))
		return err;
	if (picture->width < SIDE_LEAST || picture->height < SIDE_LEAST ||
	    picture->width > SIDE_MOST || picture->height > SIDE_MOST)
		return err_at(ERR_RANGE, path, NULL,
			      "a picture of %d x %d; each side is %d to %d pixels", picture->width,
			      picture->height, SIDE_LEAST, SIDE_MOST);
	if ((err = check(draw(picture, format, &bytes), path)))
		goto out;
	if (format == PICTURE_SVG && (err = finish_svg(&named, &bytes, picture->title)))
		goto out;
	err = format == PICTURE_SVG ? file_write(path, named.data, named.size, false)
				    : file_write(path, bytes.data, bytes.size, false);
out:
	buf_free(bytes.data);
	buf_free(named.data);
	return err;
}
