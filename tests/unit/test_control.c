/* SPDX-License-Identifier: BSD-2-Clause */
/* The control socket: answers now, answers later, clients that lie or leave. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/control.h"

struct desk {
	struct loop *loop;
	struct timer later;
	struct control_reply *open;
	char dir[32], path[64];
	pthread_t thread;
	int wake[2];
};

static void
cmd_echo(struct control_reply *r, const json_t *request, void *arg)
{
	(void)arg;
	for (int64_t i = 0; i < control_int(request, "times", 1); i++)
		control_add(r, json_pack("{s:s, s:I}", "text",
		    control_string(request, "text", "nothing"), "i", (json_int_t)i));
	control_done(r);
}

static void
cmd_big(struct control_reply *r, const json_t *request, void *arg)
{
	size_t size = (size_t)control_int(request, "size", 0);
	char *p = malloc(size);

	(void)arg;
	memset(p, 'b', size);
	control_add(r, json_pack("{s:s#}", "text", p, (int)size));
	free(p);
	control_done(r);
}

static void
cmd_no(struct control_reply *r, const json_t *request, void *arg)
{
	(void)arg;
	control_fail(r, "no %s today", control_string(request, "text", "such thing"));
}

static void
answer_later(struct timer *t)
{
	struct desk *d = t->arg;

	control_add(d->open, json_pack("{s:b}", "still_open", control_is_open(d->open)));
	control_done(d->open);
	d->open = NULL;
}

static void
cmd_later(struct control_reply *r, const json_t *request, void *arg)
{
	struct desk *d = arg;

	(void)request;
	d->open = r;
	timer_set(d->loop, &d->later, 1);
}

/* Answered when the desk closes. */
static void
cmd_never(struct control_reply *r, const json_t *request, void *arg)
{
	struct desk *d = arg;

	(void)request;
	d->open = r;
}

static const struct control_command commands[] = {
	{ "echo", cmd_echo }, { "big", cmd_big }, { "no", cmd_no },
	{ "later", cmd_later }, { "never", cmd_never }, { NULL, NULL },
};

static void
on_stop(struct watch *w, uint32_t events)
{
	(void)events;
	loop_stop(w->arg);
}

static void *
desk_run(void *arg)
{
	struct desk *d = arg;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	struct watch stop = { .fd = d->wake[0], .fn = on_stop };
	struct control_server *s;

	d->loop = loop_new();
	d->later = (struct timer){ .fn = answer_later, .arg = d };
	stop.arg = d->loop;
	loop_watch(d->loop, &stop, 1);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", d->path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 8) != 0)
		abort();
	s = control_server_new(d->loop, fd, commands, d);
	if (write(d->wake[0], "r", 1) != 1)
		abort();
	loop_run(d->loop);
	control_server_free(s);
	if (d->open != NULL)	/* a reply outlives its server */
		answer_later(&d->later);
	loop_free(d->loop);
	return NULL;
}

static int
desk_open(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));
	char ready;

	snprintf(d->dir, sizeof(d->dir), "/tmp/mailtri-ctl-XXXXXX");
	if (mkdtemp(d->dir) == NULL)
		return -1;
	snprintf(d->path, sizeof(d->path), "%s/control", d->dir);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, d->wake) != 0 ||
	    pthread_create(&d->thread, NULL, desk_run, d) != 0 ||
	    read(d->wake[1], &ready, 1) != 1)
		return -1;
	*state = d;
	return 0;
}

static int
desk_close(void **state)
{
	struct desk *d = *state;

	if (write(d->wake[1], "x", 1) != 1 || pthread_join(d->thread, NULL) != 0)
		return -1;
	close(d->wake[0]);
	close(d->wake[1]);
	unlink(d->path);
	rmdir(d->dir);
	free(d);
	return 0;
}

struct got {
	unsigned count;
	size_t bytes;
	int still_open;
};

static void
on_object(json_t *object, void *arg)
{
	struct got *got = arg;

	got->count++;
	got->bytes += json_string_length(json_object_get(object, "text"));
	got->still_open = json_is_true(json_object_get(object, "still_open"));
}

static int
ask(const struct desk *d, json_t *request, struct got *got, struct control_answer *a)
{
	int error;

	*got = (struct got){ 0 };
	*a = (struct control_answer){ .fn = on_object, .arg = got };
	error = control_call(d->path, request, a);
	json_decref(request);
	return error;
}

static void
objects_come_in_order(void **state)
{
	struct control_answer a;
	struct got got;

	assert_int_equal(ask(*state, json_pack("{s:s, s:s, s:i}", "command", "echo", "text",
	    "hello", "times", 300), &got, &a), 0);
	assert_int_equal(got.count, 300);
	assert_int_equal(got.bytes, 1500);
}

static void
large_objects_travel(void **state)
{
	struct control_answer a;
	struct got got;

	assert_int_equal(ask(*state, json_pack("{s:s, s:i}", "command", "big", "size",
	    2 << 20), &got, &a), 0);
	assert_int_equal(got.bytes, 2 << 20);
	assert_int_equal(ask(*state, json_pack("{s:s, s:i}", "command", "big", "size",
	    CONTROL_OBJECT_MAX + 1), &got, &a), EBADMSG);
}

