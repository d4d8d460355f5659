import { ERROR_CODES } from '../../errors/index.js';

export const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Crossdock API</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png"><link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body><div id="ui"></div><script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/assets/start.js"></script></body>
</html>
`;

const rows = Object.entries(ERROR_CODES)
  .map(([code, { status, title, retry }]) => `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td><td>${retry === 'later' ? 'yes, later' : 'no'}</td></tr>`)
  .join('\n');

/** What the \`type\` of every problem points to. */
export const ERRORS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Crossdock error codes</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #ccc;padding:.4rem .6rem;text-align:left}tr:target{background:#ffefc2}</style>
</head>
<body>
<h1>Error codes</h1>
<p>Every refusal carries one of these codes. What to do about each stands in docs/errors.md.</p>
<table><thead><tr><th>Code</th><th>Status</th><th>Meaning</th><th>Worth repeating unchanged?</th></tr></thead><tbody>
${rows}
</tbody></table>
</body>
</html>
`;
