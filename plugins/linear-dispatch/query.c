/* SPDX-License-Identifier: BSD-2-Clause */
/* GraphQL documents, and the JSON they travel in. */
#include "query.h"

#define ISSUE_BY_ID(name)						\
	"query " name "($id: String!) {\n"				\
	"  issue(id: $id) {\n"						\
	"    id\n"							\
	"    identifier\n"						\
	"    url\n"							\
	"    archivedAt\n"						\
	"    team {\n"							\
	"      id\n"							\
	"      key\n"							\
	"    }\n"							\
	"  }\n"								\
	"}\n"

#define COMMENT_BY_ID(name)						\
	"query " name "($id: String!) {\n"				\
	"  comment(id: $id) {\n"					\
	"    id\n"							\
	"    url\n"							\
	"  }\n"								\
	"}\n"

#define ATTACHED(name)							\
	"query " name "($id: String!) {\n"				\
	"  issue(id: $id) {\n"						\
	"    attachments(first: 100) {\n"				\
	"      nodes {\n"						\
	"        id\n"							\
	"      }\n"							\
	"    }\n"							\
	"  }\n"								\
	"}\n"

const struct query query_issue_before = { "IssueBefore", ISSUE_BY_ID("IssueBefore") };
const struct query query_issue_after = { "IssueAfter", ISSUE_BY_ID("IssueAfter") };
const struct query query_comment_before = { "CommentBefore", COMMENT_BY_ID("CommentBefore") };
const struct query query_comment_after = { "CommentAfter", COMMENT_BY_ID("CommentAfter") };
const struct query query_attached_before = { "AttachedBefore", ATTACHED("AttachedBefore") };
const struct query query_attached_after = { "AttachedAfter", ATTACHED("AttachedAfter") };

const struct query query_lookup = { "Lookup",
	"query Lookup($team: String!, $labels: IssueLabelFilter!, $withLabels: Boolean!,\n"
	"    $assignee: String!, $withAssignee: Boolean!, $project: String!,\n"
	"    $withProject: Boolean!, $state: String!, $withState: Boolean!) {\n"
	"  teams(filter: {key: {eq: $team}}, first: 1) {\n"
	"    nodes {\n"
	"      id\n"
	"    }\n"
	"  }\n"
	"  issueLabels(filter: $labels, first: 250) @include(if: $withLabels) {\n"
	"    nodes {\n"
	"      id\n"
	"      name\n"
	"      isGroup\n"
	"      team {\n"
	"        id\n"
	"      }\n"
	"    }\n"
	"  }\n"
	"  users(filter: {or: [{email: {eqIgnoreCase: $assignee}},\n"
	"      {displayName: {eqIgnoreCase: $assignee}},\n"
	"      {name: {eqIgnoreCase: $assignee}}]}, first: 50) @include(if: $withAssignee) {\n"
	"    nodes {\n"
	"      id\n"
	"      name\n"
	"      email\n"
	"      active\n"
	"    }\n"
	"  }\n"
	"  projects(filter: {name: {eqIgnoreCase: $project},\n"
	"      accessibleTeams: {some: {key: {eq: $team}}}}, first: 10)\n"
	"      @include(if: $withProject) {\n"
	"    nodes {\n"
	"      id\n"
	"      name\n"
	"    }\n"
	"  }\n"
	"  workflowStates(filter: {name: {eqIgnoreCase: $state},\n"
	"      team: {key: {eq: $team}}}, first: 10) @include(if: $withState) {\n"
	"    nodes {\n"
	"      id\n"
	"      name\n"
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

const struct query query_update = { "Update",
	"mutation Update($id: String!, $input: IssueUpdateInput!) {\n"
	"  issueUpdate(id: $id, input: $input) {\n"
	"    success\n"
	"    issue {\n"
	"      id\n"
	"      identifier\n"
	"      url\n"
	"    }\n"
	"  }\n"
	"}\n" };

const struct query query_archive = { "Archive",
	"mutation Archive($id: String!) {\n"
	"  issueArchive(id: $id) {\n"
	"    success\n"
	"  }\n"
	"}\n" };

const struct query query_comment = { "Comment",
	"mutation Comment($input: CommentCreateInput!) {\n"
	"  commentCreate(input: $input) {\n"
	"    success\n"
	"    comment {\n"
	"      id\n"
	"      url\n"
	"    }\n"
	"  }\n"
	"}\n" };

const struct query query_file = { "File",
	"mutation File($contentType: String!, $filename: String!, $size: Int!) {\n"
	"  fileUpload(contentType: $contentType, filename: $filename, size: $size) {\n"
	"    success\n"
	"    uploadFile {\n"
	"      uploadUrl\n"
	"      assetUrl\n"
	"      headers {\n"
	"        key\n"
	"        value\n"
	"      }\n"
	"    }\n"
	"  }\n"
	"}\n" };

const struct query query_attach = { "Attach",
	"mutation Attach($input: AttachmentCreateInput!) {\n"
	"  attachmentCreate(input: $input) {\n"
	"    success\n"
	"    attachment {\n"
	"      id\n"
	"    }\n"
	"  }\n"
	"}\n" };

const struct query query_probe = { "Probe",
	"query Probe($teams: [String!]!) {\n"
	"  viewer {\n"
	"    id\n"
	"    active\n"
	"  }\n"
	"  teams(filter: {key: {in: $teams}}, first: 100) {\n"
	"    nodes {\n"
	"      key\n"
	"    }\n"
	"  }\n"
	"}\n" };

const struct query query_probe_write = { "ProbeWrite",
	"mutation ProbeWrite($id: String!, $input: IssueUpdateInput!) {\n"
	"  issueUpdate(id: $id, input: $input) {\n"
	"    success\n"
	"  }\n"
	"}\n" };

const struct query *const query_all[] = { &query_issue_before, &query_issue_after,
	&query_comment_before, &query_comment_after, &query_attached_before,
	&query_attached_after, &query_lookup, &query_create, &query_update, &query_archive,
	&query_comment, &query_file, &query_attach, &query_probe, &query_probe_write, NULL };

char *
query_body(const struct query *q, json_t *variables)
{
	json_t *body = json_pack("{s:s, s:s, s:o}", "operationName", q->name,
	    "query", q->document, "variables", variables);
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(body);
	return text;
}
