import { type Credentials } from './data-folder.js';

/** What the suite was started on. */
export interface Services {
  database: 'embedded' | 'external';
  broker: 'embedded' | 'external';
  /** Null when the built-in provider answers. */
  provider: string | null;
}

export interface Introduction extends Credentials, Services {
  credentialsFile: string;
}

/** What a person needs to go on with, once the suite is ready. The example works when pasted. */
export function banner(suite: Introduction): string {
  const services = `database ${suite.database}, broker ${suite.broker}, language model ${suite.provider ?? 'built-in (set OPENAI_API_KEY for a real one)'}`;
  return `
  Parley is ready at ${suite.baseUrl}
    API docs     ${suite.baseUrl}/api/docs
    Admin login  ${suite.adminEmail} / ${suite.adminPassword}
    API key      ${suite.apiKey}
    (kept in ${suite.credentialsFile}; ${services})

  Try it:

curl -N ${suite.baseUrl}/v1/chat/completions -H 'Content-Type: application/json' \\
  -H 'Authorization: Bearer ${suite.apiKey}' \\
  -d '{"model":"default","stream":true,"messages":[{"role":"user","content":"What can you do?"}]}'

  Ctrl-C stops it.
`;
}
