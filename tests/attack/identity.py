# SPDX-License-Identifier: BSD-2-Clause
"""The table of attacks on who wrote.  V is the victim, who may write to us; A
the attacker, who proves himself as himself, signs with his key and sends from
his host, and wants to be taken for V.  Each row has a twin of its own: the
nearest mail that V himself may send, of as many fields and of the same words,
with the ambiguity taken out.  A row of which the words are the ambiguity says
nothing of its twin: there they stand in a quoted name, or under a name that
means nothing.

A row: name, what differs from the usual, the twin, and why it is refused where
that is not the reason of its table."""
import base64
import re

V, A = "good.example", "attack.example"
ANN, EVE = b"ann@good.example", b"eve@attack.example"
PLAIN = b"From: Ann <" + ANN + b">"


def b64(text):
    return b"=?utf-8?B?" + base64.b64encode(text) + b"?="


# Why a mail is refused: the reason, or code and enhanced code of the dialogue.
FROM_INVALID, HEADER_INVALID, UNPROVED = "auth.from.invalid", "auth.header.invalid", "auth.dmarc.fail"
NO_POLICY, BAD_SIGNATURE = "auth.dmarc.none", "auth.dkim.fail"
OF_PROOF = {UNPROVED, NO_POLICY, BAD_SIGNATURE}  # From is clear: who wrote it is not
AMBIGUOUS, BARE, BYTES = "mime.ambiguous", "smtp.data.bare", "smtp.header.bytes"
MALFORMED, NO_COMMAND = "501 5.1.7", "500 5.5.2"
# What is beyond ASCII is not taken unannounced.
UNANNOUNCED = {"smtp.header.ascii", "smtp.address.ascii"}


def quoted(value):
    """V's From with these words as the name."""
    value = value.decode("utf-8", "replace").encode()
    value = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n",
                   lambda m: b"<%02x>" % m.group()[0], value)
    return b'From: "' + re.sub(rb'([\\"])', rb"\\\1", value.strip()) + b'" <' + ANN + b">"


def shown(fields):
    """The only field of a row, as a name."""
    (field,) = fields
    return [quoted(field.partition(b":")[2])]


def renamed(field):
    return b"X-" + field.strip()


# ---- From: what a reader might take for V ----

