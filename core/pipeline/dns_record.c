/* SPDX-License-Identifier: BSD-2-Clause */
/* Records out of their wire form (RFC 1035 3.3, RFC 3596). */
#include "pipeline/dns_record.h"

#include <errno.h>

static int
bytes_of(struct mt_span rdata, struct buf *out, size_t size)
{
	if (size != 0 && rdata.len != size)
		return EBADMSG;
	buf_add(out, rdata.ptr, rdata.len);
	return 0;
}

static int
address4(struct mt_span rdata, struct buf *out)
{
	return bytes_of(rdata, out, 4);
}

static int
address6(struct mt_span rdata, struct buf *out)
{
	return bytes_of(rdata, out, 16);
}

static int
name(struct mt_span rdata, struct buf *out)
{
	size_t used = 0;
	int error = dns_name_unpack(rdata, out, &used);

	return error == 0 && used != rdata.len ? EBADMSG : error;
}

static int
exchange(struct mt_span rdata, struct buf *out)
{
	if (rdata.len < 3)
		return EBADMSG;
	buf_add(out, rdata.ptr, 2);
	return name(span_make(rdata.ptr + 2, rdata.len - 2), out);
}

/* Strings joined without a space; NUL is a byte like any other. */
static int
text(struct mt_span rdata, struct buf *out)
{
	for (size_t at = 0; at < rdata.len;) {
		size_t len = (unsigned char)rdata.ptr[at++];

		if (len > rdata.len - at)
			return EBADMSG;
		buf_add(out, rdata.ptr + at, len);
		at += len;
	}
	return 0;
}

static int
other(struct mt_span rdata, struct buf *out)
{
	return bytes_of(rdata, out, 0);
}

static const struct {
	uint16_t type;
	int (*read)(struct mt_span, struct buf *);
} readers[] = {
	{ DNS_A, address4 }, { DNS_AAAA, address6 }, { DNS_TXT, text },
	{ DNS_MX, exchange }, { DNS_PTR, name }, { DNS_CNAME, name }, { DNS_NS, name },
};

int
dns_record_pack(struct buf *b, uint16_t type, struct mt_span rdata)
{
	int (*read)(struct mt_span, struct buf *) = other;
	struct buf out = { 0 };
	int error;

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (readers[i].type == type)
			read = readers[i].read;
	error = read(rdata, &out);
	if (error == 0)
		pack_span(b, buf_span(&out));
	buf_free(&out);
	return error;
}
