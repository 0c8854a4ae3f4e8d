/* SPDX-License-Identifier: BSD-2-Clause */
/* Converters loaded ahead: iconv finds each in a file of its own. */
#include "mail/charset.h"

#include <iconv.h>

const char *const charset_names[] = {
	"us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5",
	"iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-9", "iso-8859-10", "iso-8859-11",
	"iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16", "windows-874",
	"windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254",
	"windows-1255", "windows-1256", "windows-1257", "windows-1258", "koi8-r", "koi8-u",
	"ibm866", "cp437", "cp850", "cp852", "cp858", "macintosh", "mac-cyrillic", "gb2312",
	"gbk", "gb18030", "big5", "big5-hkscs", "euc-tw", "iso-2022-cn", "iso-2022-cn-ext",
	"euc-jp", "euc-jisx0213", "shift_jis", "shift_jisx0213", "cp932", "iso-2022-jp",
	"iso-2022-jp-2", "iso-2022-jp-3", "euc-kr", "cp949", "johab", "iso-2022-kr", "tis-620",
	"viscii", "tcvn", "armscii-8", "georgian-ps", "hp-roman8", "utf-7", "utf-16", "utf-16le",
	"utf-16be", "utf-32", "ucs-2", "ucs-4", NULL
};

void
charset_preload(void)
{
	/* Never closed: what is open stays loaded. */
	for (const char *const *name = charset_names; *name != NULL; name++)
		iconv_open("UTF-8", *name);
}