# name, fields in the place of From, the twin's (None: as shown() has it), reasons
FROM = [
    # Several fields, or one in disguise.
    ("two, the attacker's first", [b"From: " + EVE, PLAIN],
     [b"Reply-To: " + EVE, PLAIN]),
    ("two, the victim's first", [PLAIN, b"From: " + EVE],
     [PLAIN, b"Reply-To: " + EVE]),
    ("two, in another case", [b"From: " + EVE, b"FROM: " + ANN],
     [b"Sender: " + EVE, b"FROM: " + ANN]),
    ("three", [b"From: " + EVE, PLAIN, b"From: " + EVE],
     [b"Sender: " + EVE, PLAIN, b"Reply-To: " + EVE]),
    ("the same twice", [b"From: " + EVE, b"From: " + EVE],
     [b"From: " + ANN, b"Sender: " + ANN]),
    ("space before the colon", [b"From : " + EVE, PLAIN],
     [b"X-From: " + EVE, PLAIN], {AMBIGUOUS}),
    ("tab before the colon", [b"From\t: " + ANN, b"From: " + EVE],
     [b"From:\t" + ANN, b"X-From:\t" + EVE], {AMBIGUOUS}),
    ("space before the colon, alone", [b"From : " + ANN],
     [b"From:  " + ANN], {AMBIGUOUS}),
    ("the first line begins with a space", [b" From: " + ANN, b"From: " + EVE],
     [b"From:\r\n " + ANN, b"X-From:\r\n " + EVE], {AMBIGUOUS}),
    ("the colon on the next line", [b"From\r\n : " + ANN, b"From: " + EVE],
     [b"From:\r\n\t" + ANN, b"X-From:\r\n\t" + EVE], {AMBIGUOUS}),
    ("NUL in the name", [b"From\0: " + ANN, b"From: " + EVE],
     [b"From0: " + EVE, b"From: " + ANN], {BARE}),
    ("NUL before the name", [b"\0From: " + ANN, b"From: " + EVE],
     [b"0From: " + EVE, b"From: " + ANN], {BARE}),
    ("no-break space in the name", [b"From\xc2\xa0: " + ANN, b"From: " + EVE],
     [b"From-: " + EVE, b"From: " + ANN], {AMBIGUOUS}),
    ("no colon", [b"From " + ANN, b"From: " + EVE],
     [b"From-ann: " + EVE, b"From: " + ANN], {AMBIGUOUS}),
    ("an empty name", [b": " + ANN, b"From: " + EVE],
     [b"X: " + EVE, b"From: " + ANN], {AMBIGUOUS}),
    ("an mbox line", [b"From ann@good.example Thu Jan  1 00:00:00 2026", b"From: " + EVE],
     [b"X-From: eve@attack.example Thu Jan  1 00:00:00 2026", b"From: " + ANN], {AMBIGUOUS}),
    # None at all.
    ("none, Sender instead", [b"Sender: " + ANN],
     [b"Sender: " + ANN, PLAIN]),
    ("none, Resent-From instead", [b"Resent-From: " + ANN],
     [b"Resent-From: " + ANN, PLAIN]),
    ("none, Reply-To instead", [b"Reply-To: " + ANN],
     [b"Reply-To: " + ANN, PLAIN]),
    ("none, Return-Path instead", [b"Return-Path: <" + ANN + b">"],
     [b"Return-Path: <" + ANN + b">", PLAIN]),
    ("none, Apparently-From instead", [b"Apparently-From: " + ANN],
     [b"Apparently-From: " + ANN, PLAIN]),
    ("empty", [b"From:"],
     [b"From:" + ANN]),
    ("white space", [b"From:  \t"],
     [b"From:  \t" + ANN]),
    ("an empty address", [b"From: <>"],
     [b"From: <" + ANN + b">"]),
    ("a name alone", [b"From: Ann"],
     [b"From: Ann<" + ANN + b">"]),
    # Several mailboxes.
    ("a list, the attacker first", [b"From: " + EVE + b", " + ANN], None),
    ("a list, the victim first", [b"From: " + ANN + b", " + EVE], None),
    ("a list of angles", [b"From: <" + ANN + b">, <" + EVE + b">"], None),
    ("a list with a hole", [b"From: " + ANN + b",, " + EVE], None),
    ("a comma at the end", [b"From: " + ANN + b","], None),
    ("a comma at the start", [b"From: ," + ANN], None),
    ("an escaped comma", [b"From: <" + ANN + b">\\,<" + EVE + b">"], None),
    ("a comma without space", [b"From: " + ANN + b",<" + EVE + b">"], None),
    ("a semicolon", [b"From: " + ANN + b"; " + EVE], None),
    ("a space between two", [b"From: " + ANN + b" " + EVE], None),
    ("two angles", [b"From: <" + ANN + b"><" + EVE + b">"], None),
    ("two angles and a space", [b"From: <" + EVE + b"> <" + ANN + b">"], None),
    ("an address behind the angle", [b"From: <" + EVE + b">" + ANN],
     [b"From: <" + ANN + b">(" + EVE + b")"]),
    ("an address before the angle", [b"From: " + ANN + b" <" + EVE + b">"], None),
    ("via somebody", [b"From: Ann <" + ANN + b"> via <" + EVE + b">"],
     [b'From: "Ann via us" <' + ANN + b">"]),
    # Groups and routes.
    ("a group of one", [b"From: us: " + ANN + b";"], None),
    ("a group of two", [b"From: us: " + ANN + b", " + EVE + b";"], None),
    ("an empty group", [b"From: us:;"], None),
    ("a group and a mailbox", [b"From: us: " + EVE + b";, " + ANN], None),
    ("a route", [b"From: <@attack.example:" + ANN + b">"], None),
    ("a long route", [b"From: <@attack.example,@b.example:" + ANN + b">"], None),
    ("an empty route", [b"From: <:" + ANN + b">"], None),
    # Encoded words.
    ("an encoded word as an address", [b"From: " + b64(ANN)],
     [b"From: " + b64(EVE) + b" <" + ANN + b">"]),
    ("an encoded word in angles", [b"From: <" + b64(ANN) + b">"],
     [b"From: " + b64(b"<" + EVE + b">") + b" <" + ANN + b">"]),
    ("an encoded list before the angle", [b"From: " + b64(b"<" + ANN + b">,") + b" " + ANN + b" <" + EVE + b">"],
     [b"From: " + b64(b"<" + EVE + b">,") + b" <" + ANN + b">"]),
    ("an encoded domain", [b"From: ann@" + b64(b"good.example")],
     [b"From: ann " + b64(b"good.example") + b" <" + ANN + b">"]),
    ("an encoded local part", [b"From: " + b64(b"ann") + b"@good.example"],
     [b"From: " + b64(b"ann") + b" <" + ANN + b">"], {UNPROVED}),
    ("an encoded angle", [b"From: " + b64(b"<" + ANN + b">")],
     [b"From: " + b64(b"<" + ANN + b">") + b"<" + ANN + b">"]),
    # Comments.
    ("a comment in the domain", [b"From: ann@good(.attack.example).example"],
     [b"From: " + ANN + b"(.attack.example)"]),
    ("a comment before the at", [b"From: ann(" + EVE + b")@good.example"],
     [b"From: (" + EVE + b") " + ANN]),
    ("a comment that does not end", [b"From: " + ANN + b" (" + EVE],
     [b"From: " + ANN + b" (" + EVE + b")"]),
    ("a comment that ends twice", [b"From: " + ANN + b" ())" + EVE],
     [b"From: " + ANN + b" (\\)" + EVE + b")"]),
    ("a nested comment", [b"From: (a(b)" + EVE + b") " + ANN],
     [b"From: (a(b)" + EVE + b") " + ANN], {UNPROVED}),
    # Quotes and angles that do not match.
    ("a quote that does not end", [b'From: "Ann <' + ANN + b">, <" + EVE + b">"], None),
    ("an angle that does not end", [b"From: <" + ANN],
     [b"From: Ann <" + ANN + b"> (at work)"]),
    ("an angle that does not begin", [b"From: " + ANN + b">"], None),
    ("angles in angles", [b"From: <<" + ANN + b">>"], None),
    ("a quoted angle", [b'From: "<' + ANN + b'>" ' + EVE], None),
    ("a backslash in the domain", [b"From: ann@good.exam\\ple"], None),
    ("a quoted domain", [b'From: ann@"good.example"'], None),
    ("a quote inside the local part", [b'From: an"n"@good.example'],
     [b'From: "ann"@good.example']),
    # The at sign.
    ("two at signs", [b"From: ann@good.example@attack.example"], None),
    ("two at signs, the victim last", [b"From: eve@attack.example@good.example"], None),
    ("no local part", [b"From: @good.example"], None),
    ("no domain", [b"From: ann@"], None),
    ("no at sign", [b"From: <ann>"],
     [b"From: ann <" + ANN + b">"]),
    ("a fullwidth at sign", ["From: ann＠good.example".encode()], None),
    # Domains that are none.
    ("a dot at the end", [b"From: ann@good.example."], None),
    ("a dot at the start", [b"From: ann@.good.example"], None),
    ("two dots", [b"From: ann@good..example"], None),
    ("one label", [b"From: ann@example"], None),
    ("a hyphen at the start", [b"From: ann@-good.example"], None),
    ("an underscore", [b"From: ann@go_od.example"], None),
    ("an address literal", [b"From: ann@[127.0.0.1]"], None),
    ("an IPv6 literal", [b"From: ann@[IPv6:::1]"], None),
    ("a number", [b"From: ann@2130706433"], None),
    ("dotted numbers", [b"From: ann@127.0.0.1"], None),
    ("a label of 64", [b"From: ann@" + b"g" * 64 + b".example"], None),
    ("a name of 254", [b"From: ann@" + b".".join([b"g" * 49] * 5) + b".exam"], None),
    ("a NUL in the domain", [b"From: ann@good.example\0.attack.example"], None, {BARE}),
    ("a space in the domain", [b"From: ann@good.example .attack.example"], None),
    ("a fold in the domain", [b"From: ann@good\r\n .example"],
     [b"From: Ann\r\n <" + ANN + b">"]),
    ("a tab behind the at", [b"From: ann@\tgood.example"], None),
    ("a slash", [b"From: ann@good.example/attack.example"], None),
    ("a percent sign", [b"From: ann@good.example%2eattack.example"], None),
    ("a colon", [b"From: ann@good.example:25"], None),
    # Letters beyond ASCII.
    ("a Cyrillic letter", ["From: ann@gоod.example".encode()], None, {NO_POLICY, BAD_SIGNATURE}),
    ("a fullwidth dot", ["From: ann@good。example".encode()], None, {UNPROVED}),
    ("fullwidth letters", ["From: ann@ｇｏｏｄ.example".encode()], None, {UNPROVED}),
    ("a zero-width space", ["From: ann@good\u200b.example".encode()], None, {UNPROVED}),
    ("a soft hyphen", ["From: ann@go\u00adod.example".encode()], None, {UNPROVED}),
    ("text from right to left", ["From: \u202eelpmaxe.doog@nna <".encode() + EVE + b">"],
     ["From: \"\u202eelpmaxe.doog@nna\" <".encode() + ANN + b">"]),
    ("not UTF-8", [b"From: \xc4nn <" + ANN + b">"],
     [b"From: " + b64("Änn".encode()) + b" <" + ANN + b">"], {BYTES}),
    ("an overlong slash", [b"From: ann@good.example\xc0\xaf"], None, {BYTES}),
    ("an A-label that decodes to the victim", [b"From: ann@xn--good-.example"], None),
    ("a broken A-label", [b"From: ann@xn--\xff.example"],
     [b'From: "ann@xn--" <' + ANN + b">"], {BYTES}),
    # Line ends and controls.
    ("a bare CR", [b"From: " + EVE + b"\rFrom: " + ANN], None, {BARE}),
    ("a bare LF", [b"From: " + EVE + b"\nFrom: " + ANN], None, {BARE}),
    ("a vertical tab", [b"From: " + EVE + b"\vFrom: " + ANN], None),
    ("a form feed", [b"From: ann@good.example\f.attack.example"], None),
    ("DEL", [b"From: ann\x7f@good.example"], None),
    ("an escape", [b"From: ann\x1b[2K@good.example"], None),
    ("a folded From inside", [b"From: " + EVE + b"\r\n\tFrom: " + ANN],
     [b"From: (From:\r\n\tann) " + ANN]),
    ("a fold of white space alone", [b"From: " + EVE + b",\r\n \r\n " + ANN],
     [b"From: (a,\r\n b)\r\n " + ANN], {AMBIGUOUS}),
]