static void
answers_may_come_later(void **state)
{
	struct control_answer a;
	struct got got;

	assert_int_equal(ask(*state, json_pack("{s:s}", "command", "later"), &got, &a), 0);
	assert_true(got.still_open);
}

static void
refusals_have_their_sentence(void **state)
{
	struct control_answer a;
	struct got got;

	assert_int_equal(ask(*state, json_pack("{s:s, s:s}", "command", "no", "text", "luck"),
	    &got, &a), EREMOTEIO);
	assert_string_equal(a.why, "no luck today");
	assert_int_equal(ask(*state, json_pack("{s:s}", "command", "ech"), &got, &a),
	    EREMOTEIO);
	assert_string_equal(a.why, "no such command: ech");
}

static int
dial(const struct desk *d)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", d->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* What is no request ends the client, not the server. */
static void
liars_are_cut(void **state)
{
	static const struct { uint32_t type; const char *body; } lies[] = {
		{ CONTROL_END, "{\"command\":\"echo\"}" }, { CONTROL_CALL, "" },
		{ CONTROL_CALL, "[]" }, { CONTROL_CALL, "{\"command\":" },
		{ CONTROL_CALL, "{\"command\":\"echo\"} x" },
	};
	struct control_answer a;
	struct frame f;
	struct buf in = { 0 };
	struct got got;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		int fd = dial(*state);

		assert_int_equal(frame_send(fd, lies[i].type, 1, span_of(lies[i].body),
		    NULL, 0), 0);
		assert_int_equal(frame_recv(fd, &f, &in, 0), EPIPE);
		close(fd);
	}
	buf_free(&in);
	assert_int_equal(ask(*state, json_pack("{s:s}", "command", "echo"), &got, &a), 0);
}

static int
request_of(const struct desk *d, size_t size)
{
	char *p = malloc(size + 1);
	int fd = dial(d), n = snprintf(p, size + 1, "{\"command\":\"echo\"}"), error;
	struct buf in = { 0 };
	struct frame f;

	memset(p + n, ' ', size - (size_t)n);
	assert_int_equal(frame_send(fd, CONTROL_CALL, 1, span_make(p, size), NULL, 0), 0);
	error = frame_recv(fd, &f, &in, 0);
	frame_close_fds(&f);
	buf_free(&in);
	close(fd);
	free(p);
	return error;
}

static void
request_limit(void **state)
{
	assert_int_equal(request_of(*state, CONTROL_REQUEST_MAX), 0);
	assert_int_equal(request_of(*state, CONTROL_REQUEST_MAX + 1), EPIPE);
}

static bool
is_closed(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

/* At the limit nobody goes; beyond it who came first of those that wait for
 * nothing, and one that waits stays. */
static void
client_limit(void **state)
{
	int fds[CONTROL_CLIENTS_MAX];
	struct control_answer a;
	struct got got;

	fds[0] = dial(*state);
	assert_int_equal(frame_send(fds[0], CONTROL_CALL, 1, SPAN("{\"command\":\"never\"}"),
	    NULL, 0), 0);
	for (int i = 1; i < CONTROL_CLIENTS_MAX - 1; i++)
		fds[i] = dial(*state);
	assert_int_equal(ask(*state, json_pack("{s:s}", "command", "echo"), &got, &a), 0);
	assert_int_equal(got.count, 1);
	assert_false(is_closed(fds[1]));
	fds[CONTROL_CLIENTS_MAX - 1] = dial(*state);
	while (!is_closed(fds[1]))	/* the client above may not have left yet */
		assert_int_equal(ask(*state, json_pack("{s:s}", "command", "echo"), &got, &a), 0);
	assert_false(is_closed(fds[0]));
	assert_false(is_closed(fds[CONTROL_CLIENTS_MAX - 1]));
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		close(fds[i]);
}

static void
client_leaves_before_the_answer(void **state)
{
	int fd = dial(*state);
	struct control_answer a;
	struct got got;

	assert_int_equal(frame_send(fd, CONTROL_CALL, 1, SPAN("{\"command\":\"later\"}"),
	    NULL, 0), 0);
	close(fd);
	assert_int_equal(ask(*state, json_pack("{s:s}", "command", "echo"), &got, &a), 0);
}

static void
nobody_listens(void **state)
{
	struct control_answer a = { .fn = NULL };
	json_t *request = json_pack("{s:s}", "command", "echo");

	(void)state;
	assert_int_equal(control_call("/nonexistent/control", request, &a), ENOENT);
	json_decref(request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(objects_come_in_order, desk_open, desk_close),
		cmocka_unit_test_setup_teardown(large_objects_travel, desk_open, desk_close),
		cmocka_unit_test_setup_teardown(answers_may_come_later, desk_open, desk_close),
		cmocka_unit_test_setup_teardown(refusals_have_their_sentence, desk_open, desk_close),
		cmocka_unit_test_setup_teardown(liars_are_cut, desk_open, desk_close),
		cmocka_unit_test_setup_teardown(request_limit, desk_open, desk_close),
		cmocka_unit_test_setup_teardown(client_limit, desk_open, desk_close),
		cmocka_unit_test_setup_teardown(client_leaves_before_the_answer, desk_open,
		    desk_close),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
