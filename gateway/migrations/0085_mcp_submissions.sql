-- Tool servers that somebody proposed and no admin has approved. Nobody calls them. secrets is sealed.
CREATE TABLE mcp_submissions (
  server_id    text PRIMARY KEY,
  settings     jsonb NOT NULL,
  secrets      text,
  status       text NOT NULL CHECK (status IN ('pending_review', 'rejected')),
  submitted_at timestamptz(3) NOT NULL,
  submitted_by text,
  reviewed_at  timestamptz(3),
  reviewed_by  text,
  review_notes text
);
CREATE INDEX mcp_submissions_submitter ON mcp_submissions (submitted_by);