# The truth: A shows himself, V stands where it means nothing.  The mail is A's,
# is judged as A's, and A may not write to us.  Name, From, V's From likewise.
TRUTH = [
    ("a quoted address as a name", b'From: "' + ANN + b'" <' + EVE + b">",
     b'From: "' + EVE + b'" <' + ANN + b">"),
    ("an encoded address as a name", b"From: " + b64(ANN) + b" <" + EVE + b">",
     b"From: " + b64(EVE) + b" <" + ANN + b">"),
    ("a quoted local part", b'From: "' + ANN + b'"@attack.example',
     b'From: "' + EVE + b'"@good.example'),
    ("the percent hack", b"From: ann%good.example@attack.example",
     b"From: eve%attack.example@good.example"),
    ("the victim as a subdomain", b"From: ann@good.example.attack.example",
     quoted(b"ann@good.example.attack.example")),
    ("a name that looks alike", b"From: Ann of good.example <" + EVE + b">",
     b"From: Eve of attack.example <" + ANN + b">"),
    ("a subdomain of the attacker's", b"From: good@good.attack.example",
     quoted(b"good@good.attack.example")),
    ("another case", b"From: eve@ATTACK.example", b"From: ann@GOOD.example"),
]

# ---- A's envelope and A's signature, V's From ----

