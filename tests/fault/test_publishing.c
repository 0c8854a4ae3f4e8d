/* SPDX-License-Identifier: BSD-2-Clause */
/* Row 7 of the crash table: publishing the audit log dies or fails at each of
 * its steps. */
#include "crash_world.h"
#include "publisher_world.h"

/* So many rows more, and a checkpoint over them. */
enum { ROWS = 270 };

static void
publish_rows(struct world *w)
{
	struct signer signer;
	struct desk desk;

	signer_init(&signer, w->dir);
	world_open(w);
	desk_rows(w, ROWS);
	desk_open(&desk, w, &signer);
	desk_settle(&desk);
	desk_close(&desk);
	vault_close(signer.vault);
}

static bool
has_checkpoint(const struct world *w)
{
	int fd = desk_folder(w, "audit");
	bool has = fd >= 0 && faccessat(fd, "checkpoint", F_OK, 0) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

/* What lies there is whole, and not ahead of the rows; then the next start
 * publishes all of them. */
static void
check_published(struct world *w)
{
	struct verify_result r = { .records = 0 };
	struct signer signer;
	struct desk desk;
	uint64_t rows;

	signer_init(&signer, w->dir);
	if (has_checkpoint(w)) {
		r = desk_verify(w, &signer, "audit", NULL);
		assert_string_equal(r.why, "");
		assert_int_equal(r.status, VERIFY_INTACT);
	}
	world_open(w);
	rows = store_leaves(w->store);
	assert_true(r.records <= rows);
	desk_open(&desk, w, &signer);
	desk_settle(&desk);
	assert_null(publisher_trouble(desk.publisher));
	assert_int_equal(publisher_last(desk.publisher).log, 1);
	desk_close(&desk);
	r = desk_verify(w, &signer, "audit", NULL);
	assert_string_equal(r.why, "");
	assert_int_equal(r.records, rows);
	vault_close(signer.vault);
}

/* Wherever it died, the checkpoint that is there stands on its tiles,
 * and the next start goes on; twice, so that partial tiles become full ones. */
static void
test_publishing(void **state)
{
	static const char *const points[] = { "tile.write", "tile.write:2", "tile.write:4",
		"tile.fdatasync", "tile.fdatasync:3", "tile.fsync", "tile.fsync:4", "tile.fsync:8",
		"checkpoint.write", "checkpoint.fdatasync", "checkpoint.rename", "checkpoint.fsync",
		"checkpoint.mark" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		for (int round = 0; round < 2; round++) {
			int status = run_child(w, "MAILTRI_CRASHPOINT", points[i], publish_rows);

			/* The second round makes fewer folders. */
			if (round == 0 || strncmp(points[i], "tile.fsync:", 11) != 0)
				assert_int_equal(status, FAULT_EXIT);
			check_published(w);
		}
		scratch_remove(w->dir);
		scratch_make(w->dir);
	}
}

/* A disk that fails: mail goes on, what was published stays as it was. */
static void
test_publishing_fails(void **state)
{
	static const char *const faults[] = { "tile.write", "tile.fdatasync", "tile.fsync",
		"checkpoint.fdatasync", "checkpoint.fsync" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		assert_int_equal(run_child(w, "MAILTRI_FAULT", faults[i], publish_rows), 0);
		check_published(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_publishing, crash_setup, crash_teardown),
		cmocka_unit_test_setup_teardown(test_publishing_fails, crash_setup, crash_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
