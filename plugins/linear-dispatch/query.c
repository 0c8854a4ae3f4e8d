/* SPDX-License-Identifier: BSD-2-Clause */
/* GraphQL documents, and the JSON they travel in. */
#include "query.h"

#define ISSUE_BY_ID(name)						\
	"query " name "($id: String!) {\n"				\
	"  issue(id: $id) {\n"						\
	"    id\n"							\
	"    identifier\n"						\
	"    url\n"							\
	"  }\n"								\
	"}\n"

const struct query query_issue_before = { "IssueBefore", ISSUE_BY_ID("IssueBefore") };
const struct query query_issue_after = { "IssueAfter", ISSUE_BY_ID("IssueAfter") };

const struct query query_lookup = { "Lookup",
	"query Lookup($team: String!, $labels: [String!]!, $withLabels: Boolean!, "
	"$assignee: String!, $withAssignee: Boolean!) {\n"
	"  teams(filter: {key: {eq: $team}}, first: 1) {\n"
	"    nodes {\n"
	"      id\n"
	"    }\n"
	"  }\n"
	"  issueLabels(filter: {name: {in: $labels}}, first: 250) @include(if: $withLabels) {\n"
	"    nodes {\n"
	"      id\n"
	"      name\n"
	"      isGroup\n"
	"      team {\n"
	"        id\n"
	"      }\n"
	"    }\n"
	"  }\n"
	"  users(filter: {email: {eqIgnoreCase: $assignee}}, first: 1) "
	"@include(if: $withAssignee) {\n"
	"    nodes {\n"
	"      id\n"
	"      active\n"
	"    }\n"
	"  }\n"
	"}\n" };

const struct query query_create = { "Create",
	"mutation Create($input: IssueCreateInput!) {\n"
	"  issueCreate(input: $input) {\n"
	"    success\n"
	"    issue {\n"
	"      id\n"
	"      identifier\n"
	"      url\n"
	"    }\n"
	"  }\n"
	"}\n" };

const struct query query_probe = { "Probe",
	"query Probe {\n"
	"  viewer {\n"
	"    id\n"
	"  }\n"
	"}\n" };

const struct query *const query_all[] = { &query_issue_before, &query_issue_after,
	&query_lookup, &query_create, &query_probe, NULL };

char *
query_body(const struct query *q, json_t *variables)
{
	json_t *body = json_pack("{s:s, s:s, s:o}", "operationName", q->name,
	    "query", q->document, "variables", variables);
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(body);
	return text;
}