# name, MAIL FROM, HELO, tags of A's signature (None: unsigned), and V's own
# three, reasons
CLAIMED = [
    ("an unknown subdomain", b"any@nobody." + V.encode(), None, None,
     (b"any@mx." + V.encode(), None, {})),
    ("the victim's own", ANN, None, None,
     (ANN, None, {})),
    ("the null sender, an unknown subdomain greets", b"", "nobody.good.example", None,
     (b"", None, {})),
    ("the null sender, the victim greets", b"", "good.example", None,
     (b"", "good.example", {})),
    ("the null sender, the attacker greets", b"", "attack.example", {},
     (b"", "GOOD.example", {})),
    ("the null sender, a literal greets", b"", "[127.0.0.66]", {},
     (b"", "MX.good.example", {})),
    ("the attacker's", EVE, None, {},
     (b"eve@good.example", None, {})),
    ("the attacker's, unsigned", EVE, None, None,
     (b"eve@mx.good.example", None, {})),
    ("a parenthesis", b"any@good.example(.attack.example", None, {},
     (b'"any(.attack.example"@good.example', None, {}), {MALFORMED}),
    ("a quote", b"any@good.example'.attack.example", None, {},
     (b"any'.attack.example@good.example", None, {}), {MALFORMED}),
    ("a double quote", b'any@good.example".attack.example', None, {},
     (b'"any\\".attack.example"@good.example', None, {}), {MALFORMED}),
    ("quotes around", b'"any@good.example"@attack.example', None, {},
     (b'"any@attack.example"@good.example', None, {})),
    ("a comma", b"any@good.example,attack.example", None, {},
     (b'"any,attack.example"@good.example', None, {}), {MALFORMED}),
    ("a semicolon", b"any@good.example;.attack.example", None, {},
     (b'"any;.attack.example"@good.example', None, {}), {MALFORMED}),
    ("a backslash", b"any@good.example\\.attack.example", None, {},
     (b'"any\\\\.attack.example"@good.example', None, {}), {MALFORMED}),
    ("a NUL", b"any@good.example\0.attack.example", None, {},
     (b"any.0.attack.example@good.example", None, {}), {NO_COMMAND}),
    ("a space", b"any@good.example .attack.example", None, {},
     (b'"any .attack.example"@good.example', None, {}), {MALFORMED}),
    ("a dot at the end", b"any@good.example.", None, {},
     (b"any.any@good.example", None, {}), {MALFORMED}),
    ("two at signs", b"any@good.example@attack.example", None, {},
     (b'"any@good.example"@good.example', None, {}), {MALFORMED}),
    ("a route", b"@attack.example:ann@good.example", None, {},
     (b'"@attack.example:ann"@good.example', None, {}), {MALFORMED}),
    ("a literal", b"ann@[127.0.0.66]", None, {},
     (b'"ann@[127.0.0.66]"@good.example', None, {})),
    ("one label", b"ann@example", None, {},
     (b"example@good.example", None, {})),
    ("no at sign", b"ann", None, {},
     (b"ann-at-home@good.example", None, {}), {MALFORMED}),
    ("macros", b"%{d}@good.example", None, {},
     (b"%{d}@good.example", None, {})),
    ("another letter", "any@gоod.example".encode(), None, {},
     ("аny@good.example".encode(), None, {})),
    ("a percent hack", b"ann%good.example@attack.example", None, {},
     (b"ann%attack.example@good.example", None, {})),
    ("signed as d=good.example", EVE, None, {"d": b"good.example"},
     (ANN, None, {"d": b"good.example\r\n "})),
    ("signed as a subdomain", EVE, None, {"d": b"mail.good.example"},
     (ANN, None, {"i": b"@mail.good.example"})),
    ("a selector that leads home", EVE, None, {"d": b"good.example", "s": b"k._domainkey.attack.example"},
     (ANN, None, {"s": b"two.labels"})),
    ("a selector with a NUL", EVE, None,
     {"d": b"good.example", "s": b"k._domainkey.attack.example.\0.any"},
     (ANN, None, {"s": b"two.labels.0"}), {BARE}),
    ("d= with a NUL", EVE, None, {"d": b"good.example\0.attack.example"},
     (ANN, None, {"dd": b"0"}), {BARE}),
    ("d= with a quote", EVE, None, {"d": b"good.example'.attack.example"},
     (ANN, None, {"dd": b"'.attack.example"})),
    ("d= with a parenthesis", EVE, None, {"d": b"good.example(.attack.example"},
     (ANN, None, {"dd": b"(.attack.example"})),
    ("d= with a comment", EVE, None, {"d": b"attack.example(good.example)"},
     (ANN, None, {"dd": b"attack.example(good.example)"})),
    ("d= twice", EVE, None, {"d": b"attack.example; d=good.example"},
     (ANN, None, {"d": b"good.example; dd=attack.example"})),
    ("d= twice, the other way", EVE, None, {"d": b"good.example; d=attack.example"},
     (ANN, None, {"dd": b"attack.example", "d": b"good.example"})),
    ("d= with a dot at the end", EVE, None, {"d": b"good.example."},
     (ANN, None, {"d": b"good.example "})),
    ("d= of all", EVE, None, {"d": b"example"},
     (ANN, None, {"d": b"GOOD.EXAMPLE"})),
    ("d= empty", EVE, None, {"d": b""},
     (ANN, None, {"dd": b""})),
    ("d= of another case of letters", EVE, None, {"d": "gоod.example".encode()},
     (ANN, None, {"d": b"gooD.example"})),
    ("i= of the victim", EVE, None, {"i": b"@good.example"},
     (ANN, None, {"i": b"@good.example"})),
    ("i= of a person", EVE, None, {"i": ANN},
     (ANN, None, {"i": ANN})),
    ("i= with a quote", EVE, None, {"i": b"\"@good.example\"@attack.example"},
     (ANN, None, {"i": b"\"attack.example\"@good.example"})),
    ("one letter more", EVE, None, {"d": b"xgood.example"},
     (ANN, None, {"i": b"@x.good.example"})),
    ("a tail of it", EVE, None, {"d": b"ood.example"},
     (ANN, None, {"i": b"@ood.good.example"})),
]

# ---- V's signature, spoilt or spread thin; V's From, A's host ----

# name, fields put before, fields put behind, replacements, tags of V's
# signature, body behind, tags of V's good one, reasons.  In the twin V says the
# same under names that mean nothing, and signs it all.
ALTERED = [
    ("a second From before", [b"From: " + EVE], [], {}, {}, b"", {}, {FROM_INVALID}),
    ("a second From behind", [], [b"From: " + EVE], {}, {}, b"", {}, {FROM_INVALID}),
    ("a second Subject before", [b"Subject: Pay"], [], {}, {}, b"", {}, {AMBIGUOUS}),
    ("a second Subject behind", [], [b"Subject: Pay"], {}, {}, b"", {}, {AMBIGUOUS}),
    ("a second To", [b"To: eve@attack.example"], [], {}, {}, b"", {}, {HEADER_INVALID}),
    ("a second Date", [b"Date: Fri, 02 Jan 2026 00:00:00 +0000"], [], {}, {}, b"", {}, {HEADER_INVALID}),
    ("a second Message-ID", [b"Message-ID: <other@attack.example>"], [], {}, {}, b"", {}, {HEADER_INVALID}),
    ("a second Content-Type before", [b"Content-Type: text/html"], [], {}, {}, b"", {}, {AMBIGUOUS}),
    ("a second Content-Type behind", [], [b"Content-Type: text/html"], {}, {}, b"", {}, {AMBIGUOUS}),
    ("a second MIME-Version", [], [b"MIME-Version: 1.0"], {}, {}, b"", {}, {HEADER_INVALID}),
    ("a Reply-To that nobody signed", [b"Reply-To: eve@attack.example"], [], {}, {}, b""),
    ("two Reply-To", [b"Reply-To: a@attack.example", b"Reply-To: b@attack.example"], [], {}, {}, b"", {}, {HEADER_INVALID}),
    ("two Sender", [b"Sender: a@attack.example", b"Sender: b@attack.example"], [], {}, {}, b"", {}, {HEADER_INVALID}),
    ("two Cc", [b"Cc: a@attack.example", b"Cc: b@attack.example"], [], {}, {}, b"", {}, {HEADER_INVALID}),
    ("another subject", [], [], {b"Subject": b"Subject: Pay"}, {}, b""),
    ("a subject in another place", [b"subject: Pay"], [], {}, {}, b"", {}, {AMBIGUOUS}),
    ("another recipient", [], [], {b"To": b"To: other@mailtri.example"}, {}, b""),
    ("another date", [], [], {b"Date": b"Date: Fri, 02 Jan 2026 00:00:00 +0000"}, {}, b""),
    ("another person", [], [], {b"From": b"From: Boss <boss@good.example>"}, {}, b""),
    ("no date", [], [], {b"Date": None}, {}, b""),
    ("no type", [], [], {b"Content-Type": None}, {}, b""),
    ("more body", [], [], {}, {}, b"And pay Eve.\r\n"),
    ("more body, l= allows it", [], [], {}, {"length": 12}, b"And pay Eve.\r\n",
     {"zz": b"12"}),
    ("l=0", [], [], {}, {"length": 0}, b"And pay Eve.\r\n",
     {"zz": b"0"}),
    ("From not signed", [], [], {}, {"h": (b"to", b"subject", b"date")}, b"",
     {"h": (b"to", b"subject", b"date", b"from", b"message-id", b"mime-version", b"content-type")}),
    ("Subject not signed", [], [], {}, {"h": (b"from", b"to", b"date", b"message-id", b"mime-version",
                                              b"content-type")}, b"",
     {"h": (b"from", b"to", b"date", b"message-id", b"mime-version", b"content-type", b"subject")}),
    ("To not signed", [], [], {}, {"h": (b"from", b"subject", b"date", b"message-id", b"mime-version",
                                         b"content-type")}, b"",
     {"h": (b"from", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"to")}),
    ("Date not signed", [], [], {}, {"h": (b"from", b"to", b"subject", b"message-id", b"mime-version",
                                           b"content-type")}, b"",
     {"h": (b"from", b"to", b"subject", b"message-id", b"mime-version", b"content-type", b"date")}),
    ("Content-Type not signed", [], [], {}, {"h": (b"from", b"to", b"subject", b"date", b"message-id",
                                                   b"mime-version")}, b"",
     {"h": (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version",
                                                 b"content-type", b"x-none")}),
    ("expired", [], [], {}, {"t": b"1600000000", "x": b"1600000600"}, b"",
     {"t": b"1600000000", "x": b"99999999999"}),
    ("of the future", [], [], {}, {"t": b"99999999999"}, b"",
     {"t": b"1600000000"}),
    ("x= before t=", [], [], {}, {"t": b"1700000000", "x": b"1600000000"}, b"",
     {"t": b"1600000000", "x": b"1600000000000"}),
    ("version 2", [], [], {}, {"v": b"2"}, b"",
     {"v": b"1"}),
    ("no version", [], [], {}, {"v": None}, b"",
     {"v": b"1", "zz": b"2"}),
    ("SHA-1", [], [], {}, {"a": b"rsa-sha1"}, b"",
     {"a": b"ed25519-sha256"}),
    ("an unknown algorithm", [], [], {}, {"a": b"none"}, b"",
     {"a": b"ed25519-sha256 "}),
    ("an unknown canonical form", [], [], {}, {"c": b"nowsp"}, b"",
     {"c": b"relaxed/relaxed"}),
    ("an unknown way to the key", [], [], {}, {"q": b"http"}, b"",
     {"q": b"dns/txt"}),
    ("no body hash", [], [], {}, {"bh": None}, b"",
     {"zz": b"bh"}),
    ("another body hash", [], [], {}, {"bh": b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}, b"",
     {"zz": b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}),
    ("no selector", [], [], {}, {"s": None}, b"",
     {"s": b"k"}),
    ("a selector that does not exist", [], [], {}, {"s": b"nobody"}, b"",
     {"s": b"again"}),
    ("a revoked key", [], [], {}, {"s": b"revoked"}, b"",
     {"s": b"noted"}),
    ("a key for other services", [], [], {}, {"s": b"other"}, b"",
     {"s": b"mail"}),
    ("a key of another kind", [], [], {}, {"s": b"kind"}, b"",
     {"s": b"ed25519"}),
    ("a key for other hashes", [], [], {}, {"s": b"hash"}, b"",
     {"s": b"sha256"}),
    ("a key that is garbage", [], [], {}, {"s": b"garbage"}, b"",
     {"s": b"spaced"}),
]

# ---- Words put into our mouth, in a mail of A's with V's From ----

SAID = [
    b"Authentication-Results: mx.mailtri.example; spf=pass; dkim=pass; dmarc=pass",
    b"Authentication-Results: mx.mailtri.example 1; dmarc=pass header.from=good.example",
    b"authentication-results: MX.MAILTRI.EXAMPLE; dmarc=pass",
    b"Authentication-Results: (a comment) mx.mailtri.example; dmarc=pass",
    b"Authentication-Results:\r\n mx.mailtri.example; dmarc=pass",
    b'Authentication-Results: "mx.mailtri.example"; dmarc=pass',
    b"ARC-Authentication-Results: i=1; mx.mailtri.example; dmarc=pass header.from=good.example",
    b"Received-SPF: pass (mx.mailtri.example: domain of ann@good.example)",
    b"X-Spam-Status: No, DKIM_VALID_AU",
    b"DKIM-Signature: v=1; a=ed25519-sha256; d=good.example; s=k; h=from; bh=AA==; b=AA==",
    b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=good.example; s=k; h=; bh=; b=",
    b"Return-Path: <ann@good.example>",
    b"Resent-From: ann@good.example",
    b"Sender: ann@good.example",
    b"List-Id: <good.example>",
    b"X-Original-From: ann@good.example",
]
